//! The inventory's document as table, CSV, TSV, Markdown and JSON lines: a line for each row. Lists are parted by `; `, and of
//! the evidence only what it comes to is there; JSON has all of it.

use serde_json::{Map, Value};

use super::{By, HostsDocument};
use crate::cli::output::{self, Column, Format, Listing, plain};
use crate::cli::report;

/// A column: where its value lies in a row, and how people read it.
struct Field {
    column: Column,
    /// A JSON pointer (RFC 6901).
    at: &'static str,
    /// How it stands in a table; none: it doesn't.
    shown: Option<fn(&Value, &Value) -> String>,
}

/// A column for programs alone.
const fn hidden(field: &'static str, at: &'static str) -> Field {
    Field { column: Column { field, title: field, number: false }, at, shown: None }
}

const fn text(
    field: &'static str,
    title: &'static str,
    at: &'static str,
    shown: fn(&Value, &Value) -> String,
) -> Field {
    Field { column: Column { field, title, number: false }, at, shown: Some(shown) }
}

const fn number(
    field: &'static str,
    title: &'static str,
    at: &'static str,
    shown: fn(&Value, &Value) -> String,
) -> Field {
    Field { column: Column { field, title, number: true }, at, shown: Some(shown) }
}

/// Of hosts.
static HOSTS: [Field; 36] = [
    text("address", "host", "/address", |cell, _| plain(cell)),
    text("names", "name", "/names", |cell, _| short(&plain(&cell[0]), 32)),
    text("os", "looks like", "/os/label", looks),
    number("os_confidence", "%", "/os/confidence", |cell, row| {
        if row["os"]["family"].is_null() { String::new() } else { plain(cell) }
    }),
    hidden("os_family", "/os/family"),
    hidden("os_contradictions", "/os/contradictions"),
    number("distance", "hops", "/distance", |cell, _| plain(cell)),
    text("link", "link", "/link", |cell, _| short(&plain(cell), 20)),
    number("uptime_minutes", "up", "/uptime_minutes", |cell, _| {
        cell.as_u64().map_or_else(String::new, uptime)
    }),
    text("apps", "programs", "/apps", |cell, _| short(&joined(cell), 28)),
    text("language", "lang", "/language", |cell, _| plain(cell)),
    text("open_ports", "answers at", "/open_ports", |cell, _| ports(cell)),
    number("packets", "packets", "/packets", |cell, _| output::count(cell.as_u64().unwrap_or(0))),
    number("bytes", "bytes", "/bytes", |cell, _| output::bytes(cell.as_u64().unwrap_or(0))),
    text("country", "where", "/country", whereabouts),
    number("nat_score", "nat", "/nat/score", several),
    hidden("nat_reasons", "/nat/reasons"),
    hidden("asn", "/asn"),
    hidden("as_name", "/as_name"),
    hidden("prefix", "/prefix"),
    hidden("prefix_kind", "/prefix_kind"),
    hidden("place", "/place"),
    hidden("city", "/city"),
    hidden("mac", "/mac"),
    hidden("vendor", "/vendor"),
    hidden("device", "/device"),
    hidden("domain", "/domain"),
    hidden("mtu", "/mtu"),
    hidden("first_seen", "/first_seen"),
    hidden("last_seen", "/last_seen"),
    hidden("packets_sent", "/packets_sent"),
    hidden("bytes_sent", "/bytes_sent"),
    hidden("packets_received", "/packets_received"),
    hidden("bytes_received", "/bytes_received"),
    hidden("flows", "/flows"),
    hidden("unanswered", "/unanswered"),
];

