//! What stands above a list: what it is, when and of which data it was made, why, and until when.
//!
//! Every text here may come from somebody else (names of systems, the reason on the command line), so each line is one
//! line of printable characters whatever it says: a comment can't end early and become a rule.

use std::time::Duration;

use analyzer::geo::{Geo, Source};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::list::{Basis, List};
use crate::ages;
use crate::cli::escape;

/// A reason may be this long, in characters.
const REASON: usize = 200;

/// When, why, until when, and of which data.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    /// When it was made.
    pub(crate) made: Timestamp,
    /// Why, in the words of whoever asked.
    pub(crate) reason: Option<String>,
    /// How long an entry stays once it is loaded.
    pub(crate) expires: Option<Duration>,
    /// The databases that were asked.
    pub(crate) sources: Vec<Source>,
    /// What sets, tables and variables are called.
    pub(crate) name: String,
}

impl Heading {
    /// With the databases that a list is taken from.
    pub(crate) fn for_list(self, list: &List, geo: &Geo) -> Self {
        let used = |basis: Basis| list.parts.iter().any(|part| part.basis.contains(&basis));
        let all = geo.sources();
        let country = all.country.filter(|_| used(Basis::Country));
        let asn = all.asn.filter(|_| used(Basis::CoveringRanges));
        let routes = all.routes.filter(|_| used(Basis::Announced));
        Self { sources: country.into_iter().chain(routes).chain(asn).collect(), ..self }
    }

    /// The moment after which it should be gone, if it is loaded when it is made.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        self.made.checked_add(self.expires?).ok()
    }

    /// The lines, without a comment's sign.
    pub(crate) fn lines(&self, list: &List) -> Vec<String> {
        let mut lines = vec![format!("Wireglobe block list of {}", targets(list))];
        lines.push(format!("made {} by wireglobe {}", second(self.made), env!("CARGO_PKG_VERSION")));
        let count = |ipv6| list.family(ipv6).count();
        let shape = if list.aggregated { "joined to the fewest networks" } else { "networks as they are" };
        lines.push(format!("{} IPv4 and {} IPv6 networks, {shape}", count(false), count(true)));
        lines.extend(self.sources.iter().map(|source| self.source(source)));
        if !list.left_out.is_empty() {
            lines.push(format!("left out: {}", left_out(list)));
        }
        lines.extend(self.reason.iter().map(|reason| format!("reason: {reason}")));
        lines.extend(self.ends().map(|end| format!("expires: {}", second(end))));
        // A backslash at its end would join a line with the next in some readers.
        lines.iter().map(|line| escape(line).trim_end_matches('\\').to_owned()).collect()
    }

    fn source(&self, source: &Source) -> String {
        let age = ages::days(source, self.made).map_or(String::new(), |days| format!(", {days} days old"));
        let credits: Vec<String> =
            source.attribution.iter().map(|line| format!("{} ({})", line.text, line.url)).collect();
        format!("data: {} of {}{age}; {}; {}", source.name, source.date, source.licence, credits.join(", "))
    }

    /// The databases, for documents.
    pub(crate) fn sources_json(&self) -> Value {
        let one = |source: &Source| {
            json!({
                "name": source.name, "date": source.date, "age_days": ages::days(source, self.made),
                "licence": source.licence, "attribution": source.attribution,
            })
        };
        self.sources.iter().map(one).collect()
    }
}

/// A reason as it may stand in every format: one line, printable ASCII without quotes, backslashes or shell signs.
pub(crate) fn reason(text: &str) -> Option<String> {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || " .,:;/_+-=@()[]?!%*#~^|&<>".contains(c) => c,
        c if c.is_whitespace() => ' ',
        _ => '_',
    };
    let words: String = text.trim().chars().map(plain).take(REASON).collect();
    (!words.is_empty()).then_some(words)
}

/// RFC 3339 to the second.
pub(crate) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The targets with their names, the first few of many.
pub(crate) fn targets(list: &List) -> String {
    const SHOWN: usize = 8;
    if list.parts.is_empty() {
        return "nothing".to_owned();
    }
    let one = |part: &super::list::Part| match &part.name {
        Some(name) => format!("{} {name}", part.target),
        None => part.target.to_string(),
    };
    let mut shown: Vec<String> = list.parts.iter().take(SHOWN).map(one).collect();
    if list.parts.len() > SHOWN {
        shown.push(format!("{} more", list.parts.len() - SHOWN));
    }
    shown.join(", ")
}

/// What is left out, the first few of many.
pub(crate) fn left_out(list: &List) -> String {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> =
        list.left_out.iter().take(SHOWN).map(|left| format!("{} ({})", left.network, left.why)).collect();
    if list.left_out.len() > SHOWN {
        shown.push(format!("{} more", list.left_out.len() - SHOWN));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_can_end_no_comment_and_no_quote() {
        for text in ["a\nb", "a\"; drop; \"", "a'$(reboot)`x`", "\u{202e}évil\u{0}", "a\\", "x {y}"] {
            let reason = reason(text).unwrap();
            assert!(
                !reason.contains(['\n', '"', '\'', '$', '`', '\\', '{', '}', '\0']) && reason.is_ascii(),
                "{reason}"
            );
        }
        assert_eq!(reason(" abuse: ticket #4711 "), Some("abuse: ticket #4711".to_owned()));
        assert_eq!(reason("  "), None);
        assert_eq!(reason(&"x".repeat(10_000)).map(|reason| reason.len()), Some(REASON));
    }
}
