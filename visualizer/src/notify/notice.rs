//! What is told: an alert, one that became graver, a fault of Wireglobe's own and its end, a sum of many, a test.

use std::net::{IpAddr, SocketAddr};

use analyzer::Severity;
use analyzer::geo::{Category, Geo};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::digest::Digest;
use crate::alerts::Entry;

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) at: Timestamp,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// An alert that was not told so far.
    Alert(Told),
    /// One that was, with a lower severity.
    Rise(Told, Severity),
    /// Something is wrong with Wireglobe itself.
    Fault(Fault),
    /// It is over.
    Over(Fault),
    /// Many at once.
    Digest(Digest),
    /// Somebody tries the channel.
    Test,
}

/// An alert as it is told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The document of the API, without the numbers of the frames and the timeline.
    pub(crate) document: Map<String, Value>,
    pub(crate) severity: Severity,
    /// Who and whom: the first address with its place and network, and how many more.
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A fault of Wireglobe's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// `source`, `store`, `databases`, or `notify` and a channel's name.
    pub(crate) key: String,
    pub(crate) severity: Severity,
    pub(crate) title: String,
    pub(crate) text: String,
}

impl Notice {
    /// Of now.
    pub(crate) fn now(what: What) -> Self {
        Self { at: Timestamp::now(), what }
    }

    /// The name in documents.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.what {
            What::Alert(_) => "alert",
            What::Rise(..) => "rise",
            What::Fault(_) => "fault",
            What::Over(_) => "over",
            What::Digest(_) => "digest",
            What::Test => "test",
        }
    }

    /// How much it matters.
    pub(crate) fn severity(&self) -> Severity {
        match &self.what {
            What::Alert(told) | What::Rise(told, _) => told.severity,
            What::Fault(fault) => fault.severity,
            What::Over(_) | What::Test => Severity::Info,
            What::Digest(digest) => digest.severity(),
        }
    }

    /// The alert, if it is about one.
    pub(crate) const fn told(&self) -> Option<&Told> {
        match &self.what {
            What::Alert(told) | What::Rise(told, _) => Some(told),
            _ => None,
        }
    }

    /// Whether it waits for no digest.
    pub(crate) fn is_urgent(&self) -> bool {
        self.told().is_none_or(|told| told.severity == Severity::Critical)
    }
}

impl Told {
    /// Of a stored alert.
    pub(crate) fn new(entry: &Entry, geo: &Geo) -> Self {
        let mut document = entry.json();
        for long in ["frames", "timeline"] {
            document.remove(long);
        }
        let (from, to) = (parties(&document, "sources", geo), parties(&document, "targets", geo));
        Self { severity: severity(entry.severity), document, from, to }
    }

    /// A text of the document; empty if there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.document.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// How often what the rule counts happened.
    pub(crate) fn count(&self) -> u64 {
        self.document.get("count").and_then(Value::as_u64).unwrap_or(0)
    }

    /// The first party of `sources` or `targets`: address and port.
    pub(crate) fn first(&self, field: &str) -> Option<(IpAddr, Option<u16>)> {
        party(self.document.get(field)?.as_array()?.first()?.as_str()?)
    }

    /// The figures beside their thresholds: `ports 20 (threshold 15)`. Words that were seen stand in the sentence.
    pub(crate) fn figures(&self) -> Vec<String> {
        let object = |field| self.document.get(field).and_then(Value::as_object);
        let (Some(observed), Some(threshold)) = (object("observed"), object("threshold")) else {
            return Vec::new();
        };
        let figure = |(name, value): (&String, &Value)| match threshold.get(name) {
            Some(least) => format!("{} {value} (threshold {least})", name.replace('_', " ")),
            None => format!("{} {value}", name.replace('_', " ")),
        };
        observed.iter().filter(|(_, value)| value.is_number()).map(figure).collect()
    }
}

/// The severity of a number that the store has.
pub(crate) fn severity(number: u8) -> Severity {
    Severity::ALL.get(usize::from(number)).copied().unwrap_or(Severity::Critical)
}

fn party(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.parse() {
        return Some((address, None));
    }
    let socket: SocketAddr = text.parse().ok()?;
    Some((socket.ip(), Some(socket.port())))
}

/// The first party with its place and network, and how many more there are.
fn parties(document: &Map<String, Value>, field: &str, geo: &Geo) -> String {
    let all = document.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let Some(first) = all.first().and_then(Value::as_str) else { return String::new() };
    let place = party(first).map(|(address, _)| place(address, geo)).unwrap_or_default();
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    match all.len() {
        1 => format!("{first}{place}"),
        n => format!("{first}{place} and {} more", n - 1),
    }
}

/// `NL, AS1136 KPN`, or what kind of address it is.
fn place(address: IpAddr, geo: &Geo) -> String {
    let place = geo.place(address);
    if place.category != Category::Global {
        return place.category.name().to_owned();
    }
    let network = place.asn.map(|asn| match geo.as_name(asn) {
        Some(name) => format!("AS{} {name}", asn.0),
        None => format!("AS{}", asn.0),
    });
    let country = place.country.map(|code| code.to_string());
    [country, network].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
