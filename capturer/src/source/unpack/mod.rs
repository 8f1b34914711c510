//! Compressed captures, known by content: each packing turns the packed bytes in a [`Window`] into a plain stream that
//! is read as any other. One file and one line of [`PACKINGS`] a packing.
//!
//! Memory is flat whatever the input claims, and what comes out is bounded by what goes in ([`limit`]). A stream that
//! ends too early gives all it holds, then says [`io::ErrorKind::UnexpectedEof`]; one whose bytes are wrong ends in an
//! [`Unreadable`]; one that has nothing yet says [`io::ErrorKind::WouldBlock`] and loses nothing.

mod gzip;
mod limit;
mod zstd;

use std::io::{self, Read};

use super::window::Window;

/// A way of compression.
pub(super) struct Packing {
    /// Its name in messages.
    pub(super) name: &'static str,
    /// The program that unpacks it to its standard output, for advice.
    pub(super) program: &'static str,
    /// Whether a file that begins with these four bytes is packed so.
    is_magic: fn([u8; 4]) -> bool,
    open: fn(Window) -> Box<dyn Unpack>,
}

/// Every packing that is read.
static PACKINGS: &[Packing] = &[
    Packing { name: "gzip", program: "gzip -dc", is_magic: gzip::is_magic, open: gzip::open },
    Packing { name: "Zstandard", program: "zstd -dc --long=31", is_magic: zstd::is_magic, open: zstd::open },
];

/// Something that unpacks.
trait Unpack: Read + Send {
    /// Packed bytes that were used up so far.
    fn taken(&self) -> u64;
}

impl Packing {
    /// The packing of a file that begins so.
    pub(super) fn find(first: [u8; 4]) -> Option<&'static Self> {
        PACKINGS.iter().find(|packing| (packing.is_magic)(first))
    }

    /// The plain stream of what `packed` holds.
    pub(super) fn unpack(&'static self, packed: Window) -> Box<dyn Read + Send> {
        Box::new(limit::Limited::new(self, (self.open)(packed)))
    }
}

/// Packed bytes that cannot be unpacked; travels inside an [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub(super) struct Unreadable {
    pub(super) expected: String,
    pub(super) found: String,
}

impl Unreadable {
    fn error(expected: impl Into<String>, found: impl Into<String>) -> io::Error {
        io::Error::other(Self { expected: expected.into(), found: found.into() })
    }
}
