//! What the page can subscribe to: one line a topic. The analysis thread takes the material out of the analyzer
//! (typed, cheap); the publisher makes sheets of it.

use std::net::IpAddr;

use analyzer::aggregate::{Ask, Ends, Row, Top, protocol_name, service_label};
use analyzer::geo::{Cell, Geo, Place, PrefixKind};
use analyzer::history::Range;
use analyzer::names::Known;
use analyzer::{Arc, Dimension, FeedRow, Home, Measure, Origin, Reading, Second, Totals, ViewId};
use serde_json::{Value, json};

use crate::alerts::Entry;
use crate::cli::geo_lookup_document;
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
    /// The part of the past that is meant; `None` is all since the start, and now.
    pub(crate) range: Option<Range>,
}

impl TopicKey {
    /// Whether the archive answers, not the analysis.
    pub(crate) fn is_past(&self) -> bool {
        self.range.is_some() || self.topic == SPAN
    }
}

/// The traffic of all that is kept, by rows of equal length.
pub(crate) const SPAN: &str = "span";

/// What no range narrows: the state of things, and what the store of alerts answers.
pub(crate) const TIMELESS: [&str; 4] = ["status", "homes", "alerts", SPAN];

/// All topics.
pub(crate) static TOPICS: &[Topic] = &[
    Topic { name: "status", most: 128, take: |_, _, _| Material::Status },
    Topic { name: "kpi", most: 64, take: |analyzer, view, ask| kpi(analyzer, view, ask) },
    Topic { name: "series", most: 900, take: |analyzer, view, _| Material::Seconds(analyzer.seconds(view)) },
    // The archive makes it.
    Topic { name: SPAN, most: 900, take: |_, _, _| Material::Rows(Vec::new(), 1) },
    Topic { name: "countries", most: 300, take: |analyzer, view, ask| top(analyzer, view, "country", ask) },
    Topic { name: "places", most: 16, take: |analyzer, view, ask| top(analyzer, view, "place", ask) },
    Topic { name: "continents", most: 16, take: |analyzer, view, ask| top(analyzer, view, "continent", ask) },
    Topic { name: "prefixes", most: 300, take: |analyzer, view, ask| top(analyzer, view, "prefix", ask) },
    Topic { name: "domains", most: 300, take: |analyzer, view, ask| top(analyzer, view, "domain", ask) },
    Topic { name: "macs", most: 300, take: |analyzer, view, ask| top(analyzer, view, "mac", ask) },
    Topic { name: "details", most: 8, take: |analyzer, view, ask| details(analyzer, view, ask) },
    Topic { name: "asns", most: 300, take: |analyzer, view, ask| top(analyzer, view, "asn", ask) },
    Topic { name: "hosts", most: 300, take: |analyzer, view, ask| top(analyzer, view, "host", ask) },
    Topic { name: "systems", most: 16, take: |analyzer, view, ask| top(analyzer, view, "os", ask) },
    Topic { name: "services", most: 300, take: |analyzer, view, ask| top(analyzer, view, "service", ask) },
    Topic { name: "protocols", most: 300, take: |analyzer, view, ask| top(analyzer, view, "protocol", ask) },
    Topic { name: "arcs", most: 300, take: |analyzer, view, ask| arcs(analyzer, view, ask) },
    Topic { name: "homes", most: 256, take: |analyzer, _, _| homes(analyzer) },
    Topic { name: "alerts", most: 300, take: |_, _, ask| Material::Alerts(ask.limit) },
    Topic { name: "feed", most: 50, take: |analyzer, view, ask| feed(analyzer, view, ask) },
];

/// What the map counts: remote ends only.
const REMOTE: [&str; 5] = ["country", "continent", "place", "asn", "prefix"];

/// Which dimensions the topics and reports of a running server need, and which ends of them.
pub(crate) fn dimensions() -> Vec<Dimension> {
    let remote = REMOTE.iter().map(|&name| Dimension { name, ends: Ends::Remote });
    // Hosts, and what they look like, have their own table in the main view; views with a filter add theirs.
    let both = analyzer::aggregate::AGGREGATES.iter().filter(|entry| !matches!(entry.name, "host" | "os"));
    both.map(|entry| Dimension { name: entry.name, ends: Ends::Both }).chain(remote).collect()
}

