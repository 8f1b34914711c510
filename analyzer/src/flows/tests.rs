//! What users of answers rely on, over made-up records.

use std::net::{IpAddr, Ipv4Addr};

use capturer::flow::FlowRecord;
use capturer::{Ports, Protocol, Timestamp};

use super::*;
use crate::Facts;
use crate::geo::Geo;
use crate::local::LocalNetworks;

/// When the made-up traffic begins.
const START: i64 = 1_700_000_000 - 1_700_000_000 % 3600;

fn facts() -> Facts {
    Facts { geo: Geo::empty(), local: LocalNetworks::default() }
}

fn address(last: u64) -> IpAddr {
    Ipv4Addr::new(198, 51, 100, last as u8).into()
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn records(count: usize, seconds: u64) -> Vec<FlowRecord> {
    let mut dice = Dice(7);
    let mut record = || {
        let first = Timestamp::from_parts(START + dice.roll(seconds) as i64, dice.roll(1_000_000_000) as i64);
        let packets = 1 + dice.roll(1000);
        FlowRecord {
            first,
            last: first.after(std::time::Duration::from_millis(dice.roll(90_000))),
            source: address(dice.roll(40)),
            destination: address(100 + dice.roll(9)),
            ports: Ports { source: 1024 + dice.roll(50) as u16, destination: 443 },
            protocol: Protocol([6, 17, 1][dice.roll(3) as usize]),
            packets,
            bytes: packets * (40 + dice.roll(1400)),
            input: dice.roll(4) as u32,
            source_as: 64_496 + dice.roll(5) as u32,
            ..FlowRecord::empty()
        }
    };
    (0..count).map(|_| record()).collect()
}

fn ask(plan: Plan, records: &[FlowRecord]) -> Answer {
    let facts = facts();
    let mut tally = Tally::new(plan.checked().unwrap());
    records.iter().for_each(|record| tally.record(record, &facts, When::Lasted).unwrap());
    tally.answer(&facts.geo, "files")
}

fn sum(column: &[Option<u64>]) -> u64 {
    column.iter().flatten().sum()
}

#[test]
fn top_and_others_add_up_to_the_total_in_every_interval() {
    let records = records(2000, 7200);
    for aggregation in AGGREGATIONS.iter().filter(|aggregation| !aggregation.is_sided()) {
        for (per, order) in
            [(Per::Range, Order::Desc), (Per::Interval, Order::Desc), (Per::Interval, Order::Asc)]
        {
            let plan = Plan { top: 3, per, order, interval: Some(600), ..Plan::by(aggregation.id).unwrap() };
            let answer = ask(plan, &records);
            assert_eq!(answer.total.totals.bytes, records.iter().map(|record| record.bytes).sum::<u64>());
            assert_eq!(answer.total.totals.flows, 2000);
            for at in 0..answer.at.len() {
                let keys: u64 = answer.keys.iter().filter_map(|key| key.columns.bytes[at]).sum();
                let other = answer.other.as_ref().and_then(|other| other.columns.bytes[at]).unwrap_or(0);
                assert_eq!(Some(keys + other), answer.total.columns.bytes[at], "{} {at}", aggregation.id);
            }
            let shares: f64 = answer.keys.iter().map(|key| key.percent.packets).sum();
            let others = answer.other.map_or(0.0, |other| other.percent.packets);
            assert!((shares + others - 100.0).abs() < 0.1 || answer.total.totals.packets == 0);
        }
    }
}

#[test]
fn one_order_is_the_reverse_of_the_other_by_every_measure() {
    let records = records(500, 600);
    for measure in Measure::ALL {
        let keys = |order| {
            let plan = Plan { top: 0, order, sort: Some(*measure), ..Plan::by("sa").unwrap() };
            ask(plan, &records).keys.into_iter().map(|key| key.key).collect::<Vec<_>>()
        };
        let mut ascending = keys(Order::Asc);
        ascending.reverse();
        assert_eq!(ascending, keys(Order::Desc), "{measure}");
        assert_eq!(ascending.len(), 40);
    }
}

#[test]
fn intervals_that_grow_hold_what_intervals_of_that_length_hold() {
    let records = records(3000, 86_400);
    let grown = ask(Plan::by("sa").unwrap(), &records);
    assert_eq!(grown.interval, 300);
    assert!(grown.at.len() <= 300);
    let fixed = ask(Plan { interval: Some(300), ..Plan::by("sa").unwrap() }, &records);
    assert_eq!(grown, fixed);
    let reversed: Vec<_> = records.into_iter().rev().collect();
    assert_eq!(ask(Plan::by("sa").unwrap(), &reversed), grown);
}

#[test]
fn intervals_begin_at_multiples_of_their_length_and_the_last_second_is_within() {
    let plan = Plan {
        from: Some(START + 61),
        to: Some(START + 600),
        interval: Some(300),
        ..Plan::by("pr").unwrap()
    };
    let answer = ask(plan, &records(100, 3600));
    assert_eq!(answer.at.len(), 3);
    assert_eq!(answer.from, answer.at.first().cloned());
    assert_eq!(answer.at[0], ranking::time(START));
    assert_eq!(answer.to, Some(ranking::time(START + 900)));
}

#[test]
fn a_gap_is_null_and_said_and_a_filter_without_a_match_is_zero() {
    let early = records(100, 300);
    let late: Vec<FlowRecord> = records(100, 300)
        .into_iter()
        .map(|record| FlowRecord {
            first: record.first.after(std::time::Duration::from_secs(1800)),
            last: record.last.after(std::time::Duration::from_secs(1800)),
            ..record
        })
        .collect();
    let both = [early, late].concat();
    let answer = ask(Plan { interval: Some(600), ..Plan::by("sa").unwrap() }, &both);
    assert_eq!(
        answer.total.columns.bytes.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, false, false, true]
    );
    assert_eq!(answer.gaps.len(), 1);
    assert_eq!((&answer.gaps[0].from, &answer.gaps[0].to), (&answer.at[1], &answer.at[3]));
    let filter = crate::query::Query::parse_records("host 192.0.2.1").unwrap();
    let nothing = ask(Plan { interval: Some(600), filter: Some(filter), ..Plan::by("sa").unwrap() }, &both);
    assert_eq!(nothing.total.columns.bytes, [Some(0), None, None, Some(0)]);
    assert!(nothing.keys.is_empty() && nothing.other.is_none());
}

