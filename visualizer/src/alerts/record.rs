//! An alert as it is stored, and out of the store again.

use analyzer::geo::Geo;
use analyzer::{Alert, Party};
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
    let parties = |field: &str| -> Vec<Party> {
        let texts = entry.document.get(field).and_then(Value::as_array);
        texts.into_iter().flatten().filter_map(|text| party(text.as_str()?)).collect()
    };
    let at = |ms: i64| capturer::Timestamp::from_nanos(ms.saturating_mul(1_000_000));
    let mut alert = Alert::new(0, rule, at(entry.first_ms));
    (alert.sources, alert.targets) = (parties("sources"), parties("targets"));
    Some(alert)
}

fn party(text: &str) -> Option<Party> {
    if let Ok(address) = text.parse() {
        return Some(Party::host(address));
    }
    let socket: std::net::SocketAddr = text.parse().ok()?;
    Some(Party::service(socket.ip(), socket.port()))
}
