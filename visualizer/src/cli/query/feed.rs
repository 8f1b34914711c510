//! Flow files into a tally. A file whose name says when it begins counts in that interval as a whole, as nfdump and
//! FlowGraph count, when intervals are multiples of what a file holds; else each record is spread over the time it lasted.
//! A file that is missing or empty is a gap and listed; one that is damaged gives what stands before the damage.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};

use analyzer::Facts;
use analyzer::flows::{Plan, STEPS, Tally, When};
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use capturer::flow::nfdump::{Reader, TextReader, is_nfcapd};
use capturer::source::SourceError;
use serde_json::Value;

use super::captures::{Captures, is_input};
use super::files::FlowFile;
use super::question::Question;
use crate::cli::progress::Progress;
use crate::cli::{Failure, complain, document};

/// How long after a flow ended exporters may tell of it: the longest active time-out one meets.
const LATE: i64 = 3600;

/// The most missing files that are named one by one.
const MOST_NAMED: usize = 20;

/// What became of reading.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Whether a file was not whole.
    pub(super) truncated: bool,
    /// `file`, `offset` and `expected` of the first damage.
    pub(super) error: Option<Value>,
}

/// Files, and how much time each holds.
pub(super) struct Feed {
    files: Vec<FlowFile>,
    captures: Captures,
    window: i64,
}

impl Feed {
    pub(super) const fn new(files: Vec<FlowFile>, captures: Captures, window: i64) -> Self {
        Self { files, captures, window }
    }

    /// The question of these files: without a range and a length of intervals, what their names tell.
    pub(super) fn plan(&self, question: &Question) -> Result<Plan, Failure> {
        let mut plan = question.plan(|| self.last()).map_err(Failure::Usage)?;
        if let Some((first, last)) = self.span() {
            let is_by_file = plan.interval.is_none_or(|interval| interval % self.window == 0);
            if is_by_file {
                plan.from = plan.from.or(Some(first));
                // Files count where they begin, which need not be at a multiple of what they hold.
                plan.to = plan.to.or(Some(last + 1 - self.window));
            }
            if let (None, Some(from), Some(to)) = (plan.interval, plan.from, plan.to) {
                plan.interval = self.interval(from, to);
            }
        }
        plan.checked().map_err(|error| Failure::Usage(error.to_string()))
    }

    /// The shortest usual interval that is a multiple of a file's and of which there are 300 at most.
    fn interval(&self, from: i64, to: i64) -> Option<i64> {
        let steps =
            STEPS.into_iter().map(|step| step.max(self.window)).filter(|step| step % self.window == 0);
        steps.into_iter().find(|step| (to - from) / step < 300)
    }

    /// When the first file begins and the last ends, if all names tell.
    fn span(&self) -> Option<(i64, i64)> {
        if !self.captures.paths.is_empty() {
            return None;
        }
        let times: Option<Vec<i64>> = self.files.iter().map(|file| file.at).collect();
        let times = times?;
        Some((*times.iter().min()?, times.iter().max()? + self.window - 1))
    }

    /// When the last flow ended; read for it where names do not tell.
    fn last(&self) -> Result<Timestamp, String> {
        if let Some((_, last)) = self.span() {
            return Ok(Timestamp::from_parts(last + 1, 0));
        }
        let mut named = self.captures.paths.iter().chain(self.files.iter().map(|file| &file.path));
        if named.any(|path| is_input(path)) {
            return Err("a time relative to the last flow needs files, not standard input".to_owned());
        }
        let mut last = match &self.captures.paths[..] {
            [] => Timestamp::EPOCH,
            _ => self.captures.last().map_err(|error| error.to_string())?,
        };
        for file in &self.files {
            let said = |error: &dyn std::fmt::Display| error.to_string();
            let Some(input) = open(file).map_err(|error| said(&error))? else { continue };
            let mut reader = Flows::new(file, input).map_err(|error| said(&error))?;
            while let Some(flow) = reader.next_flow().map_err(|error| said(&error))? {
                last = last.max(flow.last);
            }
        }
        Ok(last)
    }

