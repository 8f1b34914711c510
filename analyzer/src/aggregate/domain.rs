//! Totals by the registered domain of the end that the traffic is about: the one outside, or the one that answers. What
//! has no known domain is a group of its own, so the rows add up to all IP packets.
//!
//! A domain counts from the moment it is known: flows are told of when they are settled (docs/NAMES.md), so at most the first
//! quarter of a second of a flow counts as unknown where somebody watches, and nothing where a file is read.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Entered;

use ahash::RandomState;

use crate::aggregate::gate::Side;
use crate::aggregate::rank::rank;
use crate::aggregate::tally::{Dimension, Hosts, Keys, guaranteed};
use crate::aggregate::{Aggregate, Ask, Ends, Entry, Label, Making, Row, Tally, Top};
use crate::counts::{Counts, Missed};
use crate::names::DomainId;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "domain",
    summary: "registered domains of the names learned; aliases together",
    // For the countries of its hosts.
    needs_country: true,
    needs_asn: false,
    most_keys: None,
    per_packet: false,
    make,
};

/// The key of what has no known domain; no domain is without a dot.
const UNKNOWN: &str = "unknown";

/// Aliases that a row names.
const MOST_ALIASES: usize = 12;

fn make(making: Making) -> Box<dyn Aggregate> {
    Box::new(Domains(Tally::<ByDomain>::make(making)))
}

/// Totals of single domains, listed by groups of aliases: which are aliases may turn out after they were counted.
struct Domains(Box<dyn Aggregate>);

impl Aggregate for Domains {
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        self.0.observe(seen);
    }

    fn top(&self, ask: &Ask<'_>) -> Top {
        let single = self.0.top(&Ask { limit: 0, ..*ask });
        let mut groups: HashMap<String, Row, RandomState> = HashMap::default();
        for row in single.rows {
            match groups.entry(row.key.clone()) {
                Entered::Vacant(place) => drop(place.insert(row)),
                Entered::Occupied(mut group) => join(group.get_mut(), &row),
            }
        }
        let total = if single.missed.is_nothing() { groups.len() } else { single.total };
        let all = rank(groups.into_iter().map(|(key, row)| (row.counts.get(ask.measure), key, row)), 0);
        let most = |row: &Row| row.missed.and(&row.counts).get(ask.measure);
        let listed = if ask.limit == 0 { all.len() } else { all.len().min(ask.limit) };
        let (rows, rest) = all.split_at(listed);
        let bound =
            rest.iter().map(|(.., row)| most(row)).max().unwrap_or(0).max(single.missed.get(ask.measure));
        let exact = single.missed.is_nothing();
        let figures = rows.iter().map(|(least, _, row)| (*least, most(row)));
        let guaranteed = if exact { listed } else { guaranteed(figures, bound) };
        let mut left = single.left;
        rest.iter().for_each(|(.., row)| left.unlisted.merge(&row.counts.volume()));
        let rows = rows.iter().map(|(.., row)| row.clone()).collect();
        Top { rows, total, guaranteed, left, missed: single.missed, total_error: single.total_error }
    }

    fn evicted(&self) -> u64 {
        self.0.evicted()
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// Two rows of one group become one.
fn join(group: &mut Row, row: &Row) {
    group.counts.merge(&row.counts);
    group.missed = Missed {
        bytes: group.missed.bytes + row.missed.bytes,
        packets: group.missed.packets + row.missed.packets,
        flows: group.missed.flows.saturating_add(row.missed.flows),
    };
    group.seen = match (group.seen, row.seen) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    };
    // A host may have met several domains of a group, so their sum is the most there can be; it is left out.
    group.hosts = None;
}

struct ByDomain;

impl Dimension for ByDomain {
    type Key = Option<DomainId>;
    const LABEL: Label = Label::End;
    const HOSTS: Hosts = Hosts::Meet;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<Option<DomainId>> {
        if !seen.is_ip() {
            return Keys::Packet(None);
        }
        Keys::End(seen.domain, if seen.partner().1 { Side::Source } else { Side::Destination })
    }

    fn row(domain: &Option<DomainId>, counts: &Counts, ask: &Ask<'_>) -> Row {
        let Some(domain) = *domain else { return Row::new(UNKNOWN.to_owned(), *counts, Self::LABEL) };
        let first = ask.names.group(domain);
        let row = Row::new(ask.names.domain_text(first).to_owned(), *counts, Self::LABEL);
        let aliases = ask.names.aliases(domain);
        Row { name: (aliases.len() > 1).then(|| together(&aliases)), ..row }
    }
}

/// Sorted names in one text.
fn together(aliases: &[&str]) -> String {
    let shown = aliases.len().min(MOST_ALIASES);
    let text = aliases[..shown].join(", ");
    let more = aliases.len() - shown;
    if more == 0 { text } else { format!("{text} and {more} more") }
}
