//! Where a link type puts the protocol field and the network header, and how that moves with `vlan`, `mpls`, `pppoes`
//! and `geneve`: libpcap's state while it reads a filter, from left to right, whatever `and`, `or`, `not` join.

use super::super::tree::Operator;
use super::value::{Value, ValueId, Values};
use crate::LinkType;

/// What the link header is asked like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    Raw,
    Ipv4,
    Ipv6,
    CookedV1,
    CookedV2,
    /// BSD loopback; the family is in the capturing host's byte order.
    Null,
    /// OpenBSD loopback; the family is in network byte order.
    Loop,
    Ppp,
    /// PPP in HDLC framing or behind a PPPoE header: the same, but libpcap knows no MPLS in it.
    PppFramed,
    Hdlc,
    Wireless,
}

impl Link {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet",
            Self::Raw => "raw IP",
            Self::Ipv4 => "raw IPv4",
            Self::Ipv6 => "raw IPv6",
            Self::CookedV1 => "Linux cooked v1",
            Self::CookedV2 => "Linux cooked v2",
            Self::Null => "BSD loopback",
            Self::Loop => "OpenBSD loopback",
            Self::Ppp => "PPP",
            Self::PppFramed => "framed PPP",
            Self::Hdlc => "Cisco HDLC",
            Self::Wireless => "IEEE 802.11",
        }
    }
}

/// A place in the frame: a distance from its beginning, plus what only the frame itself tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: u32,
    pub(super) index: Option<ValueId>,
}

impl Place {
    const fn fixed(at: u32) -> Self {
        Self { at, index: None }
    }

    pub(super) const fn plus(self, more: u32) -> Self {
        Self { at: self.at + more, ..self }
    }

    pub(super) fn bytes(self, values: &mut Values, size: u8) -> ValueId {
        values.add(Value::Bytes { at: self.at, size, index: self.index })
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) link: Link,
    /// The link header.
    pub(super) header: Place,
    /// Its protocol field.
    pub(super) kind: Place,
    /// What follows the link header.
    pub(super) payload: Place,
    /// The network header, from the payload: beyond 802.2 and SNAP, or MPLS labels.
    pub(super) network: u32,
    /// The same where there is 802.2 but no SNAP.
    pub(super) without_snap: u32,
    /// How many MPLS labels were asked for.
    pub(super) labels: u32,
    /// Inside Geneve: 0 when the link payload is an Ethernet frame.
    pub(super) not_ethernet: Option<ValueId>,
}

/// Link types with a fixed layout: link, protocol field, payload, 802.2 without SNAP.
const FIXED: &[(LinkType, Link, u32, u32, u32)] = &[
    (LinkType::ETHERNET, Link::Ethernet, 12, 14, 3),
    (LinkType::RAW, Link::Raw, 0, 0, 0),
    (LinkType::RAW_BSD, Link::Raw, 0, 0, 0),
    (LinkType::RAW_ALT, Link::Raw, 0, 0, 0),
    (LinkType::IPV4, Link::Ipv4, 0, 0, 0),
    (LinkType::IPV6, Link::Ipv6, 0, 0, 0),
    (LinkType::LINUX_SLL, Link::CookedV1, 14, 16, 0),
    (LinkType::LINUX_SLL2, Link::CookedV2, 0, 20, 0),
    (LinkType::NULL, Link::Null, 0, 4, 0),
    (LinkType::LOOP, Link::Loop, 0, 4, 0),
    (LinkType::PPP, Link::Ppp, 2, 4, 0),
    (LinkType::PPP_HDLC, Link::PppFramed, 2, 4, 0),
    (LinkType(51), Link::PppFramed, 6, 8, 0),
    (LinkType::C_HDLC, Link::Hdlc, 2, 4, 0),
];

impl Layout {
    /// `None` where filters by link type are unknown, to libpcap too.
    pub(super) fn new(link: LinkType, values: &mut Values) -> Option<Self> {
        match link {
            LinkType::IEEE_802_11 => return Some(Self::wireless(values, None)),
            LinkType::RADIOTAP => {
                let prefix = radiotap_length(values);
                return Some(Self::wireless(values, Some(prefix)));
            }
            _ => {}
        }
        let (_, link, kind, payload, without_snap) = *FIXED.iter().find(|(known, ..)| *known == link)?;
        Some(Self {
            link,
            header: Place::fixed(0),
            kind: Place::fixed(kind),
            payload: Place::fixed(payload),
            network: 0,
            without_snap,
            labels: 0,
            not_ethernet: None,
        })
    }

    /// IEEE 802.11 behind an optional prefix: 24 bytes, 2 more for quality of service, padded where radiotap says so;
    /// then 802.2 and SNAP.
    fn wireless(values: &mut Values, prefix: Option<ValueId>) -> Self {
        let header = Place { at: 0, index: prefix };
        let mut length = quality_of_service(values, header);
        if let Some(prefix) = prefix {
            length = values.binary(Operator::Add, prefix, length);
            length = padded(values, length, header);
        }
        let payload = Place { at: 24, index: Some(length) };
        Self {
            link: Link::Wireless,
            header,
            kind: payload.plus(6),
            payload,
            network: 8,
            without_snap: 3,
            labels: 0,
            not_ethernet: None,
        }
    }

    pub(super) const fn network(&self) -> Place {
        self.payload.plus(self.network)
    }

    /// An 802.1Q tag lies between the addresses and the protocol field.
    pub(super) const fn enter_vlan(&mut self) {
        self.kind = self.kind.plus(4);
        self.payload = self.payload.plus(4);
    }

    pub(super) const fn enter_mpls(&mut self) {
        self.network += 4;
        self.without_snap += 4;
        self.labels += 1;
    }

