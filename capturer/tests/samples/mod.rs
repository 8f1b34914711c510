//! Frames of our own making: packets and tunnels of every kind, and for each link type a header to put before them.
//! Shared by tests and by the generator of the fuzzers' corpora.

use capturer::LinkType;
use etherparse::{PacketBuilder, TcpOptionElement};

/// Frames as they come: a registered link header, then IP with options, extensions and a transport.
pub fn samples() -> Vec<Vec<u8>> {
    let ethernet = || PacketBuilder::ethernet2([2; 6], [4; 6]);
    let options = [
        TcpOptionElement::MaximumSegmentSize(1460),
        TcpOptionElement::SelectiveAcknowledgementPermitted,
        TcpOptionElement::Timestamp(1, 2),
        TcpOptionElement::Noop,
        TcpOptionElement::WindowScale(7),
    ];
    let mut frames = vec![Vec::new(); 5];
    let vlan = etherparse::VlanId::try_new(7).unwrap();
    let tcp4 = ethernet().single_vlan(vlan).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).tcp(1, 2, 3, 4).syn();
    tcp4.options(&options).unwrap().write(&mut frames[0], b"hello").unwrap();
    let tcp6 = ethernet().ipv6([1; 16], [2; 16], 64).tcp(1, 2, 3, 4).ack(5);
    tcp6.options(&options).unwrap().write(&mut frames[1], b"hello").unwrap();
    ethernet().ipv4([1; 4], [2; 4], 9).udp(53, 4096).write(&mut frames[2], &[7; 300]).unwrap();
    ethernet().ipv6([1; 16], [2; 16], 9).icmpv6_echo_request(1, 2).write(&mut frames[3], &[]).unwrap();
    ethernet().ipv4([1; 4], [2; 4], 9).icmpv4_echo_reply(1, 2).write(&mut frames[4], &[1]).unwrap();
    frames.push(extended());
    frames.extend(tunnels());
    frames
}

/// A datagram in each kind of tunnel, and in one within another.
pub fn tunnels() -> Vec<Vec<u8>> {
    let mut ethernet = Vec::new();
    let udp = PacketBuilder::ethernet2([6; 6], [8; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9).udp(1, 2);
    udp.write(&mut ethernet, b"inside").unwrap();
    let mut ip6 = Vec::new();
    PacketBuilder::ipv6([3; 16], [4; 16], 9).udp(1, 2).write(&mut ip6, b"inside").unwrap();
    let ip = &ethernet[14..];
    let gre = over_ip(47, &[&[0x20, 0, 8, 0, 0, 0, 0, 7], ip]);
    vec![
        over_ip(4, &[ip]),
        over_ip(41, &[&ip6]),
        over_ip(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0], &ethernet]),
        over_ip(47, &[&[0x30, 1, 0x88, 0x0b, 0, 40, 0, 0, 0, 0, 0, 1, 0xff, 3, 0, 0x21], ip]),
        over_ip(97, &[&[0x30, 0], &ethernet]),
        over_ip(115, &[&[0, 0, 0, 9], &ethernet]),
        over_ip(137, &[&[0, 1, 1, 64], ip]),
        over_ip(51, &[&[4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &[7; 12], ip]),
        over_udp(4789, &[&[8, 0, 0, 0, 0, 0, 7, 0], &ethernet]),
        over_udp(4790, &[&[0x0c, 0, 0, 4, 0, 0, 7, 0, 0, 2, 1, 1, 0, 0, 0, 0], ip]),
        over_udp(6081, &[&[1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 1, 0, 0], &ethernet]),
        over_udp(2152, &[&[0x34, 255, 0, 42, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0], ip]),
        over_udp(3544, &[&[0, 0, 1, 2, 3, 4, 5, 6], &ip6]),
        over_udp(1701, &[&[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21], ip]),
        over_udp(6635, &[&[0, 1, 1, 64, 0, 0, 0, 0], &ethernet]),
        over_udp(4500, &[&[1; 40]]),
        over_ip(4, &[&gre[14..]]),
    ]
}

fn over_ip(protocol: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    ip.write(&mut frame, protocol.into(), &parts.concat()).unwrap();
    frame
}

fn over_udp(port: u16, parts: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    ip.udp(50_000, port).write(&mut frame, &parts.concat()).unwrap();
    frame
}

/// IPv6 with hop-by-hop options, routing, fragment and authentication headers before UDP.
fn extended() -> Vec<u8> {
    let extensions: [&[u8]; 4] =
        [&[43, 0, 1, 4, 0, 0, 0, 0], &[44, 0, 0, 0, 0, 0, 0, 0], &[51, 0, 0, 1, 0, 0, 0, 9], &[17, 2, 0, 0]];
    let mut frame = Vec::new();
    let udp = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([1; 16], [2; 16], 9).udp(53, 4096);
    udp.write(&mut frame, b"payload").unwrap();
    let extensions = [extensions.concat(), vec![0; 12]].concat();
    frame[19] += extensions.len() as u8;
    frame[20] = 0;
    frame.splice(54..54, extensions);
    frame
}

