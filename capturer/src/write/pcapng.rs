//! Frames → pcapng file: one section in this machine's byte order, nanoseconds, an interface for each link type, a comment
//! for each frame that has something to say.
//! Format: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html>.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::SNAP_LENGTH;
use crate::{Frame, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// Option codes; an option of code 0 ends a list.
const COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// `if_tsresol`: a unit is ten to the minus ninth of a second.
const NANOSECONDS: u8 = 9;

/// Seconds that are added to the times of interfaces for frames from before 1970, as `if_tsoffset`, for times in a file are
/// unsigned: the earliest whole second of a [`Timestamp`].
const BEFORE_EPOCH: i64 = -9_223_372_036;

/// Writes one capture file of frames of any link types.
pub struct PcapNgWriter<W: Write> {
    out: W,
    interface_name: String,
    /// By link type and whether it is for frames from before 1970.
    interfaces: BTreeMap<(u16, bool), u32>,
    /// The block being made, reused.
    block: Vec<u8>,
    has_begun: bool,
}

impl<W: Write> PcapNgWriter<W> {
    /// A file that will go to `out`, of frames from where `interface_name` says (`if_name`); empty: nothing is said.
    pub fn new(out: W, interface_name: impl Into<String>) -> Self {
        let interface_name = interface_name.into();
        Self { out, interface_name, interfaces: BTreeMap::new(), block: Vec::new(), has_begun: false }
    }

    /// Appends a frame, with a comment (`opt_comment`) unless it is empty. Of a comment, 65 535 bytes are written at
    /// most.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&mut self, frame: &Frame<'_>, comment: &str) -> io::Result<()> {
        let is_before_epoch = frame.at < Timestamp::EPOCH;
        let interface = self.interface(frame.link.0, is_before_epoch)?;
        let offset = if is_before_epoch { BEFORE_EPOCH } else { 0 };
        let units = i128::from(frame.at.as_nanos()) - i128::from(offset) * 1_000_000_000;
        let units = u64::try_from(units).unwrap_or(0);
        self.begin(ENHANCED_PACKET);
        let numbers =
            [interface, (units >> 32) as u32, units as u32, frame.bytes.len() as u32, frame.wire_len];
        numbers.iter().for_each(|number| self.put(&number.to_ne_bytes()));
        self.put(frame.bytes);
        self.pad();
        if !comment.is_empty() {
            self.option(COMMENT, comment.as_bytes());
            self.end_options();
        }
        self.end()
    }

    /// Hands on what is held back, so that readers see every frame written so far.
    ///
    /// # Errors
    /// What `out` says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes what is left. A file without frames is a capture all the same.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> io::Result<W> {
        self.begin_section()?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// The number of the interface for such frames, which is described first if it is new.
    fn interface(&mut self, link: u16, is_before_epoch: bool) -> io::Result<u32> {
        if let Some(&number) = self.interfaces.get(&(link, is_before_epoch)) {
            return Ok(number);
        }
        self.begin_section()?;
        let number = self.interfaces.len() as u32;
        self.interfaces.insert((link, is_before_epoch), number);
        self.begin(INTERFACE_DESCRIPTION);
        self.put(&link.to_ne_bytes());
        self.put(&0_u16.to_ne_bytes());
        self.put(&SNAP_LENGTH.to_ne_bytes());
        let name = std::mem::take(&mut self.interface_name);
        if !name.is_empty() {
            self.option(IF_NAME, name.as_bytes());
        }
        self.interface_name = name;
        self.option(IF_TSRESOL, &[NANOSECONDS]);
        if is_before_epoch {
            self.option(IF_TSOFFSET, &BEFORE_EPOCH.to_ne_bytes());
        }
        self.end_options();
        self.end()?;
        Ok(number)
    }

    fn begin_section(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        self.begin(SECTION_HEADER);
        self.put(&BYTE_ORDER_MAGIC.to_ne_bytes());
        self.put(&1_u16.to_ne_bytes());
        self.put(&0_u16.to_ne_bytes());
        // The section's length: not stated.
        self.put(&u64::MAX.to_ne_bytes());
        self.option(SHB_USERAPPL, concat!("Wireglobe ", env!("CARGO_PKG_VERSION")).as_bytes());
        self.end_options();
        self.end()
    }

    /// Begins a block; its length is known at its end.
    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.put(&kind.to_ne_bytes());
        self.put(&[0; 4]);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
    }

    fn pad(&mut self) {
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = &value[..value.len().min(text_end(value))];
        self.put(&code.to_ne_bytes());
        self.put(&(value.len() as u16).to_ne_bytes());
        self.put(value);
        self.pad();
    }

    fn end_options(&mut self) {
        self.put(&[0; 4]);
    }

    fn end(&mut self) -> io::Result<()> {
        let length = (self.block.len() as u32 + 4).to_ne_bytes();
        self.put(&length);
        self.block[4..8].copy_from_slice(&length);
        self.out.write_all(&self.block)
    }
}

/// Where to cut an option's value, whose length has 16 bits: not within a character.
fn text_end(value: &[u8]) -> usize {
    let most = usize::from(u16::MAX);
    if value.len() <= most {
        return value.len();
    }
    // In UTF-8 what continues a character begins with the bits 10.
    (0..=most).rev().find(|&end| value[end] & 0xc0 != 0x80).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::source::file::FileSource;
    use crate::source::{Next, Source};

    fn frame(nanos: i64, link: LinkType, bytes: &[u8]) -> Frame<'_> {
        Frame { number: 1, at: Timestamp::from_nanos(nanos), wire_len: 1500, link, bytes }
    }

    #[test]
    fn frames_of_all_links_and_times_are_read_back() {
        let bytes: Vec<u8> = (0..9).collect();
        let cases = [
            (1_700_000_000_123_456_789, LinkType::ETHERNET, 9),
            (i64::MAX, LinkType::LINUX_SLL2, 8),
            (0, LinkType::ETHERNET, 0),
            (-1, LinkType::ETHERNET, 1),
            (BEFORE_EPOCH * 1_000_000_000, LinkType::RAW, 2),
        ];
        let mut writer = PcapNgWriter::new(Vec::new(), "eth0");
        for (n, (nanos, link, len)) in cases.into_iter().enumerate() {
            writer.write(&frame(nanos, link, &bytes[..len]), &"why ".repeat(n)).unwrap();
        }
        let file = writer.finish().unwrap();
        let mut source = FileSource::from_reader("test", Box::new(io::Cursor::new(file))).unwrap();
        for (nanos, link, len) in cases {
            let Ok(Next::Frame(read)) = source.next_frame() else { panic!("expected a frame") };
            assert_eq!((read.at.as_nanos(), read.link, read.wire_len), (nanos, link, 1500));
            assert_eq!(read.bytes, &bytes[..len]);
        }
        assert!(matches!(source.next_frame(), Ok(Next::End)));
    }

    #[test]
    fn a_file_without_frames_is_a_capture() {
        let file = PcapNgWriter::new(Vec::new(), "").finish().unwrap();
        let mut source = FileSource::from_reader("test", Box::new(io::Cursor::new(file))).unwrap();
        assert!(matches!(source.next_frame(), Ok(Next::End)));
    }

    #[test]
    fn a_comment_too_long_is_cut_between_characters() {
        let comment = "é".repeat(40_000);
        let mut writer = PcapNgWriter::new(Vec::new(), "");
        writer.write(&frame(1, LinkType::ETHERNET, b"abc"), &comment).unwrap();
        let file = writer.finish().unwrap();
        let written = file.windows(2).filter(|pair| *pair == "é".as_bytes()).count();
        assert_eq!(written, 32_767);
    }
}
