//! Captures as a source of flows: flows are made of their packets by our own meter, as a probe would tell them, or are those
//! that the exports inside tell of.

use std::io;
use std::path::{Path, PathBuf};

use analyzer::aggregate::Counting;
use analyzer::flows::{Tally, When};
use analyzer::history::{Meter, Timeouts};
use analyzer::{Analyzer, Devices, Facts, Setup};
use capturer::decode::{DecodeSettings, Skip};
use capturer::flow::FlowRecord;
use capturer::source::Source;
use capturer::source::file::FileSource;
use capturer::{Frame, Packet, Timestamp};

use super::feed::Read;
use crate::cli::document;
use crate::cli::offline::{self, Hand, Nobody, Outcome};
use crate::cli::{Failure, complain, exported};
use crate::sources;

/// A long flow is told each minute, so that it lies in the right intervals; one that is silent for a quarter of a minute is
/// told, and its rest is no new flow. These are a router's usual times.
const TIMEOUTS: Timeouts = Timeouts { active: 60, idle: 15 };

/// Flows under way at most, some 30 MB; what is beyond is told second by second.
const MOST: usize = 200_000;

/// Of the tables that know which flows there are, bytes.
const MEMORY: usize = 128 << 20;

/// Captures, and how they are read.
pub(super) struct Captures {
    pub(super) paths: Vec<PathBuf>,
    /// Whether the exports inside are meant instead of the packets.
    pub(super) exports: bool,
    pub(super) decode: DecodeSettings,
}

impl Captures {
    /// When the last packet passed; a pass of its own.
    pub(super) fn last(&self) -> Result<Timestamp, Failure> {
        let mut source = self.open()?;
        let outcome = offline::read(&mut *source, offline::Reading::default(), &mut Nobody::default())?;
        Ok(outcome.to.unwrap_or(Timestamp::EPOCH))
    }

    /// Reads all of them.
    pub(super) fn read(&self, tally: &mut Tally, facts: &Facts) -> Result<Read, Failure> {
        if self.paths.is_empty() {
            return Ok(Read::default());
        }
        let outcome = if self.exports { self.read_exports(tally, facts)? } else { self.meter(tally, facts)? };
        let outcome = outcome.or_failure()?;
        Ok(told(&outcome, tally))
    }

    fn read_exports(&self, tally: &mut Tally, facts: &Facts) -> Result<Outcome, Failure> {
        let mut refused = None;
        let mut take = |record: &FlowRecord| {
            refused = refused.take().or(tally.record(record, facts, When::Lasted).err());
        };
        let (outcome, records) = exported::read(&self.paths, self.decode, &mut take);
        if let Some(error) = refused {
            return Err(Failure::Usage(error.to_string()));
        }
        if records.lost > 0 {
            tally
                .note(format!("exporters numbered {} records or datagrams that are not there", records.lost));
        }
        Ok(outcome)
    }

    fn meter(&self, tally: &mut Tally, facts: &Facts) -> Result<Outcome, Failure> {
        let mut source = self.open()?;
        let reading = offline::Reading { decode: self.decode, ..offline::Reading::default() };
        let mut metering = Metering::new(tally, facts);
        let outcome = offline::read(&mut *source, reading, &mut metering)?;
        metering.finish()?;
        Ok(outcome)
    }

    /// As one stream in time order. Of standard input the first bytes were looked at, which only its own reader has.
    fn open(&self) -> Result<Box<dyn Source>, Failure> {
        let is_input = |path: &PathBuf| is_input(path);
        match &self.paths[..] {
            [path] if is_input(path) => Ok(Box::new(FileSource::from_reader(path, Box::new(io::stdin()))?)),
            paths if paths.iter().any(is_input) => {
                Err(Failure::Usage("--read -: a capture on standard input is read alone".to_owned()))
            }
            paths => Ok(sources::files(paths)?),
        }
    }
}

/// Says what was not read.
fn told(outcome: &Outcome, tally: &mut Tally) -> Read {
    if let Some(offset) = outcome.truncated {
        let text = format!("a capture is cut in its last record, at byte {offset}");
        complain(&text);
        tally.note(text);
    }
    for error in outcome.error.iter().chain(&outcome.further) {
        complain(&error.to_string());
        tally.note(error.to_string());
    }
    Read {
        truncated: outcome.truncated.is_some() || outcome.error.is_some(),
        error: outcome.error.as_ref().map(document::damage),
    }
}

/// Whether a path names standard input.
pub(super) fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Makes flows of packets and counts them.
struct Metering<'a> {
    tally: &'a mut Tally,
    facts: &'a Facts,
    packet: Packet,
    analyzer: Analyzer,
    meter: Meter,
    /// Packets of flows that found no room in their second.
    left_out: u64,
}

impl<'a> Metering<'a> {
    fn new(tally: &'a mut Tally, facts: &'a Facts) -> Self {
        let mut analyzer = Analyzer::new(Setup {
            facts: facts.clone(),
            homes: Vec::new(),
            dimensions: Vec::new(),
            live: true,
            hosts: false,
            names: false,
            memory: MEMORY,
            counting: Counting::default(),
            devices: Devices::default(),
            inventory: None,
        });
        analyzer.record();
        let meter = Meter::new(TIMEOUTS, MOST);
        Self { tally, facts, packet: Packet::empty(), analyzer, meter, left_out: 0 }
    }

    /// Counts the flows that are over.
    fn count(&mut self) -> Result<(), Failure> {
        let Some(recorder) = self.analyzer.recorder().filter(|recorder| !recorder.is_empty()) else {
            return Ok(());
        };
        let (slices, left_out) = recorder.fetch();
        self.left_out += left_out.iter().map(|second| second.packets()).sum::<u64>();
        for slice in &slices {
            self.meter.advance(slice.at);
            self.meter.take(slice);
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<(), Failure> {
        for record in self.meter.drain().flat_map(|over| over.records().collect::<Vec<_>>()) {
            self.tally
                .record(&record, self.facts, When::Lasted)
                .map_err(|error| Failure::Usage(error.to_string()))?;
        }
        Ok(())
    }

    /// The capture is over, and so are all flows.
    fn finish(mut self) -> Result<(), Failure> {
        self.analyzer.read();
        self.count()?;
        self.meter.finish();
        self.drain()?;
        if self.left_out > 0 {
            let packets = self.left_out;
            self.tally.note(format!(
                "{packets} packets of more flows a second than can be told apart are left out"
            ));
        }
        Ok(())
    }
}

impl Hand for Metering<'_> {
    fn slot(&mut self) -> &mut Packet {
        &mut self.packet
    }

    fn take(&mut self, _: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if skip.is_none() {
            self.analyzer.observe(&self.packet, &[]);
        }
        self.count()
    }
}