    /// A PPPoE header has 6 bytes; the PPP protocol field follows (RFC 2516 §4).
    pub(super) const fn enter_pppoe(&mut self) {
        let header = self.network().plus(6);
        self.link = Link::Ppp;
        self.header = header;
        self.kind = header;
        self.payload = header.plus(2);
        self.network = 0;
        self.without_snap = 0;
    }

    /// Behind a Geneve header (RFC 8926 §3.4) lies what its protocol type says: an Ethernet frame, or something with
    /// an EtherType of its own. `geneve` is where the header begins, beyond 8 bytes that stand before it.
    pub(super) fn enter_geneve(&mut self, values: &mut Values, geneve: ValueId) {
        let at = |values: &mut Values, at, size| values.add(Value::Bytes { at, size, index: Some(geneve) });
        let first = at(values, 0, 1);
        let options = values.add(Value::Masked { of: first, mask: 0x3f });
        let length = shift(values, Operator::ShiftLeft, options, 2);
        let eight = values.constant(8);
        let length = values.binary(Operator::Add, length, eight);
        let inner = values.binary(Operator::Add, length, geneve);
        let kind = at(values, 2, 2);
        let other = values.constant(0x6558);
        let other = values.binary(Operator::Xor, kind, other);
        let carry = values.constant(0xffff);
        let sum = values.binary(Operator::Add, other, carry);
        let not_ethernet = shift(values, Operator::ShiftRight, sum, 16);
        self.behind_geneve(values, (geneve, inner, not_ethernet));
    }

    /// With an Ethernet frame inside, the protocol field is 12 bytes into it; otherwise it is Geneve's own.
    fn behind_geneve(
        &mut self,
        values: &mut Values,
        (geneve, inner, not_ethernet): (ValueId, ValueId, ValueId),
    ) {
        let one = values.constant(1);
        let is_ethernet = values.binary(Operator::Xor, not_ethernet, one);
        let fourteen = values.constant(14);
        let header = values.binary(Operator::Multiply, is_ethernet, fourteen);
        let payload = values.binary(Operator::Add, inner, header);
        let outer = values.binary(Operator::Multiply, geneve, not_ethernet);
        let farther = values.constant(10);
        let farther = values.binary(Operator::Add, inner, farther);
        let farther = values.binary(Operator::Multiply, farther, is_ethernet);
        let kind = values.binary(Operator::Add, outer, farther);
        let place = |index| Place { at: 0, index: Some(index) };
        *self = Self {
            link: Link::Ethernet,
            header: place(inner),
            kind: place(kind).plus(2),
            payload: place(payload),
            network: 0,
            without_snap: 0,
            labels: 0,
            not_ethernet: Some(not_ethernet),
        };
    }
}

fn shift(values: &mut Values, operator: Operator, value: ValueId, bits: u32) -> ValueId {
    let bits = values.constant(bits);
    values.binary(operator, value, bits)
}

/// Bytes 2 and 3, little endian.
fn radiotap_length(values: &mut Values) -> ValueId {
    let low = values.add(Value::Bytes { at: 2, size: 1, index: None });
    let high = values.add(Value::Bytes { at: 3, size: 1, index: None });
    let high = shift(values, Operator::ShiftLeft, high, 8);
    values.binary(Operator::Or, high, low)
}

/// 2 when the frame is data of a subtype with quality of service, else 0: bits 0x88 set and 0x04 clear.
fn quality_of_service(values: &mut Values, header: Place) -> ValueId {
    let control = header.bytes(values, 1);
    let subtype = shift(values, Operator::ShiftRight, control, 7);
    let data = shift(values, Operator::ShiftRight, control, 3);
    let both = values.binary(Operator::And, subtype, data);
    let reserved = shift(values, Operator::ShiftRight, control, 2);
    let one = values.constant(1);
    let not_reserved = values.binary(Operator::Xor, reserved, one);
    let all = values.binary(Operator::And, both, not_reserved);
    let bit = values.binary(Operator::And, all, one);
    shift(values, Operator::ShiftLeft, bit, 1)
}

/// Radiotap's flags say whether the header of a data frame is padded to 4 bytes. They are the first field, behind a
/// time stamp of 8 bytes if there is one.
fn padded(values: &mut Values, length: ValueId, header: Place) -> ValueId {
    let present = values.add(Value::Bytes { at: 4, size: 1, index: None });
    let one = values.constant(1);
    let stamped = values.binary(Operator::And, present, one);
    let stamp = shift(values, Operator::ShiftLeft, stamped, 3);
    let flags = values.add(Value::Bytes { at: 8, size: 1, index: Some(stamp) });
    let flagged = shift(values, Operator::ShiftRight, present, 1);
    let extended = values.add(Value::Bytes { at: 7, size: 1, index: None });
    let extended = shift(values, Operator::ShiftRight, extended, 7);
    let single = values.binary(Operator::Xor, extended, one);
    let pads = shift(values, Operator::ShiftRight, flags, 5);
    let control = header.bytes(values, 1);
    let data = shift(values, Operator::ShiftRight, control, 3);
    let reserved = shift(values, Operator::ShiftRight, control, 2);
    let not_reserved = values.binary(Operator::Xor, reserved, one);
    let mut pad = values.binary(Operator::And, flagged, pads);
    for also in [single, data, not_reserved, one] {
        pad = values.binary(Operator::And, pad, also);
    }
    let three = values.constant(3);
    let most = values.binary(Operator::Multiply, pad, three);
    let sum = values.binary(Operator::Add, length, most);
    let low = values.binary(Operator::And, sum, most);
    values.binary(Operator::Subtract, sum, low)
}
