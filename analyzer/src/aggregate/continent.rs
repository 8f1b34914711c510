//! Totals by continent: that of the country.

use crate::aggregate::country::counted;
use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::geo::Continent;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "continent",
    summary: "continents of the countries of public addresses: AF, AN, AS, EU, NA, OC, SA",
    needs_country: true,
    needs_asn: false,
    most_keys: Some(8),
    per_packet: false,
    make: Tally::<ByContinent>::make,
};

struct ByContinent;

impl Dimension for ByContinent {
    type Key = Continent;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation, ends: Ends) -> Keys<Continent> {
        let (source, destination) = counted(seen, ends);
        let of = |end: &crate::observation::End| end.place.country.and_then(Continent::of);
        Keys::Ends(source.and_then(of), destination.and_then(of))
    }

    fn row(key: &Continent, counts: &Counts, _: &Ask<'_>) -> Row {
        Row { name: Some(key.name().to_owned()), ..Row::new(key.code().to_owned(), *counts, Self::LABEL) }
    }
}
