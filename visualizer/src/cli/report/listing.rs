//! The rows of a report as table, CSV, TSV and Markdown, and the lines below the table that say what is not in it.

use analyzer::Measure;
use analyzer::aggregate::{Label, LeftOut, Row, Top};
use serde_json::json;

use super::{Report, whereabouts};
use crate::cli::document;
use crate::cli::output::{self, Column, Listing};
use crate::settings::Layer;

const fn column(field: &'static str, title: &'static str, number: bool) -> Column {
    Column { field, title, number }
}

/// What CSV and TSV have besides the columns of a table.
const FURTHER: [Column; 19] = [
    column("first_seen", "first seen", false),
    column("last_seen", "last seen", false),
    column("packets_per_second", "packets/s", true),
    column("bits_per_second", "bit/s", true),
    column("estimated", "estimated", false),
    column("error", "error", true),
    column("country", "country", false),
    column("region", "region", false),
    column("city", "city", false),
    column("lat", "lat", true),
    column("lon", "lon", true),
    column("accuracy_km", "accuracy", true),
    column("asn", "asn", true),
    column("as_name", "network", false),
    column("prefix", "prefix", false),
    column("prefix_kind", "kind of prefix", false),
    column("place", "kind", false),
    column("vendor", "vendor", false),
    column("hosts_error", "error of hosts", true),
];

/// What a table says of where a key is: of hosts, prefixes and domains.
const WHERE: Column = column("where", "where", false);

/// Where the name stands.
const NAME: usize = 1;

fn columns(by: &'static str) -> Vec<Column> {
    vec![
        column("key", by, false),
        column("name", "name", false),
        column("packets", "packets", true),
        column("bytes", "bytes", true),
        column("bytes_sent", "sent", true),
        column("bytes_received", "received", true),
        column("flows", "flows", true),
        column("percent", "%", true),
        column("hosts", "hosts", true),
    ]
}

/// For people: figures that may be too low bear a mark.
pub(super) fn table(report: &Report<'_>) -> Listing {
    let mut columns = columns(report.by);
    let mut pretty: Vec<Vec<String>> = report.top.rows.iter().map(|row| pretty(report, row)).collect();
    if let Some(of) = whereabouts::of(report.by) {
        columns.insert(NAME + 1, WHERE);
        pretty.iter_mut().zip(&report.top.rows).for_each(|(cells, row)| cells.insert(NAME + 1, of(row)));
    }
    if report.names_are_keys() {
        columns.remove(NAME);
        pretty.iter_mut().for_each(|cells| drop(cells.remove(NAME)));
    }
    Listing { columns, rows: Vec::new(), pretty }
}

/// For programs: plain values, all columns.
pub(super) fn values(report: &Report<'_>) -> Listing {
    let mut columns = columns(report.by);
    columns.extend(FURTHER);
    let rows = report.top.rows.iter().map(|row| {
        let object = document::row_json(row, &report.share);
        let mut cells: Vec<_> = columns.iter().map(|column| object[column.field].clone()).collect();
        cells[0] = json!(report.label(row));
        cells[1] = json!(report.name(row));
        cells
    });
    Listing { rows: rows.collect(), columns, pretty: Vec::new() }
}

fn pretty(report: &Report<'_>, row: &Row) -> Vec<String> {
    let counts = &row.counts;
    let mark = if row.is_estimated() { "≥ " } else { "" };
    let hosts = row.hosts.map(|hosts| {
        let error = (hosts.relative_error * 100.0).ceil();
        let count = output::count(hosts.count);
        if error > 0.0 { format!("≈ {count} ± {error}\u{202f}%") } else { count }
    });
    let end = |n: u64| if row.label == Label::End { output::bytes(n) } else { "—".to_owned() };
    vec![
        report.label(row),
        report.name(row).unwrap_or_default(),
        format!("{mark}{}", output::count(counts.packets())),
        format!("{mark}{}", output::bytes(counts.bytes())),
        end(counts.bytes_sent),
        end(counts.bytes_received),
        output::count(u64::from(counts.flows)),
        format!("{:.2}", document::percent(row, report.share.measure, report.share.whole)),
        hosts.unwrap_or_else(|| "—".to_owned()),
    ]
}

/// The lines below the table.
pub(super) fn summary(report: &Report<'_>) -> String {
    let ledger = &report.totals.ledger;
    let mut parts = vec![
        format!(
            "{} of {}{} keys by {}",
            report.top.rows.len(),
            about(report.top),
            output::count(report.top.total as u64),
            report.by
        ),
        format!("{} packets", output::count(ledger.packets)),
        output::bytes(ledger.bytes),
    ];
    if let Some(records) = &report.totals.records {
        parts.push(format!("{} flows", output::count(records.flows)));
    }
    if report.totals.counted != Layer::default().name() {
        parts.push(format!("{} addresses of tunnels", report.totals.counted));
    }
    for (what, n) in
        [("skipped", ledger.skipped.total()), ("filtered", ledger.filtered), ("lost", ledger.lost())]
    {
        if n > 0 {
            parts.push(format!("{} {what}", output::count(n)));
        }
    }
    if let (Some(from), Some(to)) = (report.totals.from, report.totals.to) {
        parts.push(format!("{} to {}", super::local_time(from), super::local_time(to)));
    }
    let mut text = format!("\n{}\n", parts.join(" · "));
    let left = left_out(&report.top.left);
    if !left.is_empty() {
        let parts: Vec<String> =
            left.iter().map(|(what, packets, bytes)| format!("{what} {packets} ({bytes})")).collect();
        text += &format!("Not in these rows, {}: {}\n", counted(report), parts.join(" · "));
    }
    if let Some(words) = estimated(report) {
        text += &words;
        text.push('\n');
    }
    text
}

const fn about(top: &Top) -> &'static str {
    if top.total_error > 0.0 { "about " } else { "" }
}

/// What the figures of what was left out count.
pub(super) fn counted(report: &Report<'_>) -> &'static str {
    let by_packet = matches!(report.by, "pair" | "protocol" | "vlan");
    if by_packet { "packets" } else { "packets at either end" }
}

/// What is under no row: a word for it, packets and bytes.
pub(super) fn left_out(left: &LeftOut) -> Vec<(&'static str, String, String)> {
    let all = [
        ("below the rows shown", left.unlisted),
        ("not public", left.not_public),
        ("unknown", left.unknown),
        ("not IP", left.not_ip),
    ];
    let some = all.into_iter().filter(|(_, volume)| volume.packets > 0);
    some.map(|(what, volume)| (what, output::count(volume.packets), output::bytes(volume.bytes))).collect()
}

/// How far figures may be off, if they may.
pub(super) fn estimated(report: &Report<'_>) -> Option<String> {
    let Report { top, share, .. } = report;
    if !top.is_estimated() {
        return None;
    }
    let figure = |n: u64| match share.measure {
        Measure::Bytes => output::bytes(n),
        Measure::Packets => format!("{} packets", output::count(n)),
        Measure::Flows => format!("{} flows", output::count(n)),
    };
    let most = top.rows.iter().map(|row| row.missed.get(share.measure)).max().unwrap_or(0);
    let rows = if most > 0 {
        format!("Figures marked ≥ may be up to {} higher", figure(most))
    } else {
        "The rows shown are exact".to_owned()
    };
    Some(format!(
        "Estimated: there were more keys than rows for them. {rows}; keys without a row have at most {}; the first {} \
         rows are certain to come before all others. More memory (analysis.memory_mb) makes everything exact.",
        figure(top.missed.get(share.measure)),
        top.guaranteed,
    ))
}
