//! Floods of forged sources: who really talks stays known with right figures, the tables stay as large as they are, and
//! there is one alert, not one a source (RELIABILITY: T2, flood_keeps_known, every_table_capped).
//!
//! A sixteenth of the default budget and 60 000 sources; `cargo xtask storm` does the same to the program
//! with 50 million.

use std::net::{IpAddr, Ipv4Addr};

use analyzer::aggregate::{AGGREGATES, Counting, Ends};
use analyzer::detect::{Detection, Thresholds};
use analyzer::geo::{Geo, Needs};
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Origin, Setup};
use capturer::{
    Icmp, OptionKind, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport,
};

/// Bytes of tables.
const MEMORY: usize = 12 << 20;

/// Hosts that talk all the time, two ways.
const HOSTS: u32 = 250;

/// Packets of the flood.
const FORGED: u32 = 60_000;

/// Of the flood, between a packet of who talks and the next.
const BETWEEN: u32 = 20;

/// 20 000 packets a second.
const STEP: i64 = 50_000;

const VICTIM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 10));

fn analyzer() -> Analyzer {
    Analyzer::new(Setup {
        facts: Facts {
            geo: Geo::bundled(Needs { country: true, asn: true }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions: AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both }).collect(),
        live: true,
        hosts: true,
        names: true,
        memory: MEMORY,
        counting: Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    })
}

fn tcp((source, from): (IpAddr, u16), (destination, to): (IpAddr, u16), flags: TcpFlags) -> Packet {
    let transport = Transport::Tcp(Tcp {
        ports: Ports { source: from, destination: to },
        flags,
        sequence: 1,
        acknowledgment: 1,
        window: 64_240,
        quirks: TcpQuirks::default(),
        options: TcpOptions::default(),
    });
    Packet { wire_len: 60, source, destination, protocol: Protocol::TCP, transport, ..Packet::empty() }
}

/// A different public address for each number.
fn forged(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x4000_0000 + (n.wrapping_mul(0x9e37_79b1) & 0x1fff_ffff)))
}

fn port(n: u32) -> u16 {
    1024 + (n.wrapping_mul(0x85eb_ca6b) >> 17) as u16
}

fn syn(n: u32) -> Packet {
    tcp((forged(n), port(n)), (VICTIM, 80), TcpFlags::SYN)
}

fn datagram(n: u32) -> Packet {
    let transport = Transport::Udp(Ports { source: port(n), destination: 9999 });
    Packet { protocol: Protocol::UDP, transport, ..syn(n) }
}

fn echo(n: u32) -> Packet {
    let transport = Transport::Icmp(Icmp { kind: 8, code: 0, identifier: port(n), sequence: 1 });
    Packet { protocol: Protocol::ICMP, transport, ..syn(n) }
}

/// To another port each.
fn to_ports(n: u32) -> Packet {
    tcp((forged(n), 40_000), (VICTIM, port(n)), TcpFlags::SYN)
}

/// To another host each.
fn to_hosts(n: u32) -> Packet {
    Packet { destination: IpAddr::V4(Ipv4Addr::from_bits(0xc0a8_0000 | n & 0xffff)), ..syn(n) }
}

/// What comes, and the one rule that speaks of it.
type Play = (&'static str, fn(u32) -> Packet, &'static str);

const PLAYS: &[Play] = &[
    ("SYNs to a port", syn, "flood.syn_spoofed"),
    ("datagrams", datagram, "flood.udp"),
    ("echoes", echo, "flood.icmp"),
    ("SYNs to the ports of a host", to_ports, "flood.syn_spoofed"),
    ("SYNs to the hosts of a network", to_hosts, "flood.syn_spoofed"),
];

fn talker(n: u32) -> (IpAddr, u16) {
    (IpAddr::V4(Ipv4Addr::from_bits(0x0808_0000 + n)), 443)
}

fn client(n: u32) -> (IpAddr, u16) {
    (IpAddr::V4(Ipv4Addr::new(192, 168, 2, (n % 200) as u8)), 50_000 + n as u16)
}

/// Takes packets as a program shows them, time going on with each.
struct Program {
    analyzer: Analyzer,
    detection: Detection,
    number: u64,
}

