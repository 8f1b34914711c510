//! `wireglobe report`: totals by one dimension.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use analyzer::aggregate::{AGGREGATES, Ask, Ends, Label, Top};
use analyzer::geo::Needs;
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Origin, Reading, Setup, ViewId};
use capturer::decode::Skip;
use capturer::{Frame, Packet};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::offline::{self, Hand, Nobody, Outcome, Range, TotalsDocument};
use crate::cli::output::{self, Column, Format, Listing};
use crate::cli::timerange::Bound;
use crate::cli::{Common, Failure};
use crate::settings::{self, Layer, Settings};
use crate::sieve::Sieve;
use crate::{geo_files, sources};

/// Packets that are counted together; see [`Analyzer::observe_all`].
const TOGETHER: usize = 256;

/// `wireglobe report`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures to read: files, directories, - for standard input; several are one stream in time order
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "interface", conflicts_with = "interface")]
    read: Vec<PathBuf>,
    /// Interface to watch; needs --for
    #[arg(long, value_name = "IF", requires = "length")]
    interface: Option<String>,
    /// How long to watch the interface: 60s, 5m
    #[arg(long = "for", id = "length", value_name = "TIME", requires = "interface")]
    length: Option<String>,
    /// What to count by
    #[arg(long, value_name = "DIMENSION", default_value = "country", value_parser = dimension)]
    by: &'static str,
    /// Rows, highest first; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// What rows are ranked by
    #[arg(long, value_name = "MEASURE", default_value = "bytes")]
    sort: Sort,
    /// Only packets that match; tcpdump's language with country, asn, place, direction … on top
    #[arg(long, value_name = "EXPR", default_value = "")]
    filter: String,
    /// Only from this time on: RFC 3339, or -15m before the last packet
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Only up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Bytes,
    Packets,
    Flows,
}

impl Sort {
    const fn measure(self) -> Measure {
        match self {
            Self::Bytes => Measure::Bytes,
            Self::Packets => Measure::Packets,
            Self::Flows => Measure::Flows,
        }
    }
}

fn dimension(name: &str) -> Result<&'static str, String> {
    analyzer::aggregate::named(name).map(|entry| entry.name).ok_or_else(|| {
        let names: Vec<&str> = AGGREGATES.iter().map(|entry| entry.name).collect();
        format!("there is no such dimension; choose from {}", names.join(", "))
    })
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let query = offline::query(&arguments.filter)?;
    let (mut source, range) = open(arguments, &settings, query.as_ref())?;
    let analyzer = analyzer(arguments, &settings, query.as_ref())?;
    let sieve = query.map(|query| Sieve::new(&arguments.filter, query, analyzer.facts().clone()));
    let mut gather = Gather { analyzer, packets: vec![Packet::empty(); TOGETHER].into(), held: 0 };
    let reading = offline::Reading { range, sieve, decode: settings.decode.settings() };
    let outcome = offline::read(&mut *source, reading, &mut gather)?.or_failure()?;
    gather.observe();
    let text = render(arguments, gather.analyzer.read(), &outcome, settings.decode.count.name())?;
    output::write(output::open(arguments.output.as_deref())?, &text)?;
    Ok(outcome.exit_code())
}

/// Gathers packets to be counted together.
struct Gather {
    analyzer: Analyzer,
    packets: Box<[Packet]>,
    held: usize,
}

impl Gather {
    /// Counts the packets at hand. Totals need no bytes of their frames.
    fn observe(&mut self) {
        self.analyzer.observe_all(self.packets[..self.held].iter().map(|packet| (packet, &[][..])));
        self.held = 0;
    }
}

impl Hand for Gather {
    #[inline]
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    #[inline]
    fn take(&mut self, _: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        self.held += usize::from(skip.is_none());
        if self.held == self.packets.len() {
            self.observe();
        }
        Ok(())
    }
}

/// An analyzer that counts what the report shows and nothing else.
fn analyzer(arguments: &Arguments, settings: &Settings, query: Option<&Query>) -> Result<Analyzer, Failure> {
    let entry = analyzer::aggregate::named(arguments.by);
    let asked = query.map(Query::needs).unwrap_or_default();
    let needs = Needs {
        country: asked.country || entry.is_some_and(|entry| entry.needs_country),
        asn: asked.asn || entry.is_some_and(|entry| entry.needs_asn),
    };
    let local = match (&settings.network.local, query.is_some()) {
        (named, _) if !named.is_empty() => LocalNetworks::new(named.clone(), Origin::Settings),
        (_, true) if !arguments.read.is_empty() => sources::guess(&arguments.read),
        _ => LocalNetworks::private_and(Vec::new(), Origin::Assumed),
    };
    let dimensions = if arguments.by == "host" {
        Vec::new()
    } else {
        vec![Dimension { name: arguments.by, ends: Ends::Both }]
    };
    Ok(Analyzer::new(Setup {
        facts: Facts { geo: geo_files::load(settings, needs)?, local },
        homes: Vec::new(),
        dimensions,
        live: false,
        hosts: arguments.by == "host",
        memory: settings.analysis.memory_mb << 20,
    }))
}

fn open(
    arguments: &Arguments,
    settings: &Settings,
    query: Option<&Query>,
) -> Result<(Box<dyn capturer::source::Source>, Range), Failure> {
    if let Some(name) = &arguments.interface {
        let length = arguments.length.as_deref().map(length).transpose()?;
        let (source, _) = sources::interface(name, settings, query)?;
        return Ok((Box::new(source), Range { length, ..Range::default() }));
    }
    let bound =
        |flag, text: &Option<String>| text.as_deref().map(|text| Bound::parse(flag, text)).transpose();
    let (from, to) = (bound("--from", &arguments.from)?, bound("--to", &arguments.to)?);
    let relative = [from, to].into_iter().flatten().any(|bound| matches!(bound, Bound::BeforeLast(_)));
    let last = if relative { last_packet(&arguments.read)? } else { None };
    let range = Range {
        from: from.map(|bound| bound.resolve(last)),
        to: to.map(|bound| bound.resolve(last)),
        length: None,
    };
    Ok((sources::files(&arguments.read)?, range))
}

