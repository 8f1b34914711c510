//! `wireglobe hosts`: the inventory of captures, of an interface or of a running server. The document is made once
//! (`document`, `domains`) and every other form is made of it, so that the command and the API can't differ.

mod analyser;
mod document;
mod domains;
mod listing;
mod payload;

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::geo::Needs;
use analyzer::inventory::Stock;
use analyzer::query::Query;
use analyzer::{Analyzer, Facts, LocalNetworks, Measure, Origin, Reading, Setup};
use capturer::filter::Scope;
use capturer::source::Source;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use crate::cli::document::{TotalsDocument, text_with_rows};
use crate::cli::fingerprints::tell_sampled;
use crate::cli::offline::{self, Outcome, Range};
use crate::cli::output::{self, Format};
use crate::cli::server::{Server, Shown, encoded};
use crate::cli::{Common, Failure, complain, gather, report, timerange};
use crate::settings::{self, Settings};
use crate::{devices, geo_files, sources};

/// `wireglobe hosts`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures to read: files, directories, - for standard input; several are one stream in time order
    #[arg(short = 'i', long, alias = "inputFile", value_name = "PATH", num_args = 1.., required_unless_present_any = ["interface", "server"], conflicts_with_all = ["interface", "server"])]
    read: Vec<PathBuf>,
    /// Interface to watch; needs --for
    #[arg(long, value_name = "IF", requires = "length")]
    interface: Option<String>,
    /// How long to watch the interface: 60s, 5m
    #[arg(long = "for", id = "length", value_name = "TIME", requires = "interface")]
    length: Option<String>,
    /// Ask this running Wireglobe, such as http://127.0.0.1:8470
    #[arg(long, value_name = "URL", conflicts_with_all = ["interface", "p0f_db", "from", "to"])]
    server: Option<String>,
    #[command(flatten)]
    shown: Shown,
    /// A row for each host, or for each registered domain of their names
    #[arg(long, value_name = "ROWS", default_value = "host")]
    by: By,
    /// Rows, highest first; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// What rows are ranked by
    #[arg(long, value_name = "MEASURE", default_value = "bytes")]
    sort: report::Sort,
    /// Only hosts that match, such as: os linux and country NL; all words that can be asked of a host
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
    /// Only packets from this time on: RFC 3339, or -15m before the last packet
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "interface")]
    from: Option<String>,
    /// Only packets up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "interface")]
    to: Option<String>,
    /// Signatures in p0f's format instead of ours [default: the setting fingerprints.p0f_db]
    #[arg(long, value_name = "FILE")]
    p0f_db: Option<PathBuf>,
    /// How the list is written; json has all of the evidence
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(short = 'o', long, alias = "outputFile", value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    analyser: analyser::Options,
}

/// What a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// A host
    #[default]
    Host,
    /// A registered domain: what the hosts behind its names look like
    Domain,
}

impl By {
    const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Domain => "domain",
        }
    }
}

/// How the inventory is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// What a row is.
    pub(crate) by: By,
    /// What rows are ranked by.
    pub(crate) measure: Measure,
    /// Most rows; 0 for all.
    pub(crate) limit: usize,
}

impl Manner {
    /// Most hosts that have to be listed for so many rows.
    pub(crate) const fn hosts(self) -> usize {
        match self.by {
            By::Host => self.limit,
            By::Domain => 0,
        }
    }
}

/// The document, the same of the command and of the API. Rows are made one by one: there may be many, and as text they take a
/// tenth of the memory.
pub(crate) struct HostsDocument {
    /// All but the rows.
    head: Map<String, Value>,
    rows: Box<dyn Iterator<Item = Value> + Send>,
}

impl HostsDocument {
    /// Of hosts that were listed.
    pub(crate) fn of(totals: &TotalsDocument, manner: Manner, stock: Stock) -> Self {
        let mut head = totals.head();
        let (keys, rows): (usize, Box<dyn Iterator<Item = Value> + Send>) = match manner.by {
            By::Host => (stock.total, Box::new(stock.hosts.into_iter().map(|entry| document::row(&entry)))),
            By::Domain => {
                let (keys, rows) = domains::rows(&stock, manner);
                (keys, Box::new(rows.into_iter()))
            }
        };
        head.insert("by".into(), manner.by.name().into());
        head.insert("sort".into(), manner.measure.name().into());
        head.insert("keys".into(), keys.into());
        Self { head, rows }
    }

    /// That of a server.
    fn read(document: Value) -> Self {
        let Value::Object(mut head) = document else {
            return Self { head: Map::new(), rows: Box::new(std::iter::empty()) };
        };
        let rows = match head.remove("rows") {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        };
        Self { head, rows: Box::new(rows.into_iter()) }
    }

    /// The same with something more in each row.
    pub(crate) fn each(self, add: impl Fn(&mut Value) + Send + 'static) -> Self {
        let rows = self.rows.map(move |mut row| {
            add(&mut row);
            row
        });
        Self { rows: Box::new(rows), ..self }
    }

    /// As JSON.
    pub(crate) fn text(self) -> String {
        text_with_rows(self.head, self.rows)
    }
}

