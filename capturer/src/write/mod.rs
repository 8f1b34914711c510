//! Frames → capture files: [`PcapWriter`] for one link type, read by everything; [`PcapNgWriter`] for several, with a
//! comment at each frame.

mod pcap;
mod pcapng;

pub use pcap::PcapWriter;
pub use pcapng::PcapNgWriter;

/// Snap length in headers: the largest frame that is written.
const SNAP_LENGTH: u32 = 262_144;
