//! `wireglobe count`: addresses in, counts by autonomous system and prefix out. It takes asncounter's command lines, inputs
//! and cache, and writes its reports and metrics (SEEDS.md §2; docs/COUNT.md for those who come from there).
//!
//! One thread reads, one makes addresses of lines, one waits for signals and scrapers; everything is counted in the main
//! one, order by order, so that no figure is shared. While it loads the routing table, the others are at work already.

mod aside;
mod cache;
mod counting;
mod database;
mod desk;
mod dump;
mod feed;
mod held;
mod lines;
mod log;
mod options;
mod output;
mod packets;
mod refresh;
mod tally;
mod text;
mod work;

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use cache::Cache;
use counting::{Back, Counting, Report};
use database::{Database, Names, Shelf};
use desk::{Desk, Order};
use feed::{Event, Input};
use lines::Lines;
use log::Log;
pub(super) use options::Arguments;
use packets::Packets;
use refresh::Refresher;

use crate::cli::{Common, Failure, output as sink};

/// Where those go who look for asncounter's console.
const CONSOLE: &str = "there is no console: a running count answers SIGWINCH with a report and --port with metrics; \
                       `wireglobe run` has an HTTP API under /api/v1/";

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    arguments.check()?;
    let log = Log::new(common, arguments.debug);
    let asn = arguments.dump_prefixes.as_deref().map(options::asn).transpose()?;
    let cache = Cache::open(arguments.cache_directory.as_deref())?;
    if arguments.refresh {
        log.info(refresh::refresh(common.settings.clone(), &cache)?);
        return Ok(ExitCode::SUCCESS);
    }
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
    let listener = arguments.port.map(|port| aside::bind(arguments.listen, port)).transpose()?;
    if let Some(address) = listener.as_ref().and_then(|listener| listener.local_addr().ok()) {
        log.info(format_args!("metrics on http://{address}/metrics"));
    }
    let report = Report::new(arguments, &log)?;
    let opened = match Opened::open(arguments, common) {
        Ok(opened) => opened,
        // A table that is wrong is told first.
        Err(error) => return Database::load(&cache, &log).and(Err(error)),
    };
    let mut names = Names::new(!(arguments.no_resolve_asn || arguments.no_asn));
    if report.names() {
        names.fetch(&cache);
    }
    let inputs = opened.names();
    let (sender, events) = channel();
    aside::start(&sender, listener)?;
    let refresher = Refresher::new(common.settings.clone(), sender.clone());
    let (orders, back) = start(arguments, opened, (sender, events))?;
    let mut counting = Counting::new(report, (cache, log), names, (back, refresher))?;
    counting.inputs = inputs;
    counting.run(orders)
}

/// Starts what reads, and what makes addresses of lines.
fn start(
    arguments: &Arguments,
    opened: Opened,
    (sender, events): (Sender<Event>, Receiver<Event>),
) -> Result<(Receiver<Order>, Back), Failure> {
    let (blocks, batches) = match opened {
        Opened::Text(inputs) => (Some(feed::read_text(inputs, sender)?), None),
        Opened::Packets(packets) => (None, Some(packets.read(sender)?)),
    };
    let format = arguments.text_format().unwrap_or(text::Format::Line);
    let (orders, incoming) = sync_channel(desk::waiting(format));
    let ((portions, counted), shelf) = (channel(), Shelf::default());
    let lines = Lines::new(format, arguments.side());
    let desk = Desk {
        lines,
        orders,
        blocks,
        counted,
        spare: <_>::default(),
        held: <_>::default(),
        shelf: shelf.clone(),
        keep: arguments.keep,
    };
    let spawned = std::thread::Builder::new().name("lines".to_owned()).spawn(|| desk.run(events));
    spawned.map_err(Failure::system("cannot start the thread for lines"))?;
    Ok((incoming, Back { portions, batches, shelf }))
}

/// What is read, opened before anything is counted.
enum Opened {
    Text(Vec<Input>),
    Packets(Box<Packets>),
}

impl Opened {
    fn open(arguments: &Arguments, common: &Common) -> Result<Self, Failure> {
        match text_inputs(arguments)? {
            Some(inputs) => Ok(Self::Text(inputs)),
            None => Ok(Self::Packets(Box::new(packets::open(arguments, common)?))),
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Text(inputs) => inputs.iter().map(|input| input.name.clone()).collect(),
            Self::Packets(packets) => packets.names.clone(),
        }
    }
}

/// The inputs of text; none when packets are counted.
fn text_inputs(arguments: &Arguments) -> Result<Option<Vec<Input>>, Failure> {
    if arguments.text_format().is_none() {
        return Ok(None);
    }
    if !arguments.addresses.is_empty() {
        return Ok(Some(vec![Input::of_text("the command line", arguments.addresses.join("\n"))]));
    }
    feed::or_stdin(&arguments.input).iter().map(|path| Input::open(path)).collect::<Result<_, _>>().map(Some)
}
