//! Totals by address. The main view lists the host table itself; this tally serves filtered views.

use std::net::IpAddr;

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::{Counts, Missed};
use crate::host::Host;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "host",
    summary: "addresses",
    needs_country: true,
    needs_asn: true,
    most_keys: None,
    per_packet: false,
    make: Tally::<ByHost>::make,
};

pub(super) struct ByHost;

impl Dimension for ByHost {
    type Key = IpAddr;
    const LABEL: Label = Label::End;
    const HOSTS: Hosts = Hosts::Uncounted;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<IpAddr> {
        if !seen.is_ip() {
            return Keys::Packet(None);
        }
        Keys::Ends(Some(seen.source.address), Some(seen.destination.address))
    }

    fn row(address: &IpAddr, counts: &Counts, ask: &Ask<'_>) -> Row {
        let place = ask.geo.place(*address);
        let row = Row::new(address.to_string(), Counts { hosts: 1, ..*counts }, Self::LABEL);
        let row = row.with_place(&place, ask.geo).with_names(ask.names.of(*address));
        row.with_city(*address, &place, ask.geo)
            .with_prefix(ask.geo.prefix(*address).map(|prefix| prefix.network), ask.geo)
    }
}

/// The line of a host's own row.
pub(super) fn row(host: &Host, missed: Missed, ask: &Ask<'_>) -> Row {
    let row = Row::new(host.address().to_string(), host.counts(), Label::End);
    let row = row.with_place(&host.end.place, ask.geo).with_names(ask.names.of(host.address()));
    let row = row.with_city(host.address(), &host.end.place, ask.geo).with_prefix(host.prefix, ask.geo);
    Row { local: Some(host.end.local), seen: Some((host.first, host.last)), missed, ..row }
}
