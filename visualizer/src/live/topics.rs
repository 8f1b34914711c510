//! What the page can subscribe to: one line a topic. The analysis thread takes the material out of the analyzer
//! (typed, cheap); the publisher makes sheets of it.

use analyzer::aggregate::{Ask, Ends, Row, Top, protocol_name, service_label};
use analyzer::geo::{Cell, Geo, Place};
use analyzer::{Arc, Dimension, FeedRow, Home, Measure, Origin, Reading, Second, Totals, ViewId};
use serde_json::{Value, json};

use crate::live::Sheet;

/// A topic and what its table is made of.
pub(crate) struct Topic {
    /// Its name.
    pub(crate) name: &'static str,
    /// Most rows a subscriber may ask for.
    pub(crate) most: usize,
    /// Takes the material.
    pub(crate) take: fn(Reading<'_>, ViewId, &Ask<'_>) -> Material,
}

/// What a client subscribes to, in one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TopicKey {
    /// The topic's name.
    pub(crate) topic: &'static str,
    /// The filter in canonical form; empty for none.
    pub(crate) filter: String,
    /// What keys are ranked by.
    pub(crate) measure: Measure,
    /// How many.
    pub(crate) k: usize,
}

/// All topics.
pub(crate) static TOPICS: &[Topic] = &[
    Topic { name: "status", most: 64, take: |_, _, _| Material::Status },
    Topic { name: "kpi", most: 64, take: |analyzer, view, ask| kpi(analyzer, view, ask) },
    Topic { name: "series", most: 900, take: |analyzer, view, _| Material::Seconds(analyzer.seconds(view)) },
    Topic { name: "countries", most: 300, take: |analyzer, view, ask| top(analyzer, view, "country", ask) },
    Topic { name: "places", most: 16, take: |analyzer, view, ask| top(analyzer, view, "place", ask) },
    Topic { name: "asns", most: 300, take: |analyzer, view, ask| top(analyzer, view, "asn", ask) },
    Topic { name: "hosts", most: 300, take: |analyzer, view, ask| top(analyzer, view, "host", ask) },
    Topic { name: "services", most: 300, take: |analyzer, view, ask| top(analyzer, view, "service", ask) },
    Topic { name: "protocols", most: 300, take: |analyzer, view, ask| top(analyzer, view, "protocol", ask) },
    Topic { name: "arcs", most: 300, take: |analyzer, view, ask| arcs(analyzer, view, ask) },
    Topic { name: "homes", most: 256, take: |analyzer, _, _| homes(analyzer) },
    Topic { name: "feed", most: 50, take: |analyzer, view, ask| feed(analyzer, view, ask) },
];

/// Which dimensions the topics and reports of a running server need, and which ends of them.
pub(crate) fn dimensions() -> Vec<Dimension> {
    const REMOTE: [&str; 3] = ["country", "place", "asn"];
    let remote = REMOTE.iter().map(|&name| Dimension { name, ends: Ends::Remote });
    // Hosts have their own table in the main view; views with a filter add theirs.
    let both = analyzer::aggregate::AGGREGATES.iter().filter(|entry| entry.name != "host");
    both.map(|entry| Dimension { name: entry.name, ends: Ends::Both }).chain(remote).collect()
}