    /// Reads all files that may have something of the range.
    pub(super) fn read(
        &self,
        tally: &mut Tally,
        facts: &Facts,
        progress: &mut Progress,
    ) -> Result<Read, Failure> {
        let mut missing = Vec::new();
        let mut read = self.captures.read(tally, facts)?;
        for (done, file) in self.files.iter().enumerate() {
            progress.tell(|| format!("{done} of {} files read", self.files.len()));
            let when = self.when(file, tally);
            if !self.matters(file, when, tally.plan()) {
                continue;
            }
            match read_file((file, when), tally, facts, progress) {
                Ok(Ending::Whole) => {}
                Ok(Ending::Missing) => missing.push(file),
                Ok(Ending::Cut) => {
                    read.truncated = true;
                    let name = file.path.display();
                    complain(&format!("{name}: ends within a block: read as far as it goes"));
                    tally.note(format!("{name} ends within a block"));
                }
                Err(Failure::Input(error)) => {
                    read.truncated = true;
                    read.error.get_or_insert_with(|| document::damage(&error));
                    complain(&error.to_string());
                    tally.note(error.to_string());
                }
                Err(other) => return Err(other),
            }
        }
        for file in missing.iter().take(MOST_NAMED) {
            tally.note(format!("{} is missing or empty", file.path.display()));
        }
        if let Some(more) = missing.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            tally.note(format!("{more} more files are missing or empty"));
        }
        Ok(read)
    }

    fn when(&self, file: &FlowFile, tally: &Tally) -> When {
        let is_by_file = tally.plan().interval.is_some_and(|interval| interval % self.window == 0);
        file.at.filter(|_| is_by_file).map_or(When::Lasted, When::At)
    }

    /// Whether a file may have something of the range.
    fn matters(&self, file: &FlowFile, when: When, plan: &Plan) -> bool {
        let (Some(at), When::Lasted) = (file.at, when) else { return true };
        plan.from.is_none_or(|from| plan.previous || at + self.window >= from)
            && plan.to.is_none_or(|to| at <= to + LATE)
    }
}

/// A file's bytes.
type Input = Box<dyn BufRead>;

/// Bytes that are read from a file at a time.
const BUFFER: usize = 256 * 1024;

/// A file's flows, whichever form it has.
enum Flows {
    Blocks(Box<Reader<Input>>),
    Text(TextReader<Input>),
}

impl Flows {
    /// Known by its first bytes.
    fn new(file: &FlowFile, mut input: Input) -> Result<Self, SourceError> {
        let first = input.fill_buf().map_err(|cause| SourceError::Io { path: file.path.clone(), cause })?;
        Ok(if is_nfcapd(first) {
            Self::Blocks(Box::new(Reader::new(&file.path, input)?))
        } else {
            Self::Text(TextReader::new(&file.path, input))
        })
    }

    fn next_flow(&mut self) -> Result<Option<FlowRecord>, SourceError> {
        match self {
            Self::Blocks(reader) => reader.next_flow(),
            Self::Text(reader) => reader.next_flow(),
        }
    }

    fn is_cut(&self) -> bool {
        matches!(self, Self::Blocks(reader) if reader.is_cut())
    }
}

/// How a file ended.
enum Ending {
    Whole,
    Cut,
    Missing,
}

/// Records between two looks at the clock.
const LOOK: u64 = 0xffff;

fn read_file(
    (file, when): (&FlowFile, When),
    tally: &mut Tally,
    facts: &Facts,
    progress: &mut Progress,
) -> Result<Ending, Failure> {
    let Some(input) = open(file)? else { return Ok(Ending::Missing) };
    let mut reader = Flows::new(file, input)?;
    if let When::At(at) = when {
        tally.cover(at).map_err(|error| Failure::Usage(error.to_string()))?;
    }
    let mut records = 0_u64;
    while let Some(flow) = reader.next_flow()? {
        tally.record(&flow, facts, when).map_err(|error| Failure::Usage(error.to_string()))?;
        records += 1;
        if records & LOOK == 0 {
            progress.tell(|| format!("{}: {records} records read", file.path.display()));
        }
    }
    Ok(if reader.is_cut() { Ending::Cut } else { Ending::Whole })
}

/// The bytes of a file; none where it need not be there and is not, or is empty.
fn open(file: &FlowFile) -> Result<Option<Input>, Failure> {
    if is_input(&file.path) {
        return Ok(Some(Box::new(io::stdin().lock())));
    }
    let failed = |cause| SourceError::Io { path: file.path.clone(), cause };
    match File::open(&file.path) {
        Ok(input) => {
            let is_empty = input.metadata().map_err(failed)?.len() == 0;
            Ok((!is_empty).then(|| Box::new(BufReader::with_capacity(BUFFER, input)) as Input))
        }
        Err(error) if file.is_expected && error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error).into()),
    }
}
