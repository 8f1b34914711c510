//! New databases in a running analysis: every host and every flow is looked up again at once, before anything more is
//! observed or asked. So no answer is made of two databases; the work is bounded by the caps of both tables. What was
//! counted before stays under the key that held then.

use super::Analyzer;
use crate::geo::Geo;

impl Analyzer {
    /// Takes other databases.
    pub fn set_geo(&mut self, geo: Geo) {
        self.settle();
        self.facts.geo = geo;
        let Self { facts, hosts, flows, home_address, wants_prefix, .. } = self;
        *home_address = None;
        for host in hosts.iter_mut() {
            let address = host.address();
            host.end = facts.end(address);
            host.prefix =
                if *wants_prefix { facts.geo.prefix(address).map(|prefix| prefix.network) } else { None };
            if host.end.local && home_address.is_none() && host.end.place.country.is_some() {
                *home_address = Some(address);
            }
        }
        for flow in flows.rests_mut() {
            for end in [&mut flow.opener, &mut flow.answerer] {
                end.end = facts.end(end.end.address);
            }
        }
    }
}