/// The time of the last packet, by a pass of its own.
fn last_packet(read: &[PathBuf]) -> Result<Option<capturer::Timestamp>, Failure> {
    if read.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage(
            "a time relative to the last packet needs a file, not standard input".to_owned(),
        ));
    }
    let mut source = sources::files(read)?;
    Ok(offline::read(&mut *source, offline::Reading::default(), &mut Nobody::default())?.to)
}

fn length(text: &str) -> Result<Duration, Failure> {
    let wrong = || Failure::Usage(format!("--for {text}: expected a time such as 60s or 5m"));
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|length| Duration::try_from(length).ok())
        .ok_or_else(wrong)
}

fn render(
    arguments: &Arguments,
    reading: Reading<'_>,
    outcome: &Outcome,
    counted: &'static str,
) -> Result<String, Failure> {
    let measure = arguments.sort.measure();
    let ask = Ask { limit: arguments.top, measure, geo: &reading.facts().geo };
    let dimension = Dimension { name: arguments.by, ends: Ends::Both };
    let top = reading.top(ViewId::MAIN, dimension, &ask).unwrap_or_default();
    let (hosts, _, keys) = reading.evicted();
    let evicted = if arguments.by == "host" { hosts } else { keys };
    if evicted > 0 {
        super::failure::complain(&format!(
            "{evicted} keys had to make room for others: totals are not exact; raise analysis.memory_mb"
        ));
    }
    let sources = arguments.interface.iter().map(PathBuf::from).chain(arguments.read.iter().cloned());
    let totals = TotalsDocument::of(&sources.collect::<Vec<_>>(), outcome, evicted, counted);
    if arguments.format == Format::Json {
        return Ok(format!("{}\n", offline::report_document(&totals, arguments.by, measure, &top)));
    }
    let listing = listing(arguments, &top, offline::whole(&outcome.ledger, measure, &top));
    let mut text = listing.render(arguments.format);
    if arguments.format == Format::Table {
        text += &summary(&top, outcome, (arguments.by, counted));
    }
    Ok(text)
}

const fn column(field: &'static str, title: &'static str, number: bool) -> Column {
    Column { field, title, number }
}

fn listing(arguments: &Arguments, top: &Top, whole: u64) -> Listing {
    let columns = vec![
        column("key", arguments.by, false),
        column("name", "name", false),
        column("packets", "packets", true),
        column("bytes", "bytes", true),
        column("bytes_sent", "sent", true),
        column("bytes_received", "received", true),
        column("flows", "flows", true),
        column("percent", "%", true),
    ];
    let measure = arguments.sort.measure();
    let mut listing = Listing { columns, rows: Vec::new(), pretty: Vec::new() };
    for row in &top.rows {
        let counts = &row.counts;
        let end = |n: u64| (row.label == Label::End).then_some(n);
        let percent = offline::percent(row, measure, whole);
        let name = row.name.clone().or_else(|| place(row));
        listing.rows.push(vec![
            json!(row.key),
            json!(name),
            json!(counts.packets()),
            json!(counts.bytes()),
            json!(end(counts.bytes_sent)),
            json!(end(counts.bytes_received)),
            json!(counts.flows),
            json!(percent),
        ]);
        let dash = || "—".to_owned();
        listing.pretty.push(vec![
            row.key.clone(),
            name.unwrap_or_default(),
            output::count(counts.packets()),
            output::bytes(counts.bytes()),
            end(counts.bytes_sent).map_or_else(dash, output::bytes),
            end(counts.bytes_received).map_or_else(dash, output::bytes),
            output::count(u64::from(counts.flows)),
            format!("{percent:.2}"),
        ]);
    }
    listing
}

/// Where a host is, for the name column of tables.
fn place(row: &analyzer::aggregate::Row) -> Option<String> {
    let category = row.place?;
    let country = row.country.map(|code| code.to_string());
    let network = row.asn.map(|asn| format!("AS{} {}", asn.0, row.as_name.as_deref().unwrap_or_default()));
    let parts: Vec<String> = country.into_iter().chain(network).collect();
    Some(if parts.is_empty() { category.name().to_owned() } else { parts.join(" · ").trim_end().to_owned() })
}

fn summary(top: &Top, outcome: &Outcome, (by, counted): (&str, &str)) -> String {
    let ledger = &outcome.ledger;
    let mut parts = vec![
        format!("{} of {} keys by {by}", top.rows.len(), top.total),
        format!("{} packets", output::count(ledger.packets)),
        output::bytes(ledger.bytes),
    ];
    if counted != Layer::default().name() {
        parts.push(format!("{counted} addresses of tunnels"));
    }
    for (what, n) in
        [("skipped", ledger.skipped.total()), ("filtered", ledger.filtered), ("lost", ledger.lost())]
    {
        if n > 0 {
            parts.push(format!("{} {what}", output::count(n)));
        }
    }
    if let (Some(from), Some(to)) = (outcome.from, outcome.to) {
        parts.push(format!("{} to {}", local_time(from), local_time(to)));
    }
    format!("\n{}\n", parts.join(" · "))
}

/// A moment in the local zone, to the second.
pub(super) fn local_time(at: capturer::Timestamp) -> String {
    let Ok(moment) = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())) else {
        return at.to_string();
    };
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}
