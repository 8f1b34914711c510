//! A notice in plain words, for people. Text from the wire is in it as it is but for what is no letter; each channel makes it safe for its form.

use analyzer::Severity;

use super::notice::{Fault, Notice, Told, What};
use super::{Context, digest::Digest};
use crate::cli::escape;

/// The most letters of a sentence.
const LONGEST: usize = 500;

/// What is said of a notice.
pub(super) struct Words {
    pub(super) severity: Severity,
    pub(super) heading: String,
    pub(super) sentence: String,
    /// What and which, a line each.
    pub(super) facts: Vec<(&'static str, String)>,
    /// Lines of a digest.
    pub(super) list: Vec<String>,
    /// The page.
    pub(super) link: String,
}

impl Words {
    pub(super) fn of(notice: &Notice, context: &Context) -> Self {
        let mut words = match &notice.what {
            What::Alert(told) => alert(told, None, context),
            What::Rise(told, was) => alert(told, Some(*was), context),
            What::Fault(fault) => of_fault(fault, &fault.title, context),
            What::Over(fault) => of_fault(fault, &format!("Over: {}", fault.title), context),
            What::Digest(digest) => sum(digest, context),
            What::Test => test(context),
        };
        words.severity = notice.severity();
        if context.is_demo {
            words.heading = format!("Demo, invented: {}", words.heading);
        }
        words
    }

    /// All of it as lines of plain text.
    pub(super) fn text(&self) -> String {
        let facts = self.facts.iter().map(|(name, value)| format!("{name}: {value}"));
        let list = self.list.iter().map(|line| format!("- {line}"));
        let link = (!self.link.is_empty()).then(|| self.link.clone());
        let lines = [self.sentence.clone()].into_iter().chain(facts).chain(list).chain(link);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

fn alert(told: &Told, was: Option<Severity>, context: &Context) -> Words {
    let now = word(told.severity);
    let heading = match was {
        None => format!("{now}: {}", told.text("title")),
        Some(was) => format!("{now}, was {}: {}", was.name(), told.text("title")),
    };
    let (first, last) = (to_the_second(told.text("first_seen")), to_the_second(told.text("last_seen")));
    let seen = match told.count() {
        0 | 1 => last,
        n => format!("{n} times, {first} to {last}"),
    };
    let technique = told.text("technique");
    let attack =
        technique.split_once('.').map_or_else(|| technique.to_owned(), |(main, sub)| format!("{main}/{sub}"));
    let facts = vec![
        ("From", told.from.clone()),
        ("To", told.to.clone()),
        ("Figures", told.figures().join(", ")),
        ("Seen", seen),
        ("Rule", told.text("rule").to_owned()),
        (
            "ATT&CK",
            if attack.is_empty() { attack } else { format!("https://attack.mitre.org/techniques/{attack}/") },
        ),
        ("What else looks like this", told.text("caveat").to_owned()),
        ("Watched by", context.watcher()),
    ];
    let facts = facts.into_iter().map(|(name, value)| (name, clean(&value)));
    Words {
        severity: told.severity,
        heading: clean(&heading),
        sentence: clean(told.text("summary")),
        facts: facts.filter(|(_, value)| !value.is_empty()).collect(),
        list: Vec::new(),
        link: context.link(told),
    }
}

fn of_fault(fault: &Fault, heading: &str, context: &Context) -> Words {
    Words {
        severity: fault.severity,
        heading: clean(heading),
        sentence: clean(&fault.text),
        facts: vec![("Watched by", context.watcher())],
        list: Vec::new(),
        link: context.page(),
    }
}

fn sum(digest: &Digest, context: &Context) -> Words {
    let severities: Vec<String> =
        digest.severities().iter().map(|(severity, count)| format!("{count} {}", severity.name())).collect();
    let parts = [
        ("new alerts", digest.alerts),
        ("alerts that became graver", digest.rises),
        ("faults", digest.faults),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}")).collect();
    let rules: Vec<String> = digest.by_rule.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    let line = |notice: &std::sync::Arc<Notice>| {
        let words = Words::of(notice, context);
        clean(&format!("{}: {}", words.heading, words.sentence))
    };
    let shown = digest.worst.len() as u64;
    let mut list: Vec<String> = digest.worst.iter().map(line).collect();
    if digest.total() > shown {
        list.push(format!("and {} more", digest.total() - shown));
    }
    let facts = vec![("By severity", severities.join(", ")), ("By rule", clean(&rules.join(", ")))];
    Words {
        severity: digest.severity(),
        heading: parts.join(", "),
        sentence: String::new(),
        facts: facts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .chain([("Watched by", context.watcher())])
            .collect(),
        list,
        link: context.page(),
    }
}

fn test(context: &Context) -> Words {
    Words {
        severity: Severity::Info,
        heading: "Test message of Wireglobe".to_owned(),
        sentence: "Somebody tries whether messages arrive here. Nothing has happened.".to_owned(),
        facts: vec![("Watched by", context.watcher())],
        list: Vec::new(),
        link: context.page(),
    }
}

/// A time of a document for people.
fn to_the_second(time: &str) -> String {
    let read = time.parse::<jiff::Timestamp>();
    read.map_or_else(|_| time.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// The severity as the first word of a heading.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Info",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

/// Letters only, and not too many.
fn clean(text: &str) -> String {
    shorten(&escape(text), LONGEST)
}

/// At most so many letters, an ellipsis where some were left out.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
