//! `wireglobe plot`: pictures of captures and of query documents. Captures are read side by side, each graph keeps what it
//! needs of them (`gathering`), and what comes of that is drawn by [`crate::plot`]. Traffic Analyser's options are accepted,
//! with graphs in groups: `-g TYPE -p KEYS -l METHOD -r ATTRIBUTE`.

mod categories;
mod course;
mod gathering;
mod groups;
mod paper;
mod query;
mod rhythm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::Facts;
use analyzer::geo::Needs;
use capturer::filter::Scope;
use capturer::source::paths;
use clap::Args;

use self::gathering::Gathering;
use self::groups::Groups;
use crate::cli::exchange::{self, About, Asking, Columns, Labels, Mappings, Paper, Read, Sheet, Whom};
use crate::cli::offline::Reading;
use crate::cli::{Common, Failure, timerange};
use crate::plot::{Base, Chart};
use crate::settings::{self, Settings};
use crate::sieve::Sieve;
use crate::{geo_files, sources};
use analyzer::query::Query;

/// `wireglobe plot`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Captures to read: files, folders, - for standard input
    #[arg(short = 'i', long, value_name = "PATH", num_args = 1.., required_unless_present = "query", alias = "inputFile")]
    read: Vec<PathBuf>,
    /// Draw a query document instead (`wireglobe query --format json`), - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["read", "keys", "mac", "device", "address", "table"])]
    query: Option<PathBuf>,
    /// How the query document is drawn
    #[arg(long, value_name = "CHART", requires = "query", conflicts_with = "graph")]
    chart: Option<Chart>,
    #[command(flatten)]
    groups: Groups,
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    mappings: Mappings,
    #[command(flatten)]
    sheet: paper::Sheet,
    /// Append Traffic Analyser's table of who was talked with to this file, too
    #[arg(short = 'o', long, value_name = "FILE", alias = "outputFile")]
    table: Option<PathBuf>,
    /// Only who was sent to and never answered in that table
    #[arg(short = 'y', long, requires = "table", alias = "findDiff")]
    unanswered: bool,
    #[command(flatten)]
    paper: Paper,
    /// Only packets that match
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: String,
    /// Only packets from this time on: RFC 3339, or -15m before the last packet
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Only packets up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,
}

/// How packets become graphs.
#[derive(Debug, Args)]
pub(super) struct Shape {
    /// Sum up intervals: 10s, 5m, 1h [default: each packet at its time]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    interval: Option<f64>,
    /// Shares of the whole instead of figures
    #[arg(long)]
    percent: bool,
    /// Bars, and series up to the eight colours there are, the largest; what is left is "Other" [default: 8 series, 20 bars]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    top: Option<u16>,
    /// Time as it was (UTC) instead of from the first packet on
    #[arg(short = 't', long, alias = "noTimeShift")]
    no_time_shift: bool,
    /// Bytes by 1000 or by 1024
    #[arg(long, value_name = "UNITS", default_value = "si")]
    units: Base,
}

/// Seconds of `10s`, `5m`, `250ms`, or of a bare number.
fn interval(text: &str) -> Result<f64, String> {
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let span: jiff::SignedDuration =
                text.parse().map_err(|_| "expected a time such as 10s, 5m or 1h".to_owned())?;
            span.as_secs_f64()
        }
    };
    // A microsecond is finer than most clocks of captures; a century is coarser than all of them.
    (1e-6..=3.2e9).contains(&seconds).then_some(seconds).ok_or_else(|| "expected 1us to 100 years".to_owned())
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    arguments.sheet.check()?;
    if let Some(document) = &arguments.query {
        return query::draw(arguments, document);
    }
    let settings = settings::load(common.settings.as_deref())?.settings;
    let graphs = arguments.groups.graphs(&arguments.shape)?;
    let files = paths::expand(&arguments.read)?;
    let about = arguments.whom.look_up(&settings, &arguments.read)?;
    let geo = geo_files::load(&settings, Needs::ALL)?;
    let range = timerange::range((&arguments.from, &arguments.to), &arguments.read)?;
    let facts = Facts { geo: geo.clone(), local: sources::guess(&[]) };
    let reading = || {
        let sieve = sieve(arguments, (&facts, &settings))?;
        Ok(Reading { range, sieve, decode: settings.decode.settings() })
    };
    let look = |_: &Path| Gathering::new(&graphs, &about, arguments.table.is_some());
    let mut read = exchange::each(&files, arguments.paper.jobs(), (&about.addresses, &reading), &look)?;
    let code = exchange::tell(&read, about.needs_hardware());
    let names = exchange::take_names(&mut read);
    let addresses = read.iter().flat_map(|file| file.value.addresses());
    let mapping = arguments.mappings.read()?;
    let labels =
        Labels::new((&about.devices, &geo, mapping), names, (&arguments.asking, &settings), addresses)?;
    if let Some(path) = &arguments.table {
        table(arguments, path, (&read, &labels))?;
    }
    paper::draw(arguments, (&graphs, &labels, &about), read)?;
    Ok(code)
}

fn sieve(arguments: &Arguments, (facts, settings): (&Facts, &Settings)) -> Result<Option<Sieve>, Failure> {
    let text = arguments.filter.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let query = Query::parse_for(text, Scope::Frame)
        .map_err(|error| Failure::Usage(format!("--filter\n{}", error.render(text))))?;
    let mut sieve = Sieve::new((text, query), facts.clone(), settings)?;
    sieve.read_ahead(&arguments.read, settings.decode.settings());
    Ok(Some(sieve))
}

/// The table beside the pictures.
fn table(
    arguments: &Arguments,
    path: &Path,
    (read, labels): (&[Read<Gathering>], &Labels<'_>),
) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for file in read {
        for (device, tally) in file.value.tallies() {
            let name = file.path.display().to_string();
            let sheet = Sheet { device, file: &name, experiment: "", tally };
            rows.extend(sheet.rows(Columns::Analyser, (&arguments.paper, labels), arguments.unanswered));
        }
    }
    rows.sort_unstable();
    exchange::append(path, Columns::Analyser, &rows)
}
