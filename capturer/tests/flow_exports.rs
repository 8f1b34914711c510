//! What becomes of exporters' datagrams, made by hand: records, rates, gaps, refusals, bounds.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

#[path = "exports_support/mod.rs"]
mod exports;

use std::net::IpAddr;
use std::time::Duration;

use capturer::flow::{Collector, ExporterCounts, FlowRecord, Limits, Refusal, is_export};
use capturer::{Mac, Ports, Protocol, TcpFlags, Timestamp};
use exports::{
    FLOW, SENT, flow, flow_sample, ipfix, ipfix_options, longs, raw_header, sampled, set, template,
};
use exports::{sflow, v5, v9, v9_options, words};

const ROUTER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_parts(i64::from(SENT) + seconds, 0)
}

fn collector() -> Collector {
    Collector::new(Limits::live(Vec::new()))
}

fn read(collector: &mut Collector, datagram: &[u8]) -> Vec<FlowRecord> {
    read_from(collector, ROUTER, datagram)
}

fn read_from(collector: &mut Collector, from: IpAddr, datagram: &[u8]) -> Vec<FlowRecord> {
    let mut records = Vec::new();
    collector.read(from, at(0), datagram, &mut |record| records.push(*record));
    records
}

fn of(collector: &Collector, address: IpAddr) -> ExporterCounts {
    collector.exporters().into_iter().find(|exporter| exporter.address == address).unwrap()
}

fn refused(collector: &Collector, reason: Refusal) -> u64 {
    of(collector, ROUTER).refused.get(reason)
}

#[test]
fn a_v5_record_says_all_that_the_format_has() {
    let mut collector = collector();
    let records = read(&mut collector, &v5(0, 0, &[(3, 300), (4, 400)]));
    assert_eq!(records.iter().map(|record| record.bytes).collect::<Vec<_>>(), [300, 400]);
    let record = records[0];
    assert_eq!((record.source, record.destination), ([10, 0, 0, 1].into(), [10, 0, 0, 2].into()));
    assert_eq!((record.ports, record.protocol), (Ports { source: 1000, destination: 80 }, Protocol::TCP));
    assert_eq!((record.tcp_flags, record.traffic_class), (TcpFlags(0x1b), 0x10));
    assert_eq!((record.input, record.output, record.next_hop), (3, 4, [10, 0, 0, 254].into()));
    assert_eq!((record.source_as, record.destination_as), (64_500, 64_501));
    assert_eq!((record.source_mask, record.destination_mask), (24, 16));
    assert_eq!((record.exporter.address, record.exporter.domain), (ROUTER, 0x0102));
    let half = Duration::from_millis(500);
    assert_eq!((record.first, record.last), (at(-10).after(half), at(-5).after(half)));
    assert_eq!(record.received, at(0));
}

#[test]
fn v5_lengths_must_be_what_the_header_says() {
    let mut collector = collector();
    let good = v5(0, 0, &[(3, 300)]);
    for bad in [&good[..24], &good[..71], &[&good[..], &[0]].concat(), &v5(0, 0, &[])] {
        assert!(read(&mut collector, bad).is_empty() && !is_export(bad));
    }
    assert_eq!(refused(&collector, Refusal::BadLength), 4);
    assert!(is_export(&good));
}

#[test]
fn v5_tells_its_sampling_in_the_header() {
    let records = read(&mut collector(), &v5(0, 0x4000 | 100, &[(3, 300)]));
    assert_eq!((records[0].packets, records[0].bytes, records[0].sampling), (300, 30_000, 100));
}

#[test]
fn v1_and_v7_differ_in_where_things_stand() {
    let v5 = v5(0, 0, &[(3, 300)]);
    let mut v7 = [&v5[..], &[10, 0, 0, 253]].concat();
    v7[1] = 7;
    let record = read(&mut collector(), &v7)[0];
    assert_eq!((record.bytes, record.source_as, record.exporter.domain), (300, 64_500, 0));
    let mut v1 = [&v5[..16], &v5[24..60], &[0, 0, 6, 0x10, 0x1b, 0, 0, 0], &[0; 8]].concat();
    v1[1] = 1;
    let record = read(&mut collector(), &v1)[0];
    assert_eq!((record.bytes, record.protocol, record.tcp_flags), (300, Protocol::TCP, TcpFlags(0x1b)));
}

