//! The counting thread: does one order after another; holds the database, the counts and the reports.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender};

use super::cache::Cache;
use super::database::{Database, Names, Shelf};
use super::desk::Order;
use super::feed::{Batch, Seen, Signal};
use super::lines::Portion;
use super::log::Log;
use super::options::Arguments;
use super::output::{Format, Shown, View};
use super::refresh::Refresher;
use super::tally::ROWS_MAX;
use super::text::Side;
use super::work::Work;
use crate::cli::offline::Outcome;
use crate::cli::{Failure, output as sink};

/// What is counted, and how it is told.
pub(super) struct Counting {
    /// Names of the inputs.
    pub(super) inputs: Vec<String>,
    /// The name of the input at hand.
    name: String,
    work: Work,
    names: Names,
    cache: Cache,
    report: Report,
    refresher: Refresher,
    back: Back,
    /// Whether an input could not be read to its end.
    damaged: bool,
}

/// The ways back for what was counted.
pub(super) struct Back {
    pub(super) portions: Sender<Portion>,
    pub(super) batches: Option<Sender<Vec<Seen>>>,
    /// Where the database goes when it is loaded.
    pub(super) shelf: Shelf,
}

/// Where reports go.
pub(super) struct Report {
    format: Format,
    shown: Shown,
    packets: bool,
    side: Side,
    file: Option<Box<dyn Write>>,
}

impl Report {
    /// As the options say; opens the file of the final report, so that it can't fail in the end.
    pub(super) fn new(arguments: &Arguments, log: &Log) -> Result<Self, Failure> {
        let file = |path: &PathBuf| sink::open(Some(path));
        Ok(Self {
            format: format(arguments, log),
            shown: shown(arguments),
            packets: arguments.text_format().is_none(),
            side: arguments.side(),
            file: arguments.output.as_ref().map(file).transpose()?,
        })
    }

    /// Whether reports show names of systems.
    pub(super) fn names(&self) -> bool {
        self.format != Format::Null
    }
}

impl Counting {
    /// Loads the database, while others begin to read.
    pub(super) fn new(
        report: Report,
        (cache, log): (Cache, Log),
        names: Names,
        (back, refresher): (Back, Refresher),
    ) -> Result<Self, Failure> {
        let database = Database::load(&cache, &log)?;
        let work = Work::new(database, back.shelf.clone(), log);
        let (inputs, name) = (Vec::new(), String::new());
        Ok(Self { inputs, name, work, names, cache, report, refresher, back, damaged: false })
    }

    /// Counts until there are no more orders.
    pub(super) fn run(mut self, orders: Receiver<Order>) -> Result<ExitCode, Failure> {
        for order in orders {
            self.take(order)?;
        }
        self.refresher.give_up(&self.cache);
        Ok(if self.damaged { ExitCode::from(3) } else { ExitCode::SUCCESS })
    }

    fn take(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Begin(number) => self.begin(number),
            Order::Portion(mut portion) => {
                self.work.portion(&mut portion, &self.name);
                portion.clear();
                // Who reads may have ended.
                let _ = self.back.portions.send(portion);
            }
            Order::Packets(batch) => self.packets(batch),
            Order::Broken(error, line) => self.broken(&error, line),
            Order::Read(outcome) => self.read(*outcome)?,
            Order::Signal(Signal::Report) => self.print()?,
            Order::Signal(Signal::Reload) => self.reload(),
            Order::Signal(Signal::Refresh) => {
                if !self.refresher.begin(&self.cache) {
                    self.work.log.error("cannot start the fetching thread");
                }
            }
            Order::Refreshed(result) => self.refreshed(result),
            Order::Ask(reply) => {
                let _ = reply.send(self.render(Format::Prometheus));
            }
            Order::Finish => self.finish()?,
            Order::Signal(Signal::Stop) => {}
        }
        Ok(())
    }

    fn begin(&mut self, number: usize) {
        self.name = self.inputs.get(number).cloned().unwrap_or_default();
        self.work.log.info(format_args!("reading {}", self.name));
    }

    fn packets(&mut self, batch: Batch) {
        self.work.packets(&batch, self.report.side);
        let mut seen = batch.seen;
        seen.clear();
        if let Some(back) = &self.back.batches {
            let _ = back.send(seen);
        }
    }

    fn broken(&mut self, error: &std::io::Error, line: u64) {
        let name = &self.name;
        self.work
            .log
            .error(format_args!("{name}: after line {line}: {error}; what was read before is counted"));
        self.damaged = true;
    }

    /// The packets have ended.
    fn read(&mut self, outcome: Result<Outcome, Failure>) -> Result<(), Failure> {
        let outcome = outcome?.or_failure()?;
        if outcome.ledger.filtered > 0 {
            self.work.log.info(format_args!("{} frames did not match the filter", outcome.ledger.filtered));
        }
        if outcome.ledger.lost() > 0 {
            self.work.log.warn(format_args!("{} packets were lost", outcome.ledger.lost()));
        }
        self.damaged = outcome.exit_code() != ExitCode::SUCCESS;
        Ok(())
    }

    /// What was fetched is taken as after SIGHUP; so is what lies there, if nothing was.
    fn refreshed(&mut self, result: Result<String, String>) {
        self.refresher.end();
        match result {
            Ok(told) => self.work.log.info(told),
            Err(error) => self.work.log.warn(error),
        }
        self.reload();
    }

    /// Takes the database and the names anew; what is wrong leaves the old ones.
    fn reload(&mut self) {
        match Database::load(&self.cache, &self.work.log) {
            Ok(database) => {
                self.work.change(database);
                self.names.forget();
            }
            Err(error) => self.work.log.error(format_args!("{error}; the database in use stays")),
        }
    }

    /// The final report: to the file if there is one.
    fn finish(&mut self) -> Result<(), Failure> {
        self.work.settle();
        if self.work.tally.beyond > 0 {
            let beyond = self.work.tally.beyond;
            self.work.log.warn(format_args!(
                "{beyond} look-ups are in the totals only: a table has at most {ROWS_MAX} rows"
            ));
        }
        let text = self.render(self.report.format);
        match self.report.file.take() {
            Some(file) => sink::write(file, &text),
            None => sink::write(sink::open(None)?, &text),
        }
    }

    /// A report in between, always to standard output.
    fn print(&mut self) -> Result<(), Failure> {
        let text = self.render(self.report.format);
        sink::write(sink::open(None)?, &text)
    }

    fn render(&mut self, format: Format) -> String {
        if format != Format::Null {
            self.names.load(&self.work.database, &self.cache, &self.work.log);
        }
        self.work.settle();
        let Work { database, tally, .. } = &self.work;
        let Report { shown, packets, .. } = self.report;
        View { tally, database, names: &self.names, shown, inputs: &self.inputs, packets }.render(format)
    }
}

/// A port asks for metrics, whatever format was named.
fn format(arguments: &Arguments, log: &Log) -> Format {
    if arguments.port.is_none() {
        return arguments.output_format;
    }
    if arguments.output_format == Format::Null {
        log.warn("--output-format null is passed over because of --port");
    }
    Format::Prometheus
}

fn shown(arguments: &Arguments) -> Shown {
    Shown {
        top: usize::try_from(arguments.top).unwrap_or(0),
        series: arguments.series.unwrap_or(usize::MAX),
        asns: !arguments.no_asn,
        prefixes: !arguments.no_prefixes,
        bytes: arguments.bytes,
    }
}
