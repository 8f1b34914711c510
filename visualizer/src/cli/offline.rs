//! The offline loop: every frame of a source, one after another, without threads or a ring; and the document of totals
//! that comes out of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use analyzer::aggregate::{Label, LeftOut, Row, Top};
use analyzer::geo::{Cell, PrefixKind};
use analyzer::names::Known;
use analyzer::query::Query;
use analyzer::{Measure, Network, Volume};
use capturer::decode::{DecodeSettings, Decoder, Skip};
use capturer::source::{Next, Source, SourceError};
use capturer::{Frame, Ledger, Packet, Timestamp};
use serde_json::{Map, Value, json};

use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::sieve::{Sieve, Verdict};

/// What became of a read.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) ledger: Ledger,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) truncated: Option<u64>,
    pub(super) error: Option<SourceError>,
    /// Of several files those that were damaged besides.
    pub(super) further: Vec<SourceError>,
    /// Of a read of flow records, what they were; the ledger's packets and bytes are theirs then.
    pub(super) records: Option<Records>,
}

/// Flow records that were read instead of packets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    /// Flows they stand for.
    pub(crate) flows: u64,
    /// Frames that carried no export.
    pub(crate) not_exports: u64,
    /// What exporters numbered and never came.
    pub(crate) lost: u64,
    /// What the collector met.
    pub(crate) exports: Value,
}

/// Which packets are taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Range {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    /// Stop after this long; for interfaces.
    pub(super) length: Option<Duration>,
}

impl Range {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
    }
}

/// Who takes the packets. They are decoded where the taker wants them, since copying one costs as much as decoding it.
pub(super) trait Hand {
    /// Where the next packet goes. What lies there is only valid once it is taken.
    fn slot(&mut self) -> &mut Packet;

    /// A frame was let through; the slot holds its packet, or `skip` says why there is none.
    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure>;

    /// Nothing comes for a moment: what was held back for speed should go.
    fn pause(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Which frames are read, and how.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) range: Range,
    pub(super) sieve: Option<Sieve>,
    pub(super) decode: DecodeSettings,
}

/// Reads a source to its end.
pub(super) fn read(
    source: &mut dyn Source,
    reading: Reading,
    hand: &mut impl Hand,
) -> Result<Outcome, Failure> {
    let mut decoder = Decoder::new(reading.decode);
    let Reading { range, mut sieve, .. } = reading;
    let mut outcome = Outcome::default();
    let mut watch = Watch::new(range.length);
    loop {
        // The frame is read where it was answered: copying it right after it was written stalls the processor.
        let next = source.next_frame();
        let frame = match &next {
            Ok(Next::Frame(frame)) => frame,
            Ok(Next::Idle) => {
                hand.pause()?;
                if watch.is_over() {
                    break;
                }
                continue;
            }
            Ok(Next::End) => break,
            Err(_) => {
                if next.is_err_and(|error| outcome.fail(error)) {
                    break;
                }
                continue;
            }
        };
        outcome.begin(frame.at);
        if range.holds(frame.at) {
            outcome.sift(frame, sieve.as_mut(), &mut decoder, hand)?;
        } else {
            outcome.ledger.filtered += 1;
        }
        if outcome.ledger.frames & 0xffff == 0 && watch.is_over_after(outcome.ledger.frames) {
            break;
        }
    }
    watch.progress.clear();
    outcome.ledger.lost_kernel = source.lost();
    outcome.ledger.frames += outcome.ledger.lost_kernel;
    outcome.truncated = source.truncated_at();
    Ok(outcome)
}

/// The clock of a read: progress on a terminal, and the end of a read from an interface.
struct Watch {
    began: Instant,
    progress: Progress,
    length: Option<Duration>,
}

impl Watch {
    fn new(length: Option<Duration>) -> Self {
        Self { began: Instant::now(), progress: Progress::new(), length }
    }

    fn is_over(&self) -> bool {
        self.length.is_some_and(|length| self.began.elapsed() >= length)
    }

    /// The same, and says how far the read is when it is time to.
    fn is_over_after(&mut self, frames: u64) -> bool {
        self.progress.tell(|| format!("{frames} frames read"));
        self.is_over()
    }
}

