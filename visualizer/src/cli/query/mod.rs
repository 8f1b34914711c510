//! `wireglobe query`: which keys carried most, interval by interval, out of flow files, a running Wireglobe or the
//! history store. docs/QUERY.md describes questions and answers.

mod captures;
mod feed;
mod files;
mod history;
mod include;
mod layout;
mod question;
mod remote;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::flows::Tally;
use analyzer::{Facts, LocalNetworks, Origin};
use clap::Args;
use serde_json::Value;

use crate::cli::interrupt::Interrupt;
use crate::cli::output::{self, Format};
use crate::cli::progress::Progress;
use crate::cli::server::Shown;
use crate::cli::{Common, Failure};
use crate::settings::{self, Settings};
use crate::{geo_files, sources};
use captures::Captures;
use feed::Feed;
use files::Found;
pub(super) use files::nfcapd_within;
use layout::Layout;
pub(crate) use question::Question;

/// `wireglobe query`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files to read: nfcapd files, captures, directories of either, nfdump's CSV or JSON, - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["server", "flow_dir"])]
    read: Vec<PathBuf>,
    /// Of captures count the flow exports inside (NetFlow, IPFIX, sFlow, on any port) instead of the packets; captures are read
    /// in the order they are named
    #[arg(long, requires = "read")]
    flows: bool,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    question: Question,
    /// Ask a running Wireglobe
    #[arg(long, value_name = "URL", conflicts_with = "flow_dir")]
    server: Option<String>,
    #[command(flatten)]
    shown: Shown,
    /// How the result is written; csv, tsv and jsonl have a line for each key and interval
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// The history to ask, when there are several: a file that a server keeps
    #[arg(long, value_name = "FILE", conflicts_with_all = ["read", "server"])]
    store: Option<PathBuf>,
    /// Write to a file instead of standard output, once the answer is whole
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::watch()?;
    let settings = settings::load(common.settings.as_deref())?.settings;
    let mut progress = if common.quiet { Progress::silent() } else { Progress::new() };
    let question = &arguments.question.with_files()?;
    let (document, code) = match &arguments.server {
        Some(base) => (remote::ask(base, &arguments.shown, question, &mut progress)?, ExitCode::SUCCESS),
        None if arguments.read.is_empty() && arguments.layout.is_none() => {
            let asked = (question, arguments.store.clone());
            (history::ask(asked, &settings, &mut progress)?, ExitCode::SUCCESS)
        }
        None => read(arguments, question, &settings, &mut progress)?,
    };
    drop(progress);
    let text = shown::render(&document, arguments.format);
    match &arguments.output {
        Some(path) => interrupt.hold(|| output::replace(path, text.as_bytes()))?,
        None => output::write(output::open(None)?, &text)?,
    }
    Ok(code)
}

/// The answer out of files.
fn read(
    arguments: &Arguments,
    question: &Question,
    settings: &Settings,
    progress: &mut Progress,
) -> Result<(Value, ExitCode), Failure> {
    let Found { files, captures } = if arguments.read.is_empty() {
        Found { files: arguments.layout.files(question)?, ..Found::default() }
    } else {
        files::find(&arguments.read, &arguments.layout, arguments.flows)?
    };
    let guessed = !arguments.flows && !captures.is_empty();
    let captures = Captures { paths: captures, exports: arguments.flows, decode: settings.decode.settings() };
    let local = match &settings.network.local[..] {
        [] if guessed => sources::guess(&captures.paths),
        [] => LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        named => LocalNetworks::new(named.to_vec(), Origin::Settings),
    };
    let feed = Feed::new(files, captures, arguments.layout.window());
    let plan = feed.plan(question)?;
    let facts = Facts { geo: geo_files::load(settings, plan.needs())?, local };
    let mut tally = Tally::new(plan);
    let read = feed.read(&mut tally, &facts, progress)?;
    let answer = tally.answer(&facts.geo, "files");
    let mut document =
        serde_json::to_value(answer).map_err(|error| Failure::Unreadable(error.to_string()))?;
    document["truncated"] = read.truncated.into();
    let code = if read.error.is_some() { ExitCode::from(3) } else { ExitCode::SUCCESS };
    if let Some(error) = read.error {
        document["error"] = error;
    }
    Ok((document, code))
}
