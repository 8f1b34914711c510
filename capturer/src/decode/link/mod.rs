//! Link headers. To add one: a file with its decoder, and a line in [`LINKS`].

mod c_hdlc;
pub(super) mod ethernet;
mod ieee_802_11;
mod ipoib;
mod linux_sll;
mod linux_sll2;
pub(super) mod llc;
mod loopback;
mod nflog;
mod ppi;
pub(super) mod ppp;
mod radiotap;
mod raw;

use super::{EtherType, Reader, Skip};
use crate::{LinkType, Packet};

/// Takes a link header, notes its addresses, and says what follows.
type Decoder = fn(&mut Reader<'_>, &mut Packet) -> Result<EtherType, Skip>;

/// A link type that is decoded.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Its number.
    pub kind: LinkType,
    /// Its name, as libpcap and capture viewers write it.
    pub name: &'static str,
    decoder: Decoder,
}

impl Link {
    const fn new(kind: LinkType, name: &'static str, decoder: Decoder) -> Self {
        Self { kind, name, decoder }
    }

    pub(super) fn decode(&self, reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
        (self.decoder)(reader, packet)
    }
}

/// Every link type that is decoded, the most frequent first.
pub static LINKS: &[Link] = &[
    Link::new(LinkType::ETHERNET, "EN10MB", ethernet::decode),
    Link::new(LinkType::LINUX_SLL, "LINUX_SLL", linux_sll::decode),
    Link::new(LinkType::LINUX_SLL2, "LINUX_SLL2", linux_sll2::decode),
    Link::new(LinkType::RAW, "RAW", raw::decode),
    Link::new(LinkType::RAW_BSD, "RAW", raw::decode),
    Link::new(LinkType::RAW_ALT, "RAW", raw::decode),
    Link::new(LinkType::IPV4, "IPV4", raw::decode_ipv4),
    Link::new(LinkType::IPV6, "IPV6", raw::decode_ipv6),
    Link::new(LinkType::NULL, "NULL", loopback::decode_null),
    Link::new(LinkType::LOOP, "LOOP", loopback::decode_loop),
    Link::new(LinkType::PPP, "PPP", ppp::decode),
    Link::new(LinkType::PPP_HDLC, "PPP_SERIAL", ppp::decode),
    Link::new(LinkType::C_HDLC, "C_HDLC", c_hdlc::decode),
    Link::new(LinkType::NFLOG, "NFLOG", nflog::decode),
    Link::new(LinkType::IPOIB, "IPOIB", ipoib::decode),
    Link::new(LinkType::IEEE_802_11, "IEEE802_11", ieee_802_11::decode),
    Link::new(LinkType::RADIOTAP, "IEEE802_11_RADIO", radiotap::decode),
    Link::new(LinkType::PPI, "PPI", ppi::decode),
];

/// The decoder of a link type.
#[inline]
pub fn find(kind: LinkType) -> Option<&'static Link> {
    LINKS.iter().find(|link| link.kind == kind)
}
