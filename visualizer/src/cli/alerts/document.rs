//! Alerts as documents and lists.

use analyzer::detect::{self, RuleError};
use analyzer::geo::Geo;
use analyzer::timeline::Timeline;
use analyzer::{Alert, Party, sentence};
use serde_json::{Map, Value, json};

use super::remote::moment;
use crate::cli::document::TotalsDocument;
use crate::cli::output::{Column, Format, Listing, plain};
use crate::cli::report::local_time;
use crate::settings::Detect;

/// All alerts in a format.
pub(super) fn render(format: Format, alerts: &[&Alert], totals: &TotalsDocument, geo: &Geo) -> String {
    if format == Format::Json {
        let mut document = totals.head();
        let alerts = alerts.iter().map(|alert| Value::Object(alert_json(alert, geo))).collect();
        document.insert("alerts".into(), Value::Array(alerts));
        return Value::Object(document).to_string() + "\n";
    }
    if format == Format::Jsonl {
        return alerts.iter().map(|alert| format!("{}\n", Value::Object(alert_json(alert, geo)))).collect();
    }
    if alerts.is_empty() && format == Format::Table {
        return "No alerts.\n".to_owned();
    }
    listing(alerts, geo).render(format)
}

/// An alert as documents have it.
pub(crate) fn alert_json(alert: &Alert, geo: &Geo) -> Map<String, Value> {
    let place = alert.sources.first().map(|party| geo.place(party.address));
    let threshold = alert.figures.iter().filter_map(|figure| Some((figure.name, number(figure.threshold?))));
    let observed = alert.figures.iter().map(|figure| (figure.name, number(figure.observed)));
    let words = alert.words.iter().map(|(name, word)| (format!("{name}_seen"), json!(word)));
    let mut observed: Map<String, Value> = observed.map(|(name, value)| (name.to_owned(), value)).collect();
    observed.extend(words);
    let names = |parties: &[Party]| parties.iter().map(Party::to_string).collect::<Vec<_>>();
    let document = json!({
        "id": format!("{:08}", alert.number), "rule": alert.rule.id, "severity": alert.severity.name(),
        "title": alert.rule.title, "summary": alert.summary(),
        "sources": alert.sources.iter().map(|party| party.address.to_string()).collect::<Vec<_>>(),
        "targets": names(&alert.targets),
        "first_seen": alert.first.to_string(), "last_seen": alert.last.to_string(),
        "raised": alert.raised.to_string(), "count": alert.count, "timeline": timeline(&alert.timeline),
        "threshold": threshold.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
        "observed": observed,
        "technique": (!alert.rule.technique.is_empty()).then_some(alert.rule.technique),
        "frames": alert.frames,
        "country": place.and_then(|place| place.country).map(|code| code.to_string()),
        "asn": place.and_then(|place| place.asn).map(|asn| asn.0),
        "as_name": place.and_then(|place| place.asn).and_then(|asn| geo.as_name(asn)),
        "caveat": sentence(alert.rule.caveat),
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// When it happened how often: the sum of the counts is the alert's count.
fn timeline(timeline: &Timeline) -> Value {
    json!({
        "from": timeline.from().to_string(), "bin_seconds": timeline.width().as_secs_f64(), "counts": timeline.counts(),
    })
}

/// Whole numbers are written without a fraction, others with three digits of it.
fn number(figure: f64) -> Value {
    if figure.fract() == 0.0 && figure.abs() < 9e15 {
        return json!(figure as i64);
    }
    json!((figure * 1000.0).round() / 1000.0)
}

const COLUMNS: [Column; 7] = [
    Column { field: "severity", title: "Severity", number: false },
    Column { field: "rule", title: "Rule", number: false },
    Column { field: "sources", title: "From", number: false },
    Column { field: "targets", title: "To", number: false },
    Column { field: "count", title: "Count", number: true },
    Column { field: "first_seen", title: "First", number: false },
    Column { field: "summary", title: "What", number: false },
];

fn listing(alerts: &[&Alert], geo: &Geo) -> Listing {
    let rows: Vec<Vec<Value>> = alerts.iter().map(|alert| cells(&alert_json(alert, geo))).collect();
    let pretty = |(row, alert): (&Vec<Value>, &&Alert)| {
        let mut texts: Vec<String> = row.iter().map(plain).collect();
        texts[2] = brief(&alert.sources);
        texts[3] = brief(&alert.targets);
        texts[5] = local_time(alert.first);
        texts
    };
    Listing { columns: COLUMNS.to_vec(), pretty: rows.iter().zip(alerts).map(pretty).collect(), rows }
}

/// The alerts of a server's document, with their states.
pub(super) fn listed(document: &Value, format: Format) -> String {
    let alerts: Vec<&Map<String, Value>> =
        document["alerts"].as_array().into_iter().flatten().filter_map(Value::as_object).collect();
    match format {
        Format::Json => return format!("{document}\n"),
        Format::Jsonl => {
            let line = |alert: &&Map<String, Value>| format!("{}\n", Value::Object((*alert).clone()));
            return alerts.iter().map(line).collect();
        }
        Format::Table if alerts.is_empty() => return "No alerts.\n".to_owned(),
        _ => {}
    }
    let field = |field, title| Column { field, title, number: false };
    let columns: Vec<Column> =
        [field("id", "Number"), field("state", "State")].into_iter().chain(COLUMNS).collect();
    let row = |alert: &&Map<String, Value>| {
        let head = ["id", "state"].map(|field| alert.get(field).cloned().unwrap_or_default());
        head.into_iter().chain(cells(alert)).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<Value>> = alerts.iter().map(row).collect();
    let pretty = |(row, alert): (&Vec<Value>, &&Map<String, Value>)| {
        let mut texts: Vec<String> = row.iter().map(plain).collect();
        (texts[4], texts[5]) = (first_of(alert.get("sources")), first_of(alert.get("targets")));
        texts[7] = moment(&row[7]);
        texts
    };
    let pretty = rows.iter().zip(&alerts).map(pretty).collect();
    Listing { columns, pretty, rows }.render(format)
}

/// One party of a document, and how many more there are.
fn first_of(parties: Option<&Value>) -> String {
    match parties.and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
        [] => String::new(),
        [one] => plain(one),
        [one, more @ ..] => format!("{} +{}", plain(one), more.len()),
    }
}

fn cells(document: &Map<String, Value>) -> Vec<Value> {
    let joined = |value: &Value| match value.as_array() {
        Some(parties) => json!(parties.iter().map(plain).collect::<Vec<_>>().join(" ")),
        None => value.clone(),
    };
    COLUMNS.iter().map(|column| document.get(column.field).map_or(Value::Null, joined)).collect()
}

/// One party, and how many more there are.
fn brief(parties: &[Party]) -> String {
    match parties {
        [] => String::new(),
        [one] => one.to_string(),
        [one, more @ ..] => format!("{one} +{}", more.len()),
    }
}

/// All rules.
pub(crate) fn rules_json(settings: &Detect) -> Result<Value, RuleError> {
    let thresholds = settings.thresholds()?;
    let setting = |rule: &'static detect::Rule, setting: &'static detect::Setting| {
        json!({
            "name": setting.name, "unit": setting.unit, "value": number(thresholds.get(rule, setting.name)),
            "default": number(setting.default), "least": number(setting.least), "most": number(setting.most),
        })
    };
    let rule = |rule: &'static detect::Rule| {
        json!({
            "on": settings.enabled && thresholds.is_on(rule),
            "rule": rule.id, "title": rule.title, "severity": rule.severity.name(), "most": rule.most.name(),
            "technique": rule.technique, "flow_records": detect::hears_records(rule), "sees": sentence(rule.sees), "caveat": sentence(rule.caveat), "sources": rule.sources,
            "settings": rule.settings.iter().map(|one| setting(rule, one)).collect::<Vec<_>>(),
        })
    };
    Ok(json!({"schema": 1, "rules": detect::rules().map(rule).collect::<Vec<_>>()}))
}

/// All rules in a format.
pub(super) fn rules(settings: &Detect, format: Format) -> Result<String, RuleError> {
    let document = rules_json(settings)?;
    if format == Format::Json {
        return Ok(document.to_string() + "\n");
    }
    let column = |field, title| Column { field, title, number: false };
    let columns = [("rule", "Rule"), ("severity", "Severity"), ("technique", "Technique"), ("sees", "Sees")];
    let rules = document["rules"].as_array().into_iter().flatten();
    let rows: Vec<Vec<Value>> =
        rules.map(|rule| columns.iter().map(|(field, _)| rule[*field].clone()).collect()).collect();
    let pretty = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let columns = columns.iter().map(|(field, title)| column(field, title)).collect();
    Ok(Listing { columns, pretty, rows }.render(format))
}