/// A topic's material, as it leaves the analysis thread.
pub(crate) enum Material {
    Status,
    Kpi(Box<Kpi>),
    Seconds(Vec<Second>),
    Top(&'static str, Top),
    Arcs(Vec<Arc>, usize),
    Homes(Vec<Home>, Option<Place>),
    Feed(Vec<FeedRow>, u64),
}

pub(crate) struct Kpi {
    mean: Option<(Second, f64)>,
    totals: Totals,
    countries: usize,
}

fn kpi(analyzer: Reading<'_>, view: ViewId, ask: &Ask<'_>) -> Material {
    let countries =
        analyzer.top(view, Dimension { name: "country", ends: Ends::Remote }, &Ask { limit: 1, ..*ask });
    Material::Kpi(Box::new(Kpi {
        mean: analyzer.mean_second(view),
        totals: analyzer.totals(view),
        countries: countries.map_or(0, |top| top.total),
    }))
}

fn top(analyzer: Reading<'_>, view: ViewId, name: &'static str, ask: &Ask<'_>) -> Material {
    let ends = if matches!(name, "country" | "place" | "asn") { Ends::Remote } else { Ends::Both };
    Material::Top(name, analyzer.top(view, Dimension { name, ends }, ask).unwrap_or_default())
}

fn arcs(analyzer: Reading<'_>, view: ViewId, ask: &Ask<'_>) -> Material {
    let mut arcs = analyzer.arcs(view);
    let total = arcs.len();
    arcs.truncate(ask.limit);
    Material::Arcs(arcs, total)
}

fn homes(analyzer: Reading<'_>) -> Material {
    let (homes, place) = analyzer.homes();
    Material::Homes(homes.to_vec(), place)
}

fn feed(analyzer: Reading<'_>, view: ViewId, ask: &Ask<'_>) -> Material {
    let (mut rows, dropped) = analyzer.feed(view);
    rows.truncate(ask.limit);
    Material::Feed(rows, dropped)
}

impl Material {
    /// The table of it; `lost` is what the ledger says.
    pub(crate) fn sheet(self, geo: &Geo, lost: u64) -> Sheet {
        match self {
            Self::Status => Sheet::default(),
            Self::Kpi(kpi) => kpi.sheet(lost),
            Self::Seconds(seconds) => series(&seconds),
            Self::Top("protocol", top) => whole_packets(top),
            Self::Top(name, top) => ends(name, top),
            Self::Arcs(arcs, total) => arc_sheet(&arcs, total, geo),
            Self::Homes(homes, place) => home_sheet(&homes, place),
            Self::Feed(rows, dropped) => feed_sheet(&rows, dropped, geo),
        }
    }
}

impl Kpi {
    fn sheet(&self, lost: u64) -> Sheet {
        let rate = |of: fn(&Second) -> u64| {
            self.mean
                .filter(|(_, seconds)| *seconds > 0.0)
                .map(|(sum, seconds)| (of(&sum) as f64 / seconds).round())
        };
        let values = [
            ("bits_per_second_in", json!(rate(|second| second.inward.bytes * 8))),
            ("bits_per_second_out", json!(rate(|second| second.outward.bytes * 8))),
            ("bits_per_second_other", json!(rate(|second| second.other.bytes * 8))),
            (
                "packets_per_second",
                json!(rate(|second| second.inward.packets + second.outward.packets + second.other.packets)),
            ),
            ("flows_active", json!(self.totals.flows_active)),
            ("hosts", json!(self.totals.hosts)),
            ("countries", json!(self.countries)),
            ("lost", json!(lost)),
            ("packets", json!(self.totals.packets)),
            ("bytes", json!(self.totals.bytes)),
            ("flows", json!(self.totals.flows)),
        ];
        let rows: Vec<_> = values.into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect();
        Sheet { columns: &["value"], total: rows.len(), rows, dropped: None }
    }
}

fn series(seconds: &[Second]) -> Sheet {
    let rows: Vec<(String, Vec<Value>)> = seconds
        .iter()
        .map(|second| {
            let Second { inward, outward, other, .. } = second;
            let bytes = [inward.bytes, outward.bytes, other.bytes];
            let packets = [inward.packets, outward.packets, other.packets];
            (second.at.to_string(), bytes.into_iter().chain(packets).map(Value::from).collect())
        })
        .collect();
    let columns = &["bytes_in", "bytes_out", "bytes_other", "packets_in", "packets_out", "packets_other"];
    Sheet { columns, total: rows.len(), rows, dropped: None }
}

fn whole_packets(top: Top) -> Sheet {
    let rows = top
        .rows
        .into_iter()
        .map(|row| {
            let cells = vec![json!(row.counts.packets()), json!(row.counts.bytes()), json!(row.counts.flows)];
            (row.key, cells)
        })
        .collect();
    Sheet { columns: &["packets", "bytes", "flows"], rows, total: top.total, dropped: None }
}

/// The columns of a dimension's table: the five counts, and what the dimension adds.
fn ends(name: &str, top: Top) -> Sheet {
    const COUNTS: [&str; 6] =
        ["packets_sent", "bytes_sent", "packets_received", "bytes_received", "flows", "hosts"];
    static PLAIN: [&str; 6] = COUNTS;
    static ASN: [&str; 8] = extend(["name", "country"]);
    static HOST: [&str; 17] = extend([
        "name", "country", "asn", "as_name", "place", "local", "first_ms", "last_ms", "city", "lat", "lon",
    ]);
    const fn extend<const N: usize, const M: usize>(more: [&'static str; N]) -> [&'static str; M] {
        let mut all = [""; M];
        let mut index = 0;
        while index < M {
            all[index] = if index < 6 { COUNTS[index] } else { more[index - 6] };
            index += 1;
        }
        all
    }
    type More = fn(&Row) -> Vec<Value>;
    let (columns, more): (&'static [&'static str], More) = match name {
        "asn" => (&ASN, |row| vec![json!(row.as_name), json!(row.country.map(|code| code.to_string()))]),
        "host" => (&HOST, host_cells),
        _ => (&PLAIN, |_| Vec::new()),
    };
    let rows = top
        .rows
        .into_iter()
        .map(|row| {
            let mut cells = count_cells(&row);
            cells.extend(more(&row));
            (row.key, cells)
        })
        .collect();
    Sheet { columns, rows, total: top.total, dropped: None }
}

fn count_cells(row: &Row) -> Vec<Value> {
    let counts = &row.counts;
    let sums = [counts.packets_sent, counts.bytes_sent, counts.packets_received, counts.bytes_received];
    let sums = sums.into_iter().map(Value::from);
    sums.chain([counts.flows, counts.hosts].map(Value::from)).collect()
}

fn host_cells(row: &Row) -> Vec<Value> {
    vec![
        json!(row.name),
        json!(row.country.map(|code| code.to_string())),
        json!(row.asn.map(|asn| asn.0)),
        json!(row.as_name),
        json!(row.place.map(analyzer::geo::Category::name)),
        json!(row.local),
        json!(row.seen.map(|(first, _)| first.as_millis())),
        json!(row.seen.map(|(_, last)| last.as_millis())),
        json!(row.city.as_ref().map(|city| &city.name)),
        json!(row.city.as_ref().map(|city| city.cell.lat())),
        json!(row.city.as_ref().map(|city| city.cell.lon())),
    ]
}

fn arc_sheet(arcs: &[Arc], total: usize, geo: &Geo) -> Sheet {
    let rows = arcs.iter().map(|arc| (arc_key(arc), arc_cells(arc, geo))).collect();
    Sheet {
        columns: &["country", "city", "lat", "lon", "direction", "home", "bytes", "packets", "last_ms"],
        rows,
        total,
        dropped: None,
    }
}

/// `DE:52.5,13.4:in:0`; without the cell where no city is known.
fn arc_key(arc: &Arc) -> String {
    let cell = arc.key.cell.map_or(String::new(), |cell| format!("{:.1},{:.1}", cell.lat(), cell.lon()));
    format!("{}:{cell}:{}:{}", arc.key.country, direction(arc), arc.key.home)
}

const fn direction(arc: &Arc) -> &'static str {
    if arc.key.inward { "in" } else { "out" }
}

