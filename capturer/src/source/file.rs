//! Capture files as a [`Source`]: format and compression are known by content, frames are lent from one reused buffer,
//! and whatever is wrong is told with its byte.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::foreign;
use super::pcap::{self, Pcap};
use super::pcapng::{self, PcapNg};
use super::pipe::Pipe;
use super::record::{Damage, Fault, Record, Step};
use super::unpack::{Packing, Unreadable};
use super::window::{CAPACITY, Window};
use super::{Next, Source, SourceError};
use crate::Frame;

/// The name of standard input.
pub const STDIN: &str = "-";

/// The formats.
enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// Whether these first bytes are a capture's, compressed or not.
pub fn is_capture_begin(bytes: &[u8]) -> bool {
    is_capture(Box::new(io::Cursor::new(bytes.to_vec())))
}

/// Whether a stream begins as a capture does, compressed or not.
pub(super) fn is_capture(reader: Box<dyn Read + Send>) -> bool {
    let mut window = Window::new(reader, PROBE);
    for is_packed in [false, true] {
        let Ok(true) = window.fill(4) else { return false };
        let Some(&first) = window.bytes().first_chunk() else { return false };
        match Packing::find(first) {
            Some(packing) if !is_packed => window = Window::new(packing.unpack(window), PROBE),
            _ => return pcap::is_magic(first) || pcapng::is_magic(first),
        }
    }
    false
}

/// Bytes read of a file to know it.
const PROBE: usize = 4096;

/// A capture file: pcap or pcapng, plain or compressed, from disk, standard input, memory or any reader.
///
/// ```
/// use capturer::source::file::FileSource;
/// use capturer::source::{Next, Source};
///
/// // The header of a pcap file of Ethernet frames, and no frame.
/// let header = *b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0";
/// let mut source = FileSource::from_reader("empty.pcap", Box::new(std::io::Cursor::new(header)))?;
/// assert!(matches!(source.next_frame()?, Next::End));
/// # Ok::<(), capturer::source::SourceError>(())
/// ```
pub struct FileSource {
    name: PathBuf,
    window: Window,
    packing: Option<&'static Packing>,
    /// `None` until the first bytes are there, which a pipe may take a while over.
    format: Option<Format>,
    frames: u64,
    cut_at: Option<u64>,
    ended: bool,
}

