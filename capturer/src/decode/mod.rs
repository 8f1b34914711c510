//! Frame → [`Packet`]: functions that never allocate and never panic.
//!
//! A frame is peeled from the outside: the [`link`] header answers with an EtherType, `shim` headers (tags, labels)
//! each answer with the next, a `net` header fills addresses and lengths, and a `transport` header the rest. Where
//! that carries a [`tunnel`], its header answers with an EtherType again: [`layers()`] and [`inner`] go on from there.
//! Each step is a registry: a protocol is added with one file and one line. Every loop strictly advances and is capped.
//!
//! [`decode`] judges a frame alone; a [`Decoder`] reads a stream of them and remembers fragments.

#![forbid(unsafe_code)]

mod checksum;
mod decoder;
mod ether_type;
mod fragments;
mod layers;
pub mod link;
mod net;
mod reader;
mod shim;
mod skip;
mod transport;
pub mod tunnel;

pub use decoder::{Counted, DecodeCounts, DecodeSettings, Decoder};
pub use fragments::FragmentCounts;
pub use layers::{Layer, Layers, MAX_LAYERS, inner, layers};
pub use skip::{Skip, SkipReason};

use crate::{Frame, Packet};
use ether_type::EtherType;
use reader::Reader;

/// Headers between link and network that are looked through; more are [`SkipReason::TooDeep`]. Two VLAN tags and a
/// few labels are usual, dozens are an attack.
const MAX_SHIMS: usize = 16;

/// Strips a frame to its packet: the outermost ARP or IP header, and the transport header in it.
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

/// The same into a slot that exists: nothing is copied. What the slot holds after a [`Skip`] is unspecified.
///
/// # Errors
/// As [`decode`].
#[inline]
pub fn decode_into(frame: &Frame<'_>, packet: &mut Packet) -> Result<(), Skip> {
    *packet = begin(frame);
    fill(frame, packet)
}

/// Reads header after header.
fn fill(frame: &Frame<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let mut reader = Reader::new(frame.bytes, frame.wire_len);
    let Some(link) = link::find(frame.link) else { return Err(reader.skip_here(SkipReason::UnknownLink)) };
    let ether_type = link.decode(&mut reader, packet)?;
    network(ether_type, &mut reader, packet)
}

/// Reads from where an EtherType says what begins.
#[inline(always)]
fn network(ether_type: EtherType, reader: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let network = through_shims(ether_type, reader, packet)?;
    packet.network_offset = net::offset_of(reader.offset());
    (network.decode)(reader, packet)
}

/// Steps over tags and labels up to a network header.
#[inline(always)]
fn through_shims(
    mut ether_type: EtherType,
    reader: &mut Reader<'_>,
    packet: &mut Packet,
) -> Result<&'static net::Network, Skip> {
    for _ in 0..=MAX_SHIMS {
        if let Some(network) = net::find(ether_type) {
            return Ok(network);
        }
        let Some(shim) = shim::find(ether_type) else { return Err(reader.skip_here(SkipReason::NonIp)) };
        ether_type = shim(reader, packet)?;
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
