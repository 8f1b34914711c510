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
    /// MPLS, RFC 5332.
    pub(super) const MPLS: Self = Self(0x8847);
    /// MPLS with upstream-assigned labels, RFC 5332.
    pub(super) const MPLS_UPSTREAM: Self = Self(0x8848);
    /// PPPoE session, RFC 2516.
    pub(super) const PPPOE_SESSION: Self = Self(0x8864);
    /// IEEE 802.1ad service tag.
    pub(super) const SERVICE_VLAN: Self = Self(0x88a8);
    /// IEEE 802.1ah backbone service instance tag.
    pub(super) const BACKBONE: Self = Self(0x88e7);
    /// Cisco FabricPath.
    pub(super) const FABRIC_PATH: Self = Self(0x8903);
    /// Cisco VN-Tag, IEEE 802.1Qbh.
    pub(super) const VN_TAG: Self = Self(0x8926);
    /// Network service header, RFC 8300.
    pub(super) const NSH: Self = Self(0x894f);
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
