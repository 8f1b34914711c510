//! Totals of what is not on the map: private, CGNAT, multicast …, and public addresses that no database knows.

use crate::aggregate::country::counted;
use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::geo::{Category, Place};
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "place",
    summary: "kinds of address: private, cgnat, link_local, multicast, bogon …, unknown, global",
    needs_country: true,
    needs_asn: false,
    most_keys: Some(16),
    per_packet: false,
    make: Tally::<ByPlace>::make,
};

struct ByPlace;

impl Dimension for ByPlace {
    type Key = &'static str;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation, ends: Ends) -> Keys<&'static str> {
        let (source, destination) = counted(seen, ends);
        Keys::Ends(source.map(|end| name(&end.place)), destination.map(|end| name(&end.place)))
    }

    fn row(key: &&'static str, counts: &Counts, _: &Ask<'_>) -> Row {
        Row::new((*key).to_owned(), *counts, Self::LABEL)
    }
}

/// The category, or `unknown` for a public address without a country.
fn name(place: &Place) -> &'static str {
    if place.category == Category::Global && place.country.is_none() {
        "unknown"
    } else {
        place.category.name()
    }
}
