//! The city table is read while packets already come: what was placed before then is placed once more.

use super::Analyzer;
use crate::geo::Geo;
use crate::observation::End;

impl Analyzer {
    /// Tells hosts and flows their cells, once, after the city table has come.
    pub(super) fn learn_cities(&mut self) {
        if self.knows_cities || !self.facts.geo.has_city() {
            return;
        }
        self.knows_cities = true;
        let Self { facts, hosts, flows, .. } = self;
        hosts.iter_mut().for_each(|host| learn(&facts.geo, &mut host.end));
        for flow in flows.rests_mut() {
            learn(&facts.geo, &mut flow.opener.end);
            learn(&facts.geo, &mut flow.answerer.end);
        }
    }
}

fn learn(geo: &Geo, end: &mut End) {
    if end.place.cell.is_none() {
        end.place.cell = geo.place(end.address).cell;
    }
}
