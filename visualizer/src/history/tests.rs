use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use analyzer::aggregate::Counting;
use analyzer::flows::Plan;
use analyzer::geo::{Geo, Needs};
use analyzer::history::{Between, LeftOut, Range, Side, Slice, Step, block};
use analyzer::{Devices, Direction, Facts, LocalNetworks, Origin, Setup, State, Volume};
use capturer::{Mac, Network, Protocol, Vlan};

use super::ask::{Damaged, Reader};
use super::count::{Row, count};
use super::database::{Block, Database};
use super::keeper::Place;
use super::levels::{Keep, LENGTHS};
use super::query::{QueryError, answer};
use crate::live::Learned;
use crate::scratch;

pub(super) const KEEP: Keep = Keep { steps: [360, 60, 60, 60], flows: 60, rows: 100, bytes: 1 << 30 };

/// A file of this test alone.
fn file(name: &str) -> Place {
    Place::File(scratch::store(name))
}

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs { country: true, asn: true }));

pub(super) fn setup() -> Setup {
    setup_with(GEO.clone())
}

pub(super) fn setup_with(geo: Geo) -> Setup {
    Setup {
        facts: Facts { geo, local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        dimensions: Vec::new(),
        live: false,
        hosts: true,
        names: false,
        memory: 16 << 20,
        counting: Counting::default(),
        devices: Devices::default(),
        inventory: None,
    }
}

/// Ours asks another; so many packets of 100 bytes each way.
pub(super) fn slice(at: i64, other: &str, packets: u64) -> Slice {
    let side = |address: &str, port| Side { address: address.parse().unwrap(), port, mac: Mac([2; 6]) };
    Slice {
        at,
        between: Between {
            opener: side("192.168.1.7", 40_000),
            answerer: side(other, 443),
            network: Network::Ipv4,
            protocol: Protocol::TCP,
            vlan: Vlan::NONE,
            has_ports: true,
        },
        direction: Direction::Out,
        sent: Volume { packets, bytes: packets * 100 },
        received: Volume { packets, bytes: packets * 100 },
        begun: 1,
        continues: false,
        led: true,
        state: State::Active,
        first_ms: 0,
        last_ms: 0,
        flags: [0; 2],
    }
}

pub(super) fn step(at: i64, slices: Vec<Slice>) -> Step {
    Step { at, slices, left_out: LeftOut { at, ..LeftOut::default() } }
}

pub(super) fn add(database: &mut Database, step: &Step, keep: &Keep) {
    let counted = count(step, &setup(), &Learned::nothing(), keep.rows);
    database.add(Some(&counted), &[], keep).unwrap();
}

pub(super) fn rows(place: &Place, dimension: &str, within: Range, length: i64) -> Vec<(i64, Row)> {
    let mut rows = Vec::new();
    let reader = Reader::open(place).unwrap();
    reader.rows(dimension, (within, length, length), |at, row| rows.push((at, row))).unwrap();
    rows
}

fn whole(place: &Place) -> Range {
    Reader::open(place).unwrap().span().unwrap().within.unwrap()
}

#[test]
fn ten_seconds_count_for_the_steps_of_all_lengths_at_once() {
    let place = file("lengths");
    let mut database = Database::open(&place).unwrap();
    for at in [7200, 7210, 7260] {
        add(&mut database, &step(at, vec![slice(at, "1.1.1.1", 10)]), &KEEP);
    }
    for (length, starts) in
        LENGTHS.into_iter().zip([vec![7200, 7210, 7260], vec![7200, 7260], vec![7200], vec![7200]])
    {
        let found = rows(&place, "host", whole(&place), length);
        let ours: Vec<_> = found.iter().filter(|(_, row)| row.key == "192.168.1.7").collect();
        assert_eq!(ours.iter().map(|(at, _)| *at).collect::<Vec<_>>(), starts, "{length}");
        assert_eq!(ours.iter().map(|(_, row)| row.sent.packets).sum::<u64>(), 30);
        assert_eq!(ours.iter().map(|(_, row)| row.flows).sum::<u64>(), 3);
        let all = Reader::open(&place).unwrap().intervals((whole(&place), length, length)).unwrap();
        assert_eq!(all.iter().map(|one| one.volume().packets).sum::<u64>(), 60);
    }
}

#[test]
fn longer_steps_have_what_ten_seconds_carried_before_and_after_it_is_brought_there() {
    let place = file("waiting");
    let mut database = Database::open(&place).unwrap();
    let waiting = |length: i64| -> i64 {
        let Place::File(path) = &place else { return 0 };
        let count = "SELECT count(*) FROM waiting WHERE seconds = ?1";
        rusqlite::Connection::open(path).unwrap().query_row(count, [length], |row| row.get(0)).unwrap()
    };
    let all = Range { from: 0, to: 86_400 };
    let mut expected: [BTreeMap<i64, u64>; LENGTHS.len()] = Default::default();
    // Through an hour's turn; then a clock is set back to what was brought, to what waits, and jumps ahead.
    let times = (3000..4000).step_by(10).chain([3100, 3110, 3990, 4000, 3990, 9000, 9010, 4010]);
    for (n, at) in times.enumerate() {
        add(&mut database, &step(at, vec![slice(at, "1.1.1.1", n as u64 + 1)]), &KEEP);
        for (length, expected) in LENGTHS.into_iter().zip(&mut expected) {
            *expected.entry(at - at % length).or_default() += n as u64 + 1;
            let found: BTreeMap<i64, u64> = rows(&place, "host", all, length)
                .into_iter()
                .filter(|(_, row)| row.key == "1.1.1.1")
                .map(|(at, row)| (at, row.received.packets))
                .collect();
            assert_eq!(found, *expected, "{length} s, after {at}");
        }
        if at == 3650 {
            assert_eq!([60, 600, 3600].map(waiting), [0, 6, 6], "a minute is brought when it is over");
        }
        if at == 3590 {
            assert_eq!([60, 600, 3600].map(waiting), [0; 3], "ten minutes, too");
        }
    }
    assert_eq!(LENGTHS.map(waiting), [0, 0, 1, 1], "the minute was over, the others go on");
}

#[test]
fn every_dimension_of_reports_is_kept() {
    let place = file("dimensions");
    let mut database = Database::open(&place).unwrap();
    add(&mut database, &step(3600, vec![slice(3600, "1.1.1.1", 10)]), &KEEP);
    for (dimension, key) in
        [("country", "AU"), ("asn", "13335"), ("host", "1.1.1.1"), ("protocol", "TCP"), ("port", "tcp/443")]
    {
        let found = rows(&place, dimension, whole(&place), 10);
        assert!(found.iter().any(|(_, row)| row.key == key), "{dimension}: {found:?}");
    }
    for entry in analyzer::aggregate::AGGREGATES {
        // An unnamed address has no domain, and a host that says nothing looks like nothing.
        assert!(!rows(&place, entry.name, whole(&place), 10).is_empty(), "{}", entry.name);
    }
}

#[test]
fn what_is_beyond_the_first_keys_is_one_row_with_the_true_sum() {
    let place = file("rest");
    let keep = Keep { rows: 3, ..KEEP };
    let mut database = Database::open(&place).unwrap();
    // Each ten seconds other hosts come, so that the minute has more of them than its rows.
    for tens in 0..7 {
        let at = 6000 + tens * 10;
        let slices = (1..=5).map(|n| slice(at, &format!("198.51.{tens}.{n}"), n)).collect();
        add(&mut database, &step(at, slices), &keep);
    }
    for length in [10, 60] {
        let found = rows(&place, "host", Range { from: 6000, to: 6060 }, length);
        let steps = 60 / length;
        assert_eq!(found.len() as i64, steps * 4, "three and the rest a step: {found:?}");
        let sum: u64 = found.iter().map(|(_, row)| row.received.packets).sum();
        assert_eq!(sum, 6 * 2 * 15);
        assert_eq!(found.iter().filter(|(_, row)| row.key.is_empty()).count() as i64, steps);
    }
}

#[test]
fn steps_that_were_recorded_count_not_the_clock() {
    const YEAR: i64 = 365 * 86_400;
    let place = file("clock");
    let mut database = Database::open(&place).unwrap();
    for at in [86_400, 86_410, 86_410 + YEAR, 86_420] {
        add(&mut database, &step(at, vec![slice(at, "1.1.1.1", 10)]), &KEEP);
    }
    let all = Reader::open(&place).unwrap().intervals((whole(&place), 10, 10)).unwrap();
    assert_eq!(
        all.iter().map(|one| one.traffic.at).collect::<Vec<_>>(),
        [86_400, 86_410, 86_420, 86_410 + YEAR]
    );
    assert!(all.iter().all(|one| one.volume().packets == 20), "nothing twice: {all:?}");
}

#[test]
fn the_store_says_how_long_things_are_kept_and_since_when_there_are_some() {
    let place = file("told");
    let mut database = Database::open(&place).unwrap();
    let oldest = |database: &Database| KEEP.told(database.oldest_of_all().unwrap());
    assert!(oldest(&database).iter().all(|kept| kept.oldest.is_none()));
    for at in [7330, 7340] {
        add(&mut database, &step(at, vec![slice(at, "1.1.1.1", 10)]), &KEEP);
    }
    let block = Block {
        kind: 'S',
        within: (7320, 7380),
        flows: 1,
        data: block::write(&[slice(7330, "1.1.1.1", 10)]),
    };
    database.add(None, &[block], &KEEP).unwrap();
    let told: Vec<_> =
        oldest(&database).iter().map(|kept| (kept.what, kept.step, kept.seconds, kept.oldest)).collect();
    assert_eq!(
        told,
        [
            ("totals", 10, 3600, Some(7330)),
            ("totals", 60, 3600, Some(7320)),
            ("totals", 600, 36_000, Some(7200)),
            ("totals", 3600, 216_000, Some(7200)),
            ("flows", 60, 3600, Some(7320)),
        ]
    );
}

#[test]
fn only_so_many_steps_are_kept() {
    let place = file("forget");
    let keep = Keep { steps: [3, 60, 60, 60], ..KEEP };
    let mut database = Database::open(&place).unwrap();
    for tens in 0..10 {
        add(&mut database, &step(600 + tens * 10, vec![slice(600 + tens * 10, "1.1.1.1", 1)]), &keep);
    }
    let starts = |length| {
        let all = Reader::open(&place).unwrap().intervals((whole(&place), length, length)).unwrap();
        all.iter().map(|one| one.traffic.at).collect::<Vec<_>>()
    };
    assert_eq!(starts(10), [670, 680, 690]);
    assert_eq!(starts(60), [600, 660]);
    assert!(rows(&place, "host", whole(&place), 10).iter().all(|(at, _)| *at >= 670));
}

#[test]
fn a_store_that_is_too_large_lets_the_oldest_flows_go_first() {
    let place = file("large");
    let mut database = Database::open(&place).unwrap();
    for minute in 0..40 {
        let at = minute * 60;
        let counted = count(&step(at, vec![slice(at, "1.1.1.1", 1)]), &setup(), &Learned::nothing(), 10);
        let data = vec![7; 100_000];
        let blocks = [Block { kind: 'S', within: (at, at + 60), flows: 1, data }];
        database.add(Some(&counted), &blocks, &Keep { flows: 1000, ..KEEP }).unwrap();
    }
    while database.bytes().unwrap().1 > 2 << 20 {
        assert!(database.prune().unwrap());
    }
    let span = Reader::open(&place).unwrap().span().unwrap();
    assert!(span.flows_from > Some(0), "{span:?}");
    assert_eq!(span.steps[0], (10, 0), "{span:?}");
}

#[test]
fn a_young_store_answers_by_its_shortest_steps() {
    let place = file("young");
    let mut database = Database::open(&place).unwrap();
    for at in [7230, 7240, 7290] {
        add(&mut database, &step(at, vec![slice(at, "1.1.1.1", 10)]), &KEEP);
    }
    let span = Reader::open(&place).unwrap().span().unwrap();
    assert_eq!(span.within, Some(Range { from: 7230, to: 7300 }));
    assert_eq!((span.length_for(10, 7230), span.length_for(300, 7230)), (Some(10), Some(60)));
}

#[test]
fn where_short_steps_are_gone_intervals_are_longer() {
    let place = file("longer");
    let keep = Keep { steps: [3, 60, 60, 60], ..KEEP };
    let mut database = Database::open(&place).unwrap();
    for tens in 0..12 {
        add(&mut database, &step(600 + tens * 10, vec![slice(600 + tens * 10, "1.1.1.1", 1)]), &keep);
    }
    let ask = |from, interval| {
        let plan = Plan { from: Some(from), to: Some(719), interval, ..Plan::by("host").unwrap() };
        answer(&place, plan, &setup().facts, &mut |_, _| true).unwrap()
    };
    let whole = ask(600, None);
    assert_eq!((whole.interval, whole.total.totals.packets, whole.gaps.len()), (60, 24, 0));
    let late = ask(690, None);
    assert_eq!((late.interval, late.total.totals.packets, late.notes.len()), (10, 6, 0));
    let insisted = ask(600, Some(10));
    assert_eq!((insisted.interval, insisted.notes.len()), (10, 1));
    // Nobody waits any more.
    let plan = Plan::by("host").unwrap();
    assert_eq!(answer(&place, plan, &setup().facts, &mut |_, _| false).unwrap_err(), QueryError::Cancelled);
}

#[test]
fn a_damaged_block_is_counted_and_the_others_are_told() {
    let place = file("damaged");
    let mut database = Database::open(&place).unwrap();
    let good = block::write(&[slice(60, "1.1.1.1", 1), slice(61, "8.8.8.8", 2)]);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    let block = |at, data| Block { kind: 'S', within: (at, at + 60), flows: 2, data };
    database.add(None, &[block(60, good), block(120, bad)], &KEEP).unwrap();
    let mut told = Vec::new();
    let reader = Reader::open(&place).unwrap();
    let damaged = reader
        .blocks::<Slice>(Range { from: 0, to: 1000 }, |_, slices| {
            told.extend(slices);
            true
        })
        .unwrap();
    assert_eq!((damaged, told.len()), (Damaged { blocks: 1, flows: 2 }, 2));
}

#[test]
fn who_reads_sees_what_is_kept_in_memory_only() {
    let place = Place::Memory("readers".to_owned());
    let mut database = Database::open(&place).unwrap();
    add(&mut database, &step(600, vec![slice(600, "1.1.1.1", 5)]), &KEEP);
    assert_eq!(whole(&place), Range { from: 600, to: 610 });
    database.clear().unwrap();
    assert_eq!(Reader::open(&place).unwrap().span().unwrap().within, None);
}

#[test]
fn asn_reports_table_is_a_view() {
    let place = file("view");
    let mut database = Database::open(&place).unwrap();
    add(&mut database, &step(7200, vec![slice(7200, "1.1.1.1", 5)]), &KEEP);
    let Place::File(path) = &place else { return };
    let row = rusqlite::Connection::open(path)
        .unwrap()
        .query_row(
            "SELECT time, asn, host, parent_pfx, display_name, packets, bytes FROM asn_report WHERE host = '1.1.1.1'",
            [],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, String>(4)?,
                    (row.get::<_, i64>(5)?, row.get::<_, i64>(6)?),
                ))
            },
        )
        .unwrap();
    assert_eq!(
        (row.0.as_str(), row.1, row.2.as_str(), row.5),
        ("1970-01-01 02:00:00", 13335, "1.1.1.1", (5, 500))
    );
    assert!(row.3.parse::<analyzer::Network>().unwrap().contains(IpAddr::from([1, 1, 1, 1])), "{}", row.3);
    assert!(row.4.starts_with("AS13335: "), "{}", row.4);
}

