//! `report --flows`: what the flow exports inside captures say, and nfcapd files, instead of the packets that carry them.
//! Files are read one after another as they were named, whatever their times: what an exporter told in one (templates,
//! sampling) holds in those after it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use analyzer::Analyzer;
use analyzer::query::Query;
use capturer::decode::Decoder;
use capturer::flow::{Collector, FlowRecord, Limits, nfdump};
use capturer::source::{Next, SourceError, paths};
use capturer::{Frame, Packet};

use super::Arguments;
use crate::cli::Failure;
use crate::cli::offline::{Outcome, Range, Records};
use crate::exports;
use crate::settings::Settings;

/// What is read from where, and what came of it.
struct Reading<'a> {
    analyzer: &'a mut Analyzer,
    query: Option<&'a Query>,
    range: &'a Range,
    collector: Collector,
    outcome: Outcome,
    records: Records,
}

/// Reads what the arguments name.
pub(super) fn read(
    arguments: &Arguments,
    settings: &Settings,
    (range, query): (&Range, Option<&Query>),
    analyzer: &mut Analyzer,
) -> Result<Outcome, Failure> {
    let mut reading = Reading {
        analyzer,
        query,
        range,
        collector: Collector::new(Limits::of_captures()),
        outcome: Outcome::default(),
        records: Records::default(),
    };
    for path in paths::expand(&arguments.read)? {
        let result = match is_nfcapd(&path) {
            true => reading.read_nfcapd(&path),
            false => reading.read_capture(&path, Decoder::new(settings.decode.settings())),
        };
        if let Err(error) = result {
            reading.outcome.fail(error);
        }
    }
    Ok(reading.finish())
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
        let Self { analyzer, query, range, collector, outcome, records } = self;
        let mut take =
            |record: &FlowRecord| take((&mut **analyzer, *query), range, (outcome, records), record);
        if !collector.read_frame(packet, frame.bytes, &mut take) {
            self.records.not_exports += 1;
        }
    }

    fn read_nfcapd(&mut self, path: &Path) -> Result<(), SourceError> {
        let mut file = nfdump::Reader::open(path)?;
        while let Some(record) = file.next_flow()? {
            let Self { analyzer, query, range, outcome, records, .. } = self;
            take((&mut **analyzer, *query), range, (outcome, records), &record);
        }
        Ok(())
    }

    fn finish(mut self) -> Outcome {
        self.records.exports = exports::document(&self.collector.counts(), &self.collector.exporters());
        let lost = self.collector.exporters().iter().map(|exporter| exporter.lost).sum();
        self.records.lost = lost;
        Outcome { records: Some(self.records), ..self.outcome }
    }
}

/// Counts a record that is in range and that the filter lets through.
fn take(
    (analyzer, query): (&mut Analyzer, Option<&Query>),
    range: &Range,
    (outcome, records): (&mut Outcome, &mut Records),
    record: &FlowRecord,
) {
    if !range.holds(record.moment())
        || query.is_some_and(|query| !analyzer.lets_record_through(query, record))
    {
        outcome.ledger.filtered += 1;
        return;
    }
    outcome.reach(record.moment());
    outcome.ledger.packets = outcome.ledger.packets.saturating_add(record.all_packets());
    outcome.ledger.bytes = outcome.ledger.bytes.saturating_add(record.all_bytes());
    records.flows = records.flows.saturating_add(record.flows);
    analyzer.observe_record(record);
}
