//! Generated valid packets are read as etherparse reads them: addresses, lengths, flags, options, fragments.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::net::IpAddr;

use capturer::decode::decode;
use capturer::{Frame, LinkType, Network, OptionKind, Packet, Timestamp, Transport, Vlan};
use etherparse::{
    EtherType, IpFragOffset, IpNumber, Ipv4Header, NetSlice, PacketBuilder, SlicedPacket, TcpHeader,
    TcpOptionElement, TransportSlice, VlanId,
};
use proptest::prelude::*;

fn packet(bytes: &[u8]) -> Packet {
    let wire_len = bytes.len() as u32;
    decode(&Frame { number: 1, at: Timestamp::EPOCH, wire_len, link: LinkType::ETHERNET, bytes }).unwrap()
}

/// Everything that both know of a frame.
fn agrees(bytes: &[u8]) {
    let (ours, theirs) = (packet(bytes), SlicedPacket::from_ethernet(bytes).unwrap());
    network(&ours, theirs.net.as_ref().unwrap());
    assert_eq!(ours.vlan.id(), theirs.vlan_ids().first().map(|id| id.value()));
    if let Some(transport) = &theirs.transport {
        let payload = segment(&ours, transport);
        let begin = payload.as_ptr() as usize - bytes.as_ptr() as usize;
        assert_eq!((usize::from(ours.payload_offset), ours.payload_len as usize), (begin, payload.len()));
    }
}

fn network(ours: &Packet, theirs: &NetSlice<'_>) {
    match theirs {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            assert_eq!(ours.network, Network::Ipv4);
            assert_eq!(ours.source, IpAddr::V4(header.source_addr()));
            assert_eq!(ours.destination, IpAddr::V4(header.destination_addr()));
            assert_eq!((ours.ttl, ours.protocol.0), (header.ttl(), header.protocol().0));
            assert_eq!(ours.traffic_class, header.dcp().value() << 2 | header.ecn().value());
            assert_eq!(ours.identification, header.identification());
            assert_eq!(usize::from(ours.network_options_len), header.options().len());
            assert_eq!(ours.fragment.offset(), u32::from(header.fragments_offset().value()) * 8);
            assert_eq!(ours.fragment.more(), header.more_fragments());
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            assert_eq!(ours.network, Network::Ipv6);
            assert_eq!(ours.source, IpAddr::V6(header.source_addr()));
            assert_eq!(ours.destination, IpAddr::V6(header.destination_addr()));
            assert_eq!((ours.ttl, ours.traffic_class), (header.hop_limit(), header.traffic_class()));
            assert_eq!(ours.network_mark, header.flow_label().value() != 0);
            assert_eq!(ours.protocol.0, ip.payload().ip_number.0);
        }
        NetSlice::Arp(_) => panic!("no ARP is generated"),
    }
}

/// Compares the transport and gives its payload.
fn segment<'a>(ours: &Packet, theirs: &TransportSlice<'a>) -> &'a [u8] {
    match theirs {
        TransportSlice::Tcp(tcp) => {
            let mine = ours.tcp().unwrap();
            assert_eq!(
                (mine.ports.source, mine.ports.destination),
                (tcp.source_port(), tcp.destination_port())
            );
            assert_eq!(
                (mine.sequence, mine.acknowledgment),
                (tcp.sequence_number(), tcp.acknowledgment_number())
            );
            assert_eq!(mine.flags.0, flags(&tcp.to_header()));
            assert_eq!(mine.window, tcp.window_size());
            tcp.payload()
        }
        TransportSlice::Udp(udp) => {
            let ports = ours.ports().unwrap();
            assert_eq!((ports.source, ports.destination), (udp.source_port(), udp.destination_port()));
            udp.payload()
        }
        TransportSlice::Icmpv4(icmp) => {
            assert!(matches!(ours.transport, Transport::Icmp(mine) if mine.kind == icmp.type_u8()));
            icmp.payload()
        }
        TransportSlice::Icmpv6(icmp) => {
            assert!(matches!(ours.transport, Transport::Icmp(mine) if mine.kind == icmp.type_u8()));
            icmp.payload()
        }
        TransportSlice::Igmp(_) => panic!("no IGMP is generated"),
    }
}

fn flags(tcp: &TcpHeader) -> u16 {
    let bits = [tcp.fin, tcp.syn, tcp.rst, tcp.psh, tcp.ack, tcp.urg, tcp.ece, tcp.cwr, tcp.ns];
    bits.iter().enumerate().map(|(i, bit)| u16::from(*bit) << i).sum()
}

fn tcp_header() -> impl Strategy<Value = TcpHeader> {
    let numbers = (any::<u16>(), any::<u16>(), any::<u32>(), any::<u32>(), any::<u16>(), any::<[bool; 9]>());
    (numbers, options()).prop_map(
        |((source, destination, sequence, acknowledgment, window, bits), options)| {
            let mut tcp = TcpHeader::new(source, destination, sequence, window);
            tcp.acknowledgment_number = acknowledgment;
            [tcp.fin, tcp.syn, tcp.rst, tcp.psh, tcp.ack, tcp.urg, tcp.ece, tcp.cwr, tcp.ns] = bits;
            tcp.set_options(&options).unwrap();
            tcp
        },
    )
}

/// Options that fit into a header's 40 bytes together.
fn options() -> impl Strategy<Value = Vec<TcpOptionElement>> {
    let option = prop_oneof![
        Just(TcpOptionElement::Noop),
        any::<u16>().prop_map(TcpOptionElement::MaximumSegmentSize),
        any::<u8>().prop_map(TcpOptionElement::WindowScale),
        Just(TcpOptionElement::SelectiveAcknowledgementPermitted),
        any::<(u32, u32)>().prop_map(|block| TcpOptionElement::SelectiveAcknowledgement(block, [None; 3])),
        any::<(u32, u32)>().prop_map(|(value, echo)| TcpOptionElement::Timestamp(value, echo)),
    ];
    prop::collection::vec(option, 0..5)
        .prop_filter("40 bytes", |options| TcpHeader::default().set_options(options).is_ok())
}

