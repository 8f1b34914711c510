//! One alert for people: what happened, the figures beside their thresholds, what could fool it, and what was done.

use serde_json::Value;

use super::remote::moment;
use crate::cli::escape;
use crate::cli::output::plain;

/// The document of `GET /api/v1/alerts/{id}` as text.
pub(super) fn text(document: &Value) -> String {
    let alert = &document["alert"];
    let word = |field: &str| escape(&plain(&alert[field]));
    let mut lines = vec![
        format!("{}: {}", word("title"), word("severity")),
        format!("{}.", word("summary").trim_end_matches('.')),
        String::new(),
    ];
    let facts = facts(alert);
    let widest = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    lines.extend(facts.iter().map(|(name, value)| format!("{name:<widest$}  {value}")));
    lines.extend([String::new(), format!("What could fool it: {}.", word("caveat").trim_end_matches('.'))]);
    let steps = document["history"].as_array().into_iter().flatten();
    let steps: Vec<String> = steps.map(step).collect();
    if !steps.is_empty() {
        lines.extend([String::new(), "What was done:".to_owned()]);
        lines.extend(steps);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn facts(alert: &Value) -> Vec<(String, String)> {
    let word = |field: &str| escape(&plain(&alert[field]));
    let state = [word("state"), word("reason")].join(": ").trim_end_matches(": ").to_owned();
    let muted = if alert["muted"] == true { ", muted" } else { "" };
    let mut facts = vec![
        ("Alert", word("id")),
        ("State", state + muted),
        ("Rule", [word("rule"), word("technique")].join(" ")),
        ("From", parties(&alert["sources"])),
        ("Network", network(alert)),
        ("To", parties(&alert["targets"])),
        ("First", moment(&alert["first_seen"])),
        ("Last", moment(&alert["last_seen"])),
        ("Count", word("count")),
        ("Packets", word("evidence")),
    ];
    facts.retain(|(_, value)| !value.trim().is_empty());
    let mut facts: Vec<(String, String)> =
        facts.into_iter().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let observed = alert["observed"].as_object().into_iter().flatten();
    facts.extend(observed.map(|(name, value)| figure(name, value, &alert["threshold"][name])));
    facts
}

/// A figure under its name, beside its threshold if it has one.
fn figure(name: &str, observed: &Value, threshold: &Value) -> (String, String) {
    let value = escape(&plain(observed));
    let beside =
        if threshold.is_null() { String::new() } else { format!(" (threshold {})", plain(threshold)) };
    (escape(name.trim_end_matches("_seen")).replace('_', " "), value + &beside)
}

fn parties(parties: &Value) -> String {
    let all: Vec<String> =
        parties.as_array().into_iter().flatten().map(|party| escape(&plain(party))).collect();
    all.join(" ")
}

fn network(alert: &Value) -> String {
    let asn = alert["asn"].as_u64().map(|asn| format!("AS{asn}"));
    let words = [alert["country"].as_str(), asn.as_deref(), alert["as_name"].as_str()];
    escape(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

fn step(step: &Value) -> String {
    let word = |field: &str| step[field].as_str().map(escape);
    let (action, reason) = (word("action").unwrap_or_default(), word("reason"));
    let done = reason.map_or(action.clone(), |reason| format!("{action}: {reason}"));
    let said = word("comment").map_or(String::new(), |comment| format!(", \"{comment}\""));
    format!("  {}  {done}{said}", moment(&step["at"]))
}
