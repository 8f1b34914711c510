//! What a collector of flow exports met, as documents have it: `report --flows`, the status of a run.

use capturer::flow::{CollectorCounts, ExporterCounts};
use serde_json::{Value, json};

/// Counters of all exporters, and of each.
pub(crate) fn document(all: &CollectorCounts, exporters: &[ExporterCounts]) -> Value {
    json!({
        "datagrams": all.datagrams,
        "refused": all.refused.named(),
        "exporters": exporters.iter().map(exporter).collect::<Vec<_>>(),
    })
}

fn exporter(counts: &ExporterCounts) -> Value {
    json!({
        "address": counts.address, "protocol": counts.protocol,
        "first": counts.first.to_string(), "last": counts.last.to_string(),
        "datagrams": counts.datagrams, "records": counts.records,
        "packets": counts.packets, "bytes": counts.bytes,
        "lost": counts.lost, "restarts": counts.restarts, "refused": counts.refused.named(),
        "sampling": counts.sampling, "sampling_unapplied": counts.sampling_unapplied,
        "templates": counts.templates, "domains": counts.domains,
    })
}
