//! A report as one HTML file: it needs nothing beside it, follows the reader's light or dark theme, and prints. It holds
//! no script; every word that came from outside is escaped.

use std::fmt::Write as _;

use analyzer::Measure;
use analyzer::aggregate::{Label, Row};

use super::chart::{self, Slice};
use super::{Report, escape_html, listing, local_time};
use crate::cli::{document, output};

const STYLE: &str = include_str!("page.css");

/// Rows that have a bar of their own.
const BARS: usize = 15;

/// The whole page.
pub(super) fn page(report: &Report<'_>) -> String {
    let title = format!("Traffic by {}", in_words(report.by));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{0} · Wireglobe</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escape_html(&title)
    );
    page += &header(report, &title);
    page += &figures(report);
    if report.top.rows.is_empty() {
        page += "<section><p class=\"empty\"><b>No keys.</b> Nothing in this traffic has one; what was left out is below.</p></section>\n";
    } else {
        page += &charts(report);
        page += &table(report);
    }
    page += &outside(report);
    page += &ledger(report);
    page += &provenance(report);
    page + "</main>\n</body>\n</html>\n"
}

/// A dimension as a title says it.
fn in_words(by: &str) -> &str {
    match by {
        "asn" => "network",
        "mac" => "hardware address",
        "pair" => "pair of hosts",
        "place" => "kind of address",
        "vlan" => "VLAN",
        other => other,
    }
}

fn header(report: &Report<'_>, title: &str) -> String {
    let mut words = vec![report.totals.source.join(", ")];
    if let (Some(from), Some(to)) = (report.totals.from, report.totals.to) {
        words.push(format!("{} to {}", local_time(from), local_time(to)));
    }
    words.extend(report.asked.iter().cloned());
    let lines: String = words.iter().map(|line| format!("<p>{}</p>", escape_html(line))).collect();
    format!(
        "<header><p class=\"brand\">Wireglobe report</p><h1>{}</h1>{lines}</header>\n",
        escape_html(title)
    )
}

/// The tiles on top.
fn figures(report: &Report<'_>) -> String {
    let ledger = &report.totals.ledger;
    let rate = report.share.rate(ledger.bytes * 8);
    let about = if report.top.total_error > 0.0 { "≈\u{202f}" } else { "" };
    let tiles = [
        ("Packets", output::count(ledger.packets)),
        ("Bytes", output::bytes(ledger.bytes)),
        ("Mean rate", rate.map_or_else(|| "—".to_owned(), bits)),
        ("Keys", format!("{about}{}", output::count(report.top.total as u64))),
    ];
    let tile =
        |(name, value): &(&str, String)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escape_html(value));
    format!("<dl class=\"tiles\">{}</dl>\n", tiles.iter().map(tile).collect::<String>())
}

/// Bits a second for people.
fn bits(n: f64) -> String {
    let text = output::bytes(n.round() as u64);
    text.trim_end_matches('B').trim_end().to_owned() + if text.ends_with(" B") { " bit/s" } else { "bit/s" }
}

fn charts(report: &Report<'_>) -> String {
    let slices = slices(report);
    let mut keys = String::new();
    for (index, slice) in slices.iter().enumerate() {
        let _ = write!(
            keys,
            "<li><i class=\"{}\"></i><span>{}</span><b>{:.1}\u{202f}%</b></li>",
            chart::class(index),
            escape_html(&slice.label),
            slice.share * 100.0
        );
    }
    let measure = report.share.measure.name();
    format!(
        "<section class=\"charts\"><figure><figcaption>Shares by {measure}, of all keys</figcaption><div class=\"shares\">{}<ol>{keys}</ol></div></figure>\
         <figure><figcaption>Most {measure}{}</figcaption>{}</figure></section>\n",
        chart::ring(&slices, &format!("Shares by {measure}")),
        if is_apart(report) {
            " <span class=\"key\"><i class=\"sent\"></i>sent <i class=\"received\"></i>received</span>"
        } else {
            ""
        },
        bars(report),
    )
}