/// For each link type a header that an IPv4 packet can follow.
pub fn headers() -> Vec<(LinkType, Vec<u8>)> {
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let data = [&[8, 0][..], &[0; 22], &snap].concat();
    let of = |kind, parts: &[&[u8]]| (kind, parts.concat());
    let rndis = [&[1, 0, 0, 0, 255, 0, 0, 0, 8, 0, 0, 0, 255, 0, 0, 0], &ETHERNET[..]].concat();
    vec![
        of(LinkType::ETHERNET, &[&ETHERNET]),
        of(LinkType::RAW_BSD, &[]),
        of(LinkType::RAW_ALT, &[]),
        of(LinkType::IPV4, &[]),
        of(LinkType::PPP_HDLC, &[&[0xff, 3, 0, 0x21]]),
        of(LinkType::PPP_PPPD, &[&[0, 3, 0, 0x21]]),
        of(LinkType::PPP_WITH_DIRECTION, &[&[0, 0xff, 3, 0, 0x21]]),
        of(LinkType::SLIP, &[&[0; 16]]),
        of(LinkType::IEEE_1394, &[&[0; 16], &[8, 0]]),
        of(LinkType::IP_OVER_FC, &[&[0; 16], &snap]),
        of(LinkType::NET_ANALYZER, &[&[0; 4], &ETHERNET]),
        of(LinkType::NET_ANALYZER_TRANSPARENT, &[&[0; 12], &ETHERNET]),
        of(LinkType::DSA_TAG_BRCM, &[&[1; 12], &[0x20, 0, 0, 7, 8, 0]]),
        of(LinkType::DSA_TAG_BRCM_PREPEND, &[&[0x20, 0, 0, 7], &ETHERNET]),
        of(LinkType::DSA_TAG_EDSA, &[&[1; 12], &[0xda, 0xda, 0, 0, 0x20, 0, 0, 7, 8, 0]]),
        of(LinkType::USB_LINUX, &[&[3; 48], &rndis]),
        of(LinkType::USB_LINUX_MMAPPED, &[&[3; 64], &rndis]),
        of(LinkType::USBPCAP, &[&[27, 0], &[3; 25], &rndis]),
        of(LinkType::NULL, &[&[2, 0, 0, 0]]),
        of(LinkType::LOOP, &[&[0, 0, 0, 2]]),
        of(LinkType::PPP, &[&[0xff, 3, 0, 0x21]]),
        of(LinkType::C_HDLC, &[&[0x0f, 0, 8, 0]]),
        of(LinkType::RAW, &[]),
        of(LinkType::IEEE_802_11, &[&data]),
        of(LinkType::RADIOTAP, &[&[0, 0, 8, 0, 0, 0, 0, 0], &data]),
        of(LinkType::IEEE_802_11_PRISM, &[&[0; 144], &data]),
        of(LinkType::IEEE_802_11_AVS, &[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 8], &data]),
        of(LinkType::PPI, &[&[0, 0, 8, 0, 105, 0, 0, 0], &data]),
        of(LinkType::LINUX_SLL, &[&[0; 14], &[8, 0]]),
        of(LinkType::LINUX_SLL2, &[&[8, 0], &[0; 18]]),
        of(LinkType::NFLOG, &[&[2, 0, 0, 0, 255, 0, 9, 0]]),
        of(LinkType::IPOIB, &[&[0; 40], &[8, 0, 0, 0]]),
        of(LinkType::FRAME_RELAY, &[&[0x18, 0x41, 3, 0xcc]]),
        of(LinkType::IEEE_802_5, &[&[0x10, 0x40, 1, 1, 1, 1, 1, 1, 0x82, 2, 2, 2, 2, 2, 2, 0], &snap]),
        of(LinkType::FDDI, &[&[0x50; 13], &snap]),
        of(LinkType::ATM_RFC1483, &[&snap]),
        of(LinkType::SUNATM, &[&[2, 0, 0, 0], &snap]),
        of(LinkType::MPLS, &[&[0, 1, 1, 64]]),
        of(LinkType::IPNET, &[&[1, 2], &[0; 22]]),
        of(LinkType::PFLOG, &[&[61, 2], &[0; 62]]),
        of(LinkType::ENC, &[&[2, 0, 0, 0], &[0; 8]]),
        of(LinkType::PPP_ETHERNET, &[&[0x11, 0, 0, 1, 0, 255, 0, 0x21]]),
        of(LinkType::DSA_TAG_DSA, &[&[1; 12], &[0x20, 0, 0, 7, 8, 0]]),
    ]
}

/// An Ethernet header before IPv4.
const ETHERNET: [u8; 14] = [4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 8, 0];
