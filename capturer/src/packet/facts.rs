//! What is odd about a packet, or known of its place in the frame: bits that detectors and filters ask for. A length or
//! a checksum that lies is a fact about the packet, not a reason to drop it: hosts drop such packets, and senders of
//! such packets are worth knowing.

use std::fmt;

/// A set of facts, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PacketFacts(u16);

impl PacketFacts {
    /// Nothing to say.
    pub const NONE: Self = Self(0);
    /// Another IPv4 or IPv6 header lies deeper in the frame: this one is a tunnel's.
    pub const TUNNELLED: Self = Self(0x0001);
    /// This is not the frame's outermost IP header.
    pub const INNER: Self = Self(0x0002);
    /// The IP length reaches beyond the frame as it was on the wire, or beyond the tunnel around it.
    pub const LENGTH_BEYOND_FRAME: Self = Self(0x0004);
    /// The UDP length is smaller than its header, or larger than what IP carries (fragments and jumbograms aside).
    pub const UDP_LENGTH: Self = Self(0x0008);
    /// The IPv4 header checksum is wrong; known only where verification is asked for.
    pub const BAD_HEADER_CHECKSUM: Self = Self(0x0010);
    /// The TCP, UDP or ICMP checksum is wrong; known only where verification is asked for.
    pub const BAD_CHECKSUM: Self = Self(0x0020);
    /// A checksum was left for the network card to fill in: the frame was captured on the host that sent it.
    pub const OFFLOADED_CHECKSUM: Self = Self(0x0040);
    /// A first fragment too short for its transport header, or a TCP fragment that begins inside the header (RFC 1858).
    pub const TINY_FRAGMENT: Self = Self(0x0080);
    /// A fragment that overlaps one seen before (RFC 5722); known only to a [`Decoder`](crate::decode::Decoder).
    pub const OVERLAP: Self = Self(0x0100);

    /// All of them with their names, in the order of their bits.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::TUNNELLED, "tunnelled"),
        (Self::INNER, "inner"),
        (Self::LENGTH_BEYOND_FRAME, "length_beyond_frame"),
        (Self::UDP_LENGTH, "udp_length"),
        (Self::BAD_HEADER_CHECKSUM, "bad_header_checksum"),
        (Self::BAD_CHECKSUM, "bad_checksum"),
        (Self::OFFLOADED_CHECKSUM, "offloaded_checksum"),
        (Self::TINY_FRAGMENT, "tiny_fragment"),
        (Self::OVERLAP, "overlap"),
    ];

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is nothing to say.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds the bits of `other`.
    pub const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Takes the bits of `other` away.
    pub(crate) const fn clear(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    /// The names of those that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |(fact, _)| self.has(*fact)).map(|(_, name)| name)
    }
}

impl fmt::Display for PacketFacts {
    /// Their names with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.names().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_has_a_bit_and_a_name_of_its_own() {
        for (i, (fact, name)) in PacketFacts::ALL.into_iter().enumerate() {
            assert_eq!((fact.0, fact.to_string()), (1 << i, name.to_owned()));
            assert_eq!(PacketFacts::ALL.iter().filter(|(_, other)| *other == name).count(), 1);
        }
    }

    #[test]
    fn facts_are_written_with_commas() {
        let mut facts = PacketFacts::NONE;
        assert!(facts.is_empty() && facts.to_string().is_empty());
        facts.set(PacketFacts::OVERLAP);
        facts.set(PacketFacts::INNER);
        assert_eq!(facts.to_string(), "inner,overlap");
        assert!(facts.has(PacketFacts::INNER) && !facts.has(PacketFacts::TUNNELLED));
    }
}
