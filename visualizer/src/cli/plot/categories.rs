//! Graphs of far ends: a ranking with a segment for each protocol key, or a ring of shares for each.

use std::collections::HashMap;

use ahash::RandomState;
use analyzer::exchange::{Key, Way};

use super::course::{title, total};
use super::gathering::Kept;
use super::groups::{Graph, Measure};
use super::{Labels, Shape};
use crate::cli::exchange::By;
use crate::plot::{Base, Body, Ink, Panel, Rank, Ranks, SERIES, Shares, Unit};

/// Bars of a ranking, unless somebody says.
const BARS: usize = 20;

/// What a key is called: without a protocol, plainly.
pub(super) fn key_name(key: Key) -> String {
    if key == Key::all(key.way) {
        return match key.way {
            Way::Sent => "sent",
            Way::Received => "received",
            Way::Between => "between others",
        }
        .to_owned();
    }
    key.to_string()
}

/// What figures count.
pub(super) const fn unit(measure: Measure, base: Base) -> Unit {
    match measure {
        Measure::Bytes => Unit::Bytes(base),
        Measure::Packets => Unit::Packets,
    }
}

/// Far ends with their figures by key, the largest first, and those beyond `most` together.
fn rows(graph: &Graph, kept: &Kept, (labels, most): (&Labels<'_>, usize)) -> Vec<Rank> {
    let by = graph.by.unwrap_or_default();
    let mut sums: HashMap<String, Vec<f64>, RandomState> = HashMap::default();
    for ((key, facet), course) in kept.iter() {
        let Some(place) = graph.keys.iter().position(|asked| *asked == key) else { continue };
        let values = sums.entry(title(facet, by, labels)).or_insert_with(|| vec![0.0; graph.keys.len()]);
        values[place] += total(course, graph.measure) as f64;
    }
    let mut rows: Vec<Rank> =
        sums.into_iter().map(|(name, values)| Rank { name, values, rest: false }).collect();
    let sum = |row: &Rank| row.values.iter().sum::<f64>();
    rows.sort_by(|a, b| sum(b).total_cmp(&sum(a)).then_with(|| a.name.cmp(&b.name)));
    if rows.len() > most {
        let further = rows.split_off(most);
        let mut rest = Rank {
            name: format!("Other ({})", further.len()),
            values: vec![0.0; graph.keys.len()],
            rest: true,
        };
        for row in &further {
            rest.values.iter_mut().zip(&row.values).for_each(|(sum, value)| *sum += value);
        }
        rows.push(rest);
    }
    rows
}

/// `Bytes by country`.
fn heading(graph: &Graph) -> String {
    let what = match graph.measure {
        Measure::Bytes => "Bytes",
        Measure::Packets => "Packets",
    };
    format!("{what} by {}", far_end(graph.by.unwrap_or_default()))
}

/// What far ends are told apart by.
pub(super) const fn far_end(by: By) -> &'static str {
    match by {
        By::Ip => "address",
        By::Country => "country",
        By::Continent => "continent",
        By::Organisation => "organisation",
        By::Prefix => "network",
        By::Place => "kind of address",
        By::Name => "name",
        By::Domain => "registered domain",
        By::Protocol => "protocol",
        By::Mac => "hardware address",
        By::Ripecountry => "country, as measured",
    }
}

/// The ranking.
pub(super) fn ranking((graph, shape): (&Graph, &Shape), kept: &Kept, labels: &Labels<'_>) -> Panel {
    let mut rows = rows(graph, kept, (labels, shape.top.map_or(BARS, usize::from)));
    let whole: f64 = rows.iter().flat_map(|row| &row.values).sum();
    if shape.percent && whole > 0.0 {
        rows.iter_mut().flat_map(|row| &mut row.values).for_each(|value| *value *= 100.0 / whole);
    }
    let ranks = Ranks {
        series: graph
            .keys
            .iter()
            .enumerate()
            .map(|(index, key)| (key_name(*key), Ink::Series(index)))
            .collect(),
        unit: if shape.percent { Unit::Percent } else { unit(graph.measure, shape.units) },
        rows,
        whole: if shape.percent { 0.0 } else { whole },
    };
    Panel { title: heading(graph), body: Body::Ranks(ranks), notes: Vec::new() }
}

/// The rings.
pub(super) fn pie((graph, shape): (&Graph, &Shape), kept: &Kept, labels: &Labels<'_>) -> Panel {
    let most = shape.top.map_or(SERIES, |top| usize::from(top).min(SERIES));
    let rows = rows(graph, kept, (labels, most));
    let ring = |(place, key): (usize, &Key)| {
        let ink = |index: usize, row: &Rank| if row.rest { Ink::Other } else { Ink::Series(index) };
        let part = |(index, row): (usize, &Rank)| (row.name.clone(), ink(index, row), row.values[place]);
        let parts = rows.iter().enumerate().map(part).collect();
        Shares { name: key_name(*key), unit: unit(graph.measure, shape.units), parts }
    };
    let rings = graph
        .keys
        .iter()
        .enumerate()
        .map(ring)
        .filter(|ring| ring.parts.iter().any(|(.., value)| *value > 0.0));
    Panel { title: heading(graph), body: Body::Shares(rings.collect()), notes: Vec::new() }
}
