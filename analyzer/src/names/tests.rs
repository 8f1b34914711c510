//! The readers on messages of our own making, whole, cut and hostile; and the store.

use std::net::{IpAddr, Ipv4Addr};

use capturer::{Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport};
use proptest::prelude::*;

use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// What a packet teaches: address, name, source.
fn learned(packet: &Packet, payload: &[u8]) -> Vec<(String, String, Source)> {
    let mut told = Vec::new();
    Learner::default().learn(packet, payload, |learned| {
        told.push((learned.address.to_string(), learned.name.to_string(), learned.source));
    });
    told
}

fn udp(source: u16, destination: u16, len: usize) -> Packet {
    Packet {
        source: address("192.0.2.53"),
        destination: address("192.168.1.7"),
        protocol: Protocol::UDP,
        payload_len: len as u32,
        transport: Transport::Udp(Ports { source, destination }),
        ..Packet::empty()
    }
}

fn tcp(source: u16, destination: u16, len: usize) -> Packet {
    let tcp = Tcp {
        ports: Ports { source, destination },
        flags: TcpFlags(0x18),
        sequence: 1,
        acknowledgment: 1,
        window: 1,
        quirks: TcpQuirks::default(),
        options: TcpOptions::default(),
    };
    Packet {
        protocol: Protocol::TCP,
        destination: address("198.51.100.9"),
        transport: Transport::Tcp(tcp),
        ..udp(0, 0, len)
    }
}

/// A name in DNS form.
fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> =
        labels.flat_map(|label| std::iter::once(label.len() as u8).chain(label.bytes())).collect();
    bytes.push(0);
    bytes
}

fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = owner.to_vec();
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1, 0, 0, 0, 60]);
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
    bytes
}

/// An answer to a question for `name`.
fn answer(name: &str, records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    bytes.extend(wire(name));
    bytes.extend([0, 1, 0, 1]);
    bytes.extend(records.concat());
    bytes
}

/// The question's name by a pointer.
const ASKED: [u8; 2] = [0xc0, 12];

fn told(address: &str, name: &str, source: Source) -> (String, String, Source) {
    (address.to_owned(), name.to_owned(), source)
}

fn chain() -> Vec<u8> {
    answer(
        "WWW.Example.org",
        &[
            record(&ASKED, 5, &wire("www.example.net")),
            record(&wire("www.example.net"), 5, &wire("edge7.cdn.example")),
            record(&wire("edge7.cdn.example"), 1, &[203, 0, 113, 7]),
            record(
                &wire("edge7.cdn.example"),
                28,
                &"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets(),
            ),
        ],
    )
}

#[test]
fn the_name_asked_for_counts_and_its_aliases_are_kept() {
    let message = chain();
    let all = learned(&udp(53, 5000, message.len()), &message);
    let names = |address: &str| {
        [
            told(address, "www.example.org", Source::Dns),
            told(address, "www.example.net", Source::Alias),
            told(address, "edge7.cdn.example", Source::Alias),
        ]
    };
    assert_eq!(all[..3], names("203.0.113.7"));
    assert_eq!(all[3..], names("2001:db8::7"));
}

#[test]
fn a_question_an_error_and_another_class_teach_nothing() {
    let mut question = chain();
    question[2] = 0x01;
    let mut failed = chain();
    failed[3] = 0x83;
    let chaos = answer("example.org", &[record(&ASKED, 1, &[203, 0, 113, 7])]);
    let at = chaos.len() - 12;
    let mut chaos_class = chaos.clone();
    chaos_class[at] = 3;
    assert_eq!(learned(&udp(53, 5000, chaos.len()), &chaos).len(), 1);
    for message in [question, failed, chaos_class] {
        assert!(learned(&udp(53, 5000, message.len()), &message).is_empty());
    }
    assert!(learned(&udp(5000, 53, chaos.len()), &chaos).is_empty(), "only the server's side answers");
}

