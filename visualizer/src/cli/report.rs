//! `wireglobe report`: totals by one dimension.

mod ahead;
mod chart;
mod flows;
mod html;
mod labels;
mod listing;
mod whereabouts;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use analyzer::aggregate::{AGGREGATES, Counting, Ends, Row, Top};
use analyzer::geo::{Needs, Sources};
use analyzer::inventory::Plan;
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Origin, Reading, Setup, ViewId};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::document::{self, Share, TotalsDocument};
use crate::cli::gather::{self, TOGETHER};
use crate::cli::offline::{self, Outcome, Range};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure, timerange};
use crate::settings::{self, Settings};
use crate::sieve::Sieve;
use crate::{geo_files, signatures, sources};
use labels::Labels;

/// `wireglobe report`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures to read: files, directories, - for standard input; several are one stream in time order
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "interface", conflicts_with = "interface")]
    read: Vec<PathBuf>,
    /// Count the flow exports inside captures (NetFlow, IPFIX, sFlow, on any port) and nfcapd files instead of packets; files are
    /// read in the order they are named
    #[arg(long, conflicts_with = "interface")]
    flows: bool,
    /// Interface to watch; needs --for
    #[arg(long, value_name = "IF", requires = "length")]
    interface: Option<String>,
    /// How long to watch the interface: 60s, 5m
    #[arg(long = "for", id = "length", value_name = "TIME", requires = "interface")]
    length: Option<String>,
    /// What to count by: country, continent, asn, prefix, place, host, pair, domain, service, protocol, port, mac, vlan or os
    /// (what hosts look like)
    #[arg(long, value_name = "DIMENSION", default_value = "country", value_parser = dimension)]
    by: &'static str,
    /// Rows, highest first; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// What rows are ranked by
    #[arg(long, value_name = "MEASURE", default_value = "bytes")]
    sort: Sort,
    /// Only packets that match; tcpdump's language with country, asn, place, direction … on top
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
    /// Only from this time on: RFC 3339, or -15m before the last packet
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "interface")]
    from: Option<String>,
    /// Only up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "interface")]
    to: Option<String>,
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Sheet,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Which ends of a packet count
    #[arg(long, value_name = "SIDE", default_value = "both")]
    side: Side,
    /// Only public addresses; what that leaves out is counted and shown
    #[arg(long)]
    public_only: bool,
    /// Threads that read and count captures [default: one a processor]; the result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// What autonomous systems are called, with --by asn
    #[arg(long, value_name = "LABELS")]
    labels: Option<Labels>,
}

/// How a report comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sheet {
    /// For people
    Table,
    /// One document
    Json,
    /// A row of it a line
    Jsonl,
    /// RFC 4180; cells that a spreadsheet would run are quoted
    Csv,
    /// Tab-separated
    Tsv,
    /// A Markdown table
    Markdown,
    /// A page with charts that needs nothing beside it, to read and to print
    Html,
}

/// Which ends of a packet count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Side {
    /// The sender
    Source,
    /// The receiver
    Destination,
    /// Both
    Both,
}

