//! Flows are settled later than their packets come, a few at a time. What is kept by the second is right all the same: arcs
//! and slices say of each second what its packets say one by one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use analyzer::aggregate::{AGGREGATES, Counting, Ends};
use analyzer::geo::{Geo, Needs};
use analyzer::history::Recorder;
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Origin, Setup, ViewId};
use capturer::{Packet, Ports, Protocol, Timestamp, Transport};
use proptest::prelude::*;

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs { country: true, asn: true }));

/// Packets and bytes of a client, each way, by second.
type Carried = BTreeMap<(i64, IpAddr, bool), (u64, u64)>;

fn analyzer(memory: usize) -> Analyzer {
    let mut analyzer = Analyzer::new(Setup {
        facts: Facts { geo: GEO.clone(), local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        dimensions: AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both }).collect(),
        live: true,
        hosts: true,
        names: false,
        memory,
        counting: Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    });
    analyzer.record();
    analyzer
}

/// A packet of a client from somewhere in the world, or to it.
fn packet(at: i64, client: u32, inward: bool) -> Packet {
    let remote = IpAddr::V4(Ipv4Addr::from_bits(0x0800_0000 + client * 0x0010_3001));
    let home = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2));
    let (source, destination) = if inward { (remote, home) } else { (home, remote) };
    let (source_port, destination_port) = if inward { (50_000, 443) } else { (443, 50_000) };
    let ports = Ports { source: source_port, destination: destination_port };
    Packet {
        at: Timestamp::from_nanos(1_700_000_000_000_000_000 + at * 1_000_000),
        wire_len: 100 + client % 7 + u32::from(inward),
        source,
        destination,
        protocol: Protocol::UDP,
        transport: Transport::Udp(ports),
        ..Packet::empty()
    }
}

/// Bursts, each of clients that follow each other, and pauses in milliseconds: so that seconds turn with many flows unsettled, and
/// turn again before they are.
fn traffic() -> impl Strategy<Value = Vec<Packet>> {
    let pause = prop::sample::select(vec![0_i64, 1, 400, 999, 1000, 1001, 2500, 9000]);
    let burst = (0_u32..400, 0_u32..300, 1_u32..4, pause);
    prop::collection::vec(burst, 1..12).prop_map(|bursts| {
        let (mut at, mut packets) = (0, Vec::new());
        for (first, many, step, pause) in bursts {
            let clients = (first..first + many).step_by(step as usize);
            packets.extend(clients.map(|client| packet(at, client, client % 3 != step % 3)));
            at += pause;
        }
        packets
    })
}

fn fetch(recorder: &mut Recorder, carried: &mut Carried, newest: &mut i64) {
    let (slices, left_out) = recorder.fetch();
    assert!(left_out.is_empty());
    for slice in slices {
        assert!(slice.at >= *newest, "what is handed over never goes back: {} after {newest}", slice.at);
        *newest = slice.at;
        assert!(slice.first_ms <= slice.last_ms && slice.last_ms < 1000, "{slice:?}");
        let (opener, answerer) = (slice.between.opener, slice.between.answerer);
        let client = if opener.port == 50_000 { opener } else { answerer };
        for (from_opener, volume) in [(true, slice.sent), (false, slice.received)] {
            if volume.packets > 0 {
                let inward = from_opener == (client == opener);
                let (packets, bytes) = carried.entry((slice.at, client.address, inward)).or_default();
                (*packets, *bytes) = (*packets + volume.packets, *bytes + volume.bytes);
            }
        }
    }
}

/// What the packets say one by one.
fn told(packets: &[Packet]) -> Carried {
    let mut told = Carried::new();
    for packet in packets {
        let inward = packet.ports().unwrap().source == 50_000;
        let client = if inward { packet.source } else { packet.destination };
        let (packets, bytes) = told.entry((packet.at.as_seconds(), client, inward)).or_default();
        (*packets, *bytes) = (*packets + 1, *bytes + u64::from(packet.wire_len));
    }
    told
}

proptest! {
    #[test]
    fn each_second_has_what_its_packets_carried(packets in traffic(), fetched in 1_usize..200, small in any::<bool>()) {
        // In the small one flows have to make room.
        let mut analyzer = analyzer(if small { 40 << 10 } else { 64 << 20 });
        let by_packet = analyzer.add_view(Query::parse("").unwrap()).unwrap();
        let (mut carried, mut newest) = (Carried::new(), 0);
        for (number, packet) in packets.iter().enumerate() {
            analyzer.observe(packet, &[]);
            if number % fetched == 0 {
                fetch(analyzer.recorder().unwrap(), &mut carried, &mut newest);
            }
        }
        let reading = analyzer.read();
        let arcs = [ViewId::MAIN, by_packet].map(|view| {
            reading.arcs(view).into_iter().map(|arc| (arc.key, arc.volume, arc.last)).collect::<Vec<_>>()
        });
        prop_assert_eq!(&arcs[0], &arcs[1]);
        prop_assert_eq!(reading.totals(ViewId::MAIN).packets, packets.len() as u64);
        fetch(analyzer.recorder().unwrap(), &mut carried, &mut newest);
        prop_assert_eq!(carried, told(&packets));
    }
}
