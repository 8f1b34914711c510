//! Lines of text: which addresses one tells of, and how much of them.
//!
//! Common to all formats: what follows `#` is a comment, white space around is cut, and a line with nothing left is
//! skipped. No line allocates.

mod address;
mod cursor;
mod splitter;
mod stamp;
mod tcpdump;

use std::net::IpAddr;

pub(super) use splitter::{Piece, Splitter};
use tcpdump::Tcpdump;

const ADDRESS: &str = "an IPv4 or IPv6 address";
const TUPLE: &str = "an address and a number";
const UTF8: &str = "UTF-8 text";

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// An address.
    Line,
    /// An address and an amount.
    Tuple,
    /// What tcpdump prints.
    Tcpdump,
}

/// Which end of a packet counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Side {
    /// The source.
    #[default]
    Src,
    /// The destination.
    Dst,
    /// Each of them.
    Both,
}

impl Side {
    /// The ends that count, if they are addresses.
    fn of(self, source: &[u8], destination: &[u8]) -> Option<Verdict> {
        let (first, second) = match self {
            Self::Src => (address::end(source)?, None),
            Self::Dst => (address::end(destination)?, None),
            Self::Both => (address::end(source)?, Some(address::end(destination)?)),
        };
        Some(Verdict::Counted { first, second, amount: 1.0 })
    }
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Addresses, and how much each counts.
    Counted {
        /// The address, or the first of two.
        first: IpAddr,
        /// The other end, with [`Side::Both`].
        second: Option<IpAddr>,
        /// How much, finite.
        amount: f64,
    },
    /// Blank or a comment.
    Skipped,
    /// Part of what was read already.
    Joined,
    /// The first line of two; the next one decides.
    Held,
    /// Not what the format demands; this is.
    Failed(&'static str),
}

/// A verdict, and what it means for the line held before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Read {
    /// The line held before has failed; what was expected instead of this one.
    pub(super) abandoned: Option<&'static str>,
    /// The line held before belongs to this one.
    pub(super) joined: bool,
    /// What becomes of this line.
    pub(super) verdict: Verdict,
}

impl From<Verdict> for Read {
    fn from(verdict: Verdict) -> Self {
        Self { abandoned: None, joined: false, verdict }
    }
}

/// Reads lines of one format.
#[derive(Debug)]
pub(super) struct Reader {
    format: Format,
    side: Side,
    tcpdump: Tcpdump,
}

impl Reader {
    /// For an input.
    pub(super) fn new(format: Format, side: Side) -> Self {
        Self { format, side, tcpdump: Tcpdump::default() }
    }

    /// Reads a line without its newline.
    #[inline]
    pub(super) fn read(&mut self, line: &[u8]) -> Read {
        if !line.is_ascii() && std::str::from_utf8(line).is_err() {
            return Verdict::Failed(UTF8).into();
        }
        let text = trim(memchr::memchr(b'#', line).map_or(line, |comment| &line[..comment]));
        if text.is_empty() {
            return Verdict::Skipped.into();
        }
        match self.format {
            Format::Line => {
                address::whole(text).map_or_else(|| no_address(text), |first| counted(first, 1.0)).into()
            }
            Format::Tuple => {
                tuple(text).map_or(Verdict::Failed(TUPLE), |(first, amount)| counted(first, amount)).into()
            }
            Format::Tcpdump => self.tcpdump.read(line, text, self.side),
        }
    }

    /// The input has ended: what was expected still, if a line is held.
    pub(super) fn finish(&mut self) -> Option<&'static str> {
        self.tcpdump.finish()
    }
}

/// A line that is no address, and which format it has if it has one.
#[cold]
fn no_address(text: &[u8]) -> Verdict {
    if tuple(text).is_some() {
        return Verdict::Failed("an IPv4 or IPv6 address (with an amount behind it: -I tuple)");
    }
    let read = Tcpdump::default().read(text, text, Side::Both).verdict;
    let is_packet = matches!(read, Verdict::Counted { .. } | Verdict::Held);
    Verdict::Failed(if is_packet {
        "an IPv4 or IPv6 address (what tcpdump prints: -I tcpdump)"
    } else {
        ADDRESS
    })
}

