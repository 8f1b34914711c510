//! A host in the inventory: what it carried, where it is, what it looks like and how it is reached.

use capturer::Mac;

use super::{Contact, OpenPort};
use crate::aggregate::Row;
use crate::fingerprint::{Database, HostPrints, Match, Program, Verdict};

/// Hosts, highest first.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    /// Those that were asked for.
    pub hosts: Vec<Entry>,
    /// How many there are in all; without a filter, those that had to make room are counted, too, by an estimate.
    pub total: usize,
}

/// A host.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its totals, its names and its place.
    pub row: Row,
    /// Its registered domain.
    pub domain: Option<String>,
    /// What it looks like, with the evidence.
    pub verdict: Option<Verdict>,
    /// The kind of its link, by the unit of its segments.
    pub link: Option<String>,
    /// The unit itself in bytes.
    pub unit: Option<u32>,
    /// Hops away.
    pub distance: Option<u8>,
    /// Minutes since its clock of timestamps was zero.
    pub uptime: Option<u32>,
    /// Programs that ask and that answer.
    pub apps: Vec<String>,
    /// The two letters (ISO 639-1) of the language its user wants.
    pub language: Option<String>,
    /// How strongly its packets hint at several machines, once anything of it was compared.
    pub sharing: Option<Sharing>,
    /// Hardware addresses on the captured link, where it is on that.
    pub macs: Vec<Device>,
    /// Ports that answered, TCP first.
    pub ports: Vec<OpenPort>,
    /// How often another port answered that found no room.
    pub ports_left_out: u32,
}

/// A hardware address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The address.
    pub mac: Mac,
    /// What the user calls it.
    pub name: Option<String>,
    /// Who made it.
    pub vendor: Option<&'static str>,
}

/// How strongly a host's packets hint at several machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// The sum of the last changes' scores.
    pub score: u16,
    /// What changed when it was last told.
    pub reasons: Vec<&'static str>,
}

impl Entry {
    /// A host with its totals, of which nothing else is known.
    pub const fn new(row: Row, domain: Option<String>) -> Self {
        Self {
            row,
            domain,
            verdict: None,
            link: None,
            unit: None,
            distance: None,
            uptime: None,
            apps: Vec::new(),
            language: None,
            sharing: None,
            macs: Vec::new(),
            ports: Vec::new(),
            ports_left_out: 0,
        }
    }

    /// Adds what its packets show.
    pub(crate) fn show(&mut self, prints: &HostPrints, database: &Database) {
        let label = |found: Match| database.label(found.label).map(ToString::to_string);
        self.unit = prints.unit;
        self.link = prints.unit.and_then(|unit| database.link(unit)).map(ToString::to_string);
        self.distance = prints.distance;
        self.uptime = prints.agreed_uptime().map(|uptime| uptime.minutes);
        self.language = prints.language.map(|letters| letters.map(char::from).iter().collect());
        let programs = [prints.request, prints.response].into_iter().flatten();
        self.apps = programs.filter_map(|Program { found, .. }| label(found?)).collect();
        self.apps.dedup();
        let told = [prints.shared, prints.changed].into_iter().flatten();
        let reasons = told.fold(crate::fingerprint::Reasons::NONE, |all, (_, reasons)| all.and(reasons));
        let (score, reasons) = (prints.sharing_score(), reasons.names().collect());
        self.sharing = Some(Sharing { score, reasons });
    }

    /// Adds how it is reached.
    pub(crate) fn reach(&mut self, contact: &Contact, device: impl Fn(Mac) -> Device) {
        self.macs = contact.macs().map(device).collect();
        self.ports = contact.ports().to_vec();
        self.ports_left_out = contact.left_out();
    }
}