/// Of domains.
static DOMAINS: [Field; 14] = [
    text("domain", "domain", "/domain", |cell, _| short(&plain(cell), 40)),
    number("hosts", "hosts", "/hosts", |cell, _| plain(cell)),
    text("os", "look like", "/os", |cell, _| short(&joined(cell), 44)),
    text("apps", "programs", "/apps", |cell, _| short(&joined(cell), 32)),
    text("languages", "languages", "/languages", |cell, _| short(&joined(cell), 16)),
    text("links", "links", "/links", |cell, _| short(&joined(cell), 28)),
    text("distances", "hops", "/distances", |cell, _| short(&joined(cell), 16)),
    text("uptimes_minutes", "up", "/uptimes_minutes", |cell, _| short(&uptimes(cell), 24)),
    number("packets", "packets", "/packets", |cell, _| output::count(cell.as_u64().unwrap_or(0))),
    number("bytes", "bytes", "/bytes", |cell, _| output::bytes(cell.as_u64().unwrap_or(0))),
    text("countries", "countries", "/countries", |cell, _| short(&joined(cell), 20)),
    hidden("families", "/families"),
    hidden("addresses", "/addresses"),
    hidden("flows", "/flows"),
];

/// The document in a format.
pub(super) fn render(format: Format, by: By, document: HostsDocument) -> String {
    let fields: &[Field] = if by == By::Host { &HOSTS } else { &DOMAINS };
    match format {
        Format::Json => document.text() + "\n",
        Format::Jsonl => document.rows.map(|row| format!("{row}\n")).collect(),
        Format::Csv | Format::Tsv => values(fields, &document.rows.collect::<Vec<_>>()).render(format),
        Format::Markdown => pretty(fields, &document.rows.collect::<Vec<_>>()).render(format),
        Format::Table => {
            let rows: Vec<Value> = document.rows.collect();
            pretty(fields, &rows).render(format) + &summary(by, &document.head, rows.len())
        }
    }
}

/// For programs: all columns.
fn values(fields: &[Field], rows: &[Value]) -> Listing {
    let cell = |row: &Value, field: &Field| match row.pointer(field.at) {
        Some(Value::Array(list)) => Value::String(parted(list)),
        Some(value) => value.clone(),
        None => Value::Null,
    };
    Listing {
        columns: fields.iter().map(|field| field.column).collect(),
        rows: rows.iter().map(|row| fields.iter().map(|field| cell(row, field)).collect()).collect(),
        pretty: Vec::new(),
    }
}

/// For people: a column in which nothing stands is left out.
fn pretty(fields: &[Field], rows: &[Value]) -> Listing {
    let cells = |show: fn(&Value, &Value) -> String, field: &Field| -> Vec<String> {
        rows.iter().map(|row| show(row.pointer(field.at).unwrap_or(&Value::Null), row)).collect()
    };
    let columns = fields.iter().filter_map(|field| Some((field.column, cells(field.shown?, field))));
    let told: Vec<(Column, Vec<String>)> =
        columns.filter(|(_, cells)| rows.is_empty() || cells.iter().any(|cell| !cell.is_empty())).collect();
    Listing {
        pretty: (0..rows.len())
            .map(|row| told.iter().map(|(_, cells)| cells[row].clone()).collect())
            .collect(),
        columns: told.into_iter().map(|(column, _)| column).collect(),
        rows: Vec::new(),
    }
}

/// What a host looks like; evidence against it is marked.
fn looks(cell: &Value, row: &Value) -> String {
    let family = plain(&row["os"]["family"]);
    let label = match cell {
        Value::Null => family,
        // A label may leave the family to be guessed.
        cell => plain(cell),
    };
    let doubted = row["os"]["contradictions"].as_array().is_some_and(|all| !all.is_empty());
    let mark = if doubted { " (?)" } else { "" };
    if label.is_empty() { label } else { format!("{}{mark}", short(&label, 36)) }
}

/// Of a host on the captured link its hardware, of others their network and country.
fn whereabouts(country: &Value, row: &Value) -> String {
    if let Some(mac) = row["mac"][0].as_str() {
        let device = [&row["device"], &row["vendor"]].into_iter().find(|name| name.is_string());
        let device = device.map(plain).unwrap_or_default();
        return short(format!("{mac} {device}").trim_end(), 40);
    }
    let network = row["asn"].as_u64().map(|asn| format!("AS{asn} {}", plain(&row["as_name"])));
    let parts: Vec<String> =
        network.into_iter().map(|name| short(&name, 34)).chain(country.as_str().map(str::to_owned)).collect();
    if parts.is_empty() { plain(&row["place"]) } else { parts.join(", ") }
}

