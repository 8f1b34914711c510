//! Classic pcap, microseconds, little-endian, Ethernet (draft-ietf-opsawg-pcap). A frame's bytes past those given are
//! zeros on the wire; how many of them are written is the caller's to say.

use std::io::{self, Write};

use super::frame::Frame;

/// What a record is preceded by in the file, bytes.
pub const RECORD_HEADER: usize = 16;

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const LINKTYPE_ETHERNET: u32 = 1;
static ZEROS: [u8; 65_536] = [0; 65_536];

/// Writes a capture file as it goes.
pub struct PcapWriter<W> {
    output: W,
}

impl<W: Write> PcapWriter<W> {
    /// Writes the file's header.
    pub fn new(mut output: W, snap_length: u32) -> io::Result<Self> {
        output.write_all(&MAGIC_MICROSECONDS.to_le_bytes())?;
        output.write_all(&[2, 0, 4, 0])?;
        output.write_all(&[0; 8])?;
        output.write_all(&snap_length.to_le_bytes())?;
        output.write_all(&LINKTYPE_ETHERNET.to_le_bytes())?;
        Ok(Self { output })
    }

    /// Writes a frame seen at `micros` since the Unix epoch, up to `keep` bytes of it.
    pub fn write(&mut self, micros: u64, frame: &Frame, keep: usize) -> io::Result<()> {
        let captured = (frame.wire_length as usize).min(keep).min(frame.bytes.len() + ZEROS.len());
        let mut header = [0; RECORD_HEADER];
        let fields =
            [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, captured as u32, frame.wire_length];
        for (place, field) in header.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.output.write_all(&header)?;
        let known = captured.min(frame.bytes.len());
        self.output.write_all(&frame.bytes[..known])?;
        self.output.write_all(&ZEROS[..captured - known])
    }

    /// Hands the output back, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_both_lengths_and_pads_with_zeros() -> io::Result<()> {
        let frame = Frame { bytes: vec![7; 20], wire_length: 30 };
        let mut writer = PcapWriter::new(Vec::new(), 65_535)?;
        writer.write(2_000_003, &frame, 25)?;
        let file = writer.finish()?;
        let words: Vec<u32> = file[24..40]
            .chunks(4)
            .map(|word| word.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)))
            .collect();
        assert_eq!(words, [2, 3, 25, 30]);
        assert_eq!(file[40..], [vec![7; 20], vec![0; 5]].concat());
        Ok(())
    }
}
