//! Packets of any kind between two hosts, through all that fingerprints do: nothing panics, and each host that is known has a
//! verdict that can be told.
//!
//! Input: packets, each a byte for its kind, one for a detail, one for its length, and its bytes. This body needs the
//! analyzer, so it stands outside of `lib.rs`; `analyzer/tests/fingerprints_fuzz.rs` feeds it.

use analyzer::fingerprint::{Event, EventKind, Fingerprints};

use crate::talk::{Talk, with_fingerprints};

/// Ports whose datagrams may tell of a host: DHCP, DHCPv6, mDNS, SSDP, NetBIOS, LLMNR, WS-Discovery, any.
const PORTS: [[u16; 2]; 8] = [
    [68, 67],
    [546, 547],
    [5353, 5353],
    [50_000, 1900],
    [137, 137],
    [138, 138],
    [50_000, 3702],
    [5355, 50_000],
];

/// One input.
pub fn run(input: &[u8]) {
    with_fingerprints(|fingerprints, mut talk| {
        let mut rest = input;
        while let [kind, detail, len, bytes @ ..] = rest {
            let (bytes, behind) = bytes.split_at(bytes.len().min(usize::from(*len)));
            packet(fingerprints, &mut talk, (*kind, *detail), bytes);
            rest = behind;
        }
        for host in talk.hosts() {
            let verdict = fingerprints.verdict(host);
            assert_eq!(verdict.as_ref().and_then(|verdict| verdict.family), fingerprints.family(host));
            assert!(verdict.is_none_or(|verdict| verdict.confidence < 100));
        }
    });
}

fn packet(fingerprints: &mut Fingerprints, talk: &mut Talk, (kind, detail): (u8, u8), bytes: &[u8]) {
    let from_client = kind & 1 == 0;
    let mut tell = |event: &Event<'_>| check(event);
    match kind >> 1 & 7 {
        0 => talk.open(fingerprints, &mut tell),
        1..=3 => talk.say(fingerprints, from_client, (bytes, usize::from(detail) + 1), &mut tell),
        4 => {
            let (options, payload) = bytes.split_at(bytes.len().min(usize::from(detail % 41)));
            let flags = [2, 0x12, 0x10, 0x11, 0x14, 0xc2, 0x18, 0x2a][usize::from(kind >> 5)];
            let segment = talk.segment(from_client, flags, options, payload);
            talk.feed(fingerprints, 6, from_client, &segment, &mut tell);
        }
        5 => talk.skip(from_client, detail),
        6 => {
            let [source, destination] = PORTS[usize::from(detail % 8)];
            let mut datagram: Vec<u8> =
                [source, destination].iter().flat_map(|port| port.to_be_bytes()).collect();
            datagram.extend((8 + bytes.len() as u16).to_be_bytes());
            datagram.extend([0, 0]);
            datagram.extend(bytes);
            talk.feed(fingerprints, 17, from_client, &datagram, &mut tell);
        }
        _ => talk.feed(fingerprints, detail, from_client, bytes, &mut tell),
    }
}

/// Everything of an observation can be written.
fn check(event: &Event<'_>) {
    let text = match &event.kind {
        EventKind::TcpSyn(sight) | EventKind::TcpSynAck(sight) => {
            format!("{} {}", sight.signature(), sight.params())
        }
        EventKind::HttpRequest(sight) | EventKind::HttpResponse(sight) => {
            format!("{} {}", sight.print, sight.params())
        }
        EventKind::HostChange(reasons) | EventKind::IpSharing(reasons) => reasons.to_string(),
        EventKind::Mtu { unit, .. } => unit.to_string(),
        EventKind::Uptime(uptime) => uptime.frequency.to_string(),
    };
    assert!(!event.kind.name().is_empty() && text.len() < 1 << 20);
}
