//! Answers by interval, by rate and in ascending order against nfdump's, as far as it can say them: it has no intervals, so
//! each gets a file of its own; its rates are over the time from a key's first packet to its last, so that records last
//! exactly an interval where rates are compared. What it cannot say (records that are spread over intervals, summaries) is
//! computed a second time here, in the plainest way. Skipped, with a word, where nfdump is absent.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test says so by failing"
)]

mod nfdump_support;

use std::collections::{BTreeMap, BTreeSet};

use analyzer::flows::{Answer, KeyRow, Measure, Order, Per, Plan, When};
use analyzer::query::Query;
use capturer::flow::FlowRecord;
use nfdump_support::{
    BEGIN, BYTES, FILTERS, Made, PACKETS, Row, answer, ask, assert_same, nfdump, records, rows, table,
};

/// Their statistic, our aggregation.
const STATISTICS: [(&str, &str); 12] = [
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
];

const STEP: i64 = 300;
const FIRST: i64 = BEGIN as i64 / 1000;

fn filter(text: &str) -> Option<Query> {
    Some(Query::parse_records(text).unwrap())
}

/// What nfdump answers, in its order.
fn theirs(made: &Made, statistic: &str, order: &str, top: &str, filter: &str) -> Vec<Row> {
    let statistic = format!("{statistic}/{order}");
    let text = nfdump(&made.0, &["-N", "-o", "csv", "-s", &statistic, "-n", top, filter]).unwrap();
    table(&text, [&["val"], &["fl"], PACKETS, BYTES])
}

fn is_there() -> bool {
    let there = std::process::Command::new("nfdump").arg("-V").output().is_ok();
    if !there {
        println!("skipped: nfdump is not installed");
    }
    there
}

/// Records anywhere within five minutes, of up to a minute.
fn within(from: u64) -> impl Fn(&mut dyn FnMut(u64) -> u64) -> (u64, u64) {
    move |roll| {
        let first = from + roll(300_000);
        (first, first + roll(60_000))
    }
}

/// Of more keys than these nfdump 1.7.1 forgets that the lightest are to come first.
const MOST_ASCENDING: usize = 100;

/// The first ten of all its rows in ascending order.
fn lightest<T>(mut all: Vec<T>) -> Vec<T> {
    if all.len() > MOST_ASCENDING {
        all.reverse();
    }
    all.truncate(10);
    all
}

#[test]
fn the_lightest_first_is_what_nfdump_says_in_ascending_order() {
    if !is_there() {
        return;
    }
    let made = Made::new("ascending", 23, within(BEGIN));
    for (statistic, by) in STATISTICS {
        for (measure, text) in [Measure::Bytes, Measure::Packets, Measure::Flows, Measure::Bpp]
            .into_iter()
            .flat_map(|measure| ["any", FILTERS[1], FILTERS[3]].map(|text| (measure, text)))
        {
            let theirs = lightest(theirs(&made, statistic, &format!("{measure}:a"), "0", text));
            let plan =
                Plan { measure, order: Order::Asc, top: 0, filter: filter(text), ..Plan::by(by).unwrap() };
            let answer = ask(&made.0, plan);
            assert!(!theirs.is_empty(), "{statistic}");
            assert_same(&rows(&answer), &theirs, measure, &format!("{statistic}/{measure}:a {text}"));
        }
    }
}

/// A table's rates, by key: packets a second, bits a second, bytes a packet; whole numbers, rounded down.
fn their_rates(text: &str) -> Vec<(String, [u64; 3])> {
    let lines = text.lines().skip_while(|line| !line.starts_with("ts,")).skip(1);
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].trim().parse().unwrap();
        (fields[4].to_owned(), [number(11), number(12), number(13)])
    };
    lines.take_while(|line| !line.is_empty()).map(row).collect()
}

#[test]
fn rates_of_keys_that_last_an_interval_are_nfdumps() {
    if !is_there() {
        return;
    }
    // Every record, so every key, lasts 300 s to the millisecond.
    let made = Made::new("rates", 31, |_| (BEGIN, BEGIN + 300_000));
    for (statistic, by) in STATISTICS {
        for measure in [Measure::Bps, Measure::Pps, Measure::Bpp] {
            for (order, word) in [(Order::Desc, "d"), (Order::Asc, "a")] {
                let asked = format!("{statistic}/{measure}:{word}");
                let text = nfdump(&made.0, &["-N", "-o", "csv", "-s", &asked, "-n", "0", "any"]).unwrap();
                let mut theirs = their_rates(&text);
                if order == Order::Asc {
                    theirs = lightest(theirs);
                }
                let plan = Plan {
                    measure,
                    order,
                    top: 0,
                    interval: Some(STEP),
                    from: Some(FIRST),
                    to: Some(FIRST),
                    ..Plan::by(by).unwrap()
                };
                let answer = answer(plan, &[(records(&made.0), When::At(FIRST))]);
                assert!(!theirs.is_empty(), "{asked}");
                let figures =
                    |row: &KeyRow| [row.totals.pps, row.totals.bps, row.totals.bpp].map(|rate| rate as u64);
                for (key, rates) in &theirs {
                    let ours = answer.keys.iter().find(|row| row.key == *key).unwrap();
                    assert_eq!(figures(ours), *rates, "{asked}: {key}");
                }
                let place = [Measure::Pps, Measure::Bps, Measure::Bpp]
                    .iter()
                    .position(|one| *one == measure)
                    .unwrap();
                let ranking: Vec<u64> =
                    answer.keys.iter().take(theirs.len()).map(|row| figures(row)[place]).collect();
                assert_eq!(
                    ranking,
                    theirs.iter().map(|(_, rates)| rates[place]).collect::<Vec<_>>(),
                    "{asked}"
                );
                assert_eq!(answer.keys[0].summary.max, answer.keys[0].summary.total, "{asked}");
            }
        }
    }
}