/// A topic's material, as it leaves the analysis thread.
pub(crate) enum Material {
    Status,
    Kpi(Box<Kpi>),
    Seconds(Vec<Second>),
    /// The same by rows of so many seconds.
    Rows(Vec<Second>, i64),
    Top(&'static str, Top, Measure),
    Details(Top),
    Arcs(Vec<Arc>, usize),
    Homes(Vec<Home>, Option<Place>),
    Feed(Vec<(FeedRow, FeedNames)>, u64),
    /// The newest so many alerts of the board.
    Alerts(usize),
}

/// The best names of a flow's ends: of the opener, of the answerer.
type FeedNames = [Option<String>; 2];

pub(crate) struct Kpi {
    mean: Option<(Second, f64)>,
    totals: Totals,
    countries: usize,
}

fn kpi(analyzer: Reading<'_>, view: ViewId, ask: &Ask<'_>) -> Material {
    kpi_of(analyzer, view, ask, analyzer.mean_second(view))
}

/// The same with another mean: the sum of some seconds, and how many they are.
pub(crate) fn kpi_of(
    analyzer: Reading<'_>,
    view: ViewId,
    ask: &Ask<'_>,
    mean: Option<(Second, f64)>,
) -> Material {
    let countries =
        analyzer.top(view, Dimension { name: "country", ends: Ends::Remote }, &Ask { limit: 1, ..*ask });
    let countries = countries.map_or(0, |top| top.total);
    Material::Kpi(Box::new(Kpi { mean, totals: analyzer.totals(view), countries }))
}

fn top(analyzer: Reading<'_>, view: ViewId, name: &'static str, ask: &Ask<'_>) -> Material {
    let ends = if REMOTE.contains(&name) { Ends::Remote } else { Ends::Both };
    let found = analyzer.top(view, Dimension { name, ends }, ask).unwrap_or_default();
    Material::Top(name, found, ask.measure)
}

fn details(analyzer: Reading<'_>, view: ViewId, ask: &Ask<'_>) -> Material {
    let hosts = Dimension { name: "host", ends: Ends::Both };
    Material::Details(analyzer.top(view, hosts, ask).unwrap_or_default())
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
    let name = |address| ask.names.best(address).map(|known| known.name.to_string());
    let named = rows.into_iter().map(|row| {
        let names = [row.flow.opener, row.flow.answerer].map(|end| name(end.end.address));
        (row, names)
    });
    Material::Feed(named.collect(), dropped)
}

impl Material {
    /// The table of it; `lost` is what the ledger says.
    pub(crate) fn sheet(self, geo: &Geo, lost: u64) -> Sheet {
        match self {
            // The publisher knows these.
            Self::Status | Self::Alerts(_) => Sheet::default(),
            Self::Kpi(kpi) => kpi.sheet(lost),
            Self::Seconds(seconds) => series(&seconds),
            Self::Rows(rows, seconds) => rows_sheet(&rows, seconds),
            Self::Top("protocol", top, _) => whole_packets(top),
            Self::Top(name, top, measure) => ends(name, top, measure),
            Self::Details(top) => detail_sheet(&top, geo),
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
        Sheet { columns: &["value"], total: rows.len(), rows, ..Sheet::default() }
    }
}

fn series(seconds: &[Second]) -> Sheet {
    let columns = &["bytes_in", "bytes_out", "bytes_other", "packets_in", "packets_out", "packets_other"];
    let rows: Vec<_> = seconds.iter().map(|second| (second.at.to_string(), second_cells(second))).collect();
    Sheet { columns, total: rows.len(), rows, ..Sheet::default() }
}

/// A series whose rows say how many seconds they are.
fn rows_sheet(rows: &[Second], seconds: i64) -> Sheet {
    let columns =
        &["bytes_in", "bytes_out", "bytes_other", "packets_in", "packets_out", "packets_other", "seconds"];
    let cells = |row: &Second| second_cells(row).into_iter().chain([json!(seconds)]).collect();
    let rows: Vec<_> = rows.iter().map(|row| (row.at.to_string(), cells(row))).collect();
    Sheet { columns, total: rows.len(), rows, ..Sheet::default() }
}

fn second_cells(second: &Second) -> Vec<Value> {
    let Second { inward, outward, other, .. } = second;
    let bytes = [inward.bytes, outward.bytes, other.bytes];
    let packets = [inward.packets, outward.packets, other.packets];
    bytes.into_iter().chain(packets).map(Value::from).collect()
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
    Sheet { columns: &["packets", "bytes", "flows"], rows, total: top.total, ..Sheet::default() }
}

/// The counts of a key, `error`: by how much the ranked one may be too low, and the relative error of `hosts`.
const COUNTS: [&str; 8] = [
    "packets_sent",
    "bytes_sent",
    "packets_received",
    "bytes_received",
    "flows",
    "hosts",
    "error",
    "hosts_error",
];

/// The counts and what a dimension adds.
const fn extend<const N: usize, const M: usize>(more: [&'static str; N]) -> [&'static str; M] {
    let mut all = [""; M];
    let mut index = 0;
    while index < M {
        all[index] = if index < COUNTS.len() { COUNTS[index] } else { more[index - COUNTS.len()] };
        index += 1;
    }
    all
}

/// What a dimension's table has besides the counts.
struct Extra {
    columns: &'static [&'static str],
    cells: fn(&Row) -> Vec<Value>,
}

fn extra(name: &str) -> Extra {
    static PLAIN: [&str; 8] = COUNTS;
    static NAMED: [&str; 9] = extend(["name"]);
    static ASN: [&str; 10] = extend(["name", "country"]);
    static PREFIX: [&str; 12] = extend(["name", "country", "asn", "prefix_kind"]);
    static DOMAIN: [&str; 10] = extend(["name", "countries"]);
    static MAC: [&str; 10] = extend(["name", "vendor"]);
    static HOST: [&str; 24] = extend([
        "name",
        "country",
        "asn",
        "as_name",
        "place",
        "local",
        "first_ms",
        "last_ms",
        "city",
        "lat",
        "lon",
        "name_source",
        "region",
        "accuracy_km",
        "prefix",
        "prefix_kind",
    ]);
    match name {
        "asn" => Extra { columns: &ASN, cells: |row| vec![json!(row.as_name), country(row)] },
        "continent" => Extra { columns: &NAMED, cells: |row| vec![json!(row.name)] },
        "prefix" => Extra { columns: &PREFIX, cells: prefix_cells },
        "domain" => Extra { columns: &DOMAIN, cells: |row| vec![json!(row.name), json!(row.countries)] },
        "mac" => Extra { columns: &MAC, cells: |row| vec![json!(row.name), json!(row.vendor)] },
        "host" => Extra { columns: &HOST, cells: host_cells },
        _ => Extra { columns: &PLAIN, cells: |_| Vec::new() },
    }
}

fn ends(name: &str, top: Top, measure: Measure) -> Sheet {
    let Extra { columns, cells } = extra(name);
    let rows = top.rows.into_iter().map(|row| {
        let mut all = count_cells(&row, measure);
        all.extend(cells(&row));
        (row.key, all)
    });
    Sheet {
        columns,
        rows: rows.collect(),
        total: top.total,
        total_error: rounded(top.total_error),
        ..Sheet::default()
    }
}

/// The number of hosts is null where domains were joined: nobody counted them together.
fn count_cells(row: &Row, measure: Measure) -> Vec<Value> {
    let counts = &row.counts;
    let sums = [counts.packets_sent, counts.bytes_sent, counts.packets_received, counts.bytes_received];
    let joined = row.countries.is_some() && row.hosts.is_none();
    let mut cells: Vec<Value> = sums.into_iter().map(Value::from).collect();
    cells.push(json!(counts.flows));
    cells.push(json!((!joined).then_some(counts.hosts)));
    cells.push(json!(row.missed.get(measure)));
    cells.push(json!(row.hosts.map_or(0.0, |hosts| rounded(hosts.relative_error))));
    cells
}

/// Shares with three decimals.
fn rounded(n: f64) -> f64 {
    (n * 1000.0).round() / 1000.0
}

fn country(row: &Row) -> Value {
    json!(row.country)
}

fn prefix_cells(row: &Row) -> Vec<Value> {
    vec![
        json!(row.as_name),
        country(row),
        json!(row.asn.map(|asn| asn.0)),
        json!(row.prefix_kind.map(PrefixKind::label)),
    ]
}

fn host_cells(row: &Row) -> Vec<Value> {
    let city = row.city.as_ref();
    vec![
        json!(row.name),
        country(row),
        json!(row.asn.map(|asn| asn.0)),
        json!(row.as_name),
        json!(row.place.map(analyzer::geo::Category::name)),
        json!(row.local),
        json!(row.seen.map(|(first, _)| first.as_millis())),
        json!(row.seen.map(|(_, last)| last.as_millis())),
        json!(city.map(|city| &city.name)),
        json!(city.map(|city| city.cell.lat())),
        json!(city.map(|city| city.cell.lon())),
        json!(row.names.first().map(|known| known.source.name())),
        json!(city.map(|city| &city.region)),
        json!(city.map(|_| Cell::KILOMETRES)),
        json!(row.prefix.as_ref().map(ToString::to_string)),
        json!(row.prefix_kind.map(PrefixKind::label)),
    ]
}

/// The newest alerts, latest first; the documents of the API with times in milliseconds.
pub(crate) fn alert_sheet(alerts: &[Entry], total: u64) -> Sheet {
    const COLUMNS: &[&str] = &[
        "rule",
        "severity",
        "title",
        "summary",
        "sources",
        "targets",
        "first_ms",
        "last_ms",
        "count",
        "timeline",
        "threshold",
        "observed",
        "technique",
        "country",
        "asn",
        "as_name",
        "caveat",
        "state",
        "reason",
        "comments",
        "muted",
        "evidence",
    ];
    let rows = alerts.iter().map(|entry| {
        let document = entry.json();
        let cell = |column: &&str| match *column {
            "first_ms" => json!(entry.first_ms),
            "last_ms" => json!(entry.last_ms),
            named => document.get(named).cloned().unwrap_or(Value::Null),
        };
        (entry.name(), COLUMNS.iter().map(cell).collect())
    });
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    Sheet { columns: COLUMNS, rows: rows.collect(), total, ..Sheet::default() }
}

/// All names of the first hosts, and what the databases say of them, each answer with its source.
fn detail_sheet(top: &Top, geo: &Geo) -> Sheet {
    let rows = top.rows.iter().filter_map(|row| {
        let address: IpAddr = row.key.parse().ok()?;
        let names: Vec<Value> = row.names.iter().map(name_cell).collect();
        Some((row.key.clone(), vec![Value::from(names), geo_lookup_document(geo, address)]))
    });
    Sheet { columns: &["names", "geo"], rows: rows.collect(), total: top.total, ..Sheet::default() }
}

fn name_cell(known: &Known) -> Value {
    json!({
        "name": known.name, "source": known.source.name(), "first_ms": known.first.as_millis(),
        "last_ms": known.last.as_millis(),
    })
}

fn arc_sheet(arcs: &[Arc], total: usize, geo: &Geo) -> Sheet {
    let rows = arcs.iter().map(|arc| (arc_key(arc), arc_cells(arc, geo))).collect();
    Sheet {
        columns: &[
            "country",
            "city",
            "lat",
            "lon",
            "direction",
            "home",
            "bytes",
            "packets",
            "last_ms",
            "region",
            "accuracy_km",
        ],
        rows,
        total,
        ..Sheet::default()
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
        json!(city.map(|city| city.region)),
        json!(cell.map(|_| Cell::KILOMETRES)),
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
    Sheet {
        columns: &["label", "lat", "lon", "country", "origin"],
        total: rows.len(),
        rows,
        ..Sheet::default()
    }
}

fn feed_sheet(rows: &[(FeedRow, FeedNames)], dropped: u64, geo: &Geo) -> Sheet {
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
        "remote_name",
        "local_name",
        "remote_city",
    ];
    let cells = |(row, names): &(FeedRow, FeedNames)| (row.number.to_string(), feed_cells(row, names, geo));
    let rows: Vec<_> = rows.iter().map(cells).collect();
    Sheet { columns, total: rows.len(), rows, dropped: Some(dropped), ..Sheet::default() }
}

fn feed_cells(row: &FeedRow, [opener_name, answerer_name]: &FeedNames, geo: &Geo) -> Vec<Value> {
    let flow = &row.flow;
    let direction = flow.direction();
    let (opener, answerer) = (flow.opener.end, flow.answerer.end);
    let inward = direction == analyzer::Direction::In;
    let (remote, local) = if inward { (opener, answerer) } else { (answerer, opener) };
    let (remote_name, local_name) =
        if inward { (opener_name, answerer_name) } else { (answerer_name, opener_name) };
    let city = remote.place.cell.and_then(|_| geo.city(remote.address));
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
        json!(remote_name),
        json!(local_name),
        json!(city.map(|city| city.name)),
    ]
}

/// The topic of that name.
pub(crate) fn named(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}
