//! Frames → pcap file, nanosecond magic, this machine's byte order.
//! Format: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html>.

use std::io::{self, Write};

use super::SNAP_LENGTH;
use crate::{Frame, LinkType};

/// Magic number of a capture with nanosecond timestamps.
const NANOSECONDS: u32 = 0xa1b2_3c4d;

/// Writes one capture file. A pcap file has one link type: that of its first frame.
pub struct PcapWriter<W: Write> {
    out: W,
    link: Option<LinkType>,
}

impl<W: Write> PcapWriter<W> {
    /// A file that will go to `out`.
    pub const fn new(out: W) -> Self {
        Self { out, link: None }
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// What `out` says; or [`io::ErrorKind::InvalidInput`] for a frame of another link type than the first.
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        match self.link {
            None => self.begin(frame.link)?,
            Some(link) if link == frame.link => {}
            Some(link) => {
                let text = format!(
                    "a pcap file has one link type: the first frame has {}, frame {} has {}",
                    link.0, frame.number, frame.link.0
                );
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
        }
        let at = frame.at;
        for field in [at.as_seconds() as u32, at.subsecond_nanos(), frame.bytes.len() as u32, frame.wire_len]
        {
            self.out.write_all(&field.to_ne_bytes())?;
        }
        self.out.write_all(frame.bytes)
    }

    /// Hands on what is held back, so that readers see every frame written so far.
    ///
    /// # Errors
    /// What `out` says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes what is left; a file without frames gets an Ethernet header, so that it is a capture all the same.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> io::Result<W> {
        if self.link.is_none() {
            self.begin(LinkType::ETHERNET)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn begin(&mut self, link: LinkType) -> io::Result<()> {
        self.link = Some(link);
        self.out.write_all(&NANOSECONDS.to_ne_bytes())?;
        self.out.write_all(&2u16.to_ne_bytes())?;
        self.out.write_all(&4u16.to_ne_bytes())?;
        for field in [0, 0, SNAP_LENGTH, u32::from(link.0)] {
            self.out.write_all(&u32::to_ne_bytes(field))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::source::file::FileSource;
    use crate::source::{Next, Source};

    #[test]
    fn what_is_written_is_read_back() {
        let frame = Frame {
            number: 1,
            at: Timestamp::from_parts(1_700_000_000, 123_456_789),
            wire_len: 1500,
            link: LinkType::LINUX_SLL2,
            bytes: b"only the head of it",
        };
        let mut writer = PcapWriter::new(Vec::new());
        writer.write(&frame).unwrap();
        let error = writer.write(&Frame { link: LinkType::ETHERNET, ..frame }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let file = writer.finish().unwrap();
        let mut source = FileSource::from_reader("test", Box::new(io::Cursor::new(file))).unwrap();
        let Ok(Next::Frame(read)) = source.next_frame() else { panic!("expected a frame") };
        assert_eq!(
            (read.at, read.wire_len, read.link, read.bytes),
            (frame.at, 1500, frame.link, frame.bytes)
        );
        assert!(matches!(source.next_frame(), Ok(Next::End)));
    }
}
