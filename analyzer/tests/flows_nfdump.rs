//! Answers against nfdump's: FlowGraph's queries as they were kept, and some 200 others on a file made here, which nfdump
//! packs and answers. Skipped, with a word, where the collection or nfdump is absent.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(clippy::disallowed_methods, reason = "a test reads what it compares with")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::flows::{Answer, Measure, Plan, Tally, When};
use analyzer::geo::Geo;
use analyzer::query::Query;
use analyzer::{Facts, LocalNetworks};
use capturer::flow::nfdump::Reader;

fn ask(file: &Path, plan: Plan) -> Answer {
    let facts = Facts { geo: Geo::empty(), local: LocalNetworks::default() };
    let mut tally = Tally::new(plan.checked().unwrap());
    let mut reader = Reader::open(file).unwrap();
    while let Some(flow) = reader.next_flow().unwrap() {
        tally.record(&flow, &facts, When::At(1_700_000_000)).unwrap();
    }
    tally.answer(&facts.geo, "files")
}

/// A key with flows, packets and bytes.
type Row = (String, [u64; 3]);

fn rows(answer: &Answer) -> Vec<Row> {
    let figures = |key: &analyzer::flows::KeyRow| [key.totals.flows, key.totals.packets, key.totals.bytes];
    answer.keys.iter().map(|key| (key.key.clone(), figures(key))).collect()
}

/// Their rows are ours, and in the order of the measure; equal ones may stand in any order.
fn assert_same(ours: &[Row], theirs: &[Row], measure: Measure, what: &str) {
    let weight = |[flows, packets, bytes]: &[u64; 3]| match measure {
        Measure::Flows => *flows,
        Measure::Packets => *packets,
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
fn table(text: &str, columns: [&[&str]; 4]) -> Vec<Row> {
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

const PACKETS: &[&str] = &["ipkt", "pkt"];
const BYTES: &[&str] = &["ibyt", "byt"];

#[test]
fn answers_are_those_that_flowgraph_got() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/seed-data/flowgraph");
    let file = folder.join("nfcapd/src1/nfcapd.202611201747");
    if !file.exists() {
        return println!("skipped: FlowGraph's data is not here");
    }
    for (name, by, measure) in [
        ("s_dstas_bytes", "das", Measure::Bytes),
        ("s_dstas_packets", "das", Measure::Packets),
        ("s_dstip_bytes", "da", Measure::Bytes),
        ("s_inif_bytes", "in", Measure::Bytes),
        ("s_nhip_bytes", "nh", Measure::Bytes),
        ("s_outif_bytes", "out", Measure::Bytes),
        ("s_proto_bytes", "pr", Measure::Bytes),
        ("s_router_bytes", "ra", Measure::Bytes),
        ("s_srcas_flows", "sas", Measure::Flows),
        ("s_srcip_bytes", "sa", Measure::Bytes),
        ("s_srcip_flows", "sa", Measure::Flows),
        ("s_srcip_packets", "sa", Measure::Packets),
        ("s_srcport_bytes", "sp", Measure::Bytes),
        ("s_srcport_flows", "sp", Measure::Flows),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("out/{name}.csv"))).unwrap();
        let answer = ask(&file, Plan { measure, top: 0, ..Plan::by(by).unwrap() });
        let theirs = table(&text, [&["val"], &["fl"], PACKETS, BYTES]);
        assert!(!theirs.is_empty());
        assert_same(&rows(&answer), &theirs, measure, name);
        let summary = text.lines().last().unwrap();
        let totals = answer.total.totals;
        assert!(
            summary.starts_with(&format!("{},{},{},", totals.flows, totals.bytes, totals.packets)),
            "{name}"
        );
    }
    for (name, by, length, column) in
        [("A_dstip4_24", "dn4", 24, "da"), ("A_srcip4_24", "sn4", 24, "sa"), ("A_srcip6_48", "sn6", 48, "sa")]
    {
        let text = std::fs::read_to_string(folder.join(format!("out/{name}.csv"))).unwrap();
        let plan = Plan { top: 0, prefix_length: Some(length), ..Plan::by(by).unwrap() };
        let mut ours: Vec<Row> =
            rows(&ask(&file, plan)).into_iter().map(|(key, figures)| (bare(&key), figures)).collect();
        let mut theirs = table(&text, [&[column], &["none"], PACKETS, BYTES]);
        ours.iter_mut().for_each(|row| row.1[0] = 0);
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{name}");
    }
}

/// A network as nfdump writes it, without its length; records of the other family have the address 0.0.0.0.
fn bare(key: &str) -> String {
    let address = key.split('/').next().unwrap();
    if matches!(address, "0" | "::") { "0.0.0.0".to_owned() } else { address.to_owned() }
}