impl Outcome {
    /// Keeps an error; says whether nothing more can come. Each damaged file of several is told of in turn.
    pub(super) fn fail(&mut self, error: SourceError) -> bool {
        let ends = matches!(error, SourceError::Interface { .. });
        if self.error.is_none() {
            self.error = Some(error);
        } else {
            self.further.push(error);
        }
        ends
    }

    #[inline]
    fn begin(&mut self, at: Timestamp) {
        self.ledger.frames += 1;
        self.reach(at);
    }

    /// Something of this time counts.
    #[inline]
    pub(super) fn reach(&mut self, at: Timestamp) {
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
        self.to = Some(self.to.map_or(at, |to| to.max(at)));
    }

    /// Counts a packet that was decoded elsewhere.
    pub(super) fn saw(&mut self, packet: &Packet) {
        self.begin(packet.at);
        self.ledger.packets += 1;
        self.ledger.bytes += u64::from(packet.wire_len);
    }

    /// Filters, decodes and counts a frame.
    #[inline]
    fn sift(
        &mut self,
        frame: &Frame<'_>,
        sieve: Option<&mut Sieve>,
        decoder: &mut Decoder,
        hand: &mut impl Hand,
    ) -> Result<(), Failure> {
        let mut verdict = match sieve {
            Some(sieve) => {
                sieve.verdict(frame).map_err(|error| Failure::Usage(format!("--filter\n{error}")))?
            }
            None => Verdict::Passes,
        };
        if matches!(verdict, Verdict::Fails) {
            self.ledger.filtered += 1;
            return Ok(());
        }
        let slot = hand.slot();
        let skip = decoder.decode_into(frame, slot).err();
        if !verdict.of(frame, skip.is_none().then_some(slot)) {
            self.ledger.filtered += 1;
            return Ok(());
        }
        match skip {
            None => {
                self.ledger.packets += 1;
                self.ledger.bytes += u64::from(slot.wire_len);
            }
            Some(skip) => self.ledger.skipped.add(skip.reason),
        }
        hand.take(frame, skip)
    }
}

/// Takes nothing: for a pass that only wants to know the times of a capture.
pub(super) struct Nobody(Packet);

impl Default for Nobody {
    fn default() -> Self {
        Self(Packet::empty())
    }
}

impl Hand for Nobody {
    fn slot(&mut self) -> &mut Packet {
        &mut self.0
    }

    fn take(&mut self, _: &Frame<'_>, _: Option<Skip>) -> Result<(), Failure> {
        Ok(())
    }
}

impl Outcome {
    /// An error before the first frame is all there is to say.
    pub(super) fn or_failure(mut self) -> Result<Self, Failure> {
        match self.error.take() {
            Some(error) if self.ledger.frames == 0 && self.ledger.packets == 0 => Err(error.into()),
            error => Ok(Self { error, ..self }),
        }
    }

    /// Says on standard error what was not read; gives the exit code.
    pub(super) fn exit_code(&self) -> std::process::ExitCode {
        if let Some(error) = &self.error {
            super::failure::complain(&format!("{error}; what was read before is shown"));
            self.further.iter().for_each(|error| super::failure::complain(&error.to_string()));
            return std::process::ExitCode::from(3);
        }
        if let Some(offset) = self.truncated {
            super::failure::complain(&format!("the capture is cut in its last record, at byte {offset}"));
        }
        std::process::ExitCode::SUCCESS
    }
}

/// The parts of a report that are not its rows.
pub(crate) struct TotalsDocument {
    /// Where the packets came from.
    pub(crate) source: Vec<String>,
    /// First frame.
    pub(crate) from: Option<Timestamp>,
    /// Last frame.
    pub(crate) to: Option<Timestamp>,
    /// What became of the frames.
    pub(crate) ledger: Ledger,
    /// Whether the capture is not whole.
    pub(crate) truncated: bool,
    /// `file`, `offset` and `expected` of damage.
    pub(crate) error: Option<Value>,
    /// Keys that had to make room, so that totals of others may be missing.
    pub(crate) evicted: u64,
    /// Which IP header counted in tunnels.
    pub(crate) counted: &'static str,
    /// Of flow records, what they were.
    pub(crate) records: Option<Records>,
}