#[test]
fn v9_records_need_their_template_of_the_same_exporter_and_source() {
    let mut collector = collector();
    let data = set(256, &[flow(1, 100), flow(2, 200)].concat());
    assert!(read(&mut collector, &v9(7, 0, std::slice::from_ref(&data))).is_empty());
    assert_eq!(refused(&collector, Refusal::NoTemplate), 1);
    read(&mut collector, &v9(7, 1, &[set(0, &template(256, &FLOW))]));
    let records = read(&mut collector, &v9(7, 2, std::slice::from_ref(&data)));
    assert_eq!(records.iter().map(|record| record.packets).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((records[0].first, records[0].last), (at(-10), at(-5)));
    assert!(read(&mut collector, &v9(8, 0, std::slice::from_ref(&data))).is_empty());
    let other = [192, 0, 2, 2].into();
    assert!(read_from(&mut collector, other, &v9(7, 0, std::slice::from_ref(&data))).is_empty());
    assert_eq!(of(&collector, other).refused.get(Refusal::NoTemplate), 1);
}

#[test]
fn templates_may_come_with_their_records_and_be_replaced() {
    let mut collector = collector();
    let first = [set(0, &template(256, &FLOW)), set(256, &flow(1, 100))];
    assert_eq!(read(&mut collector, &v9(0, 0, &first)).len(), 1);
    let short = [set(0, &template(256, &[(8, 4), (2, 2)])), set(256, &[10, 0, 0, 9, 0, 5])];
    let records = read(&mut collector, &v9(0, 1, &short));
    assert_eq!((records[0].packets, records[0].source), (5, [10, 0, 0, 9].into()));
    // A template of options takes the number over, too.
    let options = [set(1, &v9_options(256, &[(1, 4)], &[(34, 4)])), set(256, &longs([0, 10]))];
    assert!(read(&mut collector, &v9(0, 2, &options)).is_empty());
    assert_eq!(of(&collector, ROUTER).templates, 1);
}

#[test]
fn sampling_is_applied_as_options_told_of_the_domain_or_of_a_sampler() {
    let mut collector = collector();
    let sampled: Vec<(u16, u16)> = FLOW.into_iter().chain([(48, 1)]).collect();
    let sets = [
        set(0, &[template(256, &FLOW), template(257, &sampled)].concat()),
        set(1, &v9_options(258, &[(1, 4)], &[(34, 4), (35, 1)])),
        set(1, &v9_options(259, &[(1, 4)], &[(48, 1), (50, 2)])),
        set(258, &[longs([0, 10]), vec![2]].concat()),
        set(259, &[longs([0]), vec![3], words([1000])].concat()),
        set(256, &flow(1, 100)),
        set(257, &[[flow(1, 100), vec![3]].concat(), [flow(1, 100), vec![4]].concat()].concat()),
    ];
    let records = read(&mut collector, &v9(0, 0, &sets));
    assert_eq!(records.iter().map(|record| record.sampling).collect::<Vec<_>>(), [10, 1000, 10]);
    assert_eq!((records[1].packets, records[1].bytes), (1000, 100_000));
}

#[test]
fn ipfix_has_selectors_scopes_and_rates_that_only_show() {
    let mut collector = collector();
    let selected: Vec<(u16, u16)> = FLOW.into_iter().chain([(302, 4)]).collect();
    let sets = [
        set(2, &template(256, &selected)),
        set(3, &ipfix_options(257, &[(302, 4)], &[(304, 2), (305, 4), (306, 4)])),
        set(257, &[longs([1]), words([1]), longs([1, 99])].concat()),
        set(3, &ipfix_options(258, &[(145, 2)], &[(34, 4)])),
        set(258, &[words([256]), longs([500])].concat()),
        set(256, &[[flow(1, 100), longs([1])].concat(), [flow(1, 100), longs([2])].concat()].concat()),
    ];
    let records = read(&mut collector, &ipfix(0, 0, &sets));
    assert_eq!(records.iter().map(|record| record.sampling).collect::<Vec<_>>(), [100, 1]);
    assert_eq!(of(&collector, ROUTER).sampling_unapplied, 500);
}

#[test]
fn ipfix_fields_may_be_of_enterprises_of_any_length_and_of_the_other_direction() {
    let mut collector = collector();
    let parts = [
        words([256, 6, 27, 16, 28, 16, 0x8001, 65_535]),
        longs([9999]),
        words([1, 8, 0x8001, 4]),
        longs([29_305]),
        words([0x8002, 1]),
        longs([29_305]),
    ];
    let record =
        [vec![1; 16], vec![2; 16], vec![3, 7, 7, 7], 300u64.to_be_bytes().to_vec(), longs([40]), vec![2]];
    let long = [vec![1; 16], vec![2; 16], vec![255, 1, 0], vec![0; 256], vec![0; 8], longs([1]), vec![1]];
    let data = set(256, &[record.concat(), long.concat()].concat());
    let records = read(&mut collector, &ipfix(0, 0, &[set(2, &parts.concat()), data]));
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].source, records[0].bytes), ([1u8; 16].into(), 300));
    assert_eq!((records[0].reverse_bytes, records[0].reverse_packets), (40, 2));
}

