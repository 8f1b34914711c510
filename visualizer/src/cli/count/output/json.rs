//! The report as one document. What a source can't know is null.

use serde_json::{Value, json};

use super::View;
use crate::cli::count::tally::percent;

pub(super) fn render(view: &View<'_>) -> String {
    let tally = view.tally;
    let bytes = |n: u64| view.packets.then_some(n);
    let mut document = json!({
        "schema": 1,
        "source": view.inputs,
        "database": {"name": view.database.name(), "prefix": view.database.prefix_label()},
        "totals": {
            "lookups": amount(tally.lookups), "bytes": bytes(tally.bytes), "skipped": tally.skipped, "failed": tally.failed,
            "joined": tally.joined, "beyond_cap": tally.beyond,
        },
    });
    let share = |count: f64| (percent(count, tally.lookups) * 100.0).round() / 100.0;
    if view.shown.asns {
        let rows = tally.asns.top(view.shown.top).into_iter().map(|row| {
            json!({
                "asn": row.key.map(|asn| asn.0), "as_name": name(view.name(row.key)), "count": amount(row.count),
                "percent": share(row.count), "bytes": bytes(row.bytes),
            })
        });
        document["asn"] = json!({"unique": tally.asns.len(), "rows": rows.collect::<Vec<_>>()});
    }
    if view.shown.prefixes {
        let rows = tally.prefixes.top(view.shown.top).into_iter().map(|row| {
            json!({
                "prefix": row.key.prefix.map(|prefix| prefix.to_string()), "asn": row.key.asn.map(|asn| asn.0),
                "as_name": name(view.name(row.key.asn)), "count": amount(row.count), "percent": share(row.count),
                "bytes": bytes(row.bytes),
            })
        });
        document["prefix"] = json!({"unique": tally.prefixes.len(), "rows": rows.collect::<Vec<_>>()});
    }
    format!("{document}\n")
}

fn name(name: &str) -> Option<&str> {
    Some(name).filter(|name| !name.is_empty())
}

/// A whole number where it is one.
fn amount(value: f64) -> Value {
    let exact = value.fract() == 0.0 && value.abs() < 9.0e15;
    if exact { json!(value as i64) } else { json!(value) }
}
