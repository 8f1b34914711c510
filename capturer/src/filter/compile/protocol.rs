//! Which protocol a frame carries: the link's protocol field by link type, the protocol number of IP, of IPv6's first
//! header or a fragment header right behind it, OSI's network layer identifier.

use std::fmt::Display;

use super::super::link_names::Bits;
use super::super::tree::{Family, ethertype};
use super::graph::{Check, Condition, Decision};
use super::link::Link;
use super::{Compiled, Compiler, compare};

/// LLC service access points.
const ISO: u16 = 0xfe;
const NETBEUI: u16 = 0xf0;
const IPX: u16 = 0xe0;
const SPANNING_TREE: u16 = 0x42;

const IPX_ETHERTYPE: u16 = 0x8137;
const APPLETALK: u16 = 0x809b;
const APPLETALK_ARP: u16 = 0x80f3;
const DECNET: u16 = 0x6003;

/// The largest value of an Ethernet frame's length field, beyond which it is a type.
pub(super) const MAX_LENGTH: u16 = 1500;

/// Cooked v1: an Ethernet frame with 802.2 has 4 in the protocol field, Novell's raw 802.3 has 1.
const COOKED_LLC: u32 = 4;
const COOKED_NOVELL: u32 = 1;

/// What BSD loopback says for IPv6: AF_INET6 of Darwin, of NetBSD and OpenBSD, of FreeBSD.
const FAMILIES_IPV6: [u32; 3] = [30, 24, 28];
const FAMILY_IPV4: u32 = 2;

/// PPP protocol field values (IANA) of what has an EtherType or service access point.
const PPP: [(u16, u32); 7] = [
    (ethertype::IPV4, 0x21),
    (ethertype::IPV6, 0x57),
    (DECNET, 0x27),
    (APPLETALK, 0x29),
    (ISO, 0x23),
    (SPANNING_TREE, 0x31),
    (IPX, 0x2b),
];

const FRAGMENT_HEADER: u32 = 44;