impl Side {
    const fn ends(self) -> Ends {
        match self {
            Self::Source => Ends::Source,
            Self::Destination => Ends::Destination,
            Self::Both => Ends::Both,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Sort {
    Bytes,
    Packets,
    Flows,
}

impl Sort {
    pub(super) const fn measure(self) -> Measure {
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
    arguments.check()?;
    let settings = settings::load(common.settings.as_deref())?.settings;
    let query = offline::query(&arguments.filter)?;
    let mut analyzer = analyzer(arguments, &settings, query.as_ref())?;
    let later = output::Later::new(arguments.output.as_deref(), arguments.interface.is_some())?;
    let outcome = if arguments.flows {
        let range = timerange::range((&arguments.from, &arguments.to), &arguments.read)?;
        flows::read(arguments, &settings, (&range, query.as_ref()), &mut analyzer)?
    } else {
        read(arguments, &settings, query, &mut analyzer)?
    };
    let outcome = outcome.or_failure()?;
    let text = render(arguments, analyzer.read(), &outcome, settings.decode.count.name())?;
    output::write(later.open()?, &text)?;
    Ok(outcome.exit_code())
}

/// Reads packets, of captures or from an interface.
fn read(
    arguments: &Arguments,
    settings: &Settings,
    query: Option<Query>,
    analyzer: &mut Analyzer,
) -> Result<Outcome, Failure> {
    let (mut source, range) = open(arguments, settings, query.as_ref())?;
    let sieve = query.map(|query| {
        let mut sieve = Sieve::new((&arguments.filter, query), analyzer.facts().clone(), settings)?;
        sieve.read_ahead(&arguments.read, settings.decode.settings());
        Ok::<_, Failure>(sieve)
    });
    let sieve = sieve.transpose()?;
    let reading = offline::Reading { range, sieve, decode: settings.decode.settings() };
    // What hosts look like is learned from whole frames, which the other thread keeps for itself.
    let ahead = arguments.interface.is_none() && arguments.jobs() > 1 && !analyzer.keeps_inventory();
    if ahead {
        ahead::read(&mut *source, reading, analyzer, TOGETHER)
    } else {
        gather::read(&mut *source, reading, analyzer)
    }
}

/// Names that had to make room are told of, and domains that found none.
fn complain_of_names(reading: Reading<'_>) {
    let names = reading.names().counts();
    if names.evicted > 0 || names.domains_refused > 0 {
        super::failure::complain(&format!(
            "the names of {} addresses had to make room for others, and {} times a domain found none: some traffic counts \
             as unknown; raise analysis.memory_mb",
            names.evicted, names.domains_refused
        ));
    }
}

/// Whether a dimension's rows need names of addresses; nothing is learned for the others.
fn names_addresses(by: &str) -> bool {
    matches!(by, "host" | "domain")
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
        (_, true) if !arguments.read.is_empty() && !arguments.flows => sources::guess(&arguments.read),
        _ => LocalNetworks::private_and(Vec::new(), Origin::Assumed),
    };
    let geo = geo_files::load(settings, needs)?;
    let geo = if arguments.by == "host" { geo_files::with_cities(settings, geo) } else { geo };
    let hosts = arguments.lists_hosts();
    let dimensions = if hosts { Vec::new() } else { vec![arguments.dimension()] };
    let inventory = (arguments.by == "os").then(|| inventory(settings)).transpose()?;
    Ok(Analyzer::new(Setup {
        facts: Facts { geo, local },
        homes: Vec::new(),
        dimensions,
        live: false,
        hosts,
        names: names_addresses(arguments.by),
        memory: if inventory.is_some() { half(settings) } else { settings.analysis.memory_mb << 20 },
        counting: Counting { rank: arguments.sort.measure(), public_only: arguments.public_only },
        devices: crate::devices::load(settings)?,
        inventory,
    }))
}

/// What hosts look like, by the signatures of the settings.
pub(super) fn inventory(settings: &Settings) -> Result<Plan, Failure> {
    let database = signatures::load(&settings.fingerprints.p0f_db)?;
    Ok(Plan { database, memory: half(settings) })
}

/// Half of the budget, where hosts and what they look like share it.
pub(super) const fn half(settings: &Settings) -> usize {
    settings.analysis.memory_mb << 19
}

fn open(
    arguments: &Arguments,
    settings: &Settings,
    query: Option<&Query>,
) -> Result<(Box<dyn capturer::source::Source>, Range), Failure> {
    if let Some(name) = &arguments.interface {
        let length = length(arguments.length.as_deref())?;
        let (source, _) = sources::interface_alone(name, settings, query)?;
        return Ok((Box::new(source), Range { length, ..Range::default() }));
    }
    let range = timerange::range((&arguments.from, &arguments.to), &arguments.read)?;
    // One thread reads in order and decodes, one counts; what is left unpacks.
    Ok((sources::files_ahead(&arguments.read, arguments.jobs().saturating_sub(2))?, range))
}

/// How long to watch, as `--for` has it.
pub(super) fn length(text: Option<&str>) -> Result<Option<Duration>, Failure> {
    text.map(duration).transpose()
}

fn duration(text: &str) -> Result<Duration, Failure> {
    let wrong = || Failure::Usage(format!("--for {text}: expected a time such as 60s or 5m"));
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|length| Duration::try_from(length).ok())
        .ok_or_else(wrong)
}

impl Arguments {
    const fn dimension(&self) -> Dimension {
        Dimension { name: self.by, ends: self.side.ends() }
    }

    fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(processors, usize::from)
    }

    /// Whether the table of hosts itself is the report, or what they look like together.
    fn lists_hosts(&self) -> bool {
        matches!(self.by, "host" | "os") && self.side == Side::Both && !self.public_only
    }

    /// Options that mean nothing to a dimension are refused.
    fn check(&self) -> Result<(), Failure> {
        let by = self.by;
        let wrong = |option: &str, allowed: &str| {
            Err(Failure::Usage(format!("{option} means nothing with --by {by}; it is for {allowed}")))
        };
        if self.side != Side::Both && matches!(by, "pair" | "protocol" | "vlan") {
            return wrong("--side", "dimensions whose keys belong to one end of a packet");
        }
        if self.public_only && matches!(by, "mac" | "protocol" | "vlan") {
            return wrong("--public-only", "dimensions of addresses, ports and services");
        }
        if self.labels.is_some() && by != "asn" {
            return wrong("--labels", "--by asn");
        }
        Ok(())
    }

    /// What was asked besides the dimension, in words.
    fn asked(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.side != Side::Both {
            let side = if self.side == Side::Source { "senders" } else { "receivers" };
            words.push(format!("Only {side} are counted."));
        }
        if self.public_only {
            words.push("Only public addresses are counted.".to_owned());
        }
        if !self.filter.trim().is_empty() {
            words.push(format!("Filter: {}", self.filter.trim()));
        }
        words
    }
}

/// What a report is made of, whatever it is written as.
struct Report<'a> {
    by: &'static str,
    totals: TotalsDocument,
    top: &'a Top,
    share: Share,
    labels: Option<Labels>,
    asked: Vec<String>,
    /// The databases that were asked.
    sources: Sources,
    /// Where names of hardware vendors come from, if any are shown.
    vendors: Option<&'static str>,
}

