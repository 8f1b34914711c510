//! Records as exporters tell them, and what the detectors make of them.

use std::net::{IpAddr, Ipv4Addr};

use capturer::flow::FlowRecord;
use capturer::{Ports, Protocol, TcpFlags, Timestamp};

use proptest::prelude::*;

use super::*;
use crate::detect::Thresholds;

const SYN: u16 = 0x02;
const SYN_ACK_DATA_FIN: u16 = 0x1b;
const RST_ACK: u16 = 0x14;

fn detection() -> Detection {
    Detection::new(&Thresholds::default(), 8 << 20)
}

fn host(n: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + n).into()
}

/// Milliseconds after a beginning.
fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(1_796_000_000_000_000_000 + ms * 1_000_000)
}

/// One way, from a moment for some milliseconds; heard when it is over and 15 s more.
fn record(
    (from, to): ((u32, u16), (u32, u16)),
    (first, lasted): (i64, i64),
    (packets, bytes): (u64, u64),
) -> FlowRecord {
    FlowRecord {
        first: at(first),
        last: at(first + lasted),
        received: at(first + lasted + 15_000),
        source: host(from.0),
        destination: host(to.0),
        ports: Ports { source: from.1, destination: to.1 },
        protocol: Protocol::TCP,
        packets,
        bytes,
        ..FlowRecord::empty()
    }
}

fn flagged(flags: u16, record: FlowRecord) -> FlowRecord {
    FlowRecord { tcp_flags: TcpFlags(flags), ..record }
}

/// The ids of the rules that speak when all is told.
fn rules(records: impl IntoIterator<Item = FlowRecord>) -> Vec<&'static str> {
    let (mut retelling, mut detection) = (Retelling::live(), detection());
    for record in records {
        retelling.take(&record);
        retelling.tell(&mut detection);
    }
    retelling.finish(&mut detection);
    detection.alerts().iter().map(|alert| alert.rule.id).collect()
}

/// Ports of a host that refuses, asked one after another.
fn scanned() -> impl Iterator<Item = FlowRecord> {
    (0..200).flat_map(|n| {
        let (client, server) = ((1, 40_000), (2, 1 + n as u16));
        let asked = flagged(SYN, record((client, server), (n * 20, 0), (1, 44)));
        let refused = flagged(RST_ACK, record((server, client), (n * 20, 0), (1, 40)));
        [refused, asked]
    })
}

#[test]
fn a_scan_is_seen_though_its_answers_are_told_before_its_questions() {
    assert_eq!(rules(scanned()), ["scan.port.tcp_syn"]);
}

#[test]
fn records_of_both_ways_say_the_same_as_two() {
    let both = (0..200).map(|n| {
        let forward = record(((1, 40_000), (2, 1 + n as u16)), (n * 20, 1), (1, 44));
        flagged(SYN | RST_ACK, FlowRecord { reverse_packets: 1, reverse_bytes: 40, ..forward })
    });
    assert_eq!(rules(both), ["scan.port.tcp_syn"]);
}

#[test]
fn connections_that_succeed_are_none_even_if_only_one_way_is_told() {
    let asked = |n: i64| {
        flagged(
            SYN_ACK_DATA_FIN,
            record(((1, 40_000 + n as u16), (2 + n as u32, 443)), (n * 50, 300), (12, 3000)),
        )
    };
    let answered = |n: i64| {
        flagged(
            SYN_ACK_DATA_FIN,
            record(((2 + n as u32, 443), (1, 40_000 + n as u16)), (n * 50 + 10, 280), (14, 20_000)),
        )
    };
    assert_eq!(rules((0..500).map(asked)), [""; 0]);
    assert_eq!(rules((0..500).map(answered)), [""; 0]);
    assert_eq!(rules((0..500).flat_map(|n| [answered(n), asked(n)])), [""; 0]);
}

#[test]
fn guessed_passwords_are_sessions_of_one_size() {
    let guess = |n: i64| {
        let (client, server) = ((1, 40_000 + n as u16), (2, 22));
        let asked = record((client, server), (n * 2000, 1500), (14, 2700));
        let answered = record((server, client), (n * 2000, 1500), (12, 2600));
        [flagged(SYN_ACK_DATA_FIN, asked), flagged(SYN_ACK_DATA_FIN, answered)]
    };
    assert_eq!(rules((0..40).flat_map(guess)), ["brute.ssh"]);
}

#[test]
fn a_flood_has_the_pace_that_its_records_tell() {
    let datagrams = |packets, lasted| {
        let flood = record(((7, 5000), (8, 9000)), (0, lasted), (packets, packets * 100));
        FlowRecord { protocol: Protocol::UDP, ..flood }
    };
    assert_eq!(rules([datagrams(600_000, 60_000)]), ["flood.udp"], "10 000 a second for a minute");
    assert_eq!(rules([datagrams(60_000, 60_000)]), [""; 0], "1000 a second, of which all are told at once");
}

#[test]
fn forged_sources_are_one_alert() {
    let asks = |n: i64| flagged(SYN, record(((1000 + n as u32, 1024 + n as u16), (8, 80)), (n, 0), (1, 44)));
    let found = rules((0..3000).map(asks));
    assert_eq!(found, ["flood.syn_spoofed"], "1000 a second");
}

#[test]
fn what_cannot_be_told_is_counted_by_its_reason() {
    let plain = record(((1, 40_000), (2, 80)), (0, 0), (1, 44));
    let mut retelling = Retelling::live();
    retelling.take(&flagged(SYN, FlowRecord { sampling: 1000, ..plain }));
    retelling.take(&flagged(SYN, FlowRecord { flows: 7, ..plain }));
    retelling.take(&plain);
    assert_eq!(retelling.untold(), Untold { sampled: 1, aggregated: 7, flagless: 1, overrun: 0 });
    retelling.finish(&mut detection());
}

