//! Totals by prefix: the announced one where the data knows it, else the covering range's block.

use crate::aggregate::country::counted;
use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::network::Network;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "prefix",
    summary: "announced prefixes, or blocks of the ASN table that cover the addresses",
    needs_country: true,
    needs_asn: true,
    most_keys: None,
    per_packet: false,
    make: Tally::<ByPrefix>::make,
};

struct ByPrefix;

impl Dimension for ByPrefix {
    type Key = Network;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation, ends: Ends) -> Keys<Network> {
        let (source, destination) = counted(seen, ends);
        Keys::Ends(source.and(seen.prefixes.0), destination.and(seen.prefixes.1))
    }

    fn row(prefix: &Network, counts: &Counts, ask: &Ask<'_>) -> Row {
        let place = ask.geo.network_place(prefix);
        let row = Row::new(prefix.to_string(), *counts, Self::LABEL).with_place(&place, ask.geo);
        Row { name: row.as_name.clone(), ..row }.with_prefix(Some(*prefix), ask.geo)
    }
}