impl Report<'_> {
    /// What stands for a row's key.
    fn label(&self, row: &Row) -> String {
        self.labels.map_or_else(|| row.key.clone(), |labels| labels.of(row))
    }

    /// Whether the label is the name already.
    const fn names_are_keys(&self) -> bool {
        matches!(self.labels, Some(Labels::Owner | Labels::Both))
    }

    /// A name beside it, unless it is the label.
    fn name(&self, row: &Row) -> Option<String> {
        if self.names_are_keys() {
            return None;
        }
        row.name.clone().or_else(|| row.vendor.map(str::to_owned)).or_else(|| place(row))
    }

    /// The label of a row in a chart, where no name stands beside it.
    fn title(&self, row: &Row) -> String {
        match (self.by, &self.name(row)) {
            _ if self.labels.is_some() => self.label(row),
            ("host" | "prefix", _) => row.key.clone(),
            ("asn", _) => Labels::Both.of(row),
            ("country" | "continent", Some(name)) => name.clone(),
            (_, Some(name)) if *name != row.key => format!("{} {name}", row.key),
            _ => row.key.clone(),
        }
    }

    /// The document of `--format json`.
    fn document(&self) -> serde_json::Value {
        let mut document = document::report_document(&self.totals, self.by, self.share.measure, self.top);
        if let (Some(labels), Some(rows)) = (self.labels, document["rows"].as_array_mut()) {
            for (row, object) in self.top.rows.iter().zip(rows) {
                object["label"] = json!(labels.of(row));
            }
        }
        document
    }

    fn render(&self, sheet: Sheet) -> String {
        match sheet {
            Sheet::Table => listing::table(self).render(Format::Table) + &listing::summary(self),
            Sheet::Markdown => listing::table(self).render(Format::Markdown),
            Sheet::Csv => listing::values(self).render(Format::Csv),
            Sheet::Tsv => listing::values(self).render(Format::Tsv),
            Sheet::Html => html::page(self),
            Sheet::Json => format!("{}\n", self.document()),
            Sheet::Jsonl => {
                let document = self.document();
                let rows = document["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
                rows.iter().map(|row| format!("{row}\n")).collect()
            }
        }
    }
}

fn render(
    arguments: &Arguments,
    reading: Reading<'_>,
    outcome: &Outcome,
    counted: &'static str,
) -> Result<String, Failure> {
    let measure = arguments.sort.measure();
    let facts = reading.facts();
    let ask = reading.ask(arguments.top, measure);
    let top = reading.top(ViewId::MAIN, arguments.dimension(), &ask).unwrap_or_default();
    let (hosts, _, keys) = reading.evicted();
    let evicted = if arguments.lists_hosts() { hosts } else { keys };
    if evicted > 0 {
        super::failure::complain(&format!(
            "{evicted} keys had to make room for others: figures of some rows are estimates; raise analysis.memory_mb"
        ));
    }
    complain_of_names(reading);
    let sources = arguments.interface.iter().map(PathBuf::from).chain(arguments.read.iter().cloned());
    let totals = TotalsDocument::of(&sources.collect::<Vec<_>>(), outcome, evicted, counted);
    let whole = document::whole(&outcome.ledger, measure, &top);
    let share = Share { measure, whole, seconds: totals.seconds() };
    let report = Report {
        by: arguments.by,
        totals,
        top: &top,
        share,
        labels: arguments.labels,
        asked: arguments.asked(),
        sources: facts.geo.sources(),
        vendors: (arguments.by == "mac").then(analyzer::vendors::source),
    };
    Ok(report.render(arguments.format))
}

/// Whose a host is, for the name column of tables where it has no name.
fn place(row: &Row) -> Option<String> {
    let category = row.place?;
    let network = row.asn.map(|asn| format!("AS{} {}", asn.0, row.as_name.as_deref().unwrap_or_default()));
    let country = || row.country.map(|code| code.to_string());
    Some(
        network
            .or_else(country)
            .map_or_else(|| category.name().to_owned(), |text| text.trim_end().to_owned()),
    )
}

/// Text from outside for an HTML page: what [`output::escape`] makes safe to show, and what HTML would read as markup.
fn escape_html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in output::escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A moment in the local zone, to the second.
pub(super) fn local_time(at: capturer::Timestamp) -> String {
    let Ok(moment) = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())) else {
        return at.to_string();
    };
    local(moment)
}

/// The same of a moment that was read.
pub(super) fn local(moment: jiff::Timestamp) -> String {
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}