fn number(value: u64, bytes: usize) -> Vec<u8> {
    value.to_le_bytes()[..bytes].to_vec()
}

fn element(kind: u64, fields: &[(u64, usize)]) -> Vec<u8> {
    let body: Vec<u8> = fields.iter().flat_map(|(value, bytes)| number(*value, *bytes)).collect();
    [number(kind, 2), number(body.len() as u64 + 4, 2), body].concat()
}

/// A file of layout 2 with made-up records of both families.
fn made_up(path: &Path) {
    let mut state = 11_u64;
    let mut roll = |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let records: Vec<Vec<u8>> = (0..5000)
        .map(|_| {
            let first = 1_700_000_000_000 + roll(300_000);
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
                (first + roll(60_000), 8),
                (first + 60_000, 8),
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

fn nfdump(file: &Path, arguments: &[&str]) -> Option<String> {
    let asked = Command::new("nfdump").arg("-r").arg(file).args(arguments).env("TZ", "UTC").output().ok()?;
    Some(String::from_utf8_lossy(&asked.stdout).into_owned())
}

/// nfdump 1.7.1 does not ask AS without a database of places.
const FILTERS: [&str; 6] = [
    "any",
    "proto tcp and src port 1024",
    "flags S and not flags R and tos 8",
    "in if 3 and not out if 2",
    "packets > 2000",
    "net 10.0.0.0/17 and next ip 198.51.100.1",
];

#[test]
fn two_hundred_questions_are_answered_as_nfdump_answers_them() {
    let file: PathBuf = std::env::temp_dir().join(format!("wireglobe-flows-{}", std::process::id()));
    made_up(&file);
    if nfdump(&file, &["-J", "3"]).is_none() {
        return println!("skipped: nfdump is not installed");
    }
    let mut asked = 0;
    for filter in FILTERS {
        for (statistic, by) in [
            ("proto", "pr"),
            ("srcip", "sa"),
            ("dstip", "da"),
            ("srcport", "sp"),
            ("dstport", "dp"),
            ("nhip", "nh"),
            ("nhbip", "nhb"),
            ("router", "ra"),
            ("srcas", "sas"),
            ("dstas", "das"),
            ("inif", "in"),
            ("outif", "out"),
        ] {
            for measure in [Measure::Bytes, Measure::Packets, Measure::Flows] {
                let order = format!("{statistic}/{measure}");
                let text = nfdump(&file, &["-N", "-o", "csv", "-s", &order, "-n", "10", filter]).unwrap();
                let theirs = table(&text, [&["val"], &["fl"], PACKETS, BYTES]);
                let filter = Some(Query::parse_records(filter).unwrap());
                let answer = ask(&file, Plan { measure, top: 0, filter, ..Plan::by(by).unwrap() });
                assert!(!theirs.is_empty(), "{order}");
                assert_same(&rows(&answer), &theirs, measure, &order);
                asked += 1;
            }
        }
        for (aggregation, form, by, length) in [
            ("srcip4/20", "%sa", "sn4", Some(20)),
            ("dstip4/25", "%da", "dn4", Some(25)),
            ("nextas", "%nas", "nas", None),
            ("prevas", "%pas", "pas", None),
        ] {
            let form = format!("fmt:{form};%pkt;%byt;%fl");
            let text = nfdump(&file, &["-N", "-q", "-6", "-A", aggregation, "-o", &form, filter]).unwrap();
            let mut theirs: Vec<Row> = text.lines().filter_map(formatted).collect();
            let filter = Some(Query::parse_records(filter).unwrap());
            let plan = Plan { top: 0, prefix_length: length, filter, ..Plan::by(by).unwrap() };
            let answer = rows(&ask(&file, plan));
            let mut ours: Vec<Row> = answer
                .into_iter()
                .map(|(key, figures)| (if length.is_some() { bare(&key) } else { key }, figures))
                .collect();
            // nfdump masks addresses of the other family in its own way; ours are one key.
            let is_meant = |(key, _): &Row| length.is_none() || !(key.contains(':') || key == "0.0.0.0");
            ours.retain(is_meant);
            theirs.retain(is_meant);
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "{aggregation}");
            asked += 1;
        }
    }
    std::fs::remove_file(&file).unwrap();
    assert!(asked >= 200, "{asked}");
    println!("{asked} questions");
}

/// A line of `fmt:KEY;packets;bytes;flows`.
fn formatted(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(';').map(str::trim).collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    Some((fields.first()?.to_string(), [number(3)?, number(1)?, number(2)?]))
}
