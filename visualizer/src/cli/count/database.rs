//! Where prefixes and AS numbers come from: the routing table of the cache directory; without one, the bundled ranges.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use analyzer::geo::routes::{self, Routes, Slots};
use analyzer::geo::tables::AsNames;
use analyzer::geo::{Asn, Geo, Needs, PrefixKind};

use super::cache::{self, Cache};
use super::log::Log;
use super::tally::Route;
use crate::cli::Failure;

/// Where the database in use lies for who makes portions: once it is loaded, numbers can be looked up there as well.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<(Mutex<Option<Arc<Database>>>, Condvar)>);

impl Shelf {
    /// The database in use, if it is loaded.
    pub(super) fn get(&self) -> Option<Arc<Database>> {
        self.0.0.lock().ok()?.clone()
    }

    /// From now on this one is in use.
    pub(super) fn put(&self, database: &Arc<Database>) {
        if let Ok(mut place) = self.0.0.lock() {
            *place = Some(Arc::clone(database));
            self.0.1.notify_all();
        }
    }

    /// Waits until one is loaded. Where none can be, the process ends.
    pub(super) fn wait(&self) {
        let (place, changed) = &*self.0;
        if let Ok(place) = place.lock() {
            drop(changed.wait_while(place, |place| place.is_none()));
        }
    }
}

/// A loaded database.
#[derive(Debug)]
pub(super) enum Database {
    /// Announced prefixes of a file.
    Announced { routes: Box<Routes>, slots: Slots, name: String },
    /// The bundled ranges.
    Bundled(Geo),
}

impl Database {
    /// The table of the cache directory, else the bundled one.
    pub(super) fn load(cache: &Cache, log: &Log) -> Result<Self, Failure> {
        if let Some(path) = cache.table() {
            let database = Self::announced(&path)?;
            log.info(database.describe());
            return Ok(database);
        }
        let bundled = Self::Bundled(Geo::bundled(Needs { asn: true, ..Needs::default() }));
        log.warn(format_args!(
            "no routing table (ipasn_*) in {}: {}",
            cache.path().display(),
            bundled.describe()
        ));
        Ok(bundled)
    }

    /// The table of a file.
    pub(super) fn announced(path: &Path) -> Result<Self, Failure> {
        let routes = Box::new(cache::read_table(path)?);
        let slots = Slots::new(&routes);
        Ok(Self::Announced { routes, slots, name: path.display().to_string() })
    }

    /// What is known of an address.
    #[inline]
    pub(super) fn route(&self, address: IpAddr) -> Route {
        match self {
            Self::Announced { routes, .. } => routes.get(address).as_ref().map(announced).unwrap_or_default(),
            Self::Bundled(geo) => bundled(geo, address),
        }
    }

    /// As [`Database::route`], and whether all addresses of the prefix have the one number.
    pub(super) fn route_whole(&self, address: IpAddr) -> (Route, bool) {
        let Self::Announced { routes, .. } = self else { return (self.route(address), false) };
        let found = routes.whole(address);
        found.map_or_else(Default::default, |(route, whole)| (announced(&route), whole))
    }

    /// The number of the prefix around an address, below [`Database::slots`]; without numbers any.
    #[inline]
    pub(super) fn number(&self, address: IpAddr) -> u32 {
        match self {
            Self::Announced { routes, slots, .. } => slots.of(routes, address),
            Self::Bundled(_) => 0,
        }
    }

    /// The numbers of some, one for each.
    pub(super) fn numbers(&self, addresses: &[IpAddr], into: &mut Vec<u32>) {
        into.clear();
        match self {
            Self::Announced { routes, slots, .. } => {
                into.extend(addresses.iter().map(|address| slots.of(routes, *address)));
            }
            Self::Bundled(_) => into.resize(addresses.len(), 0),
        }
    }

    /// How many numbers there are; the bundled ranges have none.
    pub(super) fn slots(&self) -> usize {
        match self {
            Self::Announced { slots, .. } => slots.len(),
            Self::Bundled(_) => 0,
        }
    }

    /// What its prefixes are.
    pub(super) const fn prefix_label(&self) -> &'static str {
        match self {
            Self::Announced { .. } => PrefixKind::Announced.label(),
            Self::Bundled(_) => PrefixKind::Covering.label(),
        }
    }

    /// A file, or the bundled table with its date.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Announced { name, .. } => name.clone(),
            Self::Bundled(geo) => geo
                .sources()
                .asn
                .map_or_else(|| "bundled".to_owned(), |source| format!("bundled: {}", source.label())),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Announced { routes, name, .. } => format!("using {name}, {} prefixes", routes.len()),
            Self::Bundled(_) => {
                format!(
                    "using the table that came with Wireglobe ({}); its prefixes are covering ranges, not announced ones",
                    self.name()
                )
            }
        }
    }
}

fn announced(route: &routes::Route<'_>) -> Route {
    Route { prefix: Some(route.network), asn: Some(route.origin()) }
}

/// A mapped address is one of IPv6, as in the routing table, and no range of IPv6 has it.
fn bundled(geo: &Geo, address: IpAddr) -> Route {
    if address.to_canonical() != address {
        return Route::default();
    }
    let asn = geo.place(address).asn;
    Route { prefix: asn.and_then(|_| geo.prefix(address)).map(|prefix| prefix.network), asn }
}

/// Names of systems, read when they are first needed or aside before that.
pub(super) struct Names {
    /// Whether they are wanted at all.
    pub(super) wanted: bool,
    loaded: Option<AsNames>,
    coming: Option<JoinHandle<Result<AsNames, String>>>,
}

impl Names {
    pub(super) const fn new(wanted: bool) -> Self {
        Self { wanted, loaded: None, coming: None }
    }

    /// Begins to read those that go with a routing table.
    pub(super) fn fetch(&mut self, cache: &Cache) {
        if self.wanted && cache.table().is_some() {
            let path = cache.names();
            let read = move || cache::read_names(&path);
            // Without a thread they are read when they are needed.
            self.coming = std::thread::Builder::new().name("names".to_owned()).spawn(read).ok();
        }
    }

    /// Reads them, unless that was done; without a file there are none, said once.
    pub(super) fn load(&mut self, database: &Database, cache: &Cache, log: &Log) {
        if !self.wanted || self.loaded.is_some() || matches!(database, Database::Bundled(_)) {
            return;
        }
        let came = self.coming.take().and_then(|coming| coming.join().ok());
        let read = came.unwrap_or_else(|| cache::read_names(&cache.names()));
        self.loaded = Some(read.unwrap_or_else(|error| {
            log.warn(format_args!("{error}; systems have no names"));
            AsNames::default()
        }));
    }

    /// Reads them anew when they are needed next.
    pub(super) fn forget(&mut self) {
        (self.loaded, self.coming) = (None, None);
    }

    /// The name of a system, empty if it has none.
    pub(super) fn of<'a>(&'a self, database: &'a Database, asn: Option<Asn>) -> &'a str {
        let named = match (asn.filter(|_| self.wanted), database) {
            (Some(asn), Database::Bundled(geo)) => geo.as_name(asn),
            (Some(asn), Database::Announced { .. }) => self.loaded.as_ref().and_then(|names| names.get(asn)),
            (None, _) => None,
        };
        named.unwrap_or_default()
    }
}
