//! nfdump as an oracle: files made up here for it to read, its tables, and how they are compared with our answers.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::flows::{Answer, Measure, Plan, Tally, When};
use analyzer::geo::Geo;
use analyzer::{Facts, LocalNetworks};
use capturer::flow::FlowRecord;
use capturer::flow::nfdump::Reader;

/// When made-up records begin, milliseconds since 1970: 22:10 of a day, where an interval of five minutes begins.
pub const BEGIN: u64 = 1_699_999_800_000;

/// The answer of one file, all at a moment.
pub fn ask(file: &Path, plan: Plan) -> Answer {
    answer(plan, &[(records(file), When::At(1_700_000_000))])
}

/// The answer of records, each lot where it counts in time.
pub fn answer(plan: Plan, lots: &[(Vec<FlowRecord>, When)]) -> Answer {
    let facts = Facts { geo: Geo::empty(), local: LocalNetworks::default() };
    let mut tally = Tally::new(plan.checked().unwrap());
    for (records, when) in lots {
        records.iter().for_each(|record| tally.record(record, &facts, *when).unwrap());
    }
    tally.answer(&facts.geo, "files")
}

/// The records of a file.
pub fn records(file: &Path) -> Vec<FlowRecord> {
    let mut reader = Reader::open(file).unwrap();
    std::iter::from_fn(|| reader.next_flow().unwrap()).collect()
}

/// A file of these made-up records, gone with the test.
pub struct Made(pub PathBuf);

impl Made {
    pub fn new(name: &str, seed: u64, times: impl Fn(&mut dyn FnMut(u64) -> u64) -> (u64, u64)) -> Self {
        let path = std::env::temp_dir().join(format!("wireglobe-flows-{}-{name}", std::process::id()));
        made_up(&path, seed, times);
        Self(path)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A key with flows, packets and bytes.
pub type Row = (String, [u64; 3]);

pub fn rows(answer: &Answer) -> Vec<Row> {
    let figures = |key: &analyzer::flows::KeyRow| [key.totals.flows, key.totals.packets, key.totals.bytes];
    answer.keys.iter().map(|key| (key.key.clone(), figures(key))).collect()
}

/// Their rows are ours, and in the order of the measure; equal ones may stand in any order.
pub fn assert_same(ours: &[Row], theirs: &[Row], measure: Measure, what: &str) {
    let weight = |[flows, packets, bytes]: &[u64; 3]| match measure {
        Measure::Flows => *flows,
        // Of keys that lasted the same time rates are in the order of what they are rates of.
        Measure::Packets | Measure::Pps => *packets,
        Measure::Bpp => bytes / packets.max(&1),
        _ => *bytes,
    };
    let known: HashMap<&str, &[u64; 3]> = ours.iter().map(|(key, figures)| (key.as_str(), figures)).collect();
    for (key, figures) in theirs {
        assert_eq!(known.get(key.as_str()), Some(&figures), "{what}: {key}");
    }
    let top =
        |rows: &[Row]| rows.iter().take(theirs.len()).map(|(_, figures)| weight(figures)).collect::<Vec<_>>();
    assert_eq!(top(ours), top(theirs), "{what}");
}

/// The rows of a CSV by the names of its columns; `None` for one that is not there.
pub fn table(text: &str, columns: [&[&str]; 4]) -> Vec<Row> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("ts,"));
    let Some(header) = lines.next() else { return Vec::new() };
    let names: Vec<&str> = header.split(',').collect();
    let place = columns.map(|spellings| names.iter().position(|name| spellings.contains(name)));
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let number = |at: Option<usize>| at.map_or(0, |at| fields[at].parse().unwrap());
        (fields[place[0].unwrap()].to_owned(), [number(place[1]), number(place[2]), number(place[3])])
    };
    lines.take_while(|line| !line.is_empty() && !line.starts_with("Summary")).map(row).collect()
}