/// The first rows, and the rest of what has a key.
fn slices(report: &Report<'_>) -> Vec<Slice> {
    let Report { top, share, .. } = report;
    let value = |row: &Row| row.counts.get(share.measure);
    let listed: u64 = top.rows.iter().map(value).sum();
    let unlisted = match share.measure {
        Measure::Bytes => top.left.unlisted.bytes,
        Measure::Packets => top.left.unlisted.packets,
        Measure::Flows => 0,
    };
    let whole = (listed + unlisted).max(1) as f64;
    let (first, further) = top.rows.split_at(top.rows.len().min(chart::SLICES));
    let slice =
        |label: String, n: u64| Slice { label, figure: figure(n, share.measure), share: n as f64 / whole };
    let mut slices: Vec<Slice> = first.iter().map(|row| slice(report.title(row), value(row))).collect();
    let rest = further.iter().map(value).sum::<u64>() + unlisted;
    if rest > 0 {
        slices.resize_with(slices.len().max(first.len()), || slice(String::new(), 0));
        slices.push(slice("Other".to_owned(), rest));
    }
    slices
}

fn figure(n: u64, measure: Measure) -> String {
    if measure == Measure::Bytes { output::bytes(n) } else { output::count(n) }
}

/// Whether sent and received are told apart.
fn is_apart(report: &Report<'_>) -> bool {
    report.share.measure != Measure::Flows
        && report.top.rows.first().is_some_and(|row| row.label == Label::End)
}

fn bars(report: &Report<'_>) -> String {
    let measure = report.share.measure;
    let rows = &report.top.rows[..report.top.rows.len().min(BARS)];
    let longest = rows.iter().map(|row| row.counts.get(measure)).max().unwrap_or(1).max(1) as f64;
    let percent = |n: u64| n as f64 * 100.0 / longest;
    let mut text = "<ol class=\"bars\">".to_owned();
    for row in rows {
        let counts = &row.counts;
        let value = figure(counts.get(measure), measure);
        let parts = match (is_apart(report), measure) {
            (true, Measure::Packets) => {
                vec![("sent", percent(counts.packets_sent)), ("received", percent(counts.packets_received))]
            }
            (true, _) => {
                vec![("sent", percent(counts.bytes_sent)), ("received", percent(counts.bytes_received))]
            }
            (false, _) => vec![("whole", percent(counts.get(measure)))],
        };
        let title = report.title(row);
        let bar = chart::bar(&parts, &format!("{title}: {value}"));
        let _ =
            write!(text, "<li><span>{}</span>{bar}<b>{}</b></li>", escape_html(&title), escape_html(&value));
    }
    text + "</ol>"
}

fn table(report: &Report<'_>) -> String {
    let listing = listing::table(report);
    let mut text = "<section class=\"rows\"><table><thead><tr>".to_owned();
    for column in &listing.columns {
        let _ = write!(text, "<th{}>{}</th>", class_of(column.number), escape_html(column.title));
    }
    text += "<th class=\"n\">bit/s</th></tr></thead><tbody>";
    for (row, cells) in report.top.rows.iter().zip(&listing.pretty) {
        text += "<tr>";
        for (column, cell) in listing.columns.iter().zip(cells) {
            let _ = write!(text, "<td{}>{}</td>", class_of(column.number), escape_html(cell));
        }
        let rate = report.share.rate(row.counts.bytes() * 8).map_or_else(|| "—".to_owned(), bits);
        let _ = write!(text, "<td class=\"n\">{}</td></tr>", escape_html(&rate));
    }
    text + "</tbody></table></section>\n"
}

const fn class_of(number: bool) -> &'static str {
    if number { " class=\"n\"" } else { "" }
}