#[test]
fn ipfix_templates_can_be_withdrawn() {
    let mut collector = collector();
    let both = set(2, &[template(256, &FLOW), template(257, &FLOW)].concat());
    read(&mut collector, &ipfix(0, 0, &[both]));
    read(&mut collector, &ipfix(0, 0, &[set(2, &words([256, 0]))]));
    assert!(read(&mut collector, &ipfix(0, 0, &[set(256, &flow(1, 1))])).is_empty());
    assert_eq!(read(&mut collector, &ipfix(0, 0, &[set(257, &flow(1, 1))])).len(), 1);
    read(&mut collector, &ipfix(0, 0, &[set(2, &words([2, 0]))]));
    assert_eq!(of(&collector, ROUTER).templates, 0);
}

#[test]
fn what_is_missing_between_numbers_is_lost() {
    let mut five = collector();
    for (sequence, flows) in [(100, 2), (102, 1), (110, 1), (111, 1)] {
        read(&mut five, &v5(sequence, 0, &vec![(1, 1); flows]));
    }
    assert_eq!(of(&five, ROUTER).lost, 7);
    let mut nine = collector();
    [0, 1, 4].iter().for_each(|&sequence| drop(read(&mut nine, &v9(0, sequence, &[]))));
    assert_eq!(of(&nine, ROUTER).lost, 2);
    let mut ten = collector();
    let sets = [set(2, &template(256, &FLOW)), set(256, &[flow(1, 1), flow(1, 1)].concat())];
    [0, 2, 7].iter().for_each(|&sequence| drop(read(&mut ten, &ipfix(0, sequence, &sets))));
    assert_eq!((of(&ten, ROUTER).lost, of(&ten, ROUTER).restarts), (3, 0));
}

#[test]
fn a_sampled_packet_stands_for_so_many() {
    let switch = sampled(1001, &longs([100, 0, 200, 0]));
    let router = sampled(1002, &longs([1, 0x0a00_00fd, 24, 16]));
    let gateway =
        sampled(1003, &longs([1, 0x0a00_00fc, 64_500, 64_501, 64_502, 1, 2, 2, 64_503, 64_504, 0, 100]));
    let sample = flow_sample(512, &[raw_header(), switch, router, gateway]);
    let counters = sampled(2, &[0; 8]);
    let mut collector = collector();
    let records = read(&mut collector, &sflow(9, 1, &[counters, sample]));
    let record = records[0];
    assert_eq!((record.packets, record.bytes, record.sampling), (512, 512 * 1514, 512));
    assert_eq!((record.input, record.output, record.vlan.id()), (5, 6, Some(100)));
    assert_eq!(
        (record.source, record.ports),
        ([10, 0, 0, 1].into(), Ports { source: 1000, destination: 53 })
    );
    assert_eq!((record.source_mac, record.traffic_class), (Mac([2, 0, 0, 0, 0, 1]), 0x20));
    assert_eq!((record.source_mask, record.destination_mask), (24, 16));
    assert_eq!((record.next_hop, record.bgp_next_hop), ([10, 0, 0, 253].into(), [10, 0, 0, 252].into()));
    assert_eq!((record.source_as, record.previous_as), (64_501, 64_502));
    assert_eq!((record.next_as, record.destination_as), (64_503, 64_504));
    assert_eq!(refused(&collector, Refusal::CountersSample), 1);
}

#[test]
fn an_expanded_sample_has_wider_interfaces_and_may_have_no_frame() {
    let packet = longs([1000, 17, 0x0a00_0001, 0x0a00_0002, 1000, 53, 0, 0]);
    let head = longs([1, 0, 5, 64, 1000, 0, 0, 70_000, 0, 80_000, 1]);
    let sample = sampled(3, &[head, sampled(3, &packet)].concat());
    let record = read(&mut collector(), &sflow(0, 1, &[sample]))[0];
    assert_eq!((record.input, record.output, record.bytes), (70_000, 80_000, 64_000));
    assert_eq!((record.protocol, record.ports.destination), (Protocol::UDP, 53));
}

