//! Link headers. To add one: a file with its decoder, and a line in [`LINKS`].

mod atm;
mod c_hdlc;
mod dsa;
pub(super) mod ethernet;
mod fixed;
mod frame_relay;
mod ieee_802_11;
mod ipnet;
mod ipoib;
mod linux_sll;
mod linux_sll2;
pub(super) mod llc;
mod loopback;
mod nflog;
mod packet_filter;
mod ppi;
pub(super) mod ppp;
mod prism;
mod radiotap;
mod raw;
mod token_ring;
mod usb;

use super::shim::pppoe;
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
    Link::new(LinkType::IEEE_802_11_PRISM, "PRISM_HEADER", prism::decode),
    Link::new(LinkType::IEEE_802_11_AVS, "IEEE802_11_RADIO_AVS", prism::decode_avs),
    Link::new(LinkType::PPP_ETHERNET, "PPP_ETHER", pppoe::decode),
    Link::new(LinkType::PPP_PPPD, "PPP_PPPD", ppp::decode_directed),
    Link::new(LinkType::PPP_WITH_DIRECTION, "PPP_WITH_DIRECTION", ppp::decode_behind_direction),
    Link::new(LinkType::FRAME_RELAY, "FRELAY", frame_relay::decode),
    Link::new(LinkType::MPLS, "MPLS", fixed::decode_mpls),
    Link::new(LinkType::IEEE_802_5, "IEEE802", token_ring::decode),
    Link::new(LinkType::FDDI, "FDDI", token_ring::decode_fddi),
    Link::new(LinkType::ATM_RFC1483, "ATM_RFC1483", atm::decode),
    Link::new(LinkType::SUNATM, "SUNATM", atm::decode_solaris),
    Link::new(LinkType::IPNET, "IPNET", ipnet::decode),
    Link::new(LinkType::PFLOG, "PFLOG", packet_filter::decode_log),
    Link::new(LinkType::ENC, "ENC", packet_filter::decode_ipsec),
    Link::new(LinkType::SLIP, "SLIP", fixed::decode_slip),
    Link::new(LinkType::IEEE_1394, "APPLE_IP_OVER_IEEE1394", fixed::decode_ieee_1394),
    Link::new(LinkType::IP_OVER_FC, "IP_OVER_FC", fixed::decode_fibre_channel),
    Link::new(LinkType::NET_ANALYZER, "NETANALYZER", fixed::decode_net_analyzer),
    Link::new(
        LinkType::NET_ANALYZER_TRANSPARENT,
        "NETANALYZER_TRANSPARENT",
        fixed::decode_net_analyzer_transparent,
    ),
    Link::new(LinkType::DSA_TAG_BRCM, "DSA_TAG_BRCM", dsa::decode_broadcom),
    Link::new(LinkType::DSA_TAG_BRCM_PREPEND, "DSA_TAG_BRCM_PREPEND", dsa::decode_broadcom_before),
    Link::new(LinkType::DSA_TAG_DSA, "DSA_TAG_DSA", dsa::decode_marvell),
    Link::new(LinkType::DSA_TAG_EDSA, "DSA_TAG_EDSA", dsa::decode_marvell_ethertype),
    Link::new(LinkType::USB_LINUX, "USB_LINUX", usb::decode_linux),
    Link::new(LinkType::USB_LINUX_MMAPPED, "USB_LINUX_MMAPPED", usb::decode_linux_mapped),
    Link::new(LinkType::USBPCAP, "USBPCAP", usb::decode_usbpcap),
];

/// The decoder of a link type.
#[inline]
pub fn find(kind: LinkType) -> Option<&'static Link> {
    LINKS.iter().find(|link| link.kind == kind)
}