/// Reads a filter that hosts are asked.
///
/// # Errors
/// With the expression and a caret, and where the word that is wrong would work.
fn query(text: &str) -> Result<Option<Query>, Failure> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let wrong =
        |error: analyzer::query::FilterError| Failure::Usage(format!("--filter\n{}", error.render(text)));
    Query::parse_for(text, Scope::Host).map(Some).map_err(wrong)
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    if arguments.analyser.payload {
        return payload::run(arguments, common);
    }
    if arguments.analyser.are_used() {
        return analyser::run(arguments, common);
    }
    let query = query(&arguments.filter)?;
    let later = output::Later::new(arguments.output.as_deref(), arguments.interface.is_some())?;
    let (document, code) = match &arguments.server {
        Some(base) => (HostsDocument::read(ask(arguments, base)?), ExitCode::SUCCESS),
        None => look(arguments, common, query.as_ref())?,
    };
    let text = listing::render(arguments.format, arguments.by, document);
    output::write(later.open()?, &text)?;
    Ok(code)
}

/// The document of a running server.
fn ask(arguments: &Arguments, base: &str) -> Result<Value, Failure> {
    let Arguments { by, top, sort, filter, .. } = arguments;
    let (by, sort, filter) = (by.name(), sort.measure().name(), encoded(filter));
    Server::at(base, &arguments.shown)
        .get(&format!("/api/v1/hosts?by={by}&top={top}&sort={sort}&filter={filter}"))
}

/// The document of captures or of an interface, and the exit code.
fn look(
    arguments: &Arguments,
    common: &Common,
    query: Option<&Query>,
) -> Result<(HostsDocument, ExitCode), Failure> {
    let mut settings = settings::load(common.settings.as_deref())?.settings;
    if let Some(file) = &arguments.p0f_db {
        settings.fingerprints.p0f_db.clone_from(file);
    }
    let (mut source, range) = open(arguments, &settings)?;
    let mut analyzer = analyzer(arguments, &settings)?;
    let reading = offline::Reading { range, sieve: None, decode: settings.decode.settings() };
    let outcome = gather::read(&mut *source, reading, &mut analyzer)?.or_failure()?;
    let document = document(arguments, analyzer.read(), (&outcome, query), &settings);
    Ok((document, outcome.exit_code()))
}

fn document(
    arguments: &Arguments,
    reading: Reading<'_>,
    (outcome, query): (&Outcome, Option<&Query>),
    settings: &Settings,
) -> HostsDocument {
    let manner = Manner { by: arguments.by, measure: arguments.sort.measure(), limit: arguments.top };
    let unanswered = arguments.analyser.unanswered;
    let hosts = if unanswered { 0 } else { manner.hosts() };
    let mut stock = reading.stock(&reading.ask(hosts, manner.measure), query);
    if unanswered {
        stock.hosts.retain(|entry| document::is_unanswered(&entry.row.counts));
        stock.total = stock.hosts.len();
        stock.hosts.truncate(if manner.hosts() == 0 { usize::MAX } else { manner.hosts() });
    }
    tell_losses(reading);
    let sources = arguments.interface.iter().map(PathBuf::from).chain(arguments.read.iter().cloned());
    let sources: Vec<PathBuf> = sources.collect();
    let totals = TotalsDocument::of(&sources, outcome, reading.evicted().0, settings.decode.count.name());
    HostsDocument::of(&totals, manner, stock)
}

/// What had to make room, and what came too fast.
fn tell_losses(reading: Reading<'_>) {
    let counts = reading.inventory().map(|inventory| inventory.fingerprints().counts()).unwrap_or_default();
    let (hosts, ..) = reading.evicted();
    if hosts > 0 {
        complain(&format!(
            "{hosts} hosts had to make room for others and are missing; raise analysis.memory_mb"
        ));
    }
    let forgotten = counts.hosts_evicted + counts.clues_evicted;
    if forgotten > 0 {
        complain(&format!(
            "what was known of the looks of hosts had to make room {forgotten} times; raise analysis.memory_mb"
        ));
    }
    tell_sampled(&counts);
}

fn analyzer(arguments: &Arguments, settings: &Settings) -> Result<Analyzer, Failure> {
    let named = &settings.network.local;
    let local = if !named.is_empty() {
        LocalNetworks::new(named.clone(), Origin::Settings)
    } else if arguments.interface.is_some() {
        LocalNetworks::private_and(Vec::new(), Origin::Assumed)
    } else {
        sources::guess(&arguments.read)
    };
    let geo = geo_files::with_cities(settings, geo_files::load(settings, Needs::ALL)?);
    Ok(Analyzer::new(Setup {
        facts: Facts { geo, local },
        homes: Vec::new(),
        dimensions: Vec::new(),
        live: false,
        hosts: true,
        names: true,
        memory: report::half(settings),
        counting: analyzer::aggregate::Counting::default(),
        devices: devices::load(settings)?,
        inventory: Some(report::inventory(settings)?),
    }))
}

fn open(arguments: &Arguments, settings: &Settings) -> Result<(Box<dyn Source>, Range), Failure> {
    if let Some(name) = &arguments.interface {
        let length = report::length(arguments.length.as_deref())?;
        let (source, _) = sources::interface_alone(name, settings, None)?;
        return Ok((Box::new(source), Range { length, ..Range::default() }));
    }
    let range = timerange::range((&arguments.from, &arguments.to), &arguments.read)?;
    Ok((sources::files(&arguments.read)?, range))
}