impl<U: Clone + Display> Compiler<'_, U> {
    pub(super) fn link_protocol(&mut self, number: u16) -> Compiled {
        if self.layout.labels > 0 {
            return self.labelled(number);
        }
        Ok(match self.layout.link {
            Link::Ethernet => self.ethernet_protocol(number),
            Link::Wireless => {
                let data = self.wireless_data();
                let snap = self.wireless_protocol(number);
                data.and(snap)
            }
            Link::CookedV1 => self.cooked_protocol(number),
            Link::Hdlc if number == ISO => self.equals(self.layout.kind, 2, 0xfefe),
            Link::CookedV2 | Link::Hdlc => self.equals(self.layout.kind, 2, number.into()),
            Link::Ppp | Link::PppFramed => {
                let known = PPP.iter().find(|(known, _)| *known == number);
                self.equals(self.layout.kind, 2, known.map_or(number.into(), |(_, ppp)| *ppp))
            }
            Link::Raw => match number {
                ethertype::IPV4 => self.equals_masked(self.layout.network(), 1, (0x40, 0xf0)),
                ethertype::IPV6 => self.equals_masked(self.layout.network(), 1, (0x60, 0xf0)),
                _ => self.always(false),
            },
            Link::Ipv4 => self.always(number == ethertype::IPV4),
            Link::Ipv6 => self.always(number == ethertype::IPV6),
            Link::Null | Link::Loop => self.loopback_protocol(number),
        })
    }

    fn ethernet_protocol(&mut self, number: u16) -> Decision {
        let (kind, payload) = (self.layout.kind, self.layout.payload);
        let n = u32::from(number);
        match number {
            ISO | NETBEUI => self.has_length().and(self.equals(payload, 2, n << 8 | n)),
            IPX => {
                let direct = self.equals(kind, 2, IPX_ETHERTYPE.into());
                let snap = self.snap(0, IPX_ETHERTYPE);
                let point = self.equals(payload, 1, n);
                let novell = self.equals(payload, 2, 0xffff);
                direct.or(self.has_length().and(snap.or(point.or(novell))))
            }
            APPLETALK | APPLETALK_ARP => {
                let direct = self.equals(kind, 2, n);
                direct.or(self.has_length().and(self.apple_snap(number)))
            }
            _ if number <= MAX_LENGTH => self.has_length().and(self.equals(payload, 1, n)),
            _ => self.equals(kind, 2, n),
        }
    }

    /// The protocol field is a length: 802.3, so 802.2 follows.
    fn has_length(&mut self) -> Decision {
        let kind = self.layout.kind.bytes(&mut self.values, 2);
        compare(kind, Condition::Greater, MAX_LENGTH.into()).not()
    }

    /// 802.2 behind the link header; Novell's raw 802.3 has ff-ff in its place.
    pub(super) fn llc(&mut self, kind: Option<Bits>) -> Compiled {
        let payload = self.layout.payload;
        let header = match self.layout.link {
            Link::Ethernet => self.has_length().and(self.equals(payload, 2, 0xffff).not()),
            Link::Wireless => self.wireless_data(),
            _ => return Err("they have no IEEE 802.2 header"),
        };
        Ok(match kind {
            Some(Bits { mask, value }) => {
                header.and(self.equals_masked(payload.plus(2), 1, (value.into(), mask.into())))
            }
            None => header,
        })
    }

    /// 802.2 with SNAP (RFC 1042): service access points aa, control 03, organisation, EtherType.
    fn snap(&mut self, organisation: u32, number: u16) -> Decision {
        let payload = self.layout.payload;
        let kind = self.equals(payload.plus(4), 4, organisation << 16 | u32::from(number));
        kind.and(self.equals(payload, 4, 0xaaaa_0300 | organisation >> 16))
    }

    /// AppleTalk has Apple's organisation code 08-00-07, its ARP has none.
    fn apple_snap(&mut self, number: u16) -> Decision {
        self.snap(if number == APPLETALK { 0x08_0007 } else { 0 }, number)
    }

    fn cooked_protocol(&mut self, number: u16) -> Decision {
        let (kind, payload) = (self.layout.kind, self.layout.payload);
        let n = u32::from(number);
        let llc = self.equals(kind, 2, COOKED_LLC);
        match number {
            ISO | NETBEUI => llc.and(self.equals(payload, 2, n << 8 | n)),
            IPX => {
                let direct = self.equals(kind, 2, IPX_ETHERTYPE.into());
                let novell = self.equals(kind, 2, COOKED_NOVELL);
                let point = self.equals(payload, 1, n);
                let snap = self.snap(0, IPX_ETHERTYPE);
                direct.or(novell.or(llc.and(point.or(snap))))
            }
            APPLETALK | APPLETALK_ARP => {
                let direct = self.equals(kind, 2, n);
                direct.or(llc.and(self.apple_snap(number)))
            }
            _ if number <= MAX_LENGTH => llc.and(self.equals(payload, 1, n)),
            _ => self.equals(kind, 2, n),
        }
    }

    /// The family is in the byte order of the host that wrote it, which the frame doesn't tell: either is taken.
    fn loopback_protocol(&mut self, number: u16) -> Decision {
        let families: &[u32] = match number {
            ethertype::IPV4 => &[FAMILY_IPV4],
            ethertype::IPV6 => &FAMILIES_IPV6,
            _ => return self.always(false),
        };
        let kind = self.layout.kind;
        let network = families.iter().copied();
        let host =
            families.iter().filter(|_| self.layout.link == Link::Null).map(|family| family.swap_bytes());
        let all: Vec<u32> = host.chain(network).collect();
        let one = |number| self.equals(kind, 4, number);
        all.into_iter().map(one).reduce(Decision::or).unwrap_or_else(|| self.always(false))
    }

    pub(super) fn protocol(&mut self, family: Family, number: u8) -> Compiled {
        match family {
            Family::Ipv4 => self.ipv4_protocol(number),
            Family::Ipv6 => self.ipv6_protocol(number),
            Family::Any => Ok(self.ipv4_protocol(number)?.or(self.ipv6_protocol(number)?)),
        }
    }

    fn ipv4_protocol(&mut self, number: u8) -> Compiled {
        let carried = self.link_protocol(ethertype::IPV4)?;
        Ok(carried.and(self.equals(self.layout.network().plus(9), 1, number.into())))
    }

    /// The first next-header field, or that of a fragment header right behind the fixed header.
    fn ipv6_protocol(&mut self, number: u8) -> Compiled {
        let carried = self.link_protocol(ethertype::IPV6)?;
        let network = self.layout.network();
        let direct = self.equals(network.plus(6), 1, number.into());
        let fragment = self.equals(network.plus(6), 1, FRAGMENT_HEADER);
        let inside = self.equals(network.plus(40), 1, number.into());
        Ok(carried.and(direct.or(fragment.and(inside))))
    }

    pub(super) fn protocol_chain(&mut self, family: Family, number: u8) -> Compiled {
        let network = self.layout.network();
        if network.index.is_some() {
            return Err("`protochain` needs headers at fixed places");
        }
        let mut one = |family, ethertype| {
            let chain = Check::Chain { family, network: network.at, number };
            Ok::<_, &'static str>(self.link_protocol(ethertype)?.and(Decision::Check(chain)))
        };
        match family {
            Family::Ipv4 => one(Family::Ipv4, ethertype::IPV4),
            Family::Ipv6 => one(Family::Ipv6, ethertype::IPV6),
            Family::Any => Ok(one(Family::Ipv4, ethertype::IPV4)?.or(one(Family::Ipv6, ethertype::IPV6)?)),
        }
    }

    /// OSI's network layer protocol identifier (ISO 9577); Cisco HDLC puts a byte before it.
    pub(super) fn iso(&mut self, number: u8) -> Compiled {
        let carried = self.link_protocol(ISO)?;
        let fudge = u32::from(self.layout.link == Link::Hdlc);
        let place = self.layout.payload.plus(self.layout.without_snap + fudge);
        Ok(carried.and(self.equals(place, 1, number.into())))
    }
}
