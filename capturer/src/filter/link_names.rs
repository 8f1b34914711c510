//! Names that only the link header knows: kinds of IEEE 802.11 frames, who relays them, their addresses, and kinds of
//! IEEE 802.2 (LLC) frames. Which there are is pcap-filter(7)'s choice; numbers are those of 802.11-2020 §9.2.4.1 and
//! of ISO/IEC 8802-2 §5.4. Names are read whatever their case.

/// Bits of an 802.11 frame's first byte that hold its type.
pub(super) const TYPE: u8 = 0x0c;
/// And those that hold the type's subtype.
pub(super) const SUBTYPE: u8 = 0xf0;

const MANAGEMENT: u8 = 0x00;
const CONTROL: u8 = 0x04;
const DATA: u8 = 0x08;

/// The first name of a number is the one that canonical text uses.
pub(super) const TYPES: &[(&str, u8)] = &[
    ("mgt", MANAGEMENT),
    ("management", MANAGEMENT),
    ("ctl", CONTROL),
    ("control", CONTROL),
    ("data", DATA),
];

/// With their type's bits.
pub(super) const SUBTYPES: &[(&str, u8)] = &[
    ("assoc-req", MANAGEMENT),
    ("assocreq", MANAGEMENT),
    ("assoc-resp", 0x10),
    ("assocresp", 0x10),
    ("reassoc-req", 0x20),
    ("reassocreq", 0x20),
    ("reassoc-resp", 0x30),
    ("reassocresp", 0x30),
    ("probe-req", 0x40),
    ("probereq", 0x40),
    ("probe-resp", 0x50),
    ("proberesp", 0x50),
    ("beacon", 0x80),
    ("atim", 0x90),
    ("disassoc", 0xa0),
    ("disassociation", 0xa0),
    ("auth", 0xb0),
    ("authentication", 0xb0),
    ("deauth", 0xc0),
    ("deauthentication", 0xc0),
    ("ps-poll", 0xa0 | CONTROL),
    ("rts", 0xb0 | CONTROL),
    ("cts", 0xc0 | CONTROL),
    ("ack", 0xd0 | CONTROL),
    ("cf-end", 0xe0 | CONTROL),
    ("cf-end-ack", 0xf0 | CONTROL),
    ("data", DATA),
    ("data-cf-ack", 0x10 | DATA),
    ("data-cf-poll", 0x20 | DATA),
    ("data-cf-ack-poll", 0x30 | DATA),
    ("null", 0x40 | DATA),
    ("cf-ack", 0x50 | DATA),
    ("cf-poll", 0x60 | DATA),
    ("cf-ack-poll", 0x70 | DATA),
    ("qos-data", 0x80 | DATA),
    ("qos-data-cf-ack", 0x90 | DATA),
    ("qos-data-cf-poll", 0xa0 | DATA),
    ("qos-data-cf-ack-poll", 0xb0 | DATA),
    ("qos", 0xc0 | DATA),
    ("qos-cf-poll", 0xe0 | DATA),
    ("qos-cf-ack-poll", 0xf0 | DATA),
];

/// To and from the distribution system.
pub(super) const DIRECTIONS: &[(&str, u32)] = &[("nods", 0), ("tods", 1), ("fromds", 2), ("dstods", 3)];

/// An address field of an 802.11 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WirelessEnd {
    /// The first.
    First,
    /// The second.
    Second,
    /// The third.
    Third,
    /// The fourth.
    Fourth,
    /// Who receives the frame.
    Receiver,
    /// Who transmits it.
    Transmitter,
}

pub(super) const ENDS: &[(&str, WirelessEnd)] = &[
    ("addr1", WirelessEnd::First),
    ("address1", WirelessEnd::First),
    ("addr2", WirelessEnd::Second),
    ("address2", WirelessEnd::Second),
    ("addr3", WirelessEnd::Third),
    ("address3", WirelessEnd::Third),
    ("addr4", WirelessEnd::Fourth),
    ("address4", WirelessEnd::Fourth),
    ("ra", WirelessEnd::Receiver),
    ("ta", WirelessEnd::Transmitter),
];

/// Some bits of a byte, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Which bits.
    pub mask: u8,
    /// What they are.
    pub value: u8,
}

const fn bits(mask: u8, value: u8) -> Bits {
    Bits { mask, value }
}

/// Kinds of LLC frames by the control field.
pub(super) const LLC: &[(&str, Bits)] = &[
    ("i", bits(0x01, 0x00)),
    ("s", bits(0x03, 0x01)),
    ("u", bits(0x03, 0x03)),
    ("rr", bits(0x0f, 0x01)),
    ("rnr", bits(0x0f, 0x05)),
    ("rej", bits(0x0f, 0x09)),
    ("ui", bits(0xef, 0x03)),
    ("ua", bits(0xef, 0x63)),
    ("disc", bits(0xef, 0x43)),
    ("dm", bits(0xef, 0x0f)),
    ("sabme", bits(0xef, 0x6f)),
    ("test", bits(0xef, 0xe3)),
    ("xid", bits(0xef, 0xaf)),
    ("frmr", bits(0xef, 0x87)),
];

/// What a name stands for.
pub(super) fn find<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, found)| *found)
}

/// The name for it in canonical text.
pub(super) fn name_of<T: PartialEq>(names: &[(&'static str, T)], of: T) -> Option<&'static str> {
    names.iter().find(|(_, known)| *known == of).map(|(name, _)| *name)
}