fn ipv4_header() -> impl Strategy<Value = Ipv4Header> {
    (any::<[u8; 4]>(), any::<[u8; 4]>(), any::<u8>(), any::<u16>(), 0usize..=10, any::<bool>()).prop_map(
        |(source, destination, ttl, identification, words, dont_fragment)| {
            let mut header = Ipv4Header::new(0, ttl, IpNumber::TCP, source, destination).unwrap();
            (header.identification, header.dont_fragment) = (identification, dont_fragment);
            header.options = vec![1; words * 4].as_slice().try_into().unwrap();
            header
        },
    )
}

fn ethernet() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2; 6], [4; 6])
}

/// An option as the layout has it.
fn kind(option: &TcpOptionElement) -> OptionKind {
    match option {
        TcpOptionElement::Noop => OptionKind::NoOperation,
        TcpOptionElement::MaximumSegmentSize(_) => OptionKind::Mss,
        TcpOptionElement::WindowScale(_) => OptionKind::WindowScale,
        TcpOptionElement::SelectiveAcknowledgementPermitted => OptionKind::SackPermitted,
        TcpOptionElement::SelectiveAcknowledgement(..) => OptionKind::Sack,
        TcpOptionElement::Timestamp(..) => OptionKind::Timestamps,
    }
}

proptest! {
    #[test]
    fn tcp_over_ipv4_is_read_alike(ip in ipv4_header(), tcp in tcp_header(), payload in prop::collection::vec(any::<u8>(), 0..99)) {
        let mut bytes = Vec::new();
        let headers = etherparse::IpHeaders::Ipv4(ip, Default::default());
        ethernet().ip(headers).tcp_header(tcp).write(&mut bytes, &payload).unwrap();
        agrees(&bytes);
    }

    #[test]
    fn tcp_over_ipv6_is_read_alike(
        addresses in any::<([u8; 16], [u8; 16])>(), limit in any::<u8>(), tcp in tcp_header(), tag in 0u16..4096,
    ) {
        let mut bytes = Vec::new();
        let tagged = ethernet().double_vlan(VlanId::try_new(tag).unwrap(), VlanId::try_new(7).unwrap());
        tagged.ipv6(addresses.0, addresses.1, limit).tcp_header(tcp).write(&mut bytes, b"x").unwrap();
        agrees(&bytes);
        prop_assert_eq!(packet(&bytes).vlan, Vlan::from_tci(tag));
    }

    #[test]
    fn udp_and_icmp_are_read_alike(ports in any::<(u16, u16)>(), payload in prop::collection::vec(any::<u8>(), 0..99)) {
        let mut frames = vec![Vec::new(); 4];
        ethernet().ipv4([1; 4], [2; 4], 3).udp(ports.0, ports.1).write(&mut frames[0], &payload).unwrap();
        ethernet().ipv6([1; 16], [2; 16], 3).udp(ports.0, ports.1).write(&mut frames[1], &payload).unwrap();
        ethernet().ipv4([1; 4], [2; 4], 3).icmpv4_echo_request(ports.0, ports.1).write(&mut frames[2], &payload).unwrap();
        ethernet().ipv6([1; 16], [2; 16], 3).icmpv6_echo_reply(ports.0, ports.1).write(&mut frames[3], &payload).unwrap();
        for bytes in frames {
            agrees(&bytes);
        }
    }

    #[test]
    fn fragments_are_read_alike(mut ip in ipv4_header(), offset in 0u16..8192, more in any::<bool>()) {
        ip.fragment_offset = IpFragOffset::try_new(offset).unwrap();
        ip.more_fragments = more;
        // For experiments (RFC 3692): the payload is no header, which the oracle would refuse where nothing is a fragment.
        ip.protocol = IpNumber(253);
        ip.set_payload_len(64).unwrap();
        let mut bytes = [&[0; 12][..], &EtherType::IPV4.0.to_be_bytes()].concat();
        ip.write(&mut bytes).unwrap();
        bytes.extend([7; 64]);
        let ours = packet(&bytes);
        network(&ours, SlicedPacket::from_ethernet(&bytes).unwrap().net.as_ref().unwrap());
        prop_assert_eq!(offset != 0, ours.transport == Transport::Fragment);
    }

    #[test]
    fn options_keep_their_order_and_values(options in options()) {
        let mut bytes = Vec::new();
        let tcp = ethernet().ipv4([1; 4], [2; 4], 3).tcp(1, 2, 3, 4);
        tcp.options(&options).unwrap().write(&mut bytes, &[]).unwrap();
        let read = packet(&bytes).tcp().unwrap().options;
        let kinds: Vec<_> = read.layout.iter().collect();
        let given: Vec<_> = options.iter().map(kind).collect();
        prop_assert_eq!(&kinds[..given.len()], &given[..]);
        prop_assert!(kinds[given.len()..].iter().all(|kind| *kind == OptionKind::EndOfList));
        for option in &options {
            match option {
                TcpOptionElement::MaximumSegmentSize(_) => prop_assert!(options.contains(&TcpOptionElement::MaximumSegmentSize(read.mss))),
                TcpOptionElement::WindowScale(_) => prop_assert!(options.contains(&TcpOptionElement::WindowScale(read.window_scale))),
                TcpOptionElement::Timestamp(..) => prop_assert!(options.iter().any(|o| matches!(o, TcpOptionElement::Timestamp(value, _) if *value == read.timestamp))),
                _ => {}
            }
        }
    }
}
