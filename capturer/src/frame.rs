//! A frame as a source lends it: bytes that live until the next one is asked for.

use crate::Timestamp;

/// The link-layer header type of a frame: a `LINKTYPE_` number of
/// <https://www.tcpdump.org/linktypes.html>. Unknown numbers are values, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: a 4-byte address family in the capturing host's byte order.
    pub const NULL: Self = Self(0);
    /// IEEE 802.3 Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// IEEE 802.5 token ring.
    pub const IEEE_802_5: Self = Self(6);
    /// SLIP, behind a header with the direction.
    pub const SLIP: Self = Self(8);
    /// PPP, with or without HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Raw IP, version by the first nibble (the number OpenBSD and old files use).
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as some systems' `DLT_RAW` was written.
    pub const RAW_ALT: Self = Self(14);
    /// PPP with HDLC-like framing, or Cisco HDLC.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session frames from their PPPoE header on.
    pub const PPP_ETHERNET: Self = Self(51);
    /// LLC over ATM, RFC 2684.
    pub const ATM_RFC1483: Self = Self(100);
    /// Raw IP, version by the first nibble.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE_802_11: Self = Self(105);
    /// Frame Relay.
    pub const FRAME_RELAY: Self = Self(107);
    /// OpenBSD loopback: a 4-byte address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// What BSD decrypted or is about to encrypt by IPsec.
    pub const ENC: Self = Self(109);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// What BSD's packet filter logged.
    pub const PFLOG: Self = Self(117);
    /// IEEE 802.11 behind a Prism header.
    pub const IEEE_802_11_PRISM: Self = Self(119);
    /// IP over Fibre Channel, RFC 4338.
    pub const IP_OVER_FC: Self = Self(122);
    /// ATM behind Solaris' header.
    pub const SUNATM: Self = Self(123);
    /// IEEE 802.11 behind a radiotap header.
    pub const RADIOTAP: Self = Self(127);
    /// IP over IEEE 1394, RFC 2734.
    pub const IEEE_1394: Self = Self(138);
    /// IEEE 802.11 behind an AVS header.
    pub const IEEE_802_11_AVS: Self = Self(163);
    /// PPP whose address byte is the direction.
    pub const PPP_PPPD: Self = Self(166);
    /// USB transfers as Linux has them, behind 48 bytes.
    pub const USB_LINUX: Self = Self(189);
    /// Another link type behind a per-packet information header.
    pub const PPI: Self = Self(192);
    /// PPP behind a byte with the direction.
    pub const PPP_WITH_DIRECTION: Self = Self(204);
    /// Label stacks.
    pub const MPLS: Self = Self(219);
    /// USB transfers as Linux has them, behind 64 bytes.
    pub const USB_LINUX_MMAPPED: Self = Self(220);
    /// Solaris' IP observability.
    pub const IPNET: Self = Self(226);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Packets that netfilter logged.
    pub const NFLOG: Self = Self(239);
    /// Ethernet behind the four bytes of netANALYZER.
    pub const NET_ANALYZER: Self = Self(240);
    /// The same with the preamble.
    pub const NET_ANALYZER_TRANSPARENT: Self = Self(241);
    /// IP over InfiniBand, RFC 4391.
    pub const IPOIB: Self = Self(242);
    /// USB transfers as USBPcap has them.
    pub const USBPCAP: Self = Self(249);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
    /// Ethernet with the tag of Broadcom's switches behind the addresses.
    pub const DSA_TAG_BRCM: Self = Self(281);
    /// The same with the tag in front.
    pub const DSA_TAG_BRCM_PREPEND: Self = Self(282);
    /// Ethernet with the tag of Marvell's switches.
    pub const DSA_TAG_DSA: Self = Self(283);
    /// The same with an EtherType before the tag.
    pub const DSA_TAG_EDSA: Self = Self(284);
}

/// One captured frame, lent by a [`crate::source::Source`] until its next call.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its number in the source, counted from 1 as capture viewers do; skipped frames count too.
    pub number: u64,
    /// When it was captured.
    pub at: Timestamp,
    /// Its length on the wire in bytes; at least `bytes.len()` in an honest file.
    pub wire_len: u32,
    /// What `bytes` begins with.
    pub link: LinkType,
    /// What was captured of it.
    pub bytes: &'a [u8],
}
