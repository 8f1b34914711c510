//! The inventory by registered domain: what the hosts behind a domain's names look like, as TSA's security table has it
//! (domain, system, program, language, link, hops, uptime). Hosts without a name are a row of their own.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::inventory::{Entry, Stock};
use analyzer::{Counts, Measure};
use serde_json::{Value, json};

use super::{Manner, document};

/// The key of hosts that have no name.
const UNKNOWN: &str = "unknown";

/// Addresses of a domain that are listed.
const MOST_ADDRESSES: usize = 16;

/// What is known of the hosts of a domain. Each value is there once, in order.
#[derive(Default)]
struct Domain<'a> {
    counts: Counts,
    addresses: Vec<&'a str>,
    countries: BTreeSet<String>,
    systems: BTreeSet<&'a str>,
    families: BTreeSet<&'static str>,
    apps: BTreeSet<&'a str>,
    languages: BTreeSet<&'a str>,
    links: BTreeSet<&'a str>,
    distances: BTreeSet<u8>,
    uptimes: BTreeSet<u32>,
}

/// How many domains there are, and the rows of the highest.
pub(super) fn rows(stock: &Stock, manner: Manner) -> (usize, Vec<Value>) {
    let mut domains: BTreeMap<&str, Domain<'_>> = BTreeMap::new();
    for entry in &stock.hosts {
        domains.entry(entry.domain.as_deref().unwrap_or(UNKNOWN)).or_default().add(entry);
    }
    let keys = domains.len();
    let mut rows: Vec<_> = domains.into_iter().collect();
    rows.sort_by_key(|(_, domain)| std::cmp::Reverse(domain.counts.get(manner.measure)));
    rows.truncate(if manner.limit == 0 { keys } else { manner.limit });
    (keys, rows.iter().map(|(name, domain)| domain.row(name)).collect())
}

impl<'a> Domain<'a> {
    fn add(&mut self, entry: &'a Entry) {
        let verdict = entry.verdict.as_ref();
        self.counts.merge(&entry.row.counts);
        self.addresses.push(&entry.row.key);
        self.countries.extend(entry.row.country.map(|country| country.to_string()));
        self.systems.extend(verdict.and_then(document::label));
        self.families.extend(verdict.and_then(|verdict| verdict.family).map(|family| family.name()));
        self.apps.extend(entry.apps.iter().map(String::as_str));
        self.languages.extend(entry.language.as_deref());
        self.links.extend(entry.link.as_deref());
        self.distances.extend(entry.distance);
        self.uptimes.extend(entry.uptime);
    }

    fn row(&self, name: &str) -> Value {
        let listed = &self.addresses[..self.addresses.len().min(MOST_ADDRESSES)];
        json!({
            "domain": name, "hosts": self.addresses.len(), "addresses": listed,
            "packets": self.counts.get(Measure::Packets), "bytes": self.counts.get(Measure::Bytes),
            "flows": self.counts.get(Measure::Flows), "countries": self.countries, "os": self.systems,
            "families": self.families, "apps": self.apps, "languages": self.languages, "links": self.links,
            "distances": self.distances, "uptimes_minutes": self.uptimes,
        })
    }
}