#[test]
fn what_is_no_export_is_counted_by_reason() {
    let mut collector = collector();
    read(&mut collector, &words([8, 1]));
    read(&mut collector, &[]);
    assert_eq!(collector.counts().refused.get(Refusal::UnknownVersion), 2);
    let cases = [
        (v9(0, 0, &[words([256, 3])]), Refusal::BadSet),
        (v9(0, 1, &[set(5, &[0; 4])]), Refusal::ReservedSet),
        (v9(0, 2, &[set(0, &template(255, &FLOW))]), Refusal::BadTemplate),
        (v9(0, 3, &[set(0, &template(256, &[(8, 0), (12, 0)]))]), Refusal::EmptyRecord),
        (v9(0, 4, &[set(0, &template(256, &[(8, 4); 129]))]), Refusal::TooManyFields),
        (ipfix(0, 0, &[set(2, &template(256, &[(1, 65_535)])), set(256, &[9, 1])]), Refusal::CutRecord),
        (v9(1, 5, &[set(0, &template(256, &[(10, 4)])), set(256, &[0; 4])]), Refusal::NotAFlow),
    ];
    for (datagram, reason) in &cases {
        assert!(read(&mut collector, datagram).is_empty(), "{reason:?}");
        assert_eq!(
            refused(&collector, *reason),
            1,
            "{reason:?}: {:?}",
            of(&collector, ROUTER).refused.named()
        );
    }
    let liar = template(260, &[(8, 4), (1, 8)]);
    read(&mut collector, &v9(0, 6, &[set(0, &liar), set(260, &[[10; 4].to_vec(), vec![255; 8]].concat())]));
    assert_eq!(refused(&collector, Refusal::Implausible), 1);
}

#[test]
fn unlisted_exporter_dropped() {
    let mut collector = Collector::new(Limits::live(vec![(ROUTER, 32)]));
    let stranger = [198, 51, 100, 1].into();
    assert!(read_from(&mut collector, stranger, &v5(0, 0, &[(1, 1)])).is_empty());
    assert_eq!(read(&mut collector, &v5(0, 0, &[(1, 1)])).len(), 1);
    // As a socket for both families tells of it.
    let mapped = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(read_from(&mut collector, mapped, &v5(1, 0, &[(1, 1)])).len(), 1);
    assert_eq!(collector.counts().refused.get(Refusal::NotListed), 1);
    assert_eq!(collector.exporters().len(), 1);
}

/// Bytes that this process occupies.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}

#[test]
fn template_flood() {
    let mut collector = Collector::new(Limits::live(Vec::new()));
    let good = [set(0, &template(256, &FLOW)), set(256, &flow(1, 100))];
    assert_eq!(read(&mut collector, &v9(0, 0, &good)).len(), 1);
    let Some(before) = resident() else {
        println!("skipped: this system does not tell how much memory a process has");
        return;
    };
    // 10 000 exporters, a million templates, as many fields as are taken.
    let many = [(2, 4); Limits::FIELDS];
    let templates = |first: u16| (first..first + 10).flat_map(|id| template(id, &many)).collect::<Vec<u8>>();
    let sets: Vec<Vec<u8>> = (0..100).map(|n| set(0, &templates(256 + n * 10))).collect();
    for n in 0..10_000u32 {
        let from = IpAddr::V4((0x0b00_0000 + n).into());
        for part in 0..10 {
            let set = &sets[(n as usize + part) % sets.len()];
            read_from(&mut collector, from, &v9(n % 500, 0, std::slice::from_ref(set)));
        }
    }
    let more = resident().unwrap().saturating_sub(before);
    println!("{more} bytes more");
    assert!(more <= 8 << 20, "{more} bytes more");
    assert_eq!(collector.exporters().len(), Limits::EXPORTERS);
    assert!(collector.counts().refused.get(Refusal::TooManyExporters) >= 99_000);
    assert_eq!(read(&mut collector, &v9(0, 1, &[set(256, &flow(1, 100))])).len(), 1);
    assert_eq!(of(&collector, ROUTER).lost, 0);
}

#[test]
fn templates_that_nobody_uses_make_room_and_silent_exporters_too() {
    let mut collector = collector();
    let mut show = |from: IpAddr, seconds, datagram: &[u8]| {
        let mut count = 0;
        collector.read(from, at(seconds), datagram, &mut |_| count += 1);
        count
    };
    for id in 0..Limits::TEMPLATES as u16 {
        show(ROUTER, 0, &v9(0, id.into(), &[set(0, &template(256 + id, &[(8, 4), (2, 4)]))]));
    }
    for n in 0..100u32 {
        show(IpAddr::V4((0x0b00_0000 + n).into()), 0, &v5(0, 0, &[(1, 1)]));
    }
    let late = Limits::LIFETIME.as_secs() as i64 + 10;
    let both = [set(0, &template(1000, &FLOW)), set(1000, &flow(1, 1))];
    assert_eq!(show(ROUTER, late, &v9(0, 300, &both)), 1);
    assert_eq!(show([198, 51, 100, 1].into(), late, &v5(0, 0, &[(1, 1)])), 1);
    assert_eq!(of(&collector, ROUTER).templates, 1);
    assert_eq!(collector.exporters().len(), Limits::EXPORTERS);
}
