//! The packets within a packet: each IP header of a frame from the outermost to the innermost, with the tunnels between.
//! Addresses that an ICMP error quotes are payload, not a layer.

use super::tunnel::{self, Tunnel};
use super::{Skip, SkipReason, decode, network};
use crate::{Frame, Packet, PacketFacts};

/// Layers of a frame that are read; a deeper one is [`SkipReason::TooDeep`]. Two are usual, four exist.
pub const MAX_LAYERS: usize = 8;

/// One IP (or, within an Ethernet tunnel, ARP) header of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// The packet as this header tells it; time, number and lengths of the frame are the frame's.
    pub packet: Packet,
    /// What it came through; `None` of the outermost.
    pub tunnel: Option<&'static Tunnel>,
}

/// All layers of a frame, outermost first; ends after a [`Skip`].
pub fn layers<'a>(frame: &Frame<'a>) -> Layers<'a> {
    Layers {
        bytes: frame.bytes,
        next: Some(decode(frame).map(|packet| Layer { packet, tunnel: None })),
        count: 0,
    }
}

/// The next layer inward of a packet whose frame begins with `bytes`; `None` when there is none, or not enough of it was
/// kept.
pub fn inner(packet: &Packet, bytes: &[u8]) -> Option<Packet> {
    step(packet, bytes)?.ok().map(|layer| layer.packet)
}

/// The iterator of [`layers`].
#[derive(Clone, Debug)]
pub struct Layers<'a> {
    bytes: &'a [u8],
    next: Option<Result<Layer, Skip>>,
    count: usize,
}

impl Iterator for Layers<'_> {
    type Item = Result<Layer, Skip>;

    fn next(&mut self) -> Option<Self::Item> {
        let current = self.next.take()?;
        self.count += 1;
        if let Ok(layer) = &current {
            self.next = step(&layer.packet, self.bytes);
            if self.count == MAX_LAYERS && self.next.is_some() {
                let offset = layer.packet.payload_offset;
                self.next = Some(Err(Skip { reason: SkipReason::TooDeep, offset, needed: 0, had: 0 }));
            }
        }
        Some(current)
    }
}

/// One layer inward.
pub(super) fn step(outer: &Packet, bytes: &[u8]) -> Option<Result<Layer, Skip>> {
    if !tunnel::may_begin(outer) {
        return None;
    }
    let (tunnel, mut reader) = tunnel::open(outer, bytes)?;
    let mut packet = beneath(outer);
    let answer = tunnel.decode(&mut reader, &mut packet)?;
    let whole = answer.and_then(|ether_type| network(ether_type, &mut reader, &mut packet));
    if outer.fragment.is_fragment() {
        // The lengths inside tell of the whole, of which this is a piece.
        packet.facts.clear(PacketFacts::LENGTH_BEYOND_FRAME);
        packet.facts.clear(PacketFacts::UDP_LENGTH);
    }
    Some(whole.map(|()| Layer { packet, tunnel: Some(tunnel) }))
}

/// What a packet inside another is before its own headers are read. Hardware addresses and VLAN tag stay those around
/// it, unless an Ethernet header comes in between.
fn beneath(outer: &Packet) -> Packet {
    Packet {
        at: outer.at,
        number: outer.number,
        wire_len: outer.wire_len,
        captured_len: outer.captured_len,
        vlan: outer.vlan,
        source_mac: outer.source_mac,
        destination_mac: outer.destination_mac,
        facts: PacketFacts::INNER,
        ..Packet::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::decode::tests::{UDP4, carrying, frame};

    #[test]
    fn layers_go_from_the_outermost_inward() {
        let twice = carrying(4, &carrying(4, &UDP4));
        let layers: Vec<Layer> = layers(&frame(LinkType::IPV4, &twice)).map(Result::unwrap).collect();
        let offsets: Vec<u16> = layers.iter().map(|layer| layer.packet.network_offset).collect();
        assert_eq!(offsets, [0, 20, 40]);
        let facts: Vec<String> = layers.iter().map(|layer| layer.packet.facts.to_string()).collect();
        assert_eq!(facts, ["tunnelled", "tunnelled,inner", "inner"]);
        let names: Vec<_> = layers.iter().map(|layer| layer.tunnel.map(|tunnel| tunnel.name)).collect();
        assert_eq!(names, [None, Some("ipip"), Some("ipip")]);
        assert!(layers[2].packet.ports().is_some() && layers[0].packet.ports().is_none());
    }

    #[test]
    fn depth_has_an_end_that_is_told() {
        let mut packet = UDP4.to_vec();
        for _ in 1..MAX_LAYERS {
            packet = carrying(4, &packet);
        }
        assert!(layers(&frame(LinkType::IPV4, &packet)).all(|layer| layer.is_ok()));
        let deeper = carrying(4, &packet);
        let last = layers(&frame(LinkType::IPV4, &deeper)).last();
        assert_eq!(last.unwrap().unwrap_err().reason, SkipReason::TooDeep);
        assert_eq!(layers(&frame(LinkType::IPV4, &deeper)).count(), MAX_LAYERS + 1);
    }

    #[test]
    fn a_frame_that_is_no_packet_is_one_skip() {
        let mut layers = layers(&frame(LinkType::IPV4, &UDP4[..10]));
        assert_eq!(layers.next().unwrap().unwrap_err().reason, SkipReason::CutNetwork);
        assert!(layers.next().is_none());
    }

    #[test]
    fn hardware_addresses_and_tag_are_the_nearest_around() {
        let tagged = |packet: &[u8]| [&[1; 6][..], &[2; 6], &[0x81, 0, 0, 7, 8, 0], packet].concat();
        let read = |bytes: &[u8]| {
            let innermost = layers(&frame(LinkType::ETHERNET, bytes)).last().unwrap().unwrap().packet;
            (innermost.source_mac.0, innermost.vlan.id())
        };
        assert_eq!(read(&tagged(&carrying(4, &UDP4))), ([2; 6], Some(7)));
        let inside = [&[0x30, 0][..], &[3; 6], &[4; 6], &[8, 0], &UDP4].concat();
        assert_eq!(read(&tagged(&carrying(97, &inside))), ([4; 6], None));
    }

    #[test]
    fn the_frames_own_figures_stay_and_a_kept_beginning_is_enough() {
        let bytes = carrying(4, &UDP4);
        let outer = decode(&Frame { number: 9, ..frame(LinkType::IPV4, &bytes) }).unwrap();
        let packet = inner(&outer, &bytes[..48]).unwrap();
        assert_eq!((packet.number, packet.wire_len, packet.payload_len), (9, 50, 2));
        assert_eq!(inner(&outer, &bytes[..39]), None);
        assert_eq!(inner(&packet, &bytes), None);
    }
}
