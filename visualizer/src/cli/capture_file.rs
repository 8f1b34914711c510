//! A capture file to write, in the format its name asks for.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use capturer::Frame;
use capturer::write::{PcapNgWriter, PcapWriter};

/// An open capture file.
pub(super) enum CaptureFile {
    Pcap(PcapWriter<BufWriter<File>>),
    PcapNg(PcapNgWriter<BufWriter<File>>),
}

impl CaptureFile {
    /// A new file: pcapng if the name ends so, else pcap.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(File::create(path)?);
        let is_pcapng = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pcapng"));
        Ok(if is_pcapng {
            Self::PcapNg(PcapNgWriter::new(file, "wireglobe"))
        } else {
            Self::Pcap(PcapWriter::new(file))
        })
    }

    pub(super) fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        match self {
            Self::Pcap(writer) => writer.write(frame),
            Self::PcapNg(writer) => writer.write(frame, ""),
        }
    }

    /// Lets readers see what was written so far.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Pcap(writer) => writer.flush(),
            Self::PcapNg(writer) => writer.flush(),
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Pcap(writer) => writer.finish().map(drop),
            Self::PcapNg(writer) => writer.finish().map(drop),
        }
    }
}
