//! What the capture point sees, in any order; played back in time order. Only the window of the capture is kept: what
//! began before it is seen from its middle and what outlasts it is cut, so the end goes over into a new beginning.

use std::io::Write;

use anyhow::Result;

use crate::craft::frame::Frame;
use crate::craft::pcap::PcapWriter;

/// Microseconds since the capture's start; what lies before it is negative.
pub type Micros = i64;

/// A millisecond.
pub const MILLISECOND: Micros = 1000;

/// A second.
pub const SECOND: Micros = 1_000_000;

/// How long the capture lasts.
pub const LENGTH: Micros = 300 * SECOND;

/// From when on actors play, so that the first second is as busy as the last.
pub const WARM_UP: Micros = -20 * SECOND;

/// The capture's start: 2026-06-17 18:30:00 UTC, in microseconds since the Unix epoch.
const START: u64 = 1_781_721_000_000_000;

/// Larger than any frame: nothing is cut by the file's limit, only by what the actors kept.
const SNAP_LENGTH: u32 = 262_144;

/// The frames so far.
#[derive(Debug, Default)]
pub struct Tape {
    frames: Vec<(Micros, Frame)>,
}

impl Tape {
    /// A frame passes the capture point.
    pub fn put(&mut self, at: Micros, frame: Frame) {
        if (0..LENGTH).contains(&at) {
            self.frames.push((at, frame));
        }
    }

    /// The frames in time order; those of one moment as they were put.
    pub fn into_frames(mut self) -> Vec<(Micros, Frame)> {
        self.frames.sort_by_key(|&(at, _)| at);
        self.frames
    }
}

/// Writes frames as a capture file.
pub fn write<W: Write>(frames: &[(Micros, Frame)], output: W) -> Result<W> {
    let mut writer = PcapWriter::new(output, SNAP_LENGTH)?;
    for (at, frame) in frames {
        writer.write(START + at.unsigned_abs(), frame, frame.bytes.len())?;
    }
    Ok(writer.finish()?)
}
