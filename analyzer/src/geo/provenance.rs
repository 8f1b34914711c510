//! Who said it: for each answer of a look-up the database and its month, or "settings".

use std::net::IpAddr;

use super::lookup::located;
use super::{Category, Geo, PrefixKind, Source};

/// What the settings are called as a source.
const SETTINGS: &str = "settings";

/// The sources of one look-up; `None` where there is no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Of the country.
    pub country: Option<String>,
    /// Of the autonomous system.
    pub asn: Option<String>,
    /// Of the prefix.
    pub prefix: Option<String>,
    /// Of the system's name.
    pub name: Option<String>,
    /// What the user noted of the network.
    pub note: Option<String>,
}

impl Geo {
    /// Where the answers for an address come from.
    pub fn provenance(&self, address: IpAddr) -> Provenance {
        let place = self.place(address);
        let set = self.overrides.as_ref().and_then(|overrides| overrides.get(address));
        let settings = |is_set: bool| is_set.then(|| SETTINGS.to_owned());
        let country = settings(set.is_some_and(|set| set.country.is_some()));
        let asn = settings(set.is_some_and(|set| set.asn.is_some()));
        let prefix = self.prefix(address).and_then(|prefix| match prefix.kind {
            PrefixKind::Settings => Some(SETTINGS.to_owned()),
            PrefixKind::Announced => label(self.routes.as_ref().map(|routes| &routes.1)),
            PrefixKind::Covering => label(self.asn.as_ref().map(|asn| &asn.1)),
        });
        Provenance {
            country: place
                .country
                .and_then(|_| country.or_else(|| label(self.country.as_ref().map(|table| &table.1)))),
            asn: place.asn.and_then(|_| asn.or_else(|| label(self.asn_source(address)))),
            prefix,
            name: self.name_source(address),
            note: set.and_then(|set| set.note.clone()),
        }
    }

    /// Who holds the network around an address: what the user called it, else the name of its system.
    pub fn holder(&self, address: IpAddr) -> Option<&str> {
        let set = self.overrides.as_ref().and_then(|overrides| overrides.get(address)?.name.as_deref());
        set.or_else(|| self.as_name(self.place(address).asn?))
    }

    fn asn_source(&self, address: IpAddr) -> Option<&Source> {
        let routes = self.routes.as_ref().filter(|routes| routes.0.covers_family_of(located(address)));
        let tabled = Category::of(address) == Category::Global;
        routes.map(|routes| &routes.1).or_else(|| Some(&self.asn.as_ref()?.1)).filter(|_| tabled)
    }

    fn name_source(&self, address: IpAddr) -> Option<String> {
        let holder = self.holder(address)?;
        let asn = self.place(address).asn;
        let listed = asn.and_then(|asn| self.names.as_ref()?.0.get(asn));
        let tabled = asn.and_then(|asn| self.asn.as_ref()?.0.names.get(asn));
        if listed == Some(holder) {
            label(self.names.as_ref().map(|names| &names.1))
        } else if tabled == Some(holder) {
            label(self.asn.as_ref().map(|asn| &asn.1))
        } else {
            Some(SETTINGS.to_owned())
        }
    }
}

fn label(source: Option<&Source>) -> Option<String> {
    source.map(Source::label)
}
