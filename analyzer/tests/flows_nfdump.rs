//! Answers against nfdump's: FlowGraph's queries as they were kept, and some 200 others on a file made here, which nfdump
//! packs and answers. Skipped, with a word, where the collection or nfdump is absent.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]
#![allow(clippy::disallowed_methods, reason = "a test reads what it compares with")]

mod nfdump_support;

use std::path::Path;

use analyzer::flows::{Measure, Plan};
use analyzer::query::Query;
use nfdump_support::{BEGIN, BYTES, FILTERS, Made, PACKETS, Row, ask, assert_same, nfdump, rows, table};

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

#[test]
fn two_hundred_questions_are_answered_as_nfdump_answers_them() {
    let made = Made::new("two-hundred", 11, |roll| {
        let first = BEGIN + roll(300_000);
        (first, first + roll(60_000))
    });
    let file = made.0.clone();
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
    assert!(asked >= 200, "{asked}");
    println!("{asked} questions");
}

/// A line of `fmt:KEY;packets;bytes;flows`.
fn formatted(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(';').map(str::trim).collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    Some((fields.first()?.to_string(), [number(3)?, number(1)?, number(2)?]))
}
