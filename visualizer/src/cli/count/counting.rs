//! The counting thread: takes events one after another, looks addresses up, adds them up, reports.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender};

use super::REFRESH;
use super::cache::Cache;
use super::database::{Database, Names};
use super::feed::{Batch, Event, Seen, Signal};
use super::log::Log;
use super::options::Arguments;
use super::output::{Format, Shown, View};
use super::tally::{ROWS_MAX, Tally};
use super::text::{self, Piece, Reader, Side, Splitter, Verdict};
use crate::cli::offline::Outcome;
use crate::cli::{Failure, output as sink};

/// The ways back for what was counted.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) blocks: Option<Sender<Vec<u8>>>,
    pub(super) batches: Option<Sender<Vec<Seen>>>,
}

/// What is counted, and how it is told.
pub(super) struct Counting {
    /// Names of the inputs.
    pub(super) inputs: Vec<String>,
    splitter: Splitter,
    lines: Lines,
    work: Work,
    names: Names,
    cache: Cache,
    report: Report,
    /// Whether an input could not be read to its end.
    damaged: bool,
}

/// Where reports go.
struct Report {
    format: Format,
    shown: Shown,
    packets: bool,
    keep: bool,
    file: Option<Box<dyn Write>>,
}

/// The state of the input at hand.
struct Lines {
    format: text::Format,
    side: Side,
    reader: Reader,
    name: String,
    number: u64,
}

/// What a line or a packet needs to be counted.
struct Work {
    database: Database,
    tally: Tally,
    log: Log,
}

impl Counting {
    /// Loads the database; opens the file of the final report, so that it can't fail in the end.
    pub(super) fn new(arguments: &Arguments, cache: Cache, log: Log) -> Result<Self, Failure> {
        let file = |path: &PathBuf| sink::open(Some(path));
        let report = Report {
            format: format(arguments, &log),
            shown: shown(arguments),
            packets: arguments.text_format().is_none(),
            keep: arguments.keep,
            file: arguments.output.as_ref().map(file).transpose()?,
        };
        let database = Database::load(&cache, &log)?;
        Ok(Self {
            inputs: Vec::new(),
            splitter: Splitter::default(),
            lines: Lines::new(arguments.text_format().unwrap_or(text::Format::Line), arguments.side()),
            work: Work { database, tally: Tally::new(ROWS_MAX), log },
            names: Names::new(!(arguments.no_resolve_asn || arguments.no_asn)),
            cache,
            report,
            damaged: false,
        })
    }

    /// Counts until there is nothing more to read or a signal says stop; then the final report.
    pub(super) fn run(mut self, events: Receiver<Event>, buffers: &Buffers) -> Result<ExitCode, Failure> {
        let mut done = false;
        for event in events {
            match event {
                Event::Signal(Signal::Stop) if done => break,
                Event::Signal(Signal::Stop) => {
                    self.finish()?;
                    break;
                }
                Event::Done => {
                    self.finish()?;
                    done = true;
                    if !self.report.keep {
                        break;
                    }
                }
                event => self.take(event, buffers)?,
            }
        }
        Ok(if self.damaged { ExitCode::from(3) } else { ExitCode::SUCCESS })
    }

    fn take(&mut self, event: Event, buffers: &Buffers) -> Result<(), Failure> {
        match event {
            Event::Begin(number) => self.begin(number),
            Event::Block(block) => {
                let Self { splitter, lines, work, .. } = self;
                splitter.feed(&block, |piece| lines.take(&piece, work));
                give_back(buffers.blocks.as_ref(), block);
            }
            Event::End(error) => self.end(error.as_ref()),
            Event::Packets(batch) => {
                self.work.packets(&batch, self.lines.side);
                let mut seen = batch.seen;
                seen.clear();
                give_back(buffers.batches.as_ref(), seen);
            }
            Event::Read(outcome) => self.read(*outcome)?,
            Event::Signal(Signal::Report) => self.print()?,
            Event::Signal(Signal::Reload) => self.reload(),
            Event::Signal(Signal::Refresh) => {
                self.work.log.warn(REFRESH);
                self.reload();
            }
            Event::Ask(reply) => {
                let _ = reply.send(self.render(Format::Prometheus));
            }
            Event::Done | Event::Signal(Signal::Stop) => {}
        }
        Ok(())
    }

