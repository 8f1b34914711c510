//! ArcSight's Common Event Format, version 0: seven fields between pipes, then `key=value` pairs. What separates is escaped.

use std::net::IpAddr;

use analyzer::Severity;

use super::super::notice::{Notice, What};
use super::super::words::{Words, shorten};
use super::super::{Context, millis};

/// A notice as CEF.
pub(super) fn cef(notice: &Notice, context: &Context) -> String {
    let words = Words::of(notice, context);
    let class = match &notice.what {
        What::Alert(told) | What::Rise(told, _) => told.text("rule").to_owned(),
        What::Fault(fault) | What::Over(fault) => format!("wireglobe.{}", fault.key.replace(' ', ".")),
        What::Digest(_) | What::Test => format!("wireglobe.{}", notice.kind()),
    };
    let name = notice.told().map_or(&*words.heading, |told| told.text("title"));
    let header = ["Wireglobe", "Wireglobe", env!("CARGO_PKG_VERSION"), &class, name].map(field).join("|");
    let pairs = pairs(notice, &words, context);
    let pairs: Vec<String> = pairs.into_iter().map(|(key, text)| format!("{key}={}", value(&text))).collect();
    format!("CEF:0|{header}|{}|{}", level(notice.severity()), pairs.join(" "))
}

/// 0 to 10.
const fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 3,
        Severity::Medium => 5,
        Severity::High => 8,
        Severity::Critical => 10,
    }
}

fn pairs(notice: &Notice, words: &Words, context: &Context) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("rt".to_owned(), notice.at.as_millisecond().to_string()),
        ("cat".into(), notice.kind().to_owned()),
        ("dvchost".into(), context.host.clone()),
    ];
    if let Some(told) = notice.told() {
        let mut add = |key: &str, value: String| pairs.push((key.to_owned(), value));
        add("externalId", told.text("id").to_owned());
        add("start", millis(told.text("first_seen")).to_string());
        add("end", millis(told.text("last_seen")).to_string());
        add("cnt", told.count().to_string());
        if let Some((address, _)) = told.first("sources") {
            party(("src", "c6a2", "Source IPv6 Address"), address, &mut add);
        }
        if let Some((address, port)) = told.first("targets") {
            party(("dst", "c6a3", "Destination IPv6 Address"), address, &mut add);
            if let Some(port) = port {
                add("dpt", port.to_string());
            }
        }
        labelled(("cs1", "ATT&CK technique"), told.text("technique"), &mut add);
        labelled(("cs2", "Source place"), &told.from, &mut add);
        labelled(("cs3", "Figures"), &told.figures().join(", "), &mut add);
        labelled(("cs4", "Caveat"), told.text("caveat"), &mut add);
        add("request", context.link(told));
    }
    let message = [&words.sentence].into_iter().chain(&words.list).filter(|line| !line.is_empty());
    pairs.push(("msg".into(), message.cloned().collect::<Vec<_>>().join("; ")));
    pairs.retain(|(_, text)| !text.is_empty());
    pairs
}

/// `src` and `dst` take IPv4 only; IPv6 has keys of its own.
fn party((four, six, label): (&str, &str, &str), address: IpAddr, add: &mut impl FnMut(&str, String)) {
    match address {
        IpAddr::V4(address) => add(four, address.to_string()),
        IpAddr::V6(address) => labelled((six, label), &address.to_string(), add),
    }
}

fn labelled((key, label): (&str, &str), value: &str, add: &mut impl FnMut(&str, String)) {
    if !value.is_empty() {
        add(&format!("{key}Label"), label.to_owned());
        add(key, value.to_owned());
    }
}

/// A field of the header: no line ends, pipes and backslashes escaped.
fn field(text: &str) -> String {
    let text: String = shorten(text, 512).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('\\', "\\\\").replace('|', "\\|")
}

/// A value of a pair: equals signs, backslashes and line ends escaped.
fn value(text: &str) -> String {
    let text = shorten(text, 1000).replace('\\', "\\\\").replace('=', "\\=").replace("\r\n", "\n");
    text.replace(['\n', '\r'], "\\n").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