const fn counted(first: IpAddr, amount: f64) -> Verdict {
    Verdict::Counted { first, second: None, amount }
}

/// An address, white space, a finite number and nothing else.
fn tuple(text: &[u8]) -> Option<(IpAddr, f64)> {
    let end = text.iter().position(|byte| is_blank(*byte))?;
    let amount: f64 = std::str::from_utf8(trim(&text[end..])).ok()?.parse().ok()?;
    amount.is_finite().then_some(())?;
    Some((address::whole(&text[..end])?, amount))
}

/// Without white space around it, ASCII's and Unicode's.
#[inline]
fn trim(line: &[u8]) -> &[u8] {
    let mut text = line;
    while let [first, rest @ ..] = text
        && is_blank(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_blank(*last)
    {
        text = rest;
    }
    if text.is_ascii() { text } else { std::str::from_utf8(text).map_or(text, |text| text.trim().as_bytes()) }
}

/// ASCII white space, with the vertical tab and the separators.
#[inline]
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(format: Format, line: &[u8]) -> Verdict {
        Reader::new(format, Side::Src).read(line).verdict
    }

    #[test]
    fn comments_and_blanks_are_skipped() {
        for line in ["", "  \t ", "# comment", " #", "\r", "\u{a0}", "\u{1f}"] {
            assert_eq!(verdict(Format::Line, line.as_bytes()), Verdict::Skipped, "{line:?}");
        }
    }

    #[test]
    fn who_forgot_the_format_is_told_which_it_is() {
        for (line, hint) in [
            ("192.0.2.1 17", "-I tuple"),
            ("12:00:00.000000 IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0", "-I tcpdump"),
            (
                "12:00:00.000000 IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60)",
                "-I tcpdump",
            ),
        ] {
            let Verdict::Failed(expected) = verdict(Format::Line, line.as_bytes()) else { panic!("{line}") };
            assert!(expected.contains(hint), "{line}: {expected}");
        }
        assert_eq!(verdict(Format::Line, b"192.0.2"), Verdict::Failed(ADDRESS));
    }

    #[test]
    fn an_address_may_have_white_space_and_a_comment_around_it() {
        for line in [" 192.0.2.1 ", "192.0.2.1\r", "192.0.2.1#x", "192.0.2.1 # \u{e9}", "\u{3000}192.0.2.1"] {
            assert_eq!(
                verdict(Format::Line, line.as_bytes()),
                counted("192.0.2.1".parse().unwrap(), 1.0),
                "{line:?}"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_fail_their_line_only() {
        for line in [&b"192.0.2.1 # \xff"[..], b"\xc3\x28"] {
            assert_eq!(verdict(Format::Line, line), Verdict::Failed(UTF8));
        }
        assert_eq!(verdict(Format::Line, b"192.0.2.1\0"), Verdict::Failed(ADDRESS));
    }

    #[test]
    fn amounts_are_finite_numbers() {
        for (line, amount) in [
            ("1.1.1.1 10", 10.0),
            ("1.1.1.1\t2.5 ", 2.5),
            ("::1 -4", -4.0),
            ("1.1.1.1   1e3", 1000.0),
            ("1.1.1.1 0", 0.0),
        ] {
            assert!(
                matches!(verdict(Format::Tuple, line.as_bytes()), Verdict::Counted { amount: found, .. } if found == amount),
                "{line}"
            );
        }
        for line in [
            "1.1.1.1",
            "1.1.1.1 1 2",
            "1.1.1.1 x",
            "1.1.1.1 inf",
            "1.1.1.1 nan",
            "1.1.1.1 1e999",
            "x 1",
            "1.1.1.1,1",
        ] {
            assert_eq!(verdict(Format::Tuple, line.as_bytes()), Verdict::Failed(TUPLE), "{line}");
        }
    }
}
