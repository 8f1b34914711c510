//! Totals by pair of addresses: `A > B`.

use std::net::IpAddr;

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "pair",
    summary: "source and destination address, `A > B`",
    needs_country: false,
    needs_asn: false,
    most_keys: None,
    per_packet: false,
    make: Tally::<ByPair>::make,
};

struct ByPair;

impl Dimension for ByPair {
    type Key = (IpAddr, IpAddr);
    const LABEL: Label = Label::Packet;
    const HOSTS: Hosts = Hosts::Uncounted;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<(IpAddr, IpAddr)> {
        Keys::Packet(seen.is_ip().then_some((seen.source.address, seen.destination.address)))
    }

    fn row(key: &(IpAddr, IpAddr), counts: &Counts, _: &Ask<'_>) -> Row {
        Row::new(format!("{} > {}", key.0, key.1), *counts, Self::LABEL)
    }
}