impl TotalsDocument {
    pub(super) fn of(source: &[PathBuf], outcome: &Outcome, evicted: u64, counted: &'static str) -> Self {
        Self {
            counted,
            source: source.iter().map(|path| path.display().to_string()).collect(),
            from: outcome.from,
            to: outcome.to,
            ledger: outcome.ledger,
            truncated: outcome.truncated.is_some() || outcome.error.is_some(),
            error: outcome.error.as_ref().map(damage),
            evicted,
            records: outcome.records.clone(),
        }
    }

    /// From the first frame to the last, if any time passed.
    pub(super) fn seconds(&self) -> Option<f64> {
        let span = self.to?.since(self.from?).as_secs_f64();
        (span > 0.0).then_some(span)
    }

    /// The head that all documents have.
    pub(crate) fn head(&self) -> Map<String, Value> {
        let ledger = &self.ledger;
        let mut document = Map::new();
        document.insert("schema".into(), json!(1));
        document.insert("source".into(), json!(self.source));
        document.insert("from".into(), json!(self.from.map(|at| at.to_string())));
        document.insert("to".into(), json!(self.to.map(|at| at.to_string())));
        document.insert("counted".into(), json!(self.counted));
        document.insert("truncated".into(), json!(self.truncated));
        if let Some(error) = &self.error {
            document.insert("error".into(), error.clone());
        }
        document.insert(
            "totals".into(),
            json!({
                "frames": ledger.frames, "packets": ledger.packets, "bytes": ledger.bytes,
                "skipped": ledger.skipped.named(), "filtered": ledger.filtered, "lost": ledger.lost(),
                "evicted": self.evicted,
            }),
        );
        if let Some(records) = &self.records {
            document["totals"]["flows"] = json!(records.flows);
            document["totals"]["lost"] = json!(records.lost);
            document["totals"]["not_exports"] = json!(records.not_exports);
            document.insert("exports".into(), records.exports.clone());
        }
        document
    }
}

/// `file`, `offset` and `expected` of damage.
pub(super) fn damage(error: &SourceError) -> Value {
    match error {
        SourceError::Damaged { path, offset, unpacked, expected, found } => {
            json!({"file": path, "offset": offset, "unpacked": unpacked, "expected": expected, "found": found})
        }
        other => json!({"file": null, "offset": null, "expected": other.to_string()}),
    }
}

/// The document of `report`.
pub(crate) fn report_document(totals: &TotalsDocument, by: &str, measure: Measure, top: &Top) -> Value {
    let (mut document, share) = report_head(totals, by, measure, top);
    document.insert("rows".into(), top.rows.iter().map(|row| row_json(row, &share)).collect());
    Value::Object(document)
}

/// The same as text.
pub(crate) fn report_text(totals: &TotalsDocument, by: &str, measure: Measure, top: &Top) -> String {
    let (head, share) = report_head(totals, by, measure, top);
    text_with_rows(head, top.rows.iter().map(|row| row_json(row, &share)))
}

/// A document as text, its rows made one after the other: all of them as values would take ten times the text's memory.
pub(crate) fn text_with_rows(head: Map<String, Value>, rows: impl Iterator<Item = Value>) -> String {
    let mut text = Value::Object(head).to_string();
    text.pop();
    text += ",\"rows\":[";
    for (index, row) in rows.enumerate() {
        text += if index > 0 { "," } else { "" };
        text += &row.to_string();
    }
    text + "]}"
}

/// All but the rows.
fn report_head(
    totals: &TotalsDocument,
    by: &str,
    measure: Measure,
    top: &Top,
) -> (Map<String, Value>, Share) {
    let mut document = totals.head();
    let share = Share { measure, whole: whole(&totals.ledger, measure, top), seconds: totals.seconds() };
    document.insert("by".into(), json!(by));
    document.insert("sort".into(), json!(measure.name()));
    document.insert("keys".into(), json!(top.total));
    document.insert("keys_error".into(), json!(thousandths(top.total_error)));
    document.insert("estimated".into(), json!(top.is_estimated()));
    document.insert("unlisted_at_most".into(), json!(top.missed.get(measure)));
    document.insert("guaranteed".into(), json!(top.guaranteed));
    document.insert("left_out".into(), left_out(&top.left));
    (document, share)
}

