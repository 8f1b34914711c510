//! Large captures to measure with, never committed: `cargo xtask imix`, `flood` and `scan` make what PERFORMANCE's peers
//! were measured on. Written as they are made, in constant memory; the same bytes for the same seed.

pub mod flood;
pub mod imix;
pub mod scan;
pub(crate) mod space;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::craft::frame::Frame;
use crate::craft::pcap::PcapWriter;

/// Where a capture goes and how.
#[derive(Debug, clap::Args)]
pub struct Output {
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Another seed, another capture.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Bytes kept of each frame; whole frames unless said.
    #[arg(long, value_name = "BYTES", default_value_t = 65_535)]
    snaplen: u32,
}

/// The first frame's time: 2026-06-17 18:30:00 UTC, in microseconds since the Unix epoch.
const START: u64 = 1_781_721_000_000_000;

/// Between two frames, microseconds: 200 000 frames a second.
const STEP: u64 = 5;

/// Ethernet's shortest frame without its check sequence, bytes (IEEE 802.3).
const SHORTEST: u32 = 60;

impl Output {
    /// Writes `frames` to the file.
    fn write(&self, frames: impl Iterator<Item = Frame>) -> Result<()> {
        let path = self.out.display();
        let file = File::create(&self.out).with_context(|| format!("cannot write {path}"))?;
        write(frames, self.snaplen, BufWriter::with_capacity(1 << 20, file))
            .with_context(|| format!("cannot write {path}"))?;
        Ok(())
    }
}

fn write<W: Write>(frames: impl Iterator<Item = Frame>, snaplen: u32, output: W) -> Result<W> {
    let mut writer = PcapWriter::new(output, snaplen)?;
    let mut now = START;
    for mut frame in frames {
        frame.wire_length = frame.wire_length.max(SHORTEST);
        writer.write(now, &frame, snaplen as usize)?;
        now += STEP;
    }
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_padded_to_the_shortest_and_cut_at_the_snap_length() -> Result<()> {
        let frames =
            [Frame { bytes: vec![1; 54], wire_length: 54 }, Frame { bytes: vec![1; 54], wire_length: 1514 }];
        let file = write(frames.into_iter(), 128, Vec::new())?;
        assert_eq!(file.len(), 24 + 16 + 60 + 16 + 128);
        Ok(())
    }
}
