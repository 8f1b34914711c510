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
    /// PPP, with or without HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// Raw IP, version by the first nibble (the number OpenBSD and old files use).
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as some systems' `DLT_RAW` was written.
    pub const RAW_ALT: Self = Self(14);
    /// PPP with HDLC-like framing, or Cisco HDLC.
    pub const PPP_HDLC: Self = Self(50);
    /// Raw IP, version by the first nibble.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE_802_11: Self = Self(105);
    /// OpenBSD loopback: a 4-byte address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// IEEE 802.11 behind a radiotap header.
    pub const RADIOTAP: Self = Self(127);
    /// Another link type behind a per-packet information header.
    pub const PPI: Self = Self(192);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Packets that netfilter logged.
    pub const NFLOG: Self = Self(239);
    /// IP over InfiniBand, RFC 4391.
    pub const IPOIB: Self = Self(242);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
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
