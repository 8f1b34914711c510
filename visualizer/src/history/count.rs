//! What ten seconds carried, by every dimension: counted by an analyzer of the past, as pages and reports are.

use std::collections::HashSet;
use std::net::IpAddr;

use analyzer::aggregate::{AGGREGATES, Ask, Ends, Row as Counts};
use analyzer::history::{Past, Range, Step};
use analyzer::{Dimension, Measure, Second, Setup, ViewId, Volume};

use super::levels::LENGTHS;
use crate::live::Learned;

/// Memory of the tables of one step: some 650 keys of each dimension are exact, of more the heaviest are.
const MEMORY: usize = 24 << 20;

/// A key, and what it carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// As reports write it; empty for all keys beyond the first so many.
    pub(crate) key: String,
    pub(crate) sent: Volume,
    pub(crate) received: Volume,
    pub(crate) flows: u64,
}

impl Row {
    fn of(row: &Counts) -> Self {
        let counts = &row.counts;
        Self {
            key: row.key.clone(),
            sent: Volume { packets: counts.packets_sent, bytes: counts.bytes_sent },
            received: Volume { packets: counts.packets_received, bytes: counts.bytes_received },
            flows: u64::from(counts.flows),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.sent.merge(&other.sent);
        self.received.merge(&other.received);
        self.flows += other.flows;
    }
}

/// Where a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) address: String,
    pub(super) asn: Option<u32>,
    pub(super) owner: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) country: Option<String>,
}

/// A step of the shortest length.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Its first second.
    pub(super) at: i64,
    /// All that it carried.
    pub(super) total: Second,
    /// Flows that began.
    pub(super) flows: u64,
    /// Of all, packets that could not be told apart.
    pub(super) left_out_packets: u64,
    pub(super) dimensions: Vec<(&'static str, Vec<Row>)>,
    pub(super) hosts: Vec<Host>,
}

/// The addresses of a step.
pub(super) fn addresses(step: &Step) -> Vec<IpAddr> {
    let ends =
        |slice: &analyzer::history::Slice| [slice.between.opener.address, slice.between.answerer.address];
    let all: HashSet<IpAddr, ahash::RandomState> = step.slices.iter().flat_map(ends).collect();
    all.into_iter().collect()
}

/// Counts a step; `most` keys of each dimension by their bytes, the others as one.
pub(super) fn count(step: &Step, setup: &Setup, learned: &Learned, most: usize) -> Counted {
    let both = |name| Dimension { name, ends: Ends::Both };
    let apart = AGGREGATES.iter().filter(|entry| !matches!(entry.name, "host" | "os"));
    let setup = Setup {
        dimensions: apart.map(|entry| both(entry.name)).collect(),
        live: false,
        hosts: true,
        memory: MEMORY,
        inventory: None,
        ..setup.clone()
    };
    let range = Range { from: step.at, to: step.at + LENGTHS[0] };
    let mut past = Past::begin((range, LENGTHS[0]), setup, learned.names.clone());
    past.add((&step.slices, &step.left_out), None);
    let left = &step.left_out;
    let mut total = past.sum();
    total.inward.merge(&left.inward);
    total.outward.merge(&left.outward);
    total.other.merge(&left.other);
    let reading = past.read();
    let ask = |limit| Ask {
        names: &learned.names,
        systems: &learned.systems,
        ..reading.ask(limit, Measure::Bytes)
    };
    let rows =
        |name: &'static str, limit| reading.top(ViewId::MAIN, both(name), &ask(limit)).map(|top| top.rows);
    let flows = reading.totals(ViewId::MAIN).flows;
    let mut hosts = Vec::new();
    let mut dimensions = Vec::new();
    for name in AGGREGATES.iter().map(|entry| entry.name) {
        // Of hosts alone there may be many more than keys of a dimension: only the first are listed.
        let Some(listed) = rows(name, if name == "host" { most } else { 0 }) else { continue };
        let mut headed = headed(&listed, most);
        if name == "host" {
            hosts.extend(listed.iter().map(host));
            let all = rows("place", 0).unwrap_or_default();
            headed.extend(others(&all, &headed, flows));
        }
        // As the store has them: neighbours are in one page, which is read and written once.
        headed.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        dimensions.push((name, headed));
    }
    hosts.sort_unstable_by(|one, other| one.address.cmp(&other.address));
    Counted {
        at: step.at,
        total,
        flows: flows + left.flows,
        left_out_packets: left.packets(),
        dimensions,
        hosts,
    }
}

/// The first so many rows, and one for the others.
fn headed(rows: &[Counts], most: usize) -> Vec<Row> {
    let mut headed: Vec<Row> = rows.iter().take(most).map(Row::of).collect();
    if rows.len() > most {
        let mut rest = Row::default();
        rows.iter().skip(most).for_each(|row| rest.merge(&Row::of(row)));
        headed.push(rest);
    }
    headed
}

/// What hosts carried that are not listed: every packet has a place at each end, as it has a host.
fn others(places: &[Counts], listed: &[Row], flows: u64) -> Option<Row> {
    let sum = |rows: &mut dyn Iterator<Item = Row>| {
        let mut sum = Row::default();
        rows.for_each(|row| sum.merge(&row));
        sum
    };
    let (all, known) = (sum(&mut places.iter().map(Row::of)), sum(&mut listed.iter().cloned()));
    let less = |all: Volume, known: Volume| Volume {
        packets: all.packets.saturating_sub(known.packets),
        bytes: all.bytes.saturating_sub(known.bytes),
    };
    let rest = Row {
        key: String::new(),
        sent: less(all.sent, known.sent),
        received: less(all.received, known.received),
        // A flow counts at both its ends.
        flows: (2 * flows).saturating_sub(known.flows),
    };
    (rest.sent.packets + rest.received.packets > 0).then_some(rest)
}

fn host(row: &Counts) -> Host {
    Host {
        address: row.key.clone(),
        asn: row.asn.map(|asn| asn.0),
        owner: row.as_name.clone(),
        prefix: row.prefix.map(|prefix| prefix.to_string()),
        country: row.country.map(|country| country.as_str().to_owned()),
    }
}