/// What a key had in an interval, as a row; nothing where it is not shown or had nothing.
fn cell(row: &KeyRow, at: usize) -> Option<Row> {
    let columns = &row.columns;
    let figures = [columns.flows[at]?, columns.packets[at]?, columns.bytes[at]?];
    (figures != [0; 3]).then(|| (row.key.clone(), figures))
}

#[test]
fn each_interval_says_what_nfdump_says_of_its_file() {
    if !is_there() {
        return;
    }
    let files: Vec<Made> = (0..4)
        .map(|at: u64| Made::new(&format!("interval-{at}"), 41 + at, within(BEGIN + at * 300_000)))
        .collect();
    let starts: Vec<i64> = (0..4).map(|at| FIRST + at * STEP).collect();
    let lots: Vec<_> =
        files.iter().zip(&starts).map(|(made, at)| (records(&made.0), When::At(*at))).collect();
    let plan = |by: &str, text: &str, per| Plan {
        per,
        top: if per == Per::Range { 0 } else { 5 },
        interval: Some(STEP),
        from: Some(FIRST),
        to: Some(FIRST + 3 * STEP),
        filter: filter(text),
        ..Plan::by(by).unwrap()
    };
    for (statistic, by) in STATISTICS {
        for text in FILTERS {
            let whole = answer(plan(by, text, Per::Range), &lots);
            let tops = answer(plan(by, text, Per::Interval), &lots);
            for (at, made) in files.iter().enumerate() {
                let what = format!("{statistic} {text} in interval {at}");
                let all: BTreeSet<Row> = theirs(made, statistic, "bytes", "0", text).into_iter().collect();
                assert!(!all.is_empty(), "{what}");
                let ours: BTreeSet<Row> = whole.keys.iter().filter_map(|row| cell(row, at)).collect();
                assert_eq!(ours, all, "{what}");
                let mut top: Vec<Row> = tops.keys.iter().filter_map(|row| cell(row, at)).collect();
                top.sort_by_key(|(_, figures)| std::cmp::Reverse(figures[2]));
                let best = theirs(made, statistic, "bytes", "5", text);
                assert_eq!(top.len(), best.len(), "{what}");
                assert_same(&top, &best, Measure::Bytes, &what);
            }
        }
    }
}

/// Flows, packets and bytes, and how many intervals have data, as somebody would count them by hand.
#[derive(Default)]
struct Naive {
    keys: BTreeMap<String, BTreeMap<i64, [u64; 3]>>,
    covered: BTreeSet<i64>,
}

impl Naive {
    /// Every record is cut at every border of an interval between its first and its last millisecond.
    fn of(
        records: &[FlowRecord],
        step: i64,
        (from, to): (i64, i64),
        passes: impl Fn(&FlowRecord) -> bool,
        key: impl Fn(&FlowRecord) -> String,
    ) -> Self {
        let mut naive = Self::default();
        for record in records {
            let (first, last) = (record.first.as_millis(), record.last.as_millis());
            let gone = |all: u64, moment: i64| match moment {
                _ if moment > last => all,
                _ if moment <= first => 0,
                _ => (u128::from(all) * (moment - first) as u128 / (last - first) as u128) as u64,
            };
            for at in (from / step..=to / step)
                .filter(|at| (at + 1) * step * 1000 > first && at * step * 1000 <= last)
            {
                naive.covered.insert(at);
                if !passes(record) {
                    continue;
                }
                let part = |all| gone(all, (at + 1) * step * 1000) - gone(all, at * step * 1000);
                let cell = naive.keys.entry(key(record)).or_default().entry(at).or_default();
                for (sum, all) in cell.iter_mut().zip([record.flows, record.packets, record.bytes]) {
                    *sum += part(all);
                }
            }
        }
        naive.keys.values_mut().for_each(|cells| cells.retain(|_, figures| *figures != [0; 3]));
        naive.keys.retain(|_, cells| !cells.is_empty());
        naive
    }

