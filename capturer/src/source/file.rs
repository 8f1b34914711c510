//! Capture files as a [`Source`]: the format is known by content, frames are lent from one reused buffer, and whatever
//! is wrong is told with its byte.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::pcap::{self, Pcap};
use super::pcapng::{self, PcapNg};
use super::record::{Damage, Fault, Record, Step};
use super::stdin::Stdin;
use super::window::Window;
use super::{Next, Source, SourceError};
use crate::Frame;

/// The name of standard input.
pub const STDIN: &str = "-";

/// Files one may take for captures, by their first bytes: what they are, and what to do.
const FOREIGN: [(&[u8], &str); 6] = [
    (&[0x1f, 0x8b], "gzip data (unpack it first: gzip -dc FILE | wireglobe … --read -)"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "Zstandard data (unpack it first: zstd -dc FILE | wireglobe … --read -)"),
    (b"BZh", "bzip2 data (unpack it first: bzip2 -dc FILE | wireglobe … --read -)"),
    (&[0xfd, b'7', b'z', b'X'], "xz data (unpack it first: xz -dc FILE | wireglobe … --read -)"),
    (&[0x04, 0x22, 0x4d, 0x18], "LZ4 data (unpack it first: lz4 -dc FILE | wireglobe … --read -)"),
    (b"PK\x03\x04", "a ZIP archive (unpack it first: unzip -p FILE | wireglobe … --read -)"),
];

/// The formats.
enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// Whether a file that begins with these bytes is one we read.
pub(super) fn is_capture(first: [u8; 4]) -> bool {
    pcap::is_magic(first) || pcapng::is_magic(first)
}

/// A capture file: pcap or pcapng, from disk, standard input, memory or any reader.
pub struct FileSource {
    name: PathBuf,
    window: Window,
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
            return Self::from_reader(path, Box::new(Stdin::open().map_err(refused)?));
        }
        Self::from_reader(path, Box::new(File::open(path).map_err(refused)?))
    }

    /// Reads from anything; `name` stands in errors. A reader that says [`ErrorKind::WouldBlock`] makes
    /// [`Next::Idle`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_reader(name: impl Into<PathBuf>, reader: Box<dyn Read + Send>) -> Result<Self, SourceError> {
        let window = Window::new(reader);
        let mut source =
            Self { name: name.into(), window, format: None, frames: 0, cut_at: None, ended: false };
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

    /// The format by the first bytes.
    fn detect(&mut self) -> Result<Format, Fault> {
        self.window.fill(4)?;
        let bytes = self.window.bytes();
        match bytes.first_chunk() {
            Some(&first) if pcap::is_magic(first) => Pcap::open(&mut self.window).map(Format::Pcap),
            Some(&first) if pcapng::is_magic(first) => Ok(Format::PcapNg(PcapNg::new())),
            _ => Err(Damage::new(0, "a pcap or pcapng file header", describe(bytes)).into()),
        }
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

    #[cold]
    fn error(&mut self, fault: Fault) -> SourceError {
        self.ended = true;
        let path = self.name.clone();
        match fault {
            Fault::Io(cause) => SourceError::Io { path, cause },
            Fault::Damage(Damage { offset, expected, found }) => {
                SourceError::Damaged { path, offset, expected, found }
            }
        }
    }
}

impl Source for FileSource {
    #[inline]
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if self.ended {
            return Ok(Next::End);
        }
        match self.step() {
            Ok(Step::Record(Record { at, wire_len, link, bytes })) => {
                self.frames += 1;
                let bytes = self.window.lent(bytes);
                Ok(Next::Frame(Frame { number: self.frames, at, wire_len, link, bytes }))
            }
            Ok(Step::End) => {
                self.ended = true;
                Ok(Next::End)
            }
            Ok(Step::Cut(offset)) => {
                self.ended = true;
                self.cut_at = Some(offset);
                Ok(Next::End)
            }
            Err(Fault::Io(error)) if is_wait(&error) => Ok(Next::Idle),
            Err(fault) => Err(self.error(fault)),
        }
    }

    fn truncated_at(&self) -> Option<u64> {
        self.cut_at
    }
}

/// Nothing is there yet, but may come.
fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// What a file that is no capture begins with, in words.
fn describe(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "an empty file".into();
    }
    match FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, what)) => (*what).into(),
        None => format!("the bytes {:02x?}", &bytes[..bytes.len().min(4)]),
    }
}
