//! A line of a listing, the same for reports, pages and the live protocol.

use std::net::IpAddr;

use capturer::Timestamp;

use crate::aggregate::gate::LeftOut;
use crate::aggregate::tallied::Tallied;
use crate::counts::{Counts, Missed};
use crate::geo::{Asn, Category, Cell, CountryCode, Geo, Place, PrefixKind};
use crate::names::Known;
use crate::network::Network;
use crate::sketch::distinct::Estimate;

/// Which ends a dimension counts, and so which columns mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The key belongs to one end: sent and received are apart.
    End,
    /// The key belongs to the whole packet: only the sums mean something.
    Packet,
}

/// One key with its totals and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The key as text.
    pub key: String,
    /// A name for it, where there is one.
    pub name: Option<String>,
    /// Its totals.
    pub counts: Counts,
    /// What the totals mean.
    pub label: Label,
    /// Where it is.
    pub country: Option<CountryCode>,
    /// Who made the interface, when it is a hardware address.
    pub vendor: Option<&'static str>,
    /// Which AS announces it.
    pub asn: Option<Asn>,
    /// Who holds that AS.
    pub as_name: Option<String>,
    /// Its prefix.
    pub prefix: Option<Network>,
    /// Whether that is announced, a part of a covering range, or set by the user.
    pub prefix_kind: Option<PrefixKind>,
    /// What kind of address it is, when it is one.
    pub place: Option<Category>,
    /// Its city, as the city table names it, and where that is.
    pub city: Option<Located>,
    /// Whether it is in the local networks, when it is an address.
    pub local: Option<bool>,
    /// All names kept of an address, the best first.
    pub names: Vec<Known>,
    /// First and last packet, when they are kept.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// The countries of its hosts, ascending, when it is a domain.
    pub countries: Option<Vec<CountryCode>>,
    /// How many hosts have the key, when they are counted.
    pub hosts: Option<Estimate>,
    /// What may have been counted of it before its row was made, at most; nothing while every key has a row.
    pub missed: Missed,
    /// The hosts that were new when they came with the key: their number, as long as no host was forgotten.
    pub met: Option<u32>,
}

/// What is known of the hosts of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// By their hashes.
    pub(super) hosts: Option<Estimate>,
    /// Whether each new host was counted, too.
    pub(super) belong: bool,
}

impl Row {
    /// A key with its totals and nothing else.
    pub const fn new(key: String, counts: Counts, label: Label) -> Self {
        Self {
            key,
            name: None,
            counts,
            label,
            country: None,
            vendor: None,
            asn: None,
            as_name: None,
            prefix: None,
            prefix_kind: None,
            place: None,
            city: None,
            local: None,
            names: Vec::new(),
            seen: None,
            countries: None,
            hosts: None,
            missed: Missed { bytes: 0, packets: 0, flows: 0 },
            met: None,
        }
    }

    /// Adds what was counted besides the figures.
    pub(super) fn with_tallied(mut self, tallied: &Tallied, kept: Kept) -> Self {
        self.seen = Some((tallied.first, tallied.last));
        self.missed = tallied.missed;
        self.met = (kept.belong && tallied.missed.is_nothing()).then_some(tallied.counts.hosts);
        self.hosts = kept.hosts;
        self.counts.hosts = kept.hosts.map_or(self.counts.hosts, |hosts| hosts.count as u32);
        self
    }

    /// Takes the count of new hosts for the number of hosts: no host was forgotten and came again.
    pub(crate) fn trust_hosts(&mut self) {
        if let Some(met) = self.met {
            self.hosts = Some(Estimate::exact(u64::from(met)));
            self.counts.hosts = met;
        }
    }

    /// Whether its figures are the least that is true, not all of it.
    pub const fn is_estimated(&self) -> bool {
        !self.missed.is_nothing()
    }

    /// Adds an address's names.
    pub fn with_names(mut self, names: &[Known]) -> Self {
        self.name = names.first().map(|known| known.name.to_string());
        self.names = names.to_vec();
        self
    }

    /// Adds a place and the name of its AS.
    pub fn with_place(mut self, place: &Place, geo: &Geo) -> Self {
        self.country = place.country;
        self.asn = place.asn;
        self.as_name = place.asn.and_then(|asn| geo.as_name(asn)).map(str::to_owned);
        self.place = Some(place.category);
        self
    }

    /// Adds a prefix, and what it is.
    pub fn with_prefix(mut self, prefix: Option<Network>, geo: &Geo) -> Self {
        self.prefix = prefix;
        self.prefix_kind = prefix.map(|prefix| geo.prefix_kind(&prefix));
        self
    }

    /// Adds the city of an address at that place.
    pub fn with_city(mut self, address: IpAddr, place: &Place, geo: &Geo) -> Self {
        self.city = place.cell.map(|cell| {
            let city = geo.city(address);
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            Located {
                name: text(city.map(|city| city.name)),
                region: text(city.map(|city| city.region)),
                cell,
            }
        });
        self
    }
}

/// A city, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// Its name; empty when the database has none.
    pub name: String,
    /// State or province; empty when the database has none.
    pub region: String,
    /// Where it is.
    pub cell: Cell,
}

/// The head of a ranking.
#[derive(Clone, Debug, Default)]
pub struct Top {
    /// The rows, highest first.
    pub rows: Vec<Row>,
    /// How many keys there are in all.
    pub total: usize,
    /// The standard error of that as a share of it; 0 while every key has a row.
    pub total_error: f64,
    /// The most that may be true of a key that has no row.
    pub missed: Missed,
    /// How many of the rows, from the first on, are certain to come before all others.
    pub guaranteed: usize,
    /// What is under none of the rows.
    pub left: LeftOut,
}

impl Top {
    /// Ranked rows of which nothing was missed.
    pub fn exact(rows: Vec<Row>, total: usize, left: LeftOut) -> Self {
        Self { guaranteed: rows.len(), rows, total, left, ..Self::default() }
    }

    /// Whether there were more keys than rows for them, so that figures may be too low.
    pub const fn is_estimated(&self) -> bool {
        !self.missed.is_nothing()
    }
}
