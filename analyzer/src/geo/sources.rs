//! Where the answers come from: name, date, licence and the credit that must stand wherever results are shown.

use serde::Serialize;

use super::database::Database;

/// The databases in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// The one that names countries.
    pub country: Option<Source>,
    /// The one that names autonomous systems.
    pub asn: Option<Source>,
    /// The one that names cities, once it is read.
    pub city: Option<Source>,
    /// The routing table.
    pub routes: Option<Source>,
    /// The list of names of systems.
    pub names: Option<Source>,
    /// Networks for which the settings say something.
    pub overrides: usize,
}

/// One database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What its maker calls it.
    pub name: String,
    /// The day of the data, `YYYY-MM-DD`; empty where nothing tells it.
    pub date: String,
    /// Its licence.
    pub licence: String,
    /// The credits it asks for.
    pub attribution: Vec<Attribution>,
    /// Where it was read from.
    pub origin: SourceOrigin,
    /// How many ranges of addresses it tells apart.
    pub ranges: usize,
    /// What the user should know of its quality.
    pub notice: Option<String>,
}

/// A credit and the page it links to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// The words.
    pub text: String,
    /// The link.
    pub url: String,
}

/// Where a database was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceOrigin {
    /// It is part of the program.
    Bundled,
    /// The user's file, by its path.
    File(String),
}

impl Source {
    /// Name and month, such as `DB-IP Lite 2026-06`.
    pub fn label(&self) -> String {
        let month = self.date.get(..7).unwrap_or(&self.date);
        format!("{} {month}", self.name).trim_end().to_owned()
    }
}

impl Sources {
    /// Every credit that is due, each once.
    pub fn attribution(&self) -> Vec<Attribution> {
        let mut all: Vec<Attribution> = Vec::new();
        let sources = [&self.country, &self.asn, &self.city, &self.routes, &self.names];
        for credit in sources.into_iter().flatten().flat_map(|source| &source.attribution) {
            if !all.contains(credit) {
                all.push(credit.clone());
            }
        }
        all
    }
}

const NOTICE: &str = "Compacted for Wireglobe. Its publisher says that the data published to npm contains bugs \
                      that give incorrect answers, and no longer updates it; a fresher .mmdb file can take its place.";

const DB_IP: (&str, &str) = ("IP Geolocation by DB-IP", "https://db-ip.com/");
const ROUTE_VIEWS: (&str, &str) = ("RouteViews", "https://www.routeviews.org/");
const NRO: (&str, &str) = ("NRO", "https://www.nro.net/");
const MAXMIND: (&str, &str) =
    ("This product includes GeoLite2 data created by MaxMind", "https://www.maxmind.com/");
const IPINFO: (&str, &str) = ("IP address data powered by IPinfo", "https://ipinfo.io/");

/// Words in a database's own name, in lower case, the licence of the free edition, the credit it asks for.
const VENDORS: [(&str, &str, (&str, &str)); 6] = [
    ("geolite2", "GeoLite2 End User License Agreement", MAXMIND),
    ("geoip2", "MaxMind's terms", MAXMIND),
    ("dbip", "CC BY 4.0 (Lite editions)", DB_IP),
    ("db-ip", "CC BY 4.0 (Lite editions)", DB_IP),
    ("ipinfo", "CC BY-SA 4.0 (Lite editions)", IPINFO),
    ("ip-location-db", "CC BY 4.0", DB_IP),
];

fn credits(of: &[(&str, &str)]) -> Vec<Attribution> {
    of.iter().map(|(text, url)| Attribution { text: (*text).to_owned(), url: (*url).to_owned() }).collect()
}

fn bundled(name: &str, date: &str, ranges: usize, credit: &[(&str, &str)]) -> Source {
    Source {
        name: name.to_owned(),
        date: date.to_owned(),
        licence: "CC BY 4.0".to_owned(),
        attribution: credits(credit),
        origin: SourceOrigin::Bundled,
        ranges,
        notice: Some(NOTICE.to_owned()),
    }
}

pub(super) fn bundled_country(date: &str, ranges: usize) -> Source {
    bundled("DB-IP Lite", date, ranges, &[DB_IP])
}

pub(super) fn bundled_city(date: &str, ranges: usize) -> Source {
    bundled("DB-IP City Lite", date, ranges, &[DB_IP])
}

pub(super) fn bundled_asn(date: &str, ranges: usize) -> Source {
    bundled("ip-location-db ASN", date, ranges, &[ROUTE_VIEWS, NRO, DB_IP])
}

pub(super) fn from_file(read: &Database, path: &str, ranges: usize) -> Source {
    let lower = read.name.to_lowercase();
    let vendor = VENDORS.iter().find(|(word, _, _)| lower.contains(word));
    Source {
        name: read.name.clone(),
        date: read.date.clone(),
        licence: vendor.map_or("as its maker states", |(_, licence, _)| licence).to_owned(),
        attribution: vendor.map_or(Vec::new(), |(_, _, credit)| credits(&[*credit])),
        origin: SourceOrigin::File(path.to_owned()),
        ranges,
        notice: read.notice.clone(),
    }
}