/// What the rows do not show.
fn outside(report: &Report<'_>) -> String {
    let left = listing::left_out(&report.top.left);
    let estimated = listing::estimated(report);
    if left.is_empty() && estimated.is_none() {
        return String::new();
    }
    let mut text = format!(
        "<section><h2>Not in these rows</h2><p class=\"note\">Counted as {}.</p><ul class=\"facts\">",
        listing::counted(report)
    );
    for (what, packets, bytes) in left {
        let _ = write!(text, "<li><span>{what}</span><b>{packets} packets</b> <b>{bytes}</b></li>");
    }
    text += "</ul>";
    if let Some(words) = estimated {
        let _ = write!(text, "<p class=\"note\">{}</p>", escape_html(&words));
    }
    text + "</section>\n"
}

/// What became of every frame.
fn ledger(report: &Report<'_>) -> String {
    let ledger = &report.totals.ledger;
    let mut lines = vec![
        ("frames read".to_owned(), ledger.frames),
        ("packets counted".to_owned(), ledger.packets),
        ("filtered".to_owned(), ledger.filtered),
        ("lost".to_owned(), ledger.lost()),
    ];
    if let Some(reasons) = document::skipped(ledger).as_object() {
        let skipped = reasons
            .iter()
            .filter_map(|(reason, n)| Some((format!("skipped: {}", reason.replace('_', " ")), n.as_u64()?)));
        lines.extend(skipped.filter(|(_, n)| *n > 0));
    }
    let line = |(what, n): &(String, u64)| {
        format!("<li><span>{}</span><b>{}</b></li>", escape_html(what), output::count(*n))
    };
    let mut text = format!(
        "<section><h2>Frames</h2><ul class=\"facts\">{}</ul>",
        lines.iter().map(line).collect::<String>()
    );
    if report.totals.truncated {
        text += "<p class=\"note\"><b>The capture is not whole:</b> it is cut or damaged, and what was read before is shown.</p>";
    }
    let _ = write!(
        text,
        "<p class=\"note\">Addresses are those of the {} IP header. Times are the local zone's.</p>",
        escape_html(report.totals.counted)
    );
    text + "</section>\n"
}

/// Where names and places come from, with the credits that are due.
fn provenance(report: &Report<'_>) -> String {
    let mut text = "<footer><h2>Data</h2><ul>".to_owned();
    let sources = &report.sources;
    let holds = [
        ("Countries", &sources.country),
        ("Networks", &sources.asn),
        ("Cities", &sources.city),
        ("Announced prefixes", &sources.routes),
        ("Names of networks", &sources.names),
    ];
    for (what, source) in holds.iter().filter_map(|(what, source)| Some((what, source.as_ref()?))) {
        let words = [&*source.label(), &*source.licence].map(escape_html);
        let words = words.iter().filter(|words| !words.is_empty());
        let _ = write!(text, "<li>{what}: {}</li>", words.map(|w| &**w).collect::<Vec<_>>().join(", "));
    }
    if sources.overrides > 0 {
        let _ = write!(
            text,
            "<li>{} networks are set in the settings and win over all databases</li>",
            sources.overrides
        );
    }
    for credit in report.sources.attribution() {
        let words = escape_html(&credit.text);
        if credit.url.starts_with("https://") || credit.url.starts_with("http://") {
            let _ = write!(
                text,
                "<li><a href=\"{}\" rel=\"noreferrer\">{words}</a></li>",
                escape_html(&credit.url)
            );
        } else {
            let _ = write!(text, "<li>{words}</li>");
        }
    }
    if let Some(notice) = report.vendors {
        let _ = write!(text, "<li>{}</li>", escape_html(notice));
    }
    let version = env!("CARGO_PKG_VERSION");
    text + &format!(
        "</ul><p class=\"note\">A country or city is an estimate of where an address is used; \
         coordinates are those of a square of {} km. Made by Wireglobe {version}.</p></footer>\n",
        analyzer::geo::Cell::KILOMETRES
    )
}
