//! Packets taken out of the ring → pcapng, so that what was seen can be looked at elsewhere.

use std::io::{self, Write};

use super::Kept;
use crate::write::PcapNgWriter;

/// Writes the frames of a query's answer, as much as was kept of each, with `why` each was kept as its comment (none
/// when it is empty). Lengths on the wire, times and link types are those of the capture.
///
/// # Errors
/// What `out` says.
pub fn export<W: Write>(out: W, kept: &[Kept], mut why: impl FnMut(&Kept) -> String) -> io::Result<W> {
    let mut writer = PcapNgWriter::new(out, "");
    for kept in kept {
        writer.write(&kept.frame(), &why(kept))?;
    }
    writer.finish()
}
