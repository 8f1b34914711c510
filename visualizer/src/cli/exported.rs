//! Flow records out of files: what the flow exports inside captures say, instead of the packets that carry them, and nfcapd
//! files. Files are read one after another as they were named, whatever their times: what an exporter told in one (templates,
//! sampling) holds in those after it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use capturer::decode::{DecodeSettings, Decoder};
use capturer::flow::{Collector, FlowRecord, Limits, nfdump};
use capturer::source::{Next, SourceError, paths};
use capturer::{Frame, Packet};

use crate::cli::Failure;
use crate::cli::offline::{Outcome, Range, Records};
use crate::cli::query::nfcapd_within;
use crate::exports;

/// The files that are meant: of folders the captures and nfcapd files in them, sorted by name, without the file that a
/// collector is writing.
pub(super) fn expand(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if !fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            files.extend(paths::expand(std::slice::from_ref(path))?);
            continue;
        }
        let mut within = nfcapd_within(path)?;
        match paths::expand(std::slice::from_ref(path)) {
            Ok(captures) => within.extend(captures),
            // It holds no captures, but nfcapd files.
            Err(_) if !within.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
        within.sort();
        files.extend(within);
    }
    Ok(files)
}

/// Reads files to their ends; what became of the frames and files, and what the exporters were. Packets, bytes and flows of
/// the records are counted by who takes them.
pub(super) fn read(
    files: &[PathBuf],
    decode: DecodeSettings,
    take: &mut dyn FnMut(&FlowRecord),
) -> (Outcome, Records) {
    let collector = Collector::new(Limits::of_captures());
    let mut reading = Reading { collector, outcome: Outcome::default(), records: Records::default(), take };
    for path in files {
        let result = match is_nfcapd(path) {
            true => reading.read_nfcapd(path),
            false => reading.read_capture(path, Decoder::new(decode)),
        };
        if let Err(error) = result {
            reading.outcome.fail(error);
        }
    }
    reading.finish()
}

/// What is counted of records that are wanted.
#[derive(Default)]
pub(super) struct Counted {
    outcome: Outcome,
    flows: u64,
}

impl Counted {
    /// Counts a record that is in range and that a filter lets through; `false` of another.
    pub(super) fn takes(
        &mut self,
        record: &FlowRecord,
        range: &Range,
        passes: impl Fn(&FlowRecord) -> bool,
    ) -> bool {
        let ledger = &mut self.outcome.ledger;
        if !range.holds(record.moment()) || !passes(record) {
            ledger.filtered += 1;
            return false;
        }
        ledger.packets = ledger.packets.saturating_add(record.all_packets());
        ledger.bytes = ledger.bytes.saturating_add(record.all_bytes());
        self.outcome.reach(record.moment());
        self.flows = self.flows.saturating_add(record.flows);
        true
    }

    /// The outcome of a reading, with these counts.
    pub(super) fn of(self, (mut outcome, mut records): (Outcome, Records)) -> Outcome {
        let Self { outcome: Outcome { ledger, from, to, .. }, flows } = self;
        outcome.ledger.packets = ledger.packets;
        outcome.ledger.bytes = ledger.bytes;
        outcome.ledger.filtered = ledger.filtered;
        records.flows = flows;
        Outcome { from, to, records: Some(records), ..outcome }
    }
}

/// What is read, and what came of it.
struct Reading<'a> {
    collector: Collector,
    outcome: Outcome,
    records: Records,
    take: &'a mut dyn FnMut(&FlowRecord),
}

/// Known by its first bytes; standard input is a capture.
fn is_nfcapd(path: &Path) -> bool {
    let mut first = [0; 4];
    !paths::is_read_once(path)
        && File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok()
        && nfdump::is_nfcapd(&first)
}

impl Reading<'_> {
    fn read_capture(&mut self, path: &Path, mut decoder: Decoder) -> Result<(), SourceError> {
        let mut source = crate::sources::files(&[path.to_path_buf()])?;
        let mut packet = Packet::empty();
        loop {
            match source.next_frame()? {
                Next::Frame(frame) => {
                    self.outcome.ledger.frames += 1;
                    match decoder.decode_into(&frame, &mut packet) {
                        Ok(()) => self.take_frame(&packet, &frame),
                        Err(skip) => self.outcome.ledger.skipped.add(skip.reason),
                    }
                }
                Next::Idle => {}
                Next::End => break,
            }
        }
        if self.outcome.truncated.is_none() {
            self.outcome.truncated = source.truncated_at();
        }
        Ok(())
    }

    fn take_frame(&mut self, packet: &Packet, frame: &Frame<'_>) {
        if !self.collector.read_frame(packet, frame.bytes, &mut *self.take) {
            self.records.not_exports += 1;
        }
    }

    fn read_nfcapd(&mut self, path: &Path) -> Result<(), SourceError> {
        let mut file = nfdump::Reader::open(path)?;
        while let Some(record) = file.next_flow()? {
            (self.take)(&record);
        }
        if file.is_cut() {
            let end = fs::metadata(path).map_or(0, |found| found.len());
            self.outcome.truncated.get_or_insert(end);
        }
        Ok(())
    }

    fn finish(mut self) -> (Outcome, Records) {
        let exporters = self.collector.exporters();
        self.records.exports = exports::document(&self.collector.counts(), &exporters);
        self.records.lost = exporters.iter().map(|exporter| exporter.lost).sum();
        (self.outcome, self.records)
    }
}