impl Program {
    fn new() -> Self {
        let detection = Detection::new(&Thresholds::default(), MEMORY / 6);
        Self { analyzer: analyzer(), detection, number: 0 }
    }

    fn show(&mut self, packet: Packet) {
        self.number += 1;
        let at = Timestamp::from_nanos(1_700_000_000_000_000_000 + self.number as i64 * STEP);
        let packet = Packet { at, number: self.number, ..packet };
        self.analyzer.observe(&packet, &[]);
        self.detection.observe(&packet, &[]);
        if self.number.is_multiple_of(4096) {
            self.analyzer.advance(at);
            self.detection.advance(at);
        }
    }

    fn greet(&mut self, n: u32) {
        let syn_ack = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);
        let mut syn = tcp(client(n), talker(n), TcpFlags::SYN);
        if let Transport::Tcp(tcp) = &mut syn.transport {
            // Systems send options; tools may not.
            tcp.options.layout.push(OptionKind::Mss);
        }
        self.show(syn);
        self.show(tcp(talker(n), client(n), syn_ack));
        self.show(tcp(client(n), talker(n), TcpFlags::ACK));
    }

    fn talk(&mut self, n: u32) {
        for (from, to) in [(client(n), talker(n)), (talker(n), client(n))] {
            self.show(Packet { payload_len: 100, ..tcp(from, to, TcpFlags::ACK) });
        }
    }
}

#[test]
fn who_talks_stays_known_and_one_alert_tells_of_a_flood_of_forged_sources() {
    for (what, forge, rule) in PLAYS {
        let mut program = Program::new();
        (0..HOSTS).for_each(|n| program.greet(n));
        let (mut talked, mut half) = (0, 0);
        for n in 0..FORGED {
            program.show(forge(n));
            if n.is_multiple_of(BETWEEN) {
                program.talk(talked % HOSTS);
                talked += 1;
            }
            if n == FORGED / 2 {
                half = program.analyzer.read().bytes();
            }
        }
        let reading = program.analyzer.read();
        assert!(reading.evicted().0 > u64::from(FORGED) / 2, "{what}: the table must have been too small");
        let right = (0..HOSTS).filter(|n| {
            let rounds = u64::from(talked / HOSTS + u32::from(n < &(talked % HOSTS)));
            let host = reading.host(talker(*n).0);
            host.is_some_and(|host| (host.sent.packets, host.received.packets) == (1 + rounds, 2 + rounds))
        });
        let right = right.count() as u32;
        assert!(right * 100 >= HOSTS * 99, "{what}: of {HOSTS} hosts {right} are known with right figures");
        let bytes = reading.bytes();
        assert!(bytes <= MEMORY && bytes <= half + half / 20, "{what}: {half} bytes grew to {bytes}");
        program.detection.finish();
        let alerts: Vec<(&str, u64)> =
            program.detection.alerts().iter().map(|alert| (alert.rule.id, alert.count)).collect();
        assert_eq!(alerts.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [*rule], "{what}: {alerts:?}");
        let counted = alerts.first().unwrap().1;
        assert!(counted * 10 >= u64::from(FORGED) * 9, "{what}: {counted} of {FORGED} were counted");
    }
}

#[test]
fn where_nobody_watches_no_list_of_who_was_there_grows() {
    let bytes_after = |sources: u32| {
        let mut analyzer = Analyzer::new(Setup {
            facts: Facts {
                geo: Geo::bundled(Needs::default()),
                local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
            },
            homes: Vec::new(),
            dimensions: Vec::new(),
            live: false,
            hosts: true,
            names: false,
            memory: MEMORY,
            counting: Counting::default(),
            devices: analyzer::Devices::default(),
            inventory: None,
        });
        for source in 0..sources {
            let source = IpAddr::V4(Ipv4Addr::from_bits(0x0500_0000 + source));
            analyzer.observe(&tcp((source, 1024), (VICTIM, 80), TcpFlags::SYN), &[]);
        }
        analyzer.read().bytes()
    };
    // Far more than may wait to be settled; not read in between, as that settles too.
    let bytes = [200_000, 400_000].map(bytes_after);
    assert!(bytes[1] <= bytes[0] + bytes[0] / 20, "{bytes:?}");
}
