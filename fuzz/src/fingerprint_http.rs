//! Requests and answers of any bytes: what is told of heads that come at once is told of the same heads in pieces.
//!
//! Input: two bytes for the sizes of the pieces, then what the client says, a zero byte, and what the server says. This body
//! needs the analyzer, so it stands outside of `lib.rs`; `analyzer/tests/fingerprints_fuzz.rs` feeds it.

use analyzer::fingerprint::{Event, EventKind};

use crate::talk::{Talk, with_fingerprints};

/// One input.
pub fn run(input: &[u8]) {
    let [first, second, said @ ..] = input else { return };
    let end = said.iter().position(|byte| *byte == 0).unwrap_or(said.len());
    let (request, response) = (&said[..end], said.get(end + 1..).unwrap_or_default());
    let at_once = told((request, usize::MAX), (response, usize::MAX));
    let in_pieces = told((request, usize::from(*first) + 1), (response, usize::from(*second) + 1));
    assert!(in_pieces.starts_with(&at_once), "{at_once:?}\n{in_pieces:?}");
}

/// What is told of a conversation in pieces of these sizes.
fn told(request: (&[u8], usize), response: (&[u8], usize)) -> Vec<String> {
    let mut told = Vec::new();
    with_fingerprints(|fingerprints, mut talk: Talk| {
        let mut tell = |event: &Event<'_>| {
            if let EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) = &event.kind {
                assert!(sight.print.headers.len() <= 64);
                told.push(format!("{} {} {}", event.kind.name(), sight.print, sight.params()));
            }
        };
        talk.open(fingerprints, &mut tell);
        talk.say(fingerprints, true, request, &mut tell);
        talk.say(fingerprints, false, response, &mut tell);
    });
    told
}
