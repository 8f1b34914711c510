//! Documents of reports: totals and rows as JSON has them, from captures as from a server.

use std::path::PathBuf;

use analyzer::aggregate::{Label, LeftOut, Row, Top};
use analyzer::geo::{Cell, PrefixKind};
use analyzer::names::Known;
use analyzer::{Measure, Network, Volume};
use capturer::source::SourceError;
use capturer::{Ledger, Timestamp};
use serde_json::{Map, Value, json};

use crate::cli::offline::{Outcome, Records};

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