#[test]
fn no_more_flows_wait_than_there_is_room_for() {
    let (mut retelling, mut detection) = (Retelling::live(), detection());
    for n in 0..WAITING as i64 + 100 {
        let one = flagged(SYN_ACK_DATA_FIN, record(((n as u32, 40_000), (2, 80)), (0, 10), (8, 900)));
        retelling.take(&one);
    }
    retelling.tell(&mut detection);
    assert_eq!(retelling.waiting.len(), WAITING);
    assert_eq!(retelling.untold().overrun, 100);
}

/// An exporter's clock may be ahead, or its records forged: nothing has begun after it was heard of.
#[test]
fn records_of_the_future_are_told_when_they_are_heard() {
    let ahead = scanned().map(|record| FlowRecord {
        first: record.first.after(Duration::from_secs(86_400)),
        last: record.last.after(Duration::from_secs(86_400)),
        ..record
    });
    let (mut retelling, mut detection) = (Retelling::live(), detection());
    ahead.for_each(|record| retelling.take(&record));
    retelling.pass(at(120_000));
    retelling.tell(&mut detection);
    assert!(retelling.waiting.is_empty());
}

/// Recorded by an exporter whose clock is ahead, or wrapped: what it said counts, as nobody waits.
#[test]
fn records_of_the_future_that_were_recorded_keep_their_pace() {
    let alerts = |mut retelling: Retelling| {
        let mut detection = detection();
        for n in 0..60 {
            let asked =
                record(((1, 40_000), (100 + n, 53)), (86_400_000 + i64::from(n) * 30_000, 0), (1, 60));
            let asked = FlowRecord { protocol: Protocol::UDP, received: at(0), ..asked };
            retelling.take(&asked);
            retelling.make_room(&mut detection);
        }
        retelling.finish(&mut detection);
        detection.alerts().iter().map(|alert| alert.rule.id).collect::<Vec<_>>()
    };
    assert_eq!(alerts(Retelling::recorded()), ["scan.host.udp_slow"]);
    assert_eq!(alerts(Retelling::live()), ["scan.host.udp"], "all heard at once seem to be sent at once");
}

/// softflowd gives later fragments a flow of their own, with ports 0; so do routers.
#[test]
fn later_fragments_are_no_scan_of_port_0() {
    let fragments = |ports: u16| {
        rules((0..60).map(|n| FlowRecord {
            protocol: Protocol::UDP,
            ..record(((1, ports), (100 + n, ports)), (i64::from(n) * 10, 0), (3, 240))
        }))
    };
    assert_eq!(fragments(0), [""; 0]);
    assert_eq!(fragments(7).len(), 1);
}

#[test]
fn of_large_flows_no_more_is_told_at_once_than_there_is_time_for() {
    let (mut retelling, mut detection) = (Retelling::live(), detection());
    for n in 0..100 {
        let large = record(((n, 5000), (5000 + n, 9000)), (0, 1000), (1_000_000, 1_000_000_000));
        retelling.take(&FlowRecord { protocol: Protocol::UDP, ..large });
    }
    retelling.pass(at(600_000));
    retelling.tell(&mut detection);
    assert_eq!(retelling.waiting.len(), 100, "none is through");
    let told: u64 = retelling.waiting.iter().map(|Reverse(flow)| u64::from(flow.told)).sum();
    assert_eq!(told, TOGETHER as u64);
    let mut calls = 0;
    while !retelling.tell_rest(&mut detection) {
        calls += 1;
    }
    assert_eq!(calls, (100 * 8192 - TOGETHER) / TOGETHER, "8192 of each flow");
}

#[test]
fn time_does_not_stand_still_without_records() {
    let (mut retelling, mut detection) = (Retelling::live(), detection());
    scanned().for_each(|record| retelling.take(&record));
    retelling.tell(&mut detection);
    assert!(detection.alerts().is_empty(), "something earlier may still be told");
    retelling.pass(at(60_000));
    retelling.tell(&mut detection);
    assert_eq!(detection.alerts().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Exporters may say anything: all of it is told within its bounds, and time never goes back.
    #[test]
    fn whatever_records_say_is_told(
        all in prop::collection::vec(
            (any::<(u8, u8, u16, u16)>(), any::<(u8, u16)>(), any::<[i64; 3]>(), any::<[u64; 4]>()),
            1..20,
        ),
    ) {
        let (mut retelling, mut detection) = (Retelling::live(), detection());
        let mut told = Timestamp::EPOCH;
        for ((from, to, port, peer), (protocol, flags), times, figures) in all {
            let [first, last, received] = times.map(Timestamp::from_nanos);
            let [packets, bytes, reverse_packets, reverse_bytes] = figures.map(|figure| figure >> (figure % 64));
            retelling.take(&FlowRecord {
                first, last, received, packets, bytes, reverse_packets, reverse_bytes,
                source: host(from.into()),
                destination: host(to.into()),
                ports: Ports { source: port, destination: peer },
                protocol: Protocol([1, 6, 6, 17, 58, 132, 47, protocol][usize::from(protocol % 8)]),
                tcp_flags: TcpFlags(flags),
                ..FlowRecord::empty()
            });
            retelling.tell(&mut detection);
            prop_assert!(retelling.told >= told);
            told = retelling.told;
        }
        retelling.finish(&mut detection);
        prop_assert!(retelling.waiting.is_empty());
    }
}