    fn begin(&mut self, number: usize) {
        let name = self.inputs.get(number).cloned().unwrap_or_default();
        self.work.log.info(format_args!("reading {name}"));
        self.lines = Lines { name, ..Lines::new(self.lines.format, self.lines.side) };
    }

    /// An input of text has ended.
    fn end(&mut self, error: Option<&std::io::Error>) {
        let Self { splitter, lines, work, .. } = self;
        splitter.finish(|piece| lines.take(&piece, work));
        lines.finish(work);
        if let Some(error) = error {
            work.log.error(format_args!(
                "{}: after line {}: {error}; what was read before is counted",
                lines.name, lines.number
            ));
            self.damaged = true;
        }
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

    /// Takes the database and the names anew; what is wrong leaves the old ones.
    fn reload(&mut self) {
        match Database::load(&self.cache, &self.work.log) {
            Ok(database) => {
                self.work.database = database;
                self.names.forget();
            }
            Err(error) => self.work.log.error(format_args!("{error}; the database in use stays")),
        }
    }

    /// The final report: to the file if there is one.
    fn finish(&mut self) -> Result<(), Failure> {
        self.stop_reading();
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

    /// A signal may end it in the middle of a line, which is then read as far as it came.
    fn stop_reading(&mut self) {
        let Self { splitter, lines, work, .. } = self;
        splitter.finish(|piece| lines.take(&piece, work));
        lines.finish(work);
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

fn give_back<T>(back: Option<&Sender<T>>, buffer: T) {
    if let Some(back) = back {
        // The reader may have ended.
        let _ = back.send(buffer);
    }
}

impl Lines {
    fn new(format: text::Format, side: Side) -> Self {
        Self { format, side, reader: Reader::new(format, side), name: String::new(), number: 0 }
    }

    #[inline]
    fn take(&mut self, piece: &Piece<'_>, work: &mut Work) {
        self.number += 1;
        match piece {
            Piece::Line(line) => self.line(line, work),
            Piece::TooLong(line) => {
                work.tally.skipped += 1;
                work.log.bad((&self.name, self.number), "a line of at most 65536 bytes", line);
            }
        }
    }

    #[inline]
    fn line(&mut self, line: &[u8], work: &mut Work) {
        let read = self.reader.read(line);
        if let Some(expected) = read.abandoned {
            work.tally.failed += 1;
            work.log.bad((&self.name, self.number), expected, line);
        }
        work.tally.joined += u64::from(read.joined);
        match read.verdict {
            Verdict::Counted { first, second, amount } => {
                work.add(first, amount, 0);
                if let Some(second) = second {
                    work.add(second, amount, 0);
                }
            }
            Verdict::Skipped => work.tally.skipped += 1,
            Verdict::Joined => work.tally.joined += 1,
            Verdict::Held => {}
            Verdict::Failed(expected) => {
                work.tally.failed += 1;
                work.log.bad((&self.name, self.number), expected, line);
            }
        }
    }

    /// The input has ended; a line may still wait for its second one.
    fn finish(&mut self, work: &mut Work) {
        if let Some(expected) = self.reader.finish() {
            work.tally.failed += 1;
            work.log.bad((&self.name, self.number), expected, b"");
        }
    }
}

impl Work {
    #[inline]
    fn add(&mut self, address: IpAddr, amount: f64, bytes: u64) {
        let route = self.database.route(address);
        self.tally.add(route, amount, bytes);
        if self.log.debugs() {
            self.log.debug(format_args!("{address}: {route:?}"));
        }
    }

    fn packets(&mut self, batch: &Batch, side: Side) {
        self.tally.skipped += batch.skipped;
        self.tally.failed += batch.failed;
        for seen in &batch.seen {
            if side != Side::Dst {
                self.add(seen.source, 1.0, u64::from(seen.bytes));
            }
            if side != Side::Src {
                self.add(seen.destination, 1.0, u64::from(seen.bytes));
            }
        }
    }
}