/// What is under none of the rows.
fn left_out(left: &LeftOut) -> Value {
    let volume = |volume: Volume| json!({"packets": volume.packets, "bytes": volume.bytes});
    json!({
        "unlisted": volume(left.unlisted), "not_public": volume(left.not_public),
        "unknown": volume(left.unknown), "not_ip": volume(left.not_ip),
    })
}

/// Frames that could not be read, by reason.
pub(super) fn skipped(ledger: &Ledger) -> Value {
    json!(ledger.skipped.named())
}

/// What the figures of a row are held against.
pub(super) struct Share {
    pub(super) measure: Measure,
    /// What 100 percent is.
    pub(super) whole: u64,
    /// From the first frame to the last.
    pub(super) seconds: Option<f64>,
}

impl Share {
    /// So many a second, if the report spans any time.
    pub(super) fn rate(&self, n: u64) -> Option<f64> {
        self.seconds.map(|seconds| thousandths(n as f64 / seconds))
    }
}

fn thousandths(n: f64) -> f64 {
    (n * 1000.0).round() / 1000.0
}

/// What 100 percent is.
pub(super) fn whole(ledger: &Ledger, measure: Measure, top: &Top) -> u64 {
    match measure {
        Measure::Bytes => ledger.bytes,
        Measure::Packets => ledger.packets,
        Measure::Flows => top.rows.iter().map(|row| u64::from(row.counts.flows)).sum(),
    }
}

/// A row's share of the whole in percent, two decimals.
pub(super) fn percent(row: &Row, measure: Measure, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (row.counts.get(measure) as f64 * 10_000.0 / whole as f64).round() / 100.0
}

/// A row as JSON has it. Figures of an estimated row are the least that is true; `error` is by how much the one that
/// rows are ranked by may be too low.
pub(super) fn row_json(row: &Row, share: &Share) -> Value {
    let counts = &row.counts;
    let end = |n: u64| (row.label == Label::End).then_some(n);
    json!({
        "key": row.key, "name": row.name, "vendor": row.vendor, "packets": counts.packets(), "bytes": counts.bytes(),
        "packets_sent": end(counts.packets_sent), "bytes_sent": end(counts.bytes_sent),
        "packets_received": end(counts.packets_received), "bytes_received": end(counts.bytes_received),
        "flows": counts.flows, "percent": percent(row, share.measure, share.whole),
        "country": row.country.map(|code| code.to_string()), "asn": row.asn.map(|asn| asn.0),
        "as_name": row.as_name, "names": names(row), "prefix": row.prefix.as_ref().map(Network::to_string),
        "prefix_kind": row.prefix_kind.map(PrefixKind::label),
        "place": row.place.map(analyzer::geo::Category::name),
        "city": row.city.as_ref().map(|city| &city.name), "region": row.city.as_ref().map(|city| &city.region),
        "lat": row.city.as_ref().map(|city| city.cell.lat()), "lon": row.city.as_ref().map(|city| city.cell.lon()),
        "accuracy_km": row.city.as_ref().map(|_| Cell::KILOMETRES),
        "countries": row.countries,
        "hosts": row.hosts.map(|hosts| hosts.count),
        "hosts_error": row.hosts.map(|hosts| thousandths(hosts.relative_error)),
        "first_seen": row.seen.map(|(first, _)| first.to_string()),
        "last_seen": row.seen.map(|(_, last)| last.to_string()),
        "packets_per_second": share.rate(counts.packets()), "bits_per_second": share.rate(counts.bytes() * 8),
        "estimated": row.is_estimated(), "error": row.missed.get(share.measure),
    })
}

/// All names of an address, with who said so and when; `null` for what is none.
fn names(row: &Row) -> Option<Value> {
    let name = |known: &Known| {
        json!({
            "name": known.name, "source": known.source.name(), "first_seen": known.first.to_string(),
            "last_seen": known.last.to_string(),
        })
    };
    (!row.names.is_empty()).then(|| row.names.iter().map(name).collect())
}

/// Reads a filter; an error shows the expression with a caret.
pub(super) fn query(text: &str) -> Result<Option<Query>, Failure> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Query::parse(text).map(Some).map_err(|error| Failure::Usage(format!("--filter\n{}", error.render(text))))
}