#[test]
fn hints_of_https_records_are_addresses_of_the_name() {
    let mut data = vec![0, 1];
    data.extend(wire("."));
    data.extend([0, 1, 0, 3, 2, b'h', b'2', 0, 4, 0, 8, 203, 0, 113, 1, 203, 0, 113, 2]);
    data.extend([0, 6, 0, 16]);
    data.extend("2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    let message = answer("_8443._https.example.org", &[record(&ASKED, 65, &data)]);
    let expected: Vec<_> = ["203.0.113.1", "203.0.113.2", "2001:db8::1"]
        .map(|address| told(address, "example.org", Source::Dns))
        .into();
    assert_eq!(learned(&udp(53, 5000, message.len()), &message), expected);
    data[1] = 0;
    let alias = answer("example.org", &[record(&ASKED, 65, &data)]);
    assert!(learned(&udp(53, 5000, alias.len()), &alias).is_empty());
}

#[test]
fn multicast_and_link_local_answers_and_tcp_are_read_too() {
    let mut mdns = answer("printer.local", &[record(&ASKED, 1, &[192, 168, 1, 9])]);
    let class = mdns.len() - 12;
    mdns[class] = 0x80;
    assert_eq!(
        learned(&udp(5353, 5353, mdns.len()), &mdns),
        [told("192.168.1.9", "printer.local", Source::Mdns)]
    );
    let llmnr = answer("desk", &[record(&ASKED, 1, &[192, 168, 1, 8])]);
    assert_eq!(learned(&udp(5355, 5000, llmnr.len()), &llmnr), [told("192.168.1.8", "desk", Source::Llmnr)]);
    let mut segment = (llmnr.len() as u16).to_be_bytes().to_vec();
    segment.extend(&llmnr);
    segment.extend([0, 200, 0]);
    assert_eq!(learned(&tcp(53, 5000, segment.len()), &segment).len(), 1);
}

#[test]
fn what_blockers_answer_names_nobody() {
    for octets in [[0, 0, 0, 0], [127, 0, 0, 1], [224, 0, 0, 251], [255; 4]] {
        let message = answer("ads.example", &[record(&ASKED, 1, &octets)]);
        assert!(learned(&udp(53, 5000, message.len()), &message).is_empty(), "{octets:?}");
    }
}

#[test]
fn pointers_lead_strictly_backwards() {
    let message = |owner: &[u8]| answer("example.org", &[record(owner, 1, &[203, 0, 113, 7])]);
    let begin = message(&[]).len() - 14;
    let forward = (begin + 2) as u8;
    for owner in [[0xc0, begin as u8], [0xc0, forward], [0xff, 0xff], [0x80, 0], [0x40, 0]] {
        let message = message(&owner);
        assert!(learned(&udp(53, 5000, message.len()), &message).is_empty(), "{owner:?}");
    }
    // Two pointers that lead to each other.
    let mut loop_of_two = message(&[0xc0, begin as u8 + 2]);
    loop_of_two.extend([0xc0, begin as u8]);
    assert!(learned(&udp(53, 5000, loop_of_two.len()), &loop_of_two).is_empty());
}

/// A ClientHello for `name`, behind an extension of `before` bytes.
fn hello(name: &str, before: usize) -> Vec<u8> {
    let mut server_name = vec![0, 0];
    server_name.extend((name.len() as u16 + 5).to_be_bytes());
    server_name.extend((name.len() as u16 + 3).to_be_bytes());
    server_name.push(0);
    server_name.extend((name.len() as u16).to_be_bytes());
    server_name.extend(name.bytes());
    let mut extensions = vec![0x0a, 0x0a];
    extensions.extend((before as u16).to_be_bytes());
    extensions.resize(4 + before, 0);
    extensions.extend(server_name);
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([32]);
    body.extend([9; 32]);
    body.extend([0, 2, 0x13, 1, 1, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let mut bytes = vec![22, 3, 1];
    bytes.extend((body.len() as u16 + 4).to_be_bytes());
    bytes.extend([1, 0]);
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

#[test]
fn a_client_hello_names_the_server_on_any_port() {
    let bytes = hello("Shop.Example.COM", 300);
    let expected = [told("198.51.100.9", "shop.example.com", Source::Tls)];
    assert_eq!(learned(&tcp(50_000, 8443, bytes.len()), &bytes), expected);
    let cut_behind = &[&hello("shop.example.com", 0)[..], &[0; 4]].concat();
    assert_eq!(learned(&tcp(50_000, 443, cut_behind.len()), cut_behind), expected);
    assert!(learned(&tcp(50_000, 443, 200), &bytes[..200]).is_empty(), "the name is in the next segment");
    assert!(learned(&tcp(50_000, 443, 200), &hello("192.0.2.1", 0)).is_empty(), "an address is no name");
}

/// Segments of one connection: where each begins, at which second it comes.
fn segment(begin: usize, len: usize, second: i64) -> Packet {
    let mut packet = tcp(50_000, 443, len);
    if let Transport::Tcp(tcp) = &mut packet.transport {
        tcp.sequence = (u32::MAX - 99).wrapping_add(begin as u32);
    }
    Packet { at: Timestamp::from_parts(1_700_000_000 + second, 0), ..packet }
}

/// What a connection's segments teach, cut at these places.
fn in_segments(learner: &mut Learner, bytes: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut told = Vec::new();
    let mut begin = 0;
    for &end in cuts.iter().chain([&bytes.len()]) {
        let packet = segment(begin, end - begin, 0);
        learner.learn(&packet, &bytes[begin..end], |learned| told.push(learned.name.to_string()));
        begin = end;
    }
    told
}

#[test]
fn a_client_hello_in_several_segments_names_the_server_once() {
    let bytes = hello("shop.example.com", 1500);
    for cuts in [&[1400][..], &[500, 1400], &[1460], &[bytes.len() - 1]] {
        let mut learner = Learner::default();
        assert_eq!(in_segments(&mut learner, &bytes, cuts), ["shop.example.com"], "{cuts:?}");
        assert_eq!(learner.hellos().joined, 1);
    }
}

#[test]
fn a_beginning_that_was_sent_twice_waits_once() {
    let bytes = hello("shop.example.com", 1500);
    let mut learner = Learner::default();
    for _ in 0..3 {
        learner.learn(&segment(0, 1400, 0), &bytes[..1400], |_| panic!("no name yet"));
    }
    assert_eq!(in_segments(&mut learner, &bytes, &[1400]), ["shop.example.com"]);
    assert_eq!(learner.hellos(), HelloCounts { joined: 1, ..HelloCounts::default() });
}

#[test]
fn what_does_not_go_on_in_time_or_lacks_bytes_is_given_up_and_counted() {
    let bytes = hello("shop.example.com", 1500);
    let mut learner = Learner::default();
    learner.learn(&segment(0, 1400, 0), &bytes[..1400], |_| panic!("no name yet"));
    // A segment of which nothing was kept changes nothing.
    learner.learn(&segment(1400, bytes.len() - 1400, 1), &[], |_| panic!("no bytes"));
    learner.learn(&segment(1400, bytes.len() - 1400, 4), &bytes[1400..], |_| panic!("too late"));
    assert_eq!(learner.hellos().given_up, 1);
    learner.learn(&segment(0, 1400, 5), &bytes[..1400], |_| panic!("no name yet"));
    learner.learn(&segment(1400, bytes.len() - 1400, 5), &bytes[1400..1450], |_| panic!("cut"));
    assert_eq!(learner.hellos(), HelloCounts { given_up: 2, ..HelloCounts::default() });
}

#[test]
fn a_flood_of_beginnings_keeps_the_newest_and_counts_the_others() {
    let bytes = hello("shop.example.com", 1500);
    let mut learner = Learner::default();
    let from = |n: u16, begin: usize, len: usize| {
        let mut packet = segment(begin, len, 0);
        packet.at = Timestamp::from_parts(1_700_000_000, i64::from(n));
        packet.source = IpAddr::from([10, 0, (n >> 8) as u8, n as u8]);
        packet
    };
    (0..10_000).for_each(|n| learner.learn(&from(n, 0, 1400), &bytes[..1400], |_| panic!("no name yet")));
    assert_eq!(learner.hellos().evicted, 10_000 - 64);
    let mut named = 0;
    for n in [9_999, 9_936, 9_935, 0] {
        learner.learn(&from(n, 1400, bytes.len() - 1400), &bytes[1400..], |_| named += 1);
    }
    assert_eq!(named, 2);
}

#[test]
fn the_bytes_of_what_goes_on_with_a_hello_are_looked_out_for() {
    let bytes = hello("shop.example.com", 3000);
    let mut watch = Watch::default();
    let mut may_name =
        |begin: usize, end: usize| watch.may_name(&segment(begin, end - begin, 0), &bytes[begin..end]);
    assert!(!may_name(1400, 2800), "nothing began");
    assert!(may_name(0, 1400) && may_name(1400, 2800));
    assert!(!may_name(0, 3), "an acknowledgement's padding");
    assert!(may_name(2800, bytes.len()));
    assert!(!may_name(2800, bytes.len()), "the hello is over");
}

#[test]
fn a_request_names_the_server_unless_it_is_a_proxys() {
    let name = |text: &str| learned(&tcp(50_000, 8080, text.len()), text.as_bytes());
    let expected = [told("198.51.100.9", "www.example.org", Source::Http)];
    assert_eq!(name("GET / HTTP/1.1\r\nAccept: */*\r\nhOST:  WWW.example.org:8080 \r\n\r\n"), expected);
    assert_eq!(name("OPTIONS * HTTP/1.1\nHost:www.example.org\n\n"), expected);
    for none in [
        "GET / HTTP/1.1\r\nAccept: */*\r\n\r\nHost: body.example.org\r\n",
        "GET / HTTP/1.1\r\nHost: www.exam",
        "GET / HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b.example\r\n\r\n",
        "GET http://www.example.org/ HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
        "CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
    ] {
        assert!(name(none).is_empty(), "{none}");
    }
}

fn dhcp(kind: u8, client: [u8; 4], yours: [u8; 4], options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 240];
    bytes[12..16].copy_from_slice(&client);
    bytes[16..20].copy_from_slice(&yours);
    bytes[236..].copy_from_slice(&[99, 130, 83, 99]);
    bytes.extend([53, 1, kind, 0]);
    bytes.extend(options);
    bytes.push(255);
    bytes
}

#[test]
fn a_lease_carries_the_hosts_name_for_itself() {
    const REQUESTED: [u8; 6] = [50, 4, 192, 168, 1, 20];
    let host = |name: &str| [&[12, name.len() as u8], name.as_bytes()].concat();
    let read = |message: Vec<u8>| learned(&udp(68, 67, message.len()), &message);
    let expected = [told("192.168.1.20", "laptop-7", Source::Dhcp)];
    let none = [0; 4];
    assert_eq!(read(dhcp(3, none, none, &[&REQUESTED[..], &host("Laptop-7")].concat())), expected);
    assert_eq!(read(dhcp(8, [192, 168, 1, 20], none, &host("Laptop-7\0"))), expected);
    assert_eq!(read(dhcp(5, none, [192, 168, 1, 20], &host("laptop-7"))), expected);
    let fqdn = [&[81, 20, 4, 0, 0][..], &wire("laptop-7.example")].concat();
    assert_eq!(fqdn.len(), 2 + 3 + 18);
    let fqdn = [&[81, fqdn.len() as u8 - 2][..], &fqdn[2..], &host("other")].concat();
    assert_eq!(
        read(dhcp(5, none, [192, 168, 1, 20], &fqdn)),
        [told("192.168.1.20", "laptop-7.example", Source::Dhcp)]
    );
    assert!(read(dhcp(1, none, none, &[&REQUESTED[..], &host("laptop-7")].concat())).is_empty(), "a wish");
    assert!(read(dhcp(5, none, [192, 168, 1, 20], &host("bob's laptop"))).is_empty());
}

#[test]
fn cut_messages_are_read_to_the_cut() {
    let message = chain();
    let whole = learned(&udp(53, 5000, message.len()), &message);
    for end in 0..message.len() {
        let some = learned(&udp(53, 5000, message.len()), &message[..end]);
        assert!(whole.starts_with(&some), "{end}");
    }
    assert_eq!(learned(&udp(53, 5000, message.len()), &message[..message.len() - 1]).len(), 3);
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_fail_or_give_a_bad_name(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..600),
        start in 0usize..6,
        port in prop::sample::select(vec![53u16, 5353, 5355, 67, 68, 443, 80]),
    ) {
        const STARTS: [&[u8]; 6] = [
            &[],
            &[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 9, 1, b'a', 0, 0, 1, 0, 1, 0xc0, 12],
            &[0, 99, 0x12, 0x34, 0x81, 0x80, 0, 0, 0, 200, 0, 0, 0, 9],
            &[22, 3, 1, 0, 200, 1],
            b"GET / HTTP/1.1\r\nHost: ",
            &[1, 1, 6, 0],
        ];
        bytes.splice(..0, STARTS[start].iter().copied());
        if start == 5 && bytes.len() > 240 {
            bytes[236..240].copy_from_slice(&[99, 130, 83, 99]);
        }
        for packet in [udp(port, port, bytes.len()), tcp(port, 5000, bytes.len()), tcp(5000, port, bytes.len())] {
            Learner::default().learn(&packet, &bytes, |learned| {
                let name = learned.name.as_str();
                assert!(!name.is_empty() && name.len() <= 253 && !name.chars().any(char::is_whitespace));
                assert!(!name.chars().any(char::is_control) && name.to_ascii_lowercase() == name);
            });
        }
    }

    #[test]
    fn a_hello_gives_the_same_name_wherever_it_is_cut(
        before in 0usize..2500, mut cuts in proptest::collection::vec(60usize..3000, 0..4),
    ) {
        let bytes = hello("shop.example.com", before);
        cuts.retain(|cut| *cut < bytes.len());
        cuts.sort_unstable();
        cuts.dedup();
        prop_assert_eq!(in_segments(&mut Learner::default(), &bytes, &cuts), ["shop.example.com"]);
    }

    #[test]
    fn changed_bytes_of_a_real_answer_do_no_harm(
        at in 0usize..200, byte in any::<u8>(), second in 0usize..200, other in any::<u8>(),
    ) {
        let mut message = chain();
        let len = message.len();
        message[at % len] = byte;
        message[second % len] = other;
        learned(&udp(53, 5000, len), &message);
        let mut hello = hello("shop.example.com", 40);
        let len = hello.len();
        hello[at % len] = byte;
        hello[second % len] = other;
        learned(&tcp(5000, 443, len), &hello);
    }

    #[test]
    fn every_record_is_further_on_than_the_last(bytes in proptest::collection::vec(any::<u8>(), 12..900)) {
        let mut bytes = bytes;
        bytes[2] = 0x80;
        bytes[3] = 0;
        bytes[4..6].copy_from_slice(&[0, 0]);
        if let Some(message) = Message::answer(&bytes) {
            prop_assert!(message.records().count() <= bytes.len() / 11);
        }
    }
}

fn take(names: &mut Names, address: IpAddr, name: &str, source: Source, second: i64) {
    let name = Name::parse(name.as_bytes()).unwrap();
    names.take(&Learned { address, name: &name, source, at: Timestamp::from_parts(second, 0) });
}

#[test]
fn the_best_source_names_an_address_and_of_equals_the_first() {
    let mut names = Names::new(1 << 20);
    let host = address("203.0.113.7");
    take(&mut names, host, "claimed.example.com", Source::Http, 1);
    take(&mut names, host, "first.example.org", Source::Dns, 2);
    take(&mut names, host, "second.example.net", Source::Dns, 3);
    take(&mut names, host, "first.example.org", Source::Dns, 9);
    let known = names.best(host).unwrap();
    assert_eq!((&*known.name, known.source), ("first.example.org", Source::Dns));
    assert_eq!((known.first.as_seconds(), known.last.as_seconds()), (2, 9));
    assert_eq!(names.of(host).len(), 3);
    assert!(names.is_within(host, "example.com") && !names.is_within(host, "example"));
    assert_eq!(names.domain_text(names.domain(host).unwrap()), "example.org");
}

#[test]
fn what_a_host_says_of_itself_is_replaced_by_what_it_says_later() {
    let mut names = Names::new(1 << 20);
    let host = address("192.168.1.20");
    take(&mut names, host, "old-laptop", Source::Dhcp, 1);
    take(&mut names, host, "new-phone", Source::Dhcp, 2);
    assert_eq!(names.of(host).iter().map(|known| &*known.name).collect::<Vec<_>>(), ["new-phone"]);
}

#[test]
fn domains_of_one_address_are_aliases_if_they_are_known_alike() {
    let mut names = Names::new(1 << 20);
    let [one, two, three] = ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(address);
    take(&mut names, one, "www.b.org", Source::Dns, 1);
    take(&mut names, two, "www.a.org", Source::Dns, 2);
    take(&mut names, three, "www.c.org", Source::Dns, 3);
    take(&mut names, two, "static.b.org", Source::Dns, 4);
    // A client can claim anything.
    take(&mut names, three, "www.a.org", Source::Tls, 5);
    take(&mut names, three, "www.d.org", Source::Alias, 6);
    let aliases = |names: &Names, address| names.aliases(names.domain(address).unwrap()).join(" ");
    let group = names.group(names.domain(two).unwrap());
    assert_eq!(names.domain_text(group), "b.org");
    assert_eq!(aliases(&names, two), "a.org b.org");
    assert_eq!(aliases(&names, three), "c.org");
    let four = address("203.0.113.4");
    take(&mut names, four, "shop.f.org", Source::Tls, 7);
    take(&mut names, four, "shop.e.org", Source::Http, 8);
    assert_eq!(aliases(&names, four), "e.org f.org");
    take(&mut names, four, "www.g.org", Source::Dns, 9);
    assert_eq!(aliases(&names, four), "g.org", "what a name server says comes first");
}

#[test]
fn a_full_store_lets_go_of_what_was_not_named_again_and_counts_it() {
    let mut names = Names::new(64 << 10);
    let faithful = address("192.0.2.1");
    for n in 0..20_000u32 {
        take(&mut names, faithful, "www.example.org", Source::Dns, i64::from(n));
        take(
            &mut names,
            Ipv4Addr::from_bits(0x0a00_0000 + n).into(),
            &format!("h{n}.d{n}.net"),
            Source::Dns,
            1,
        );
    }
    let counts = names.counts();
    assert!(names.bytes() <= 80 << 10, "{}", names.bytes());
    assert_eq!(counts.addresses as u64 + counts.evicted, 20_001);
    assert!(counts.domains_refused > 0 && names.best(faithful).is_some());
    let many = (0..40).map(|n| format!("n{n}.example.org"));
    many.for_each(|name| take(&mut names, faithful, &name, Source::Dns, 1));
    assert_eq!((names.of(faithful).len(), names.counts().left_out), (8, 33));
    assert!(!Names::new(0).learns());
}