fn arc_cells(arc: &Arc, geo: &Geo) -> Vec<Value> {
    let cell = arc.key.cell;
    // The sample may have another city by now: the database may have been changed since.
    let city = cell.and_then(|_| geo.city(arc.sample)).filter(|city| city.cell == cell);
    vec![
        json!(arc.key.country.to_string()),
        json!(city.map(|city| city.name)),
        json!(cell.map(Cell::lat)),
        json!(cell.map(Cell::lon)),
        json!(direction(arc)),
        json!(arc.key.home.to_string()),
        json!(arc.volume.bytes),
        json!(arc.volume.packets),
        json!(arc.last * 1000),
    ]
}

fn home_sheet(homes: &[Home], place: Option<Place>) -> Sheet {
    let set = homes.iter().map(|home| {
        vec![json!(home.label), json!(home.lat), json!(home.lon), Value::Null, json!(Origin::Settings.name())]
    });
    let mut rows: Vec<Vec<Value>> = set.collect();
    if rows.is_empty() {
        let origin = if place.is_some() { "address" } else { "unset" };
        let code = place.and_then(|place| place.country).map(|code| code.to_string());
        let cell = place.and_then(|place| place.cell);
        let (lat, lon) = (cell.map(Cell::lat), cell.map(Cell::lon));
        rows.push(vec![json!(""), json!(lat), json!(lon), json!(code), json!(origin)]);
    }
    let rows: Vec<_> =
        rows.into_iter().enumerate().map(|(index, cells)| (index.to_string(), cells)).collect();
    Sheet { columns: &["label", "lat", "lon", "country", "origin"], total: rows.len(), rows, dropped: None }
}

fn feed_sheet(rows: &[FeedRow], dropped: u64, geo: &Geo) -> Sheet {
    let columns = &[
        "at_ms",
        "direction",
        "remote",
        "remote_country",
        "remote_asn",
        "remote_as_name",
        "remote_place",
        "service",
        "protocol",
        "local",
        "bytes",
        "packets",
        "state",
    ];
    let rows: Vec<_> = rows.iter().map(|row| (row.number.to_string(), feed_cells(row, geo))).collect();
    Sheet { columns, total: rows.len(), rows, dropped: Some(dropped) }
}

fn feed_cells(row: &FeedRow, geo: &Geo) -> Vec<Value> {
    let flow = &row.flow;
    let direction = flow.direction();
    let (opener, answerer) = (flow.opener.end, flow.answerer.end);
    let (remote, local) =
        if direction == analyzer::Direction::In { (opener, answerer) } else { (answerer, opener) };
    let service = (flow.answerer.port != 0).then(|| service_label(flow.protocol, flow.answerer.port));
    vec![
        json!(flow.first.as_millis()),
        json!(direction.name()),
        json!(remote.address.to_string()),
        json!(remote.place.country.map(|code| code.to_string())),
        json!(remote.place.asn.map(|asn| asn.0)),
        json!(remote.place.asn.and_then(|asn| geo.as_name(asn))),
        json!(remote.place.category.name()),
        json!(service),
        json!(protocol_name(Some(flow.protocol))),
        json!(local.address.to_string()),
        json!(flow.sent.bytes + flow.received.bytes),
        json!(flow.sent.packets + flow.received.packets),
        json!(row.state.name()),
    ]
}

/// The topic of that name.
pub(crate) fn named(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}
