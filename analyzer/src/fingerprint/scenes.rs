//! Conversations for the tests: segments built as bytes, decoded, and observed.

use std::sync::Arc;

use capturer::decode::decode;
use capturer::{Frame, LinkType, Packet, TcpFlags, Timestamp};
use proptest::prelude::*;

use super::*;

const DATABASE: &str = "classes = unix,win\n[mtu]\nlabel = Ethernet\nsig = 1500\n\
    [tcp:request]\nlabel = s:unix:Linux:6.x\nsig = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\n\
    label = s:!:Scanner:\nsys = @unix\nsig = *:64-:0:*:1024,0:mss:id-:0\n\
    [tcp:response]\nlabel = s:unix:Linux:6.x\nsig = *:64:0:*:mss*45,7:mss,sok,ts,nop,ws:df:0\n\
    [http:request]\nlabel = s:!:tool:\nsys = @unix\nsig = 1:Host,User-Agent::tool/\n\
    [http:response]\nlabel = s:!:server:\nsys = @win\nsig = 1:Server::srv\n";

const LINUX: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 1, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
const ANSWER: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 9, 0, 0, 0, 1, 0, 0, 1, 3, 3, 7];

/// A segment of the scene.
struct Line<'a> {
    millis: i64,
    from_client: bool,
    flags: u16,
    sequence: u32,
    window: u16,
    options: &'a [u8],
    payload: &'a [u8],
}

const SYN: Line<'static> = Line {
    millis: 0,
    from_client: true,
    flags: TcpFlags::SYN.0,
    sequence: 100,
    window: 64240,
    options: LINUX,
    payload: b"",
};

const SYN_ACK: Line<'static> = Line {
    millis: 30,
    from_client: false,
    flags: TcpFlags::SYN.0 | TcpFlags::ACK.0,
    sequence: 500,
    window: 65160,
    options: ANSWER,
    payload: b"",
};

/// What either side says.
const fn says<'a>(from_client: bool, millis: i64, sequence: u32, payload: &'a [u8]) -> Line<'a> {
    Line { millis, from_client, flags: TcpFlags::ACK.0, sequence, window: 500, options: &[], payload }
}

