//! `wireglobe count`: addresses in, counts by autonomous system and prefix out. It takes asncounter's command lines, inputs
//! and cache, and writes its reports and metrics (SEEDS.md §2; docs/COUNT.md for those who come from there).
//!
//! One thread reads, one waits for signals and scrapers; everything is counted in the main one, event by event, so that
//! no figure is shared.

mod aside;
mod cache;
mod counting;
mod database;
mod dump;
mod feed;
mod log;
mod options;
mod output;
mod packets;
mod tally;
mod text;

use std::process::ExitCode;
use std::sync::mpsc::channel;

use cache::Cache;
use counting::{Buffers, Counting};
use feed::Input;
use log::Log;
pub(super) use options::Arguments;

use crate::cli::{Common, Failure, output as sink};

/// Where those go who look for asncounter's console.
const CONSOLE: &str = "there is no console: a running count answers SIGWINCH with a report and --port with metrics; \
                       `wireglobe run` has an HTTP API under /api/v1/";

/// Where newer routing tables come from.
const REFRESH: &str = "count fetches nothing from the network itself: `wireglobe geo update` makes a table of a file or an address; \
                       put it into the cache directory as ipasn_DATE.TIME.dat";

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    arguments.check()?;
    if arguments.refresh {
        return Err(Failure::Usage(format!("--refresh: {REFRESH}")));
    }
    let log = Log::new(common, arguments.debug);
    let asn = arguments.dump_prefixes.as_deref().map(options::asn).transpose()?;
    let cache = Cache::open(arguments.cache_directory.as_deref())?;
    if let Some(asn) = asn {
        sink::write(sink::open(None)?, &dump::prefixes(asn, &cache, &log)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.repl || arguments.manhole.is_some() {
        log.warn(CONSOLE);
    }
    count(arguments, common, (cache, log))
}

/// Starts the threads and counts until the input ends or a signal says so.
fn count(arguments: &Arguments, common: &Common, (cache, log): (Cache, Log)) -> Result<ExitCode, Failure> {
    let (sender, events) = channel();
    let listener = arguments.port.map(|port| aside::bind(arguments.listen, port)).transpose()?;
    if let Some(address) = listener.as_ref().and_then(|listener| listener.local_addr().ok()) {
        log.info(format_args!("metrics on http://{address}/metrics"));
    }
    let mut counting = Counting::new(arguments, cache, log)?;
    let inputs = text_inputs(arguments)?;
    let packets = inputs.is_none().then(|| packets::open(arguments, common)).transpose()?;
    aside::start(&sender, listener)?;
    let buffers = match (inputs, packets) {
        (Some(inputs), _) => {
            counting.inputs = inputs.iter().map(|input| input.name.clone()).collect();
            Buffers { blocks: Some(feed::read_text(inputs, sender)?), batches: None }
        }
        (None, Some(packets)) => {
            counting.inputs.clone_from(&packets.names);
            Buffers { blocks: None, batches: Some(packets.read(sender)?) }
        }
        (None, None) => Buffers::default(),
    };
    counting.run(events, &buffers)
}

/// The inputs of text, all opened before anything is counted; none when packets are counted.
fn text_inputs(arguments: &Arguments) -> Result<Option<Vec<Input>>, Failure> {
    if arguments.text_format().is_none() {
        return Ok(None);
    }
    if !arguments.addresses.is_empty() {
        return Ok(Some(vec![Input::of_text("the command line", arguments.addresses.join("\n"))]));
    }
    feed::or_stdin(&arguments.input).iter().map(|path| Input::open(path)).collect::<Result<_, _>>().map(Some)
}
