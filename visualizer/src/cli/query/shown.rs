//! An answer as text: a table of keys for people, a line for each key and interval for programs, or the document.

use serde_json::{Value, json};

use crate::cli::output::{Column, Format, Listing, plain};

/// The answer in a format.
pub(super) fn render(document: &Value, format: Format) -> String {
    match format {
        Format::Json => format!("{document}\n"),
        Format::Table => table(document, format) + &remarks(document),
        Format::Markdown => table(document, format),
        Format::Csv | Format::Tsv | Format::Jsonl => lines(document).render(format),
    }
}

/// Keys, what is left and the total, with their sums and the summary of the measure.
fn table(document: &Value, format: Format) -> String {
    const COLUMNS: [(&str, &str, bool); 12] = [
        ("key", "Key", false),
        ("name", "Name", false),
        ("bytes", "Bytes", true),
        ("packets", "Packets", true),
        ("flows", "Flows", true),
        ("percent", "%", true),
        ("min", "Min", true),
        ("avg", "Avg", true),
        ("p95", "P95", true),
        ("max", "Max", true),
        ("last", "Last", true),
        ("rate", "Bit/s", true),
    ];
    let share = match document["sort"].as_str() {
        Some("packets" | "pps") => "packets",
        Some("flows") => "flows",
        _ => "bytes",
    };
    let row = |title: &Value, name: &Value, from: &Value, percent: Value| {
        let (totals, summary) = (&from["totals"], &from["summary"]);
        let mut cells = vec![title.clone(), name.clone()];
        cells.extend(["bytes", "packets", "flows"].map(|field| totals[field].clone()));
        cells.push(percent);
        cells.extend(["min", "avg", "p95", "max", "last"].map(|field| summary[field].clone()));
        cells.push(totals["bps"].clone());
        cells
    };
    let keys = document["keys"].as_array().into_iter().flatten();
    let mut rows: Vec<Vec<Value>> =
        keys.map(|key| row(&key["key"], &key["name"], key, key["percent"][share].clone())).collect();
    let other = &document["other"];
    if other.is_object() {
        let name = json!(format!("{} more", other["keys"]));
        rows.push(row(&json!("other"), &name, other, other["percent"][share].clone()));
    }
    rows.push(row(&json!("total"), &Value::Null, &document["total"], json!(100)));
    let pretty = rows.iter().map(|row| row.iter().map(figure).collect()).collect();
    let columns = COLUMNS.into_iter().map(|(field, title, number)| Column { field, title, number }).collect();
    Listing { columns, rows, pretty }.render(format)
}

/// A value as people read it: no decimals where there are none.
fn figure(value: &Value) -> String {
    match value.as_f64().filter(|figure| value.is_f64() && figure.fract() == 0.0) {
        Some(whole) => format!("{whole:.0}"),
        None => plain(value),
    }
}

/// Of which time it is, where data is missing, and what else is to be said.
fn remarks(document: &Value) -> String {
    let mut text = format!(
        "\n{} by {} in intervals of {} s from {} to {}\n",
        plain(&document["measure"]),
        plain(&document["by"]),
        document["interval"],
        plain(&document["from"]),
        plain(&document["to"])
    );
    for gap in document["gaps"].as_array().into_iter().flatten() {
        text += &format!("no data from {} to {}\n", plain(&gap["from"]), plain(&gap["to"]));
    }
    for note in document["notes"].as_array().into_iter().flatten() {
        text += &format!("{}\n", crate::cli::escape(&plain(note)));
    }
    text
}

/// A line for each interval and key, the others and the total after the keys; nothing where there is no data.
fn lines(document: &Value) -> Listing {
    const FIELDS: [&str; 9] = ["at", "row", "key", "name", "bytes", "packets", "flows", "bps", "bpp"];
    let seconds = document["interval"].as_f64().unwrap_or(1.0);
    let times = document["at"].as_array().cloned().unwrap_or_default();
    let keys = document["keys"].as_array().into_iter().flatten();
    let mut sources: Vec<(&str, Value, &Value)> = keys.map(|key| ("key", key["key"].clone(), key)).collect();
    sources.extend(document["other"].is_object().then(|| ("other", Value::Null, &document["other"])));
    sources.push(("total", Value::Null, &document["total"]));
    let mut rows = Vec::new();
    for (at, time) in times.iter().enumerate() {
        for (kind, key, from) in &sources {
            let [bytes, packets, flows] = ["bytes", "packets", "flows"].map(|field| &from[field][at]);
            let (Some(all), Some(count)) = (bytes.as_f64(), packets.as_f64()) else { continue };
            let bpp = if count > 0.0 { json!(rounded(all / count)) } else { Value::Null };
            let bps = json!(rounded(all * 8.0 / seconds));
            let name = from["name"].clone();
            let figures = [bytes.clone(), packets.clone(), flows.clone(), bps, bpp];
            rows.push([vec![time.clone(), json!(kind), key.clone(), name], figures.to_vec()].concat());
        }
    }
    let columns = FIELDS.map(|field| Column { field, title: field, number: false }).to_vec();
    Listing { columns, rows, pretty: Vec::new() }
}

/// To thousandths, as in the document.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
