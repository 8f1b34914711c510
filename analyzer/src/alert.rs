//! An alert: what was seen, with the numbers that made it one. Alerts carry facts; sentences are made from them when
//! somebody reads, so that counting one more packet into an alert writes no text.

use std::fmt;
use std::net::IpAddr;

use capturer::Timestamp;

use crate::detect::Rule;
use crate::timeline::Timeline;

/// How much an alert matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, nothing to do.
    #[default]
    Info,
    /// Somebody tries, or something is odd.
    Low,
    /// An attack that should be looked at today.
    Medium,
    /// An attack that should be looked at now.
    High,
    /// An attack that most likely succeeds or takes a service down.
    Critical,
}

impl Severity {
    /// All of them, least first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// So many steps up, but not beyond `most`.
    #[must_use]
    pub fn raised(self, steps: usize, most: Self) -> Self {
        let top = Self::ALL.len() - 1;
        Self::ALL[(self as usize + steps).min(top)].min(most.max(self))
    }
}

/// An address that takes part, with the port if one is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Party {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: Option<u16>,
}

impl Party {
    /// An address, whatever the port.
    pub const fn host(address: IpAddr) -> Self {
        Self { address, port: None }
    }

    /// A port of an address.
    pub const fn service(address: IpAddr, port: u16) -> Self {
        Self { address, port: Some(port) }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.port) {
            (address, None) => write!(f, "{address}"),
            (IpAddr::V4(address), Some(port)) => write!(f, "{address}:{port}"),
            (IpAddr::V6(address), Some(port)) => write!(f, "[{address}]:{port}"),
        }
    }
}

/// A figure of an alert, under the name of the setting that it is held against or of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// What was seen.
    pub observed: f64,
    /// What would have been enough; `None` for a figure that decides nothing.
    pub threshold: Option<f64>,
}

/// Parties and frames an alert names; beyond, it only counts.
pub const NAMED: usize = 24;

/// Numbers of frames kept as evidence.
pub const FRAMES: usize = 512;

/// Something that a rule found, from its first packet to its last.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Its number among the alerts of this run, from 1.
    pub number: u64,
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How much it matters.
    pub severity: Severity,
    /// Who did it, at most 24 of them.
    pub sources: Vec<Party>,
    /// To whom, at most 24 of them.
    pub targets: Vec<Party>,
    /// Its first packet.
    pub first: Timestamp,
    /// Its last packet so far.
    pub last: Timestamp,
    /// When the rule's threshold was reached.
    pub raised: Timestamp,
    /// How often what the rule counts happened, exact.
    pub count: u64,
    /// When it happened how often; all of it is `count`.
    pub timeline: Timeline,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Words seen, such as a name or a user agent: printable and short.
    pub words: Vec<(&'static str, String)>,
    /// Numbers of the frames that show it, rising, the first 512.
    pub frames: Vec<u64>,
    /// Whether it changed since somebody last asked for what changed.
    pub(crate) changed: bool,
}

impl Alert {
    /// An alert of which nothing is known but its rule, number and first moment.
    pub const fn new(number: u64, rule: &'static Rule, at: Timestamp) -> Self {
        Self {
            number,
            rule,
            severity: rule.severity,
            sources: Vec::new(),
            targets: Vec::new(),
            first: at,
            last: at,
            raised: at,
            count: 0,
            timeline: Timeline::EMPTY,
            figures: Vec::new(),
            words: Vec::new(),
            frames: Vec::new(),
            changed: true,
        }
    }

    /// The figure of that name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.observed)
    }

    /// The word of that name.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.words.iter().find(|(known, _)| *known == name).map(|(_, word)| word.as_str())
    }

    /// What happened, in a sentence.
    pub fn summary(&self) -> String {
        sentence(&(self.rule.tell)(self))
    }

    /// The first source, for sentences.
    pub fn who(&self) -> String {
        several(&self.sources, "several addresses")
    }

    /// The first target, for sentences.
    pub fn whom(&self) -> String {
        several(&self.targets, "several hosts")
    }
}

/// A text that stands alone begins with a capital letter, unless it begins with an address or a name.
pub fn sentence(text: &str) -> String {
    let word = text.split([' ', ',']).next().unwrap_or_default();
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return text.chars().take(1).flat_map(char::to_uppercase).chain(text.chars().skip(1)).collect();
    }
    text.to_owned()
}

fn several(parties: &[Party], many: &str) -> String {
    match parties {
        [] => "an unknown address".to_owned(),
        [one] => one.to_string(),
        _ => many.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_letter_but_addresses_stay_as_they_are() {
        for (text, told) in [
            ("about 12 servers sent answers", "About 12 servers sent answers"),
            ("fe80::1 claims 192.0.2.1", "fe80::1 claims 192.0.2.1"),
            ("bare ACKs", "Bare ACKs"),
            ("echo, timestamp or mask requests", "Echo, timestamp or mask requests"),
            ("nmap's probes", "nmap's probes"),
            ("9 packets", "9 packets"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), told);
        }
    }
}
