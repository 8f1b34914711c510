//! Totals by hardware address.

use capturer::Mac;

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::observation::Observation;
use crate::vendors;

pub(super) const ENTRY: Entry = Entry {
    name: "mac",
    summary: "hardware addresses on the captured link",
    needs_country: false,
    needs_asn: false,
    most_keys: None,
    per_packet: true,
    make: Tally::<ByMac>::make,
};

struct ByMac;

impl Dimension for ByMac {
    type Key = Mac;
    const LABEL: Label = Label::End;
    const HOSTS: Hosts = Hosts::Meet;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<Mac> {
        if seen.macs == Default::default() {
            return Keys::Packet(None);
        }
        let known = |mac: Mac| (mac != Mac::default()).then_some(mac);
        Keys::Ends(known(seen.macs.0), known(seen.macs.1))
    }

    fn row(mac: &Mac, counts: &Counts, _: &Ask<'_>) -> Row {
        Row { vendor: vendors::name(*mac), ..Row::new(mac.to_string(), *counts, Self::LABEL) }
    }
}
