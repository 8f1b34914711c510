//! Where frames come from: the [`Source`] trait and what implements it.

mod detached;
mod error;
mod foreign;
mod held;
mod opener;
mod pcap;
mod pcapng;
mod pipe;
mod record;
mod resolution;
mod sys;
mod unpack;
mod window;

pub mod clock;
pub mod file;
pub mod follow;
pub mod interfaces;
pub mod live;
pub mod merged;
pub mod paced;
pub mod paths;

pub use error::SourceError;

use crate::Frame;

/// A kind of source, as the help lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceKind {
    /// Its name.
    pub name: &'static str,
    /// What it reads.
    pub summary: &'static str,
}

/// Every kind of source.
pub static SOURCES: &[SourceKind] = &[
    SourceKind {
        name: "file",
        summary: "pcap and pcapng files, also .gz and .zst, known by content; folders of them; - for standard input",
    },
    SourceKind { name: "interface", summary: "a network interface of this machine (needs CAP_NET_RAW)" },
];

/// What a source has to say when asked for a frame.
#[derive(Debug)]
pub enum Next<'a> {
    /// A frame, lent until the next call.
    Frame(Frame<'a>),
    /// Nothing within the source's time-out; ask again.
    Idle,
    /// Nothing will ever come: files finish, interfaces do not.
    End,
}

/// A stream of frames. Wrappers (paced replay, faults in tests) implement it too.
pub trait Source: Send {
    /// The next frame, waiting at most the source's time-out.
    ///
    /// # Errors
    /// [`SourceError`] when the source is damaged or gone; what was lent before stays valid and counted.
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError>;

    /// Frames known to be lost before this source saw them (kernel drops, interface drops), since it was opened.
    fn lost(&mut self) -> u64 {
        0
    }

    /// Goes on with the first frame that was recorded so long after the very first, or later; `false` where a source cannot.
    /// It takes no time: what lies before is passed over by the next calls.
    ///
    /// # Errors
    /// [`SourceError`] when the source cannot be opened again.
    fn seek(&mut self, _position: std::time::Duration) -> Result<bool, SourceError> {
        Ok(false)
    }

    /// Where the record begins that the capture ends inside of, in bytes from the start of the file.
    fn truncated_at(&self) -> Option<u64> {
        None
    }
}
