//! Totals by autonomous system.

use crate::aggregate::country::counted;
use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::geo::Asn;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "asn",
    summary: "numbers of the autonomous systems that announce the addresses",
    needs_country: false,
    needs_asn: true,
    most_keys: None,
    per_packet: false,
    make: Tally::<ByAsn>::make,
};

struct ByAsn;

impl Dimension for ByAsn {
    type Key = Asn;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation, ends: Ends) -> Keys<Asn> {
        let (source, destination) = counted(seen, ends);
        Keys::Ends(source.and_then(|end| end.place.asn), destination.and_then(|end| end.place.asn))
    }

    fn row(asn: &Asn, counts: &Counts, ask: &Ask<'_>) -> Row {
        let name = ask.geo.as_name(*asn).map(str::to_owned);
        Row {
            name: name.clone(),
            as_name: name,
            asn: Some(*asn),
            ..Row::new(asn.0.to_string(), *counts, Self::LABEL)
        }
    }
}
