//! The bodies of webhooks: Wireglobe's own document, and what Slack, Mattermost and Discord take. Text from the wire becomes no mark-up,
//! no link with a false name and no mention in any of them.

use analyzer::Severity;
use serde_json::{Map, Value, json};

use super::super::Context;
use super::super::digest::Digest;
use super::super::notice::{Notice, What};
use super::super::words::{Words, shorten};
use crate::settings::notify::Shape;

/// The body of a message.
pub(super) fn body(shape: Shape, notice: &Notice, context: &Context) -> Value {
    let words = Words::of(notice, context);
    match shape {
        Shape::Json => document(notice, context),
        Shape::Slack => slack(&words),
        Shape::Mattermost => mattermost(&words),
        Shape::Discord => discord(notice, &words),
    }
}

/// Wireglobe's own document; files for SIEMs have it, too.
pub(super) fn document(notice: &Notice, context: &Context) -> Value {
    let words = Words::of(notice, context);
    let mut document = json!({
        "schema": 1, "kind": notice.kind(), "at": notice.at.to_string(), "severity": notice.severity().name(),
        "title": words.heading, "text": words.text(), "link": words.link, "host": context.host,
        "source": context.source, "demo": context.is_demo, "version": env!("CARGO_PKG_VERSION"),
    });
    let (name, value) = match &notice.what {
        What::Alert(told) => ("alert", Value::Object(told.document.clone())),
        What::Rise(told, was) => {
            document["was"] = json!(was.name());
            ("alert", Value::Object(told.document.clone()))
        }
        What::Fault(fault) | What::Over(fault) => {
            ("fault", json!({"name": fault.key, "title": fault.title, "text": fault.text}))
        }
        What::Digest(digest) => ("digest", sum(digest)),
        What::Test => return document,
    };
    document[name] = value;
    document
}

fn sum(digest: &Digest) -> Value {
    let severities: Map<String, Value> = digest
        .severities()
        .into_iter()
        .map(|(severity, count)| (severity.name().to_owned(), json!(count)))
        .collect();
    let worst: Vec<&Map<String, Value>> =
        digest.worst.iter().filter_map(|notice| Some(&notice.told()?.document)).collect();
    json!({
        "alerts": digest.alerts, "rises": digest.rises, "faults": digest.faults, "by_severity": severities,
        "by_rule": digest.by_rule, "worst": worst,
    })
}

/// The colour of a severity, as the page has it in its light theme.
const fn colour(severity: Severity) -> u32 {
    match severity {
        Severity::Critical => 0x00b0_1030,
        Severity::High => 0x00d0_3040,
        Severity::Medium => 0x00b0_7a00,
        Severity::Low => 0x0060_7080,
        Severity::Info => 0x0080_8890,
    }
}

/// Slack's three letters that mean something (api.slack.com, "Formatting text"): without them there is no link and no mention.
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Blocks of plain text, in which stars and underscores are what they are.
fn slack(words: &Words) -> Value {
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let lines = words.facts.iter().map(|(name, value)| format!("{name}: {value}"));
    let lines: Vec<String> = lines.chain(words.list.iter().map(|line| format!("• {line}"))).collect();
    let mut blocks = vec![json!({"type": "header", "text": plain(&shorten(&words.heading, 150))})];
    let texts = [words.sentence.clone(), lines.join("\n")];
    let sections = texts.iter().filter(|text| !text.is_empty());
    blocks.extend(sections.map(|text| json!({"type": "section", "text": plain(&shorten(text, 3000))})));
    if !words.link.is_empty() {
        let link = format!("<{}|Open in Wireglobe>", for_slack(&words.link).replace('|', "%7C"));
        blocks.push(json!({"type": "section", "text": {"type": "mrkdwn", "text": link}}));
    }
    let text = for_slack(&shorten(&format!("{}\n{}", words.heading, words.sentence), 3000));
    json!({"text": text, "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
}

/// Markdown that says only what its letters say; a zero-width space keeps @ from naming somebody and :// from linking.
fn for_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if "\\`*_[]<>#|~".contains(c) {
            safe.push('\\');
        }
        safe.push(c);
    }
    unnamed(&safe).replace("://", "\u{200b}://")
}

/// Where Markdown is not read: nobody is named.
fn unnamed(text: &str) -> String {
    text.replace('@', "@\u{200b}")
}

fn mattermost(words: &Words) -> Value {
    let fields: Vec<Value> = words
        .facts
        .iter()
        .map(|(name, value)| json!({"short": false, "title": name, "value": safe_fact(name, value)}))
        .collect();
    let list: Vec<String> = words.list.iter().map(|line| format!("* {}", for_markdown(line))).collect();
    let text = [for_markdown(&words.sentence), list.join("\n")].join("\n");
    json!({
        "attachments": [{
            "fallback": unnamed(&shorten(&words.heading, 250)), "color": format!("#{:06x}", colour(words.severity)),
            "title": unnamed(&shorten(&words.heading, 250)), "title_link": words.link, "text": shorten(text.trim(), 7000),
            "fields": fields,
        }]
    })
}

/// Links of ours stay links.
fn safe_fact(name: &str, value: &str) -> String {
    if name == "ATT&CK" { value.to_owned() } else { for_markdown(value) }
}

/// Within Discord's bounds: a title of 256 letters, 4096 of description, 25 fields of 1024, 6000 in all.
fn discord(notice: &Notice, words: &Words) -> Value {
    let field = |(name, value): &(&str, String)| json!({"name": name, "value": shorten(&safe_fact(name, value), 400)});
    let list: Vec<String> = words.list.iter().map(|line| format!("- {}", for_markdown(line))).collect();
    let text = [for_markdown(&words.sentence), list.join("\n")].join("\n");
    let mut embed = json!({
        "title": shorten(&for_markdown(&words.heading), 250), "description": shorten(text.trim(), 2000),
        "color": colour(words.severity), "timestamp": notice.at.to_string(),
        "fields": words.facts.iter().map(field).collect::<Vec<_>>(),
    });
    // Discord refuses links to machines without a dot in their name.
    if words.link.starts_with("http") {
        embed["url"] = json!(words.link);
    }
    json!({"username": "Wireglobe", "embeds": [embed], "allowed_mentions": {"parse": []}})
}