pub const PACKETS: &[&str] = &["ipkt", "pkt"];
pub const BYTES: &[&str] = &["ibyt", "byt"];

fn number(value: u64, bytes: usize) -> Vec<u8> {
    value.to_le_bytes()[..bytes].to_vec()
}

fn element(kind: u64, fields: &[(u64, usize)]) -> Vec<u8> {
    let body: Vec<u8> = fields.iter().flat_map(|(value, bytes)| number(*value, *bytes)).collect();
    [number(kind, 2), number(body.len() as u64 + 4, 2), body].concat()
}

/// A file of layout 2 with made-up records of both families; `times` says when one begins and ends.
pub fn made_up(path: &Path, seed: u64, times: impl Fn(&mut dyn FnMut(u64) -> u64) -> (u64, u64)) {
    let mut state = seed;
    let mut roll = |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let records: Vec<Vec<u8>> = (0..5000)
        .map(|_| {
            let (first, last) = times(&mut roll);
            let packets = 1 + roll(1000) * roll(10);
            let bytes = packets * (40 + roll(1400));
            let protocol = [6, 6, 17, 47][roll(4) as usize];
            let ports = if protocol == 47 {
                (0, 0)
            } else {
                (1024 + roll(60), [53, 80, 443, 8080][roll(4) as usize])
            };
            let generic = [
                (first, 8),
                (last, 8),
                (last + 1, 8),
                (packets, 8),
                (bytes, 8),
                (ports.0, 2),
                (ports.1, 2),
                (protocol, 1),
                (roll(64), 1),
                (0, 1),
                (roll(4) * 8, 1),
            ];
            let is_v6 = roll(4) == 0;
            let (source, destination) = (roll(500), roll(300));
            let addresses = if is_v6 {
                let upper = 0x2001_0db8_0000_0000 | roll(4) << 16;
                element(3, &[(upper, 8), (source, 8), (upper, 8), (destination, 8)])
            } else {
                element(2, &[(0x0a00_0001 + (source << 6), 4), (0xc0a8_0000 + destination, 4)])
            };
            let parts = [
                element(1, &generic),
                addresses,
                element(4, &[(1 + roll(5), 4), (1 + roll(7), 4), (0, 8)]),
                element(7, &[(64_496 + roll(9), 4), (64_510 + roll(9), 4)]),
                element(10, &[(0xc633_6401 + roll(3), 4)]),
                element(8, &[(0xcb00_7101 + roll(3), 4)]),
                element(12, &[(0xc000_0201 + roll(2), 4)]),
                element(16, &[(65_000 + roll(4), 4), (65_100 + roll(4), 4)]),
            ];
            let count = parts.len() as u64;
            let body = parts.concat();
            [number(11, 2), number(12 + body.len() as u64, 2), number(count, 2), number(0, 6), body].concat()
        })
        .collect();
    let body = records.concat();
    let header =
        [number(0xa50c, 2), number(2, 2), number(0xf107_0101, 4), number(0, 8), number(0, 8), number(0, 8)];
    let header = [header.concat(), number(1 << 20, 4), number(1, 4)].concat();
    let block = [number(5000, 4), number(body.len() as u64, 4), number(3, 2), number(0, 2)].concat();
    std::fs::write(path, [header, block, body].concat()).unwrap();
}

pub fn nfdump(file: &Path, arguments: &[&str]) -> Option<String> {
    let asked = Command::new("nfdump").arg("-r").arg(file).args(arguments).env("TZ", "UTC").output().ok()?;
    Some(String::from_utf8_lossy(&asked.stdout).into_owned())
}

/// nfdump 1.7.1 does not ask AS without a database of places.
pub const FILTERS: [&str; 6] = [
    "any",
    "proto tcp and src port 1024",
    "flags S and not flags R and tos 8",
    "in if 3 and not out if 2",
    "packets > 2000",
    "net 10.0.0.0/17 and next ip 198.51.100.1",
];