/// Writes a step after another and says of each that it is there; no test of its own: see below.
#[test]
#[ignore = "a process that is killed by the next test"]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os("WIREGLOBE_TEST_STORE") else { return };
    let place = Place::File(path.into());
    let mut database = Database::open(&place).unwrap();
    let all = Reader::open(&place).unwrap().intervals((Range { from: 0, to: i64::MAX }, 10, 10)).unwrap();
    let from = all.len() as i64;
    let setup = setup_with(Geo::bundled(Needs { country: false, asn: false }));
    for tens in from.. {
        let counted =
            count(&step(tens * 10, vec![slice(tens * 10, "1.1.1.1", 1)]), &setup, &Learned::nothing(), 10);
        database.add(Some(&counted), &[], &Keep { steps: [1 << 40; 4], ..KEEP }).unwrap();
        eprintln!("there {tens}");
    }
}

#[test]
fn a_hundred_kills_lose_nothing_that_was_told_to_be_there() {
    let place = file("killed");
    let Place::File(path) = &place else { return };
    let mut told = 0;
    for kill in 0..100_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["history::tests::writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .env("WIREGLOBE_TEST_STORE", path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        // At a moment that differs each time, after at least one step.
        told = tens(&mut lines).max(told);
        std::thread::sleep(Duration::from_micros(kill * 313 % 5000));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            // The last line may have been cut by the kill.
            let tens = line.strip_prefix("there ").and_then(|tens| tens.parse().ok());
            told = told.max(tens.unwrap_or(0));
        }
        let all = Reader::open(&place).unwrap().intervals((Range { from: 0, to: i64::MAX }, 10, 10)).unwrap();
        let starts: Vec<i64> = all.iter().map(|one| one.traffic.at / 10).collect();
        assert_eq!(starts, (0..starts.len() as i64).collect::<Vec<_>>(), "no gap after kill {kill}");
        assert!(starts.len() as i64 > told, "kill {kill}: {told} was told, {} are there", starts.len());
        assert!(all.iter().all(|one| one.volume().packets == 2), "nothing twice after kill {kill}");
        for length in LENGTHS {
            let hosts = rows(&place, "host", Range { from: 0, to: i64::MAX }, length);
            let packets: u64 = hosts.iter().map(|(_, row)| row.sent.packets).sum();
            assert_eq!(packets, 2 * starts.len() as u64, "rows of {length} s after kill {kill}");
        }
    }
    assert!(Database::open(&place).unwrap().check().unwrap());
}

/// The number of the first step that is told.
fn tens(lines: &mut impl Iterator<Item = String>) -> i64 {
    lines.find_map(|line| line.strip_prefix("there ")?.parse().ok()).unwrap()
}

/// A store with ten packets each ten seconds of a time, for tests of those who ask; one in memory is there as long as it is held.
pub(crate) fn store_of(place: &Place, times: std::ops::Range<i64>) -> Box<dyn std::any::Any> {
    let mut database = Database::open(place).unwrap();
    for at in times.step_by(10) {
        add(&mut database, &step(at, vec![slice(at, "1.1.1.1", 10)]), &KEEP);
    }
    Box::new(database)
}
