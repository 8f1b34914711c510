//! Totals by VLAN.

use capturer::Vlan;

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "vlan",
    summary: "outermost IEEE 802.1Q identifiers; `untagged` for frames without",
    needs_country: false,
    needs_asn: false,
    most_keys: Some(4097),
    per_packet: false,
    make: Tally::<ByVlan>::make,
};

struct ByVlan;

impl Dimension for ByVlan {
    type Key = Option<u16>;
    const LABEL: Label = Label::Packet;
    const HOSTS: Hosts = Hosts::Meet;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<Option<u16>> {
        Keys::Packet(Some(Vlan::id(seen.vlan)))
    }

    fn row(vlan: &Option<u16>, counts: &Counts, _: &Ask<'_>) -> Row {
        Row::new(vlan.map_or_else(|| "untagged".to_owned(), |id| id.to_string()), *counts, Self::LABEL)
    }
}