    /// What each interval with data measured; nothing for bytes a packet without packets.
    fn values(&self, key: &str, measure: Measure, step: i64) -> Vec<f64> {
        let cells = &self.keys[key];
        let all = self.covered.iter().map(|at| cells.get(at).copied().unwrap_or_default());
        all.filter_map(|figures| value(figures, measure, step as f64)).collect()
    }
}

fn value([flows, packets, bytes]: [u64; 3], measure: Measure, seconds: f64) -> Option<f64> {
    Some(match measure {
        Measure::Bytes => bytes as f64,
        Measure::Packets => packets as f64,
        Measure::Flows => flows as f64,
        Measure::Bps => bytes as f64 * 8.0 / seconds,
        Measure::Pps => packets as f64 / seconds,
        Measure::Bpp if packets == 0 => return None,
        Measure::Bpp => bytes as f64 / packets as f64,
    })
}

fn near(ours: Option<f64>, expected: f64, what: &str) {
    // Documents round to thousandths.
    let ours = ours.unwrap();
    assert!((ours - expected).abs() <= 0.001 + expected.abs() * 1e-12, "{what}: {ours} is not {expected}");
}

fn assert_naive(answer: &Answer, naive: &Naive, (step, first): (i64, i64), what: &str) {
    let measure = answer.measure;
    assert_eq!(answer.keys.len(), naive.keys.len(), "{what}");
    for row in &answer.keys {
        let cells = &naive.keys[&row.key];
        for at in 0..answer.at.len() {
            let expected = cells.get(&(first / step + at as i64)).copied();
            assert_eq!(cell(row, at).map(|(_, figures)| figures), expected, "{what}: {} at {at}", row.key);
        }
        let mut values = naive.values(&row.key, measure, step);
        let summary = &row.summary;
        near(summary.last, values[values.len() - 1], what);
        near(summary.avg, values.iter().sum::<f64>() / values.len() as f64, what);
        values.sort_by(f64::total_cmp);
        near(summary.min, values[0], what);
        near(summary.max, values[values.len() - 1], what);
        near(summary.p95, values[(values.len() as f64 * 0.95).ceil() as usize - 1], what);
        let sum = cells.values().fold([0; 3], |sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]]);
        let seconds = (step * naive.covered.len() as i64) as f64;
        near(summary.total, value(sum, measure, seconds).unwrap(), what);
    }
    let rank: Vec<f64> = answer.keys.iter().map(|row| row.summary.total.unwrap()).collect();
    let is_sorted = match answer.order {
        Order::Desc => rank.is_sorted_by(|a, b| a >= b),
        Order::Asc => rank.is_sorted_by(|a, b| a <= b),
    };
    assert!(is_sorted, "{what}: {rank:?}");
}

/// A filter with what it asks, said again here.
type Asked = (&'static str, fn(&FlowRecord) -> bool);

/// An aggregation with its key, said again here.
type Keyed = (&'static str, fn(&FlowRecord) -> String);

#[test]
fn intervals_of_any_length_and_summaries_are_what_a_plain_count_gives() {
    let made = Made::new("naive", 53, within(BEGIN));
    let records = records(&made.0);
    let filters: [Asked; 3] = [
        (FILTERS[0], |_| true),
        (FILTERS[1], |record| record.protocol.0 == 6 && record.ports.source == 1024),
        (FILTERS[4], |record| record.packets > 2000),
    ];
    let keys: [Keyed; 4] = [
        ("pr", |record| record.protocol.0.to_string()),
        ("dp", |record| record.ports.destination.to_string()),
        ("in", |record| record.input.to_string()),
        ("das", |record| record.destination_as.to_string()),
    ];
    // Lengths that divide the files' five minutes and such that don't, ranges within and beyond what there is.
    let ranges = [(7, FIRST, FIRST + 299), (60, FIRST - 120, FIRST + 400), (97, FIRST + 50, FIRST + 150)];
    for (step, from, to) in ranges {
        for ((text, passes), (by, key)) in
            filters.iter().flat_map(|one| keys.iter().map(move |key| (one, key)))
        {
            let naive = Naive::of(&records, step, (from, to), passes, key);
            for (measure, order) in
                Measure::ALL.iter().flat_map(|measure| Order::ALL.iter().map(move |order| (*measure, *order)))
            {
                let plan = Plan {
                    measure,
                    order,
                    top: 0,
                    interval: Some(step),
                    from: Some(from),
                    to: Some(to),
                    filter: filter(text),
                    ..Plan::by(by).unwrap()
                };
                let answer = answer(plan, &[(records.clone(), When::Lasted)]);
                assert_naive(
                    &answer,
                    &naive,
                    (step, from),
                    &format!("{by} {text} {measure} {order} by {step} s"),
                );
            }
        }
    }
}
