//! Totals by hardware address.

use capturer::Mac;

use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "mac",
    summary: "hardware addresses on the captured link",
    needs_country: false,
    needs_asn: false,
    per_packet: true,
    make: Tally::<ByMac>::make,
};

struct ByMac;

impl Dimension for ByMac {
    type Key = Mac;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<Mac> {
        let known = |mac: Mac| (mac != Mac::default()).then_some(mac);
        Keys::Ends(known(seen.macs.0), known(seen.macs.1))
    }

    fn row(mac: &Mac, counts: &Counts, _: &Ask<'_>) -> Row {
        // Hosts behind one hardware address are not counted here: a router has the whole world behind it.
        Row::new(mac.to_string(), Counts { hosts: 0, ..*counts }, Self::LABEL)
    }
}
