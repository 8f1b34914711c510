//! Filter texts: each is read or refused with its place; what was read prints as a text that reads as the same again;
//! and its two executions and the kernel's share agree on a frame.
//!
//! Input: the text, then, behind a byte that UTF-8 has not (`ff`), a byte that chooses a link type, and a frame.

use capturer::decode::{decode, link};
use capturer::filter::{Filter, FilterError, FrameFilter, MAX_TEXT};
use capturer::{Frame, LinkType, Timestamp};

/// What separates text and frame.
pub const SEPARATOR: u8 = 0xff;

/// One input.
pub fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == SEPARATOR);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let (choice, bytes) = parts.next().and_then(<[u8]>::split_first).unwrap_or((&0, &[]));
    match Filter::parse(&text) {
        Err(error) => check_refusal(&error, &text),
        Ok(filter) => {
            check_printing(&filter);
            let chosen = link::LINKS.get(usize::from(*choice)).map_or(LinkType::ETHERNET, |link| link.kind);
            check_executions(&filter, &text, frame(LinkType::ETHERNET, bytes));
            if chosen != LinkType::ETHERNET {
                check_executions(&filter, &text, frame(chosen, bytes));
            }
        }
    }
}

fn frame(link: LinkType, bytes: &[u8]) -> Frame<'_> {
    Frame { number: 1, at: Timestamp::EPOCH, wire_len: bytes.len() as u32, link, bytes }
}

/// A refusal points into the text, and is shown with a caret and without what a terminal would obey.
fn check_refusal(error: &FilterError, text: &str) {
    assert!(text.get(error.at..error.at + error.len).is_some(), "{error:?}");
    assert!(!error.message.is_empty() && !error.expected.is_empty());
    let rendered = error.render(text);
    assert!(rendered.lines().nth(2).is_some_and(|line| line.contains('^')), "{rendered}");
    assert!(!rendered.contains(|c: char| c.is_control() && c != '\n'), "{rendered:?}");
}

/// The text of a filter at the limits of length or depth may exceed them: names print as numbers, parentheses are added.
fn check_printing(filter: &Filter) {
    let canonical = filter.to_string();
    match Filter::parse(&canonical) {
        Ok(again) => {
            assert_eq!(&again, filter, "{canonical}");
            assert_eq!(again.to_string(), canonical);
        }
        Err(error) => {
            let is_at_limit = canonical.len() > MAX_TEXT || error.message.contains("nests deeper than");
            assert!(is_at_limit, "{}", error.render(&canonical));
        }
    }
}

fn check_executions(filter: &Filter, text: &str, frame: Frame<'_>) {
    if let Ok(packet) = decode(&frame) {
        filter.matches(&packet, frame.bytes);
    }
    match filter.frame(frame.link) {
        Ok(compiled) => {
            let passes = compiled.matches(frame.bytes, frame.wire_len);
            check_program(&compiled, passes, frame);
            check_kernel(filter, passes, frame);
        }
        Err(error) => assert!(!error.render(text).is_empty()),
    }
}

/// The program keeps what the evaluator lets through.
fn check_program(compiled: &FrameFilter, passes: bool, frame: Frame<'_>) {
    if let Ok(program) = compiled.program() {
        let kept = program.run(frame.bytes, frame.wire_len) > 0;
        assert_eq!(kept, passes, "{program}");
        assert_eq!(program.to_string().lines().count(), program.instructions().len());
    }
}

/// The kernel loses nothing; tags lie beside its frames, so only frames without one show it here.
fn check_kernel(filter: &Filter, passes: bool, frame: Frame<'_>) {
    let is_tagged = matches!(frame.bytes.get(12..14), Some([0x81, 0] | [0x88, 0xa8] | [0x91, 0]));
    if frame.link != LinkType::ETHERNET || is_tagged {
        return;
    }
    if let (Some(program), must_ask_again) = filter.kernel(frame.link) {
        let kept = program.run(frame.bytes, frame.wire_len) > 0;
        assert!(kept == passes || (kept && must_ask_again), "{program}");
    }
}