/// The segment as an IPv4 packet; a client's SYN and data may be fragmented by nobody, a server's identification is zero.
fn ipv4(line: &Line<'_>) -> Vec<u8> {
    let ends = [[192, 0, 2, 1], [198, 51, 100, 1]];
    let (source, destination) = if line.from_client { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
    let mut packet = vec![0x45, 0, 0, 0, 0, line.from_client.into(), 0x40, 0, 64, 6, 0, 0];
    packet.extend(source.iter().chain(&destination));
    packet.extend(segment(line));
    let len = (packet.len() as u16).to_be_bytes();
    packet[2..4].copy_from_slice(&len);
    packet
}

fn segment(line: &Line<'_>) -> Vec<u8> {
    let ports: [u16; 2] = if line.from_client { [40_000, 80] } else { [80, 40_000] };
    let mut tcp: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
    tcp.extend(line.sequence.to_be_bytes());
    tcp.extend(if line.flags & TcpFlags::ACK.0 == 0 { [0; 4] } else { [0, 0, 0, 9] });
    tcp.extend([((20 + line.options.len()) as u8 / 4) << 4, line.flags as u8]);
    tcp.extend(line.window.to_be_bytes());
    tcp.extend([0; 4]);
    tcp.extend(line.options);
    tcp.extend(line.payload);
    tcp
}

/// What is told of a scene: module and label or figure.
fn play(lines: &[Line<'_>], around: impl Fn(Vec<u8>) -> Vec<u8>) -> (Vec<String>, Fingerprints) {
    let database = Arc::new(Database::read("scene.fp", DATABASE).unwrap());
    let mut fingerprints = Fingerprints::new(database, 1 << 20);
    let mut told = Vec::new();
    for line in lines {
        let bytes = around(ipv4(line));
        let at = Timestamp::from_nanos(line.millis * 1_000_000);
        let frame =
            Frame { number: 1, at, wire_len: bytes.len() as u32, link: LinkType::IPV4, bytes: &bytes };
        let packet = decode(&frame).unwrap();
        fingerprints.observe(&packet, &bytes, &mut |event| told.push(tell(event)));
    }
    (told, fingerprints)
}

fn tell(event: &Event<'_>) -> String {
    let label = |label: Option<(Match, &Label)>| label.map_or("?".to_owned(), |(_, label)| label.to_string());
    let what = match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => label(sight.found),
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => label(sight.found),
        EventKind::Mtu { unit, .. } => unit.to_string(),
        EventKind::Uptime(uptime) => format!("{:.0} Hz", uptime.frequency),
        EventKind::HostChange(reasons) | EventKind::IpSharing(reasons) => reasons.to_string(),
    };
    format!("{}: {what}", event.kind.name())
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: tool/1\r\nAccept-Language: nl-NL\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: srv\r\n\r\nbody";

const HANDSHAKE: [&str; 4] = ["syn: Linux 6.x", "mtu: 1500", "syn+ack: Linux 6.x", "mtu: 1500"];
const HEADS: [&str; 3] = ["http request: tool", "http response: server", "host change: app_vs_os"];

#[test]
fn a_conversation_tells_both_stacks_and_both_programs() {
    let lines = [SYN, SYN_ACK, says(true, 60, 101, REQUEST), says(false, 90, 501, RESPONSE)];
    let (told, fingerprints) = play(&lines, |packet| packet);
    assert_eq!(told, [&HANDSHAKE[..], &HEADS].concat());
    let client = fingerprints.host([192, 0, 2, 1].into()).unwrap();
    assert_eq!((client.unit, client.distance, client.language), (Some(1500), Some(0), Some(*b"nl")));
    assert_eq!(fingerprints.hosts().count(), 2);
}

#[test]
fn heads_in_any_pieces_are_read_once() {
    for cut in 1..REQUEST.len() {
        let (first, rest) = REQUEST.split_at(cut);
        let lines = [
            SYN,
            SYN_ACK,
            says(true, 60, 101, first),
            says(true, 61, 101, first),
            says(true, 70, 101 + cut as u32, rest),
            says(false, 90, 501, &RESPONSE[..cut.min(20)]),
            says(false, 91, 501 + cut.min(20) as u32, &RESPONSE[cut.min(20)..]),
        ];
        assert_eq!(play(&lines, |packet| packet).0, [&HANDSHAKE[..], &HEADS].concat(), "{cut}");
    }
}

#[test]
fn a_tunnel_is_looked_into() {
    let gre = |packet: Vec<u8>| {
        let mut outer = vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, 47, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2];
        outer.extend([0, 0, 8, 0]);
        outer.extend(packet);
        let len = (outer.len() as u16).to_be_bytes();
        outer[2..4].copy_from_slice(&len);
        outer
    };
    assert_eq!(play(&[SYN, SYN_ACK], gre).0, HANDSHAKE);
}

#[test]
fn a_syn_that_is_sent_again_is_told_once_and_an_answer_alone_is_told() {
    assert_eq!(play(&[SYN, SYN], |packet| packet).0, HANDSHAKE[..2]);
    assert_eq!(play(&[SYN_ACK], |packet| packet).0, HANDSHAKE[2..]);
}

#[test]
fn a_programs_syn_says_nothing_of_its_host() {
    let syn = Line { window: 1024, options: &[2, 4, 5, 0xb4], ..SYN };
    let unfragmented = |mut packet: Vec<u8>| {
        packet[4..8].fill(0);
        packet
    };
    let (told, fingerprints) = play(&[syn], unfragmented);
    assert_eq!(told, ["syn: Scanner", "mtu: 1500"]);
    assert!(fingerprints.hosts().next().is_none());
}

#[test]
fn a_second_timestamp_tells_the_uptime() {
    let later: &[u8] = &[1, 1, 8, 10, 0, 1, 0, 250, 0, 9, 0, 0];
    let line = Line { millis: 250, flags: TcpFlags::ACK.0, sequence: 101, options: later, ..SYN };
    let again = Line { millis: 500, flags: TcpFlags::ACK.0, sequence: 101, options: later, ..SYN };
    assert_eq!(play(&[SYN, SYN_ACK, line, again], |packet| packet).0[4..], ["uptime: 1000 Hz"]);
}

/// The uptime in minutes that is shown of a host which tells one peer `first` and another `second` ticks of a millisecond, a minute later.
fn uptime(peers: [[u8; 4]; 2], first: u32, second: u32) -> Option<u32> {
    let database = Arc::new(Database::read("scene.fp", DATABASE).unwrap());
    let mut fingerprints = Fingerprints::new(database, 1 << 20);
    for (peer, ticks, millis) in [(peers[0], first, 0), (peers[1], second, 60_000)] {
        let stamped = |ticks: u32| {
            let mut options = LINUX.to_vec();
            options[8..12].copy_from_slice(&ticks.to_be_bytes());
            options
        };
        let (syn, ack) = (stamped(ticks), stamped(ticks + 250));
        let ack = Line { millis: 250, flags: TcpFlags::ACK.0, sequence: 101, options: &ack, ..SYN };
        for line in [Line { options: &syn, ..SYN }, SYN_ACK, ack] {
            let mut bytes = ipv4(&line);
            let place = if line.from_client { 16 } else { 12 };
            bytes[place..place + 4].copy_from_slice(&peer);
            let at = Timestamp::from_nanos((millis + line.millis) * 1_000_000);
            let frame =
                Frame { number: 1, at, wire_len: bytes.len() as u32, link: LinkType::IPV4, bytes: &bytes };
            fingerprints.observe(&decode(&frame).unwrap(), &bytes, &mut |_| {});
        }
    }
    let host = fingerprints.host([192, 0, 2, 1].into()).unwrap();
    assert!(host.uptime.is_some(), "told all the same");
    host.agreed_uptime().map(|uptime| uptime.minutes)
}

#[test]
fn an_uptime_is_shown_when_two_peers_are_told_the_same() {
    let (one, other) = ([198, 51, 100, 1], [198, 51, 100, 2]);
    assert_eq!(uptime([one, other], 600_000, 660_000), Some(11));
    assert_eq!(uptime([one, other], 600_000, 3_000_000_000), None, "random for each peer");
    assert_eq!(uptime([one, one], 600_000, 660_000), None, "one peer always hears the same");
}

proptest! {
    #[test]
    fn any_segments_in_any_order_are_taken(
        lines in proptest::collection::vec(
            (any::<bool>(), any::<u16>(), 98u32..104, proptest::collection::vec(any::<u8>(), 0..60), 0usize..10), 1..40
        )
    ) {
        let mut fingerprints = Fingerprints::new(Database::own(), 1 << 16);
        for (from_client, flags, sequence, bytes, words) in lines {
            let (options, payload) = bytes.split_at((words * 4).min(bytes.len() / 4 * 4));
            let line = Line { from_client, flags, sequence, options, payload, ..SYN };
            let bytes = ipv4(&line);
            let frame =
                Frame { number: 1, at: Timestamp::EPOCH, wire_len: 0, link: LinkType::IPV4, bytes: &bytes };
            let packet = decode(&frame).unwrap_or_else(|_| Packet::empty());
            fingerprints.observe(&packet, &bytes, &mut |event| drop(tell(event)));
            fingerprints.observe(&packet, &bytes[..bytes.len() / 2], &mut |event| drop(tell(event)));
        }
    }
}

#[test]
fn a_host_looks_like_what_its_evidence_adds_up_to() {
    let lines = [SYN, SYN_ACK, says(true, 60, 101, REQUEST), says(false, 90, 501, RESPONSE)];
    let (_, fingerprints) = play(&lines, |packet| packet);
    let verdict = |last| fingerprints.verdict(std::net::IpAddr::from(last)).unwrap();
    let client = verdict([192, 0, 2, 1]);
    assert_eq!((client.family, client.label.as_str()), (Some(Family::Linux), "Linux 6.x"));
    let kinds: Vec<_> = client.evidence.iter().map(|one| (one.kind.name(), one.line.as_deref())).collect();
    assert_eq!(kinds, [("syn", Some("scene.fp:7")), ("http request", Some("scene.fp:17")), ("ttl", None)]);
    assert!(client.confidence > 90 && client.contradictions.is_empty(), "{client:?}");
    let server = verdict([198, 51, 100, 1]);
    assert_eq!(server.family, Some(Family::Linux));
    assert!(server.confidence < client.confidence && server.contradictions.len() == 1, "{server:?}");
    assert!(server.contradictions[0].starts_with("http response looks like server, not like Linux"));
    assert_eq!(fingerprints.family([198, 51, 100, 1].into()), Some(Family::Linux));
    assert_eq!(fingerprints.verdict([192, 0, 2, 9].into()), None);
}
