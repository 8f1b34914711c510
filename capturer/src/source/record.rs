//! What a file reader finds at its place in a file, and what can be wrong there.

use std::io;
use std::ops::Range;

use crate::{LinkType, Timestamp};

/// The most of a frame that is accepted: libpcap's `MAXIMUM_SNAPLEN`.
pub(super) const MAX_CAPTURED: u32 = 256 * 1024;

/// A frame's record, its bytes still in the window.
pub(super) struct Record {
    pub(super) at: Timestamp,
    pub(super) wire_len: u32,
    pub(super) link: LinkType,
    /// Where in the window's buffer its bytes are.
    pub(super) bytes: Range<usize>,
}

/// What comes next in a file.
pub(super) enum Step {
    /// A frame.
    Record(Record),
    /// The file ends after a whole record.
    End,
    /// The file ends inside the record that begins here.
    Cut(u64),
}

/// Why reading cannot go on.
pub(super) enum Fault {
    Io(io::Error),
    Damage(Damage),
}

/// Bytes that are not what the format demands.
pub(super) struct Damage {
    /// Where they are, from the start of the file.
    pub(super) offset: u64,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Damage {
    pub(super) fn new(offset: u64, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { offset, expected: expected.into(), found: found.into() }
    }

    /// A captured length above [`MAX_CAPTURED`], at `offset`.
    #[cold]
    pub(super) fn captured_length(offset: u64, found: u32) -> Self {
        Self::new(offset, format!("a captured length of at most {MAX_CAPTURED} bytes"), found.to_string())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}
