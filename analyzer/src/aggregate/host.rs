//! Totals by address. The main view lists the host table itself; this tally serves filtered views.

use std::net::IpAddr;

use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::geo::Geo;
use crate::host::Host;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "host",
    summary: "addresses",
    needs_country: true,
    needs_asn: true,
    per_packet: false,
    make: Tally::<ByHost>::make,
};

struct ByHost;

impl Dimension for ByHost {
    type Key = IpAddr;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<IpAddr> {
        if !seen.is_ip() {
            return Keys::Packet(None);
        }
        Keys::Ends(Some(seen.source.address), Some(seen.destination.address))
    }

    fn row(address: &IpAddr, counts: &Counts, ask: &Ask<'_>) -> Row {
        Row::new(address.to_string(), *counts, Self::LABEL).with_place(&ask.geo.place(*address), ask.geo)
    }
}

/// The line of a host's own row.
pub(super) fn row(host: &Host, geo: &Geo) -> Row {
    let row =
        Row::new(host.address().to_string(), host.counts(), Label::End).with_place(&host.end.place, geo);
    Row {
        prefix: host.prefix,
        local: Some(host.end.local),
        seen_ms: Some((host.first.as_millis(), host.last.as_millis())),
        ..row
    }
}
