//! Bytes for the readers of evidence of what hosts run (`analyzer/src/fingerprint/evidence`): each must answer within them, the
//! same each time, with text that a terminal shows and does not obey.
//!
//! Input: a byte that chooses the carrier, then what it carries. This body needs the analyzer, so it stands outside of
//! `lib.rs`, which the capturer's tests share; `analyzer/tests/evidence.rs` feeds it.

use analyzer::fingerprint::{Carrier, Clue, read_evidence};

/// What carries evidence: both sides of a connection, a ping, and the datagrams that are read.
const CARRIERS: [Carrier; 8] = [
    Carrier::Client,
    Carrier::Server,
    Carrier::Ping,
    Carrier::Udp(68, 67),
    Carrier::Udp(5353, 5353),
    Carrier::Udp(138, 138),
    Carrier::Udp(1900, 1900),
    Carrier::Udp(50_000, 1900),
];

/// One input.
pub fn run(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else { return };
    let carrier = CARRIERS[usize::from(*choice) % CARRIERS.len()];
    let clues = all(carrier, bytes);
    assert_eq!(clues, all(carrier, bytes));
    for clue in clues {
        let shown = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        assert!(shown(clue.label.as_str()) && shown(clue.signature.as_str()), "{clue:?}");
        assert!(!clue.label.as_str().is_empty(), "{clue:?}");
    }
}

fn all(carrier: Carrier, bytes: &[u8]) -> Vec<Clue> {
    let mut clues = Vec::new();
    read_evidence(carrier, bytes, &mut |_, clue| clues.push(clue));
    clues
}
