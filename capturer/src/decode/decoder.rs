//! The decoder of a stream: [`decode_into`] with settings, and with a memory for fragments.

use super::fragments::{FragmentCounts, FragmentTable};
use super::layers::{MAX_LAYERS, step};
use super::{Skip, checksum, decode_into};
use crate::{Frame, Packet, PacketFacts};

/// Which IP header of a frame is the packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Counted {
    /// The first: the ends of the tunnel, as capture viewers count.
    #[default]
    Outermost,
    /// The last that can be read: the ends that talk through the tunnel.
    Innermost,
}

/// How frames are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeSettings {
    /// Which IP header counts where there are several.
    pub count: Counted,
    /// Verify the checksums of packets captured whole: it costs a pass over every byte. Frames that were captured on
    /// the host that sent them often have none yet ([`PacketFacts::OFFLOADED_CHECKSUM`]).
    pub checksums: bool,
}

/// What a decoder met that no packet tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// Frames with more layers than are looked through; the last that was counts.
    pub too_deep: u64,
    /// What became of fragments.
    pub fragments: FragmentCounts,
}

/// Reads the frames of one stream, in their order.
#[derive(Debug)]
pub struct Decoder {
    settings: DecodeSettings,
    fragments: FragmentTable,
    too_deep: u64,
}

impl Decoder {
    /// A decoder that has seen nothing. Everything it will ever need is allocated here.
    pub fn new(settings: DecodeSettings) -> Self {
        Self { settings, fragments: FragmentTable::new(), too_deep: 0 }
    }

    /// Strips a frame to the packet that counts.
    ///
    /// # Errors
    /// As [`decode`](super::decode).
    #[inline]
    pub fn decode(&mut self, frame: &Frame<'_>) -> Result<Packet, Skip> {
        let mut packet = Packet::empty();
        self.decode_into(frame, &mut packet).map(|()| packet)
    }

    /// The same into a slot that exists. What the slot holds after a [`Skip`] is unspecified.
    ///
    /// # Errors
    /// As [`decode`](super::decode).
    #[inline]
    pub fn decode_into(&mut self, frame: &Frame<'_>, packet: &mut Packet) -> Result<(), Skip> {
        decode_into(frame, packet)?;
        if packet.fragment.is_fragment() {
            self.fragments.note(frame.bytes, packet);
        }
        if self.settings.count == Counted::Innermost && packet.facts.has(PacketFacts::TUNNELLED) {
            self.go_inward(frame.bytes, packet);
        }
        if self.settings.checksums {
            checksum::verify(frame.bytes, packet);
        }
        Ok(())
    }

    /// What no packet tells.
    pub fn counts(&self) -> DecodeCounts {
        DecodeCounts { too_deep: self.too_deep, fragments: self.fragments.counts() }
    }

    /// Replaces a packet by the innermost IP packet in it.
    #[cold]
    fn go_inward(&mut self, bytes: &[u8], packet: &mut Packet) {
        for _ in 1..MAX_LAYERS {
            let Some(Ok(layer)) = step(packet, bytes) else { return };
            if !layer.packet.is_ip() {
                return;
            }
            *packet = layer.packet;
            if packet.fragment.is_fragment() {
                self.fragments.note(bytes, packet);
            }
        }
        self.too_deep += u64::from(packet.facts.has(PacketFacts::TUNNELLED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{UDP4, carrying, frame};
    use crate::{LinkType, Protocol};

    fn innermost() -> Decoder {
        Decoder::new(DecodeSettings { count: Counted::Innermost, ..DecodeSettings::default() })
    }

    #[test]
    fn the_setting_chooses_the_layer() {
        let bytes = carrying(4, &carrying(4, &UDP4));
        let frame = frame(LinkType::IPV4, &bytes);
        let outer = Decoder::new(DecodeSettings::default()).decode(&frame).unwrap();
        assert_eq!((outer.protocol, outer.network_offset), (Protocol::IPV4, 0));
        let inner = innermost().decode(&frame).unwrap();
        assert_eq!((inner.protocol, inner.network_offset), (Protocol::UDP, 40));
    }

    #[test]
    fn the_innermost_of_a_plain_packet_is_that_packet() {
        let frame = frame(LinkType::IPV4, &UDP4);
        assert_eq!(innermost().decode(&frame), crate::decode::decode(&frame));
    }

    #[test]
    fn a_tunnel_that_cannot_be_read_counts_itself() {
        let packet = innermost().decode(&frame(LinkType::IPV4, &carrying(4, &[0x45, 0, 0]))).unwrap();
        assert_eq!((packet.protocol, packet.facts), (Protocol::IPV4, PacketFacts::NONE));
    }

    #[test]
    fn too_deep_a_frame_is_counted() {
        let mut bytes = UDP4.to_vec();
        for _ in 0..MAX_LAYERS {
            bytes = carrying(4, &bytes);
        }
        let mut decoder = innermost();
        let packet = decoder.decode(&frame(LinkType::IPV4, &bytes)).unwrap();
        assert_eq!(usize::from(packet.network_offset), (MAX_LAYERS - 1) * 20);
        assert_eq!(decoder.counts().too_deep, 1);
    }
}
