//! In which countries the hosts of a domain are: told when rows are listed, of the hosts that have a name and that the view
//! has seen, so that counting costs nothing. A host that had to make room is missing here.

use std::collections::{BTreeSet, HashMap};

use ahash::RandomState;

use super::{Analyzer, ViewId};
use crate::aggregate::Row;
use crate::geo::CountryCode;

impl Analyzer {
    /// Tells rows of domains the countries of their hosts.
    pub(super) fn place_domains(&self, view: ViewId, rows: &mut [Row]) {
        let mut found: HashMap<&str, BTreeSet<CountryCode>, RandomState> = HashMap::default();
        let bit = 1u16.checked_shl(u32::from(view.0)).unwrap_or(0);
        for (address, domain) in self.names.domains() {
            let host = self.find_host(address).and_then(|slot| self.hosts.get(slot));
            let Some(country) =
                host.filter(|host| host.views & bit != 0).and_then(|host| host.end.place.country)
            else {
                continue;
            };
            let text = self.names.domain_text(self.names.group(domain));
            found.entry(text).or_default().insert(country);
        }
        for row in rows.iter_mut().filter(|row| row.key.contains('.')) {
            row.countries = Some(found.remove(&*row.key).unwrap_or_default().into_iter().collect());
        }
    }
}
