//! An alert as it is stored, and out of the store again.

use analyzer::geo::Geo;
use analyzer::{Alert, Party};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::board::Entry;
use super::database::Fresh;
use super::store::Found;
use crate::cli::alert_json;

/// An alert as it is stored; its number on the disk is another than that of the run.
pub(super) fn document(found: &Found, geo: &Geo) -> Map<String, Value> {
    let mut document = alert_json(&found.alert, geo);
    document.remove("id");
    document
}

pub(super) fn fresh<'a>(
    found: &'a Found,
    document: &'a Map<String, Value>,
    muted_by: Option<i64>,
) -> Fresh<'a> {
    Fresh {
        number: found.alert.number,
        earlier: found.earlier,
        identity: identity(&found.alert),
        rule: found.alert.rule.id,
        severity: found.alert.severity as u8,
        first_ms: found.alert.first.as_millis(),
        last_ms: found.alert.last.as_millis(),
        document,
        muted_by,
        evidence: found.evidence.as_ref().map(|(capture, packets)| (capture.as_slice(), *packets)),
    }
}

/// What an alert has each time its packets are read: the rule, when its threshold was reached, and by whom at whom.
fn identity(alert: &Alert) -> String {
    let first = |parties: &[Party]| parties.first().map_or_else(String::new, ToString::to_string);
    let parties = (first(&alert.sources), first(&alert.targets));
    format!("{} {} {} {}", alert.rule.id, alert.raised.as_nanos(), parties.0, parties.1)
}

/// An alert out of its document, as far as a filter asks of it.
pub(crate) fn revive(entry: &Entry) -> Option<Alert> {
    let rule = analyzer::detect::rules().find(|rule| rule.id == entry.rule)?;
    let named: Parties = serde_json::from_str(&entry.document).unwrap_or_default();
    let parties = |texts: &[String]| texts.iter().filter_map(|text| party(text)).collect();
    let at = |ms: i64| capturer::Timestamp::from_nanos(ms.saturating_mul(1_000_000));
    let mut alert = Alert::new(0, rule, at(entry.first_ms));
    (alert.sources, alert.targets) = (parties(&named.sources), parties(&named.targets));
    Some(alert)
}

/// Of a document those between whom it was.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parties {
    sources: Vec<String>,
    targets: Vec<String>,
}

fn party(text: &str) -> Option<Party> {
    if let Ok(address) = text.parse() {
        return Some(Party::host(address));
    }
    let socket: std::net::SocketAddr = text.parse().ok()?;
    Some(Party::service(socket.ip(), socket.port()))
}
