//! EtherTypes, the numbers by which a link header says what follows.

/// An EtherType of <https://www.iana.org/assignments/ieee-802-numbers>. Link types with numbers of their own answer
/// with these too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EtherType(pub(super) u16);

impl EtherType {
    /// RFC 894.
    pub(super) const IPV4: Self = Self(0x0800);
    /// RFC 826.
    pub(super) const ARP: Self = Self(0x0806);
    /// RFC 903.
    pub(super) const RARP: Self = Self(0x8035);
    /// IEEE 802.1Q customer tag.
    pub(super) const VLAN: Self = Self(0x8100);
    /// RFC 2464.
    pub(super) const IPV6: Self = Self(0x86dd);
    /// IEEE 802.1ad service tag.
    pub(super) const SERVICE_VLAN: Self = Self(0x88a8);
    /// Stacked tags before 802.1ad gave them a number.
    pub(super) const OLD_QINQ: Self = Self(0x9100);
    /// Nothing that is looked into: an IEEE "length" value, which no protocol has.
    pub(super) const NONE: Self = Self(0);

    /// The largest value of the field that is a length (IEEE 802.3 §3.2.6).
    pub(super) const MAX_LENGTH: u16 = 1500;

    /// The version of IP by its header's first nibble.
    pub(super) const fn of_ip(first: u8) -> Option<Self> {
        match first >> 4 {
            4 => Some(Self::IPV4),
            6 => Some(Self::IPV6),
            _ => None,
        }
    }
}
