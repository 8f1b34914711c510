//! What the user knows better: networks with a country, a system, a name or a note of their own. They win over all
//! tables, and where they nest, the inner one wins key by key.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::holdings::holding;
use super::ranges::Ranges;
use super::routes::flatten::{Row, flatten, sort};
use super::{Asn, CountryCode, Place};
use crate::network::Network;

/// One network and what holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The network.
    pub network: Network,
    /// Its country, two letters of ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<CountryCode>,
    /// Its autonomous system; the network is then its prefix, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Who holds it: the name of `asn` everywhere, else the network's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whatever should be remembered of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// All of them, flattened.
#[derive(Debug)]
pub(super) struct Overrides {
    v4: Ranges<u32, u32>,
    v6: Ranges<u128, u32>,
    /// With what they inherit from wider ones; a range's value is a position plus one.
    all: Vec<Entry>,
    /// Names by number.
    names: Vec<(u32, String)>,
}

/// What holds for an address.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub country: Option<CountryCode>,
    /// The system and the network that names it.
    pub asn: Option<(Asn, Network)>,
    pub name: Option<String>,
    pub note: Option<String>,
}

impl Overrides {
    pub fn new(list: &[Override]) -> Self {
        let mut all: Vec<Entry> = Vec::with_capacity(list.len());
        let (mut v4, mut v6): (Vec<Row<u32>>, Vec<Row<u128>>) = Default::default();
        let mut sorted: Vec<&Override> = list.iter().collect();
        sorted.sort_by_key(|one| one.network.prefix_len());
        for (position, one) in (1..).zip(&sorted) {
            let wider =
                sorted[..all.len()].iter().rposition(|wider| wider.network.contains(one.network.address()));
            all.push(entry(one, wider.map(|wider| &all[wider])));
            match (one.network.address(), one.network.last()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => v4.push((first.to_bits(), last.to_bits(), position)),
                (IpAddr::V6(first), IpAddr::V6(last)) => v6.push((first.to_bits(), last.to_bits(), position)),
                _ => {}
            }
        }
        sort(&mut v4);
        sort(&mut v6);
        let mut names: Vec<(u32, String)> =
            list.iter().filter_map(|one| Some((one.asn?, one.name.clone()?))).collect();
        names.sort();
        names.dedup_by_key(|(asn, _)| *asn);
        Self { v4: flatten(&v4).ranges, v6: flatten(&v6).ranges, all, names }
    }

    /// What holds for an address, if anything does.
    #[inline]
    pub fn get(&self, address: IpAddr) -> Option<&Entry> {
        let value = match address.to_canonical() {
            IpAddr::V4(v4) => self.v4.get(v4.to_bits()),
            IpAddr::V6(v6) => self.v6.get(v6.to_bits()),
        };
        self.all.get((value as usize).checked_sub(1)?)
    }

    /// Corrects what the tables say.
    #[inline]
    pub fn correct(&self, address: IpAddr, place: &mut Place) {
        if let Some(entry) = self.get(address) {
            place.country = entry.country.or(place.country);
            place.asn = entry.asn.map_or(place.asn, |(asn, _)| Some(asn));
        }
    }

    /// The networks of which `what` holds.
    pub fn networks(&self, what: impl Fn(&Entry) -> bool) -> Vec<Network> {
        holding(&self.v4, &self.v6, |value| {
            let entry = (value as usize).checked_sub(1).and_then(|position| self.all.get(position));
            entry.is_some_and(&what)
        })
    }

    /// The name given to a system.
    pub fn as_name(&self, asn: Asn) -> Option<&str> {
        let found = self.names.binary_search_by_key(&asn.0, |(asn, _)| *asn).ok()?;
        Some(&self.names[found].1)
    }

    /// Countries they name.
    pub fn countries(&self) -> impl Iterator<Item = CountryCode> {
        self.all.iter().filter_map(|entry| entry.country)
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }
}

fn entry(one: &Override, wider: Option<&Entry>) -> Entry {
    Entry {
        country: one.country.or(wider.and_then(|wider| wider.country)),
        asn: one.asn.map(|asn| (Asn(asn), one.network)).or(wider.and_then(|wider| wider.asn)),
        name: one.name.clone().or_else(|| wider?.name.clone()),
        note: one.note.clone().or_else(|| wider?.note.clone()),
    }
}
