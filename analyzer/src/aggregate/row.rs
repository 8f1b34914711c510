//! A line of a listing, the same for reports, pages and the live protocol.

use crate::counts::Counts;
use crate::geo::{Asn, Category, CountryCode, Geo, Place};
use crate::network::Network;

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
    /// Which AS announces it.
    pub asn: Option<Asn>,
    /// Who holds that AS.
    pub as_name: Option<String>,
    /// Its prefix.
    pub prefix: Option<Network>,
    /// What kind of address it is, when it is one.
    pub place: Option<Category>,
    /// Whether it is in the local networks, when it is an address.
    pub local: Option<bool>,
    /// First and last packet, milliseconds since the epoch, when they are kept.
    pub seen_ms: Option<(i64, i64)>,
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
            asn: None,
            as_name: None,
            prefix: None,
            place: None,
            local: None,
            seen_ms: None,
        }
    }

    /// Adds a place and the name of its AS.
    pub fn with_place(mut self, place: &Place, geo: &Geo) -> Self {
        self.country = place.country;
        self.asn = place.asn;
        self.as_name = place.asn.and_then(|asn| geo.as_name(asn)).map(str::to_owned);
        self.place = Some(place.category);
        self
    }
}

/// The head of a ranking.
#[derive(Clone, Debug, Default)]
pub struct Top {
    /// The rows, highest first.
    pub rows: Vec<Row>,
    /// How many keys there are in all.
    pub total: usize,
}