#[test]
fn the_previous_period_has_the_same_keys_and_length() {
    let plan = Plan {
        from: Some(START + 1800),
        to: Some(START + 3599),
        interval: Some(600),
        top: 4,
        previous: true,
        ..Plan::by("sa").unwrap()
    };
    let records = records(1000, 3600);
    let answer = ask(plan.clone(), &records);
    let before = answer.previous.unwrap();
    assert_eq!((before.at.len(), answer.at.len()), (3, 3));
    assert_eq!(Some(&before.to), answer.from.as_ref());
    let alone =
        ask(Plan { from: Some(START), to: Some(START + 1799), previous: false, top: 0, ..plan }, &records);
    assert_eq!(before.total.columns, alone.total.columns);
    let others = alone.keys.iter().filter(|key| answer.keys.iter().all(|top| top.key != key.key));
    let (keys, bytes) = others.fold((0, 0), |(keys, bytes), key| (keys + 1, bytes + key.totals.bytes));
    let other = before.other.unwrap();
    assert!(keys > 0 && bytes > 0);
    assert_eq!((other.keys, other.totals.bytes, sum(&other.columns.bytes)), (keys, bytes, bytes));
    for row in before.keys {
        let same = alone.keys.iter().find(|key| key.key == row.key).unwrap();
        assert_eq!(row.columns, same.columns);
        assert!(answer.keys.iter().any(|key| key.key == row.key));
    }
}

#[test]
fn too_many_keys_are_counted_among_the_others_and_said() {
    let facts = facts();
    let records: Vec<FlowRecord> = (0..5000u32)
        .map(|at| FlowRecord {
            last: Timestamp::from_parts(START, 0),
            source: if at % 2 == 0 { address(1) } else { Ipv4Addr::from_bits(at).into() },
            packets: 1,
            bytes: if at % 2 == 0 { 1500 } else { 40 },
            ..FlowRecord::empty()
        })
        .collect();
    let mut tally = Tally::with_room(Plan::by("sa").unwrap().checked().unwrap(), 200);
    records.iter().for_each(|record| tally.record(record, &facts, When::Lasted).unwrap());
    let answer = tally.answer(&facts.geo, "files");
    assert_eq!((answer.keys[0].key.as_str(), answer.keys[0].totals.bytes), ("198.51.100.1", 2500 * 1500));
    let listed: u64 = answer.keys.iter().map(|key| sum(&key.columns.bytes)).sum();
    let other = answer.other.unwrap();
    assert_eq!(listed + other.totals.bytes, answer.total.totals.bytes);
    assert_eq!(other.keys + answer.keys.len() as u64, 2501);
    assert!(answer.notes.iter().any(|note| note.contains("up to 40 bytes")), "{:?}", answer.notes);
}

#[test]
fn rows_of_a_store_are_answered_as_records_are() {
    let facts = facts();
    let mut tally =
        Tally::new(Plan { interval: Some(60), ..Plan::by("country").unwrap() }.checked().unwrap());
    for (seconds, key, bytes) in [(START, "NL", 100), (START + 60, "DE", 300), (START + 65, "NL", 50)] {
        let counters = Counters { packets: 1, bytes, flows: 1 };
        tally.add(seconds, Key::Text(key.into()), &counters).unwrap();
        tally.add_total(seconds, &counters).unwrap();
    }
    tally.cover(START + 120).unwrap();
    let answer = tally.answer(&facts.geo, "store");
    assert_eq!(answer.keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["DE", "NL"]);
    assert_eq!(answer.keys[1].name.as_deref(), Some("Netherlands"));
    assert_eq!(answer.keys[1].columns.bytes, [Some(100), Some(50), Some(0)]);
    assert_eq!(answer.keys[1].summary.last, Some(0.0));
}

#[test]
fn questions_that_cannot_be_answered_say_why() {
    let plan = |id: &str| Plan::by(id).unwrap();
    for (plan, says) in [
        (Plan { prefix_length: Some(33), ..plan("sn4") }, "expected 0 to 32"),
        (Plan { prefix_length: Some(129), ..plan("dn6") }, "expected 0 to 128"),
        (Plan { prefix_length: Some(24), ..plan("sa") }, "sn4, sn6, dn4 and dn6"),
        (Plan { from: Some(10), to: Some(5), ..plan("sa") }, "ends before it begins"),
        (Plan { previous: true, ..plan("sa") }, "needs a range"),
        (Plan { interval: Some(0), ..plan("sa") }, "a second or more"),
        (Plan { from: Some(0), to: Some(86_400), interval: Some(1), ..plan("sa") }, "at most 3600"),
    ] {
        let error = plan.checked().unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(Plan::by("colour").unwrap_err().to_string().contains("nhb"));
}

#[test]
fn ids_are_unique_and_every_step_is_a_multiple_of_the_one_before() {
    let mut ids: Vec<_> = AGGREGATIONS.iter().map(|aggregation| aggregation.id).collect();
    assert_eq!(ids.len(), 19 + 14);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 19 + 14);
    assert!(STEPS.windows(2).all(|pair| pair[1] % pair[0] == 0));
}
