//! Frame → [`Packet`]: one function that never allocates and never panics.
//!
//! A frame is peeled from the outside: the [`link`] header answers with an EtherType, [`shim`] headers (VLAN tags)
//! each answer with the next, a [`net`] header fills addresses and lengths, and a [`transport`] header the rest. Each
//! step is a registry: a protocol is added with one file and one line. Every loop strictly advances and is capped.

#![forbid(unsafe_code)]

mod ether_type;
pub mod link;
mod net;
mod reader;
mod shim;
mod skip;
mod transport;

pub use skip::{Skip, SkipReason};

use crate::{Frame, Packet};
use ether_type::EtherType;
use reader::Reader;

/// Headers between link and network that are looked through; more are [`SkipReason::TooDeep`]. Two VLAN tags and a
/// few labels are usual, dozens are an attack.
const MAX_SHIMS: usize = 16;

/// Strips a frame to its packet.
///
/// # Errors
/// [`Skip`] when the frame carries neither ARP nor IP, or ends before its network header does.
// Inlined, and each layer fills the packet in its place: copying a packet whose fields are still on their way to memory
// costs as much as decoding it (`benches/decode.rs`).
#[inline]
pub fn decode(frame: &Frame<'_>) -> Result<Packet, Skip> {
    let mut packet = begin(frame);
    fill(frame, &mut packet).map(|()| packet)
}

/// Reads header after header.
fn fill(frame: &Frame<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let mut reader = Reader::new(frame.bytes);
    let Some(link) = link::find(frame.link) else { return Err(reader.skip_here(SkipReason::UnknownLink)) };
    let mut ether_type = link.decode(&mut reader, packet)?;
    for _ in 0..=MAX_SHIMS {
        if let Some(network) = net::find(ether_type) {
            return network(&mut reader, packet);
        }
        let Some(shim) = shim::find(ether_type) else { return Err(reader.skip_here(SkipReason::NonIp)) };
        ether_type = shim(&mut reader, packet)?;
    }
    Err(reader.skip_here(SkipReason::TooDeep))
}

/// What is known of a packet before its first byte is read.
#[inline]
fn begin(frame: &Frame<'_>) -> Packet {
    Packet {
        at: frame.at,
        number: frame.number,
        wire_len: frame.wire_len,
        captured_len: u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX),
        ..Packet::empty()
    }
}

#[cfg(test)]
pub(crate) mod tests;