/// How strongly changes hint at several machines; a change that was not worth telling is not shown.
fn several(score: &Value, row: &Value) -> String {
    if row["nat"]["reasons"][0].is_null() { String::new() } else { plain(score) }
}

/// The first ports, and how many more there are.
fn ports(cell: &Value) -> String {
    const MOST: usize = 6;
    let all = cell.as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |port: &Value| {
        let text = plain(port);
        text.strip_prefix("tcp/").map_or_else(|| text.clone(), str::to_owned)
    };
    let mut words: Vec<String> = all.iter().take(MOST).map(word).collect();
    if all.len() > MOST {
        words.push(format!("+{}", all.len() - MOST));
    }
    words.join(" ")
}

/// `12d`, `7h`, `33m`.
fn uptime(minutes: u64) -> String {
    match minutes {
        0..60 => format!("{minutes}m"),
        60..1440 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

fn uptimes(cell: &Value) -> String {
    let all = cell.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut words: Vec<String> = all.iter().filter_map(Value::as_u64).map(uptime).collect();
    words.dedup();
    words.join(", ")
}

fn joined(cell: &Value) -> String {
    cell.as_array().map(|list| list.iter().map(plain).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

fn parted(list: &[Value]) -> String {
    list.iter().map(plain).collect::<Vec<_>>().join("; ")
}

/// At most so many characters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// The line below the table.
fn summary(by: By, head: &Map<String, Value>, rows: usize) -> String {
    let of = |name: &str| head.get(name).unwrap_or(&Value::Null);
    let totals = of("totals");
    let what = if by == By::Host { "hosts" } else { "domains" };
    let figure = |name: &str| totals[name].as_u64().unwrap_or(0);
    let mut parts = vec![
        format!("{rows} of {} {what}", output::count(of("keys").as_u64().unwrap_or(0))),
        format!("{} packets", output::count(figure("packets"))),
        output::bytes(figure("bytes")),
    ];
    let moment = |name: &str| of(name).as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    if let (Some(from), Some(to)) = (moment("from"), moment("to")) {
        let local = |at: jiff::Timestamp| report::local(at);
        parts.push(format!("{} to {}", local(from), local(to)));
    }
    format!("\n{}\n", parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_host_is_a_line_and_what_nobody_knows_takes_no_column() {
        let row = json!({
            "address": "192.0.2.7", "names": ["a.example.org"], "packets": 12_345, "bytes": 2_000_000, "asn": 1136,
            "os": {"label": "Linux 4.20 or newer", "family": "Linux", "confidence": 91, "contradictions": ["x"]},
            "as_name": "KPN", "country": "NL", "uptime_minutes": 1500, "apps": [],
            "open_ports": ["tcp/22", "tcp/80", "tcp/443", "tcp/1", "tcp/2", "tcp/3", "udp/53", "udp/99"],
        });
        let document = json!({"rows": [row], "keys": 3, "totals": {"packets": 12_345, "bytes": 2_000_000}});
        let table = render(Format::Table, By::Host, HostsDocument::read(document.clone()));
        let lines: Vec<&str> = table.lines().collect();
        assert!(!lines[0].contains("programs") && !lines[0].contains("lang"), "{table}");
        for wanted in
            ["a.example.org", "Linux 4.20 or newer (?)", "91", "1d", "22 80 443 1 2 3 +2", "AS1136 KPN, NL"]
        {
            assert!(lines[1].contains(wanted), "{wanted}: {table}");
        }
        assert!(table.ends_with("1 of 3 hosts · 12\u{202f}345 packets · 2.00 MB\n"), "{table}");
        let csv = render(Format::Csv, By::Host, HostsDocument::read(document));
        assert!(csv.contains("tcp/443; tcp/1") && csv.lines().count() == 2, "{csv}");
    }
}
