//! Which ends of a packet count, and what is left out on the way: nothing goes in silence.

use std::net::{IpAddr, Ipv4Addr};

use crate::aggregate::{Counting, Ends};
use crate::flow::Volume;
use crate::geo::Category;
use crate::observation::{End, Observation};

/// What is under no key of a dimension. Ends are counted where the dimension counts ends, else packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Addresses that are not public, where a dimension knows public ones alone or only they are asked for.
    pub not_public: Volume,
    /// Public addresses that no database knows, and packets without what the dimension tells apart.
    pub unknown: Volume,
    /// Packets that are not IP.
    pub not_ip: Volume,
    /// What keys carried that are not listed.
    pub unlisted: Volume,
}

/// One of two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The sender.
    Source,
    /// The receiver.
    Destination,
}

/// Lets the ends through that count.
pub(super) struct Gate {
    pub(super) ends: Ends,
    public_only: bool,
    left: LeftOut,
    kept: Volume,
}

impl Gate {
    /// With nothing left out.
    pub(super) fn new(ends: Ends, counting: Counting) -> Self {
        let Counting { public_only, .. } = counting;
        Self { ends, public_only, left: LeftOut::default(), kept: Volume::default() }
    }

    /// The key of an end, if that end counts.
    #[inline]
    pub(super) fn admit<K>(&mut self, key: Option<K>, side: Side, seen: &Observation) -> Option<K> {
        let end = match (side, self.ends) {
            (_, Ends::Remote) => return key,
            (Side::Source, Ends::Destination) | (Side::Destination, Ends::Source) => return None,
            (Side::Source, _) => &seen.source,
            (Side::Destination, _) => &seen.destination,
        };
        if self.public_only && !is_public(end.address) {
            self.left.not_public.merge(&seen.volume);
            return None;
        }
        match &key {
            Some(_) => self.kept.merge(&seen.volume),
            None if seen.is_ip() => self.miss(end, seen),
            // A packet without addresses is left out once.
            None if side == Side::Source || self.ends == Ends::Destination => {
                self.left.not_ip.merge(&seen.volume);
            }
            None => {}
        }
        key
    }

    /// The key of a packet, if both its ends count.
    #[inline]
    pub(super) fn admit_packet<K>(&mut self, key: Option<K>, seen: &Observation) -> Option<K> {
        if self.public_only && !(is_public(seen.source.address) && is_public(seen.destination.address)) {
            self.left.not_public.merge(&seen.volume);
            return None;
        }
        match &key {
            Some(_) => self.kept.merge(&seen.volume),
            None if seen.is_ip() => self.left.unknown.merge(&seen.volume),
            None => self.left.not_ip.merge(&seen.volume),
        }
        key
    }

    /// An end of an IP packet without a key.
    #[inline]
    fn miss(&mut self, end: &End, seen: &Observation) {
        let left = if end.place.category == Category::Global {
            &mut self.left.unknown
        } else {
            &mut self.left.not_public
        };
        left.merge(&seen.volume);
    }

    /// What was left out beside rows that carry so much.
    pub(super) fn left(&self, listed: Volume) -> LeftOut {
        let unlisted = Volume {
            packets: self.kept.packets.saturating_sub(listed.packets),
            bytes: self.kept.bytes.saturating_sub(listed.bytes),
        };
        LeftOut { unlisted, ..self.left }
    }
}

/// Whether an address is public as `report --public-only` has it: IPy 0.81's set for IPv4, by which asn_report judged,
/// and its like for IPv6. Shared address space (100.64.0.0/10), benchmarking and documentation networks count as public
/// there; the registry's finer judgement is `--by place`.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => {
                !(v6.is_unspecified()
                    || v6.is_loopback()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || v6.is_multicast())
            }
        },
    }
}

/// Not 0/8, 10/8, 127/8, 169.254/16, 172.16/12, 192.168/16, nor 224/3.
const fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [first, ..] = v4.octets();
    !(first == 0 || first >= 224 || v4.is_private() || v4.is_loopback() || v4.is_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_is_what_ipy_calls_so() {
        let public = |text: &str| is_public(text.parse().unwrap());
        for not in [
            "10.1.2.3",
            "127.0.0.1",
            "169.254.1.1",
            "192.168.0.1",
            "172.16.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!public(not), "{not}");
        }
        for address in ["8.8.8.8", "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "172.32.0.1"] {
            assert!(public(address), "{address}");
        }
        for not in ["::", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1"] {
            assert!(!public(not), "{not}");
        }
        assert!(public("2001:4860:4860::8888") && public("2001:db8::1") && public("::ffff:8.8.8.8"));
    }
}
