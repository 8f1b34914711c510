//! A host as JSON has it (CLI.md, `hosts`).

use analyzer::Counts;
use analyzer::fingerprint::{Evidence, Verdict};
use analyzer::geo::{Category, PrefixKind};
use analyzer::inventory::{Entry, OpenPort, Sharing};
use analyzer::names::Known;
use capturer::Protocol;
use serde_json::{Value, json};

/// What evidence that names nothing is called in labels.
const UNKNOWN: &str = "unknown";

/// The row of a host.
pub(super) fn row(entry: &Entry) -> Value {
    let Entry { row, .. } = entry;
    let counts = &row.counts;
    let name = |known: &Known| known.name.to_string();
    let city = row.city.as_ref().map(|city| &city.name).filter(|name| !name.is_empty());
    json!({
        "address": row.key, "names": row.names.iter().map(name).collect::<Vec<_>>(), "domain": entry.domain,
        "mac": entry.macs.iter().map(|device| device.mac.to_string()).collect::<Vec<_>>(),
        "vendor": entry.macs.first().and_then(|device| device.vendor),
        "device": entry.macs.first().and_then(|device| device.name.clone()),
        "local": row.local, "first_seen": row.seen.map(|(first, _)| first.to_string()),
        "last_seen": row.seen.map(|(_, last)| last.to_string()),
        "packets": counts.packets(), "bytes": counts.bytes(),
        "packets_sent": counts.packets_sent, "bytes_sent": counts.bytes_sent,
        "packets_received": counts.packets_received, "bytes_received": counts.bytes_received,
        "flows": counts.flows, "unanswered": is_unanswered(counts), "estimated": row.is_estimated(),
        "country": row.country, "asn": row.asn.map(|asn| asn.0), "as_name": row.as_name,
        "prefix": row.prefix.map(|prefix| prefix.to_string()),
        "prefix_kind": row.prefix_kind.map(PrefixKind::label), "place": row.place.map(Category::name),
        "city": city, "os": entry.verdict.as_ref().map(os), "link": entry.link, "mtu": entry.unit,
        "distance": entry.distance, "uptime_minutes": entry.uptime, "apps": entry.apps,
        "language": entry.language, "nat": entry.sharing.as_ref().map(nat),
        "open_ports": entry.ports.iter().map(|port| open(*port)).collect::<Vec<_>>(),
        "open_ports_left_out": entry.ports_left_out,
    })
}

/// Whether it was sent to and never answered.
pub(super) const fn is_unanswered(counts: &Counts) -> bool {
    counts.packets_received > 0 && counts.packets_sent == 0
}

/// What it looks like; the label is null where evidence names nothing.
fn os(verdict: &Verdict) -> Value {
    let evidence: Vec<Value> = verdict.evidence.iter().map(piece).collect();
    json!({
        "label": label(verdict), "family": verdict.family.map(|family| family.name()),
        "confidence": verdict.confidence, "evidence": evidence, "contradictions": verdict.contradictions,
    })
}

/// The system with its versions, if anything names it.
pub(super) fn label(verdict: &Verdict) -> Option<&str> {
    let label = verdict.label.as_str();
    (verdict.family.is_some() || !matches!(label, "" | UNKNOWN)).then_some(label)
}

fn piece(evidence: &Evidence) -> Value {
    json!({
        "kind": evidence.kind.name(), "signature": evidence.signature, "label": evidence.label,
        "line": evidence.line, "family": evidence.family.map(|family| family.name()),
        "at": evidence.at.to_string(),
    })
}

fn nat(sharing: &Sharing) -> Value {
    json!({"score": sharing.score, "reasons": sharing.reasons})
}

/// `tcp/443`, as filters and `report --by port` write it.
fn open(port: OpenPort) -> String {
    let transport = if port.protocol() == Protocol::TCP { "tcp" } else { "udp" };
    format!("{transport}/{}", port.port())
}