impl FileSource {
    /// Opens a file, or standard input by the name `-`, and reads its header.
    ///
    /// # Errors
    /// [`SourceError::Io`] when the system refuses, [`SourceError::Damaged`] when it does not begin as a capture does.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let refused = |cause| SourceError::Io { path: path.into(), cause };
        if path == Path::new(STDIN) {
            return Self::from_reader(path, Box::new(Pipe::stdin().map_err(refused)?));
        }
        let file = File::open(path).map_err(refused)?;
        match file.metadata().map_err(refused)?.is_file() {
            true => Self::from_reader(path, Box::new(file)),
            false => Self::from_reader(path, Box::new(Pipe::of(file))),
        }
    }

    /// Reads from anything; `name` stands in errors. A reader that says [`ErrorKind::WouldBlock`] makes
    /// [`Next::Idle`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_reader(name: impl Into<PathBuf>, reader: Box<dyn Read + Send>) -> Result<Self, SourceError> {
        Self::with_capacity(name, reader, CAPACITY)
    }

    /// The same, asking for `capacity` bytes at a time.
    pub(super) fn with_capacity(
        name: impl Into<PathBuf>,
        reader: Box<dyn Read + Send>,
        capacity: usize,
    ) -> Result<Self, SourceError> {
        let mut source = Self {
            name: name.into(),
            window: Window::new(reader, capacity),
            packing: None,
            format: None,
            frames: 0,
            cut_at: None,
            ended: false,
        };
        match source.detect() {
            Err(Fault::Io(error)) if is_wait(&error) => {}
            Err(fault) => return Err(source.error(fault)),
            Ok(format) => source.format = Some(format),
        }
        Ok(source)
    }

    /// Reads a capture that is part of the program.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(name: impl Into<PathBuf>, bytes: &'static [u8]) -> Result<Self, SourceError> {
        Self::from_reader(name, Box::new(bytes))
    }

    /// Its name in errors.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Frames lent so far.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// The format by the first bytes, behind the compression if there is one.
    fn detect(&mut self) -> Result<Format, Fault> {
        self.window.fill(4)?;
        if let (None, Some(packing)) = (self.packing, self.first().and_then(Packing::find)) {
            let capacity = self.window.capacity();
            let packed = std::mem::replace(&mut self.window, Window::new(Box::new(io::empty()), 0));
            self.window = Window::new(packing.unpack(packed), capacity);
            self.packing = Some(packing);
            self.window.fill(4)?;
        }
        match self.first() {
            Some(first) if pcap::is_magic(first) => Pcap::open(&mut self.window).map(Format::Pcap),
            Some(first) if pcapng::is_magic(first) => Ok(Format::PcapNg(PcapNg::new())),
            _ => Err(self.no_capture()?.into()),
        }
    }

    fn first(&self) -> Option<[u8; 4]> {
        self.window.bytes().first_chunk().copied()
    }

    /// What the file is instead.
    fn no_capture(&mut self) -> Result<Damage, io::Error> {
        self.window.fill(foreign::ENOUGH)?;
        Ok(Damage::new(0, "a pcap or pcapng file header", foreign::describe(self.window.bytes())))
    }

    /// What is next in the file.
    #[inline]
    fn step(&mut self) -> Result<Step, Fault> {
        match &mut self.format {
            Some(Format::Pcap(pcap)) => pcap.next(&mut self.window),
            Some(Format::PcapNg(pcapng)) => pcapng.next(&mut self.window),
            None => {
                self.format = Some(self.detect()?);
                self.step()
            }
        }
    }

    /// The next record if nothing has to be read for it: the way that nearly all frames go.
    #[inline]
    fn at_hand(&mut self) -> Option<Record> {
        let record = match self.format.as_mut()? {
            Format::Pcap(pcap) => pcap.at_hand(&mut self.window)?,
            Format::PcapNg(pcapng) => pcapng.at_hand(&mut self.window)?,
        };
        self.frames += 1;
        Some(record)
    }

    /// What [`Source::next_frame`] will say, the frame not lent yet.
    pub(super) fn pull(&mut self) -> Result<Pulled, SourceError> {
        if self.ended {
            return Ok(Pulled::End);
        }
        match self.step() {
            Ok(Step::Record(record)) => {
                self.frames += 1;
                Ok(Pulled::Record(record))
            }
            Ok(Step::End) => Ok(self.end(self.window.is_cut().then_some(self.window.offset()))),
            Ok(Step::Cut(offset)) => Ok(self.end(Some(offset))),
            Err(Fault::Io(error)) if is_wait(&error) => Ok(Pulled::Idle),
            Err(fault) => Err(self.error(fault)),
        }
    }

    /// Lends the frame of the record pulled last.
    #[inline]
    pub(super) fn lend(&self, record: Record) -> Frame<'_> {
        let Record { at, wire_len, link, bytes } = record;
        Frame { number: self.frames, at, wire_len, link, bytes: self.window.lent(bytes) }
    }

    #[cold]
    fn end(&mut self, cut_at: Option<u64>) -> Pulled {
        self.ended = true;
        self.cut_at = cut_at;
        Pulled::End
    }

    #[cold]
    fn error(&mut self, fault: Fault) -> SourceError {
        self.ended = true;
        let path = self.name.clone();
        let unpacked = self.packing.map(|packing| packing.name);
        match fault {
            Fault::Damage(Damage { offset, expected, found }) => {
                SourceError::Damaged { path, offset, unpacked, expected, found }
            }
            Fault::Io(cause) => match cause.downcast::<Unreadable>() {
                Ok(Unreadable { expected, found }) => {
                    SourceError::Damaged { path, offset: self.window.read_to(), unpacked, expected, found }
                }
                Err(cause) => SourceError::Io { path, cause },
            },
        }
    }
}

impl Source for FileSource {
    #[inline]
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if let Some(record) = self.at_hand() {
            return Ok(Next::Frame(self.lend(record)));
        }
        match self.pull()? {
            Pulled::Record(record) => Ok(Next::Frame(self.lend(record))),
            Pulled::Idle => Ok(Next::Idle),
            Pulled::End => Ok(Next::End),
        }
    }

    fn truncated_at(&self) -> Option<u64> {
        self.cut_at
    }
}

/// What came when a frame was wanted.
pub(super) enum Pulled {
    /// A frame, to be lent by [`FileSource::lend`].
    Record(Record),
    Idle,
    End,
}

/// Nothing is there yet, but may come.
fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
