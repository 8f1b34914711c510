//! A user's .mmdb file, of whatever vendor and kind, becomes compact tables.
//!
//! The file is walked once and dropped: everything that can be wrong with it shows before it takes the bundled
//! table's place, look-ups cost the same whatever was loaded, and a city database of 130 MB leaves a few behind.
//! Format: <https://maxmind.github.io/MaxMind-DB/>. A search tree may share nodes, so a few kilobytes can spell out
//! 2^128 networks; the walk is costed first, and refused beyond [`VISITS_MAX`].

use std::net::IpAddr;

use ahash::AHashMap;
use maxminddb::{LookupResult, MaxMindDbError, Metadata, Reader, WithinOptions};

use super::city::CityTable;
use super::city::blocks::{Refused, V6_GRAIN};
use super::city::gather::Gather;
use super::city::record::CityRecord;
use super::lookup::value;
use super::mmdb_record::Record;
use super::ranges::{Address, Builder};
use super::routes::RoutesError;
use super::tables::{AsNames, AsnTable, CountryTable};

/// The largest file taken, in bytes: four times the largest free city database.
pub const MMDB_BYTES_MAX: usize = 512 << 20;

/// Steps of a walk: four times what the largest free city database needs.
const VISITS_MAX: u32 = 128 << 20;

/// Longest name kept of a system or a database, in bytes.
const NAME_MAX: usize = 200;

/// Addresses whose answers are asked from the file and from the tables made of it.
const SELF_TEST: [&str; 8] = [
    "1.1.1.1",
    "8.8.8.8",
    "81.2.69.142",
    "130.89.1.1",
    "202.12.29.205",
    "2001:4860:4860::8888",
    "2a00:1450:4001::1",
    "2400:cb00::1",
];

/// Why a database was not taken. The one in use stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeoError {
    /// The file is too large.
    #[error("{path}: expected a database of at most {MMDB_BYTES_MAX} bytes, found {bytes}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: usize,
    },
    /// It is no MaxMind DB file.
    #[error("{path}: expected a MaxMind DB file (.mmdb), found something else: {reason}")]
    NotMmdb {
        /// The file.
        path: String,
        /// What the reader says.
        reason: String,
    },
    /// It begins well and then makes no sense.
    #[error("{path}: expected a sound database, found a damaged one: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What was wrong.
        reason: String,
    },
    /// It is of no kind that is known.
    #[error(
        "{path}: expected a MaxMind DB, a routing table (pyasn or MRT), a list of ranges (CSV or TSV) or AS names (JSON), \
         .gz or .bz2 around it, found {found}"
    )]
    Unknown {
        /// The file.
        path: String,
        /// How it begins.
        found: String,
    },
    /// A record of a routing table or list is wrong.
    #[error(transparent)]
    Records(#[from] RoutesError),
    /// It is sound, but holds nothing for us.
    #[error(
        "{path}: expected countries, cities or AS numbers, found none in a database of type \"{database_type}\""
    )]
    NothingUseful {
        /// The file.
        path: String,
        /// What it says it is.
        database_type: String,
    },
}

/// What a file gave.
#[derive(Debug)]
pub struct Loaded {
    /// What its maker calls it.
    pub name: String,
    /// Its countries, if it has any.
    pub country: Option<CountryTable>,
    /// Its autonomous systems, if it has any.
    pub asn: Option<AsnTable>,
    /// Its cities, if it has any.
    pub city: Option<CityTable>,
}

impl Loaded {
    /// The day of the data, `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        let country = self.country.as_ref().map(|table| &table.date);
        let asn = self.asn.as_ref().map(|table| &table.date);
        country.or(asn).or(self.city.as_ref().map(|table| &table.date)).map_or("", |date| date)
    }
}

/// Makes tables of a file's bytes; `path` is for messages only.
pub fn load(bytes: &[u8], path: &str) -> Result<Loaded, GeoError> {
    let path = path.to_owned();
    if bytes.len() > MMDB_BYTES_MAX {
        return Err(GeoError::TooLarge { path, bytes: bytes.len() });
    }
    let reader = match Reader::from_source(bytes) {
        Ok(reader) => reader,
        Err(error) => return Err(GeoError::NotMmdb { path, reason: error.to_string() }),
    };
    let database_type = printable(&reader.metadata().database_type);
    match compact(&reader, bytes) {
        Ok(Loaded { country: None, asn: None, city: None, .. }) => {
            Err(GeoError::NothingUseful { path, database_type })
        }
        Ok(loaded) => Ok(loaded),
        Err(reason) => Err(GeoError::Damaged { path, reason }),
    }
}

fn compact(reader: &Reader<&[u8]>, bytes: &[u8]) -> Result<Loaded, String> {
    let mut walk = Walk::new(V6_GRAIN);
    walk.all(reader, bytes)?;
    let loaded = walk.finish(reader.metadata())?;
    self_test(reader, &loaded)?;
    Ok(loaded)
}

/// The cities of files that hold one family each, IPv4 before IPv6, the latter told apart to prefixes of `grain` bits;
/// and how many blocks of so many bits had several cities, of which the largest stays. Their countries and systems are
/// left out.
pub fn cities(files: &[(&[u8], &str)], grain: u8) -> Result<(CityTable, usize), GeoError> {
    let mut walk = Walk::new(grain);
    let (mut last, mut day) = ("", String::new());
    for (bytes, path) in files {
        let reader = Reader::from_source(*bytes)
            .map_err(|error| GeoError::NotMmdb { path: (*path).to_owned(), reason: error.to_string() })?;
        walk.records.clear();
        walk.all(&reader, bytes).map_err(|reason| GeoError::Damaged { path: (*path).to_owned(), reason })?;
        day = date(reader.metadata().build_epoch);
        last = path;
    }
    let shared = walk.city.shared();
    let path = last.to_owned();
    match walk.city.finish(day) {
        Ok(Some(table)) => Ok((table, shared)),
        Ok(None) => Err(GeoError::NothingUseful { path, database_type: "without cities".to_owned() }),
        Err(error) => Err(GeoError::Damaged { path, reason: error.to_string() }),
    }
}

fn text(error: MaxMindDbError) -> String {
    error.to_string()
}

/// What one record says, as table values.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    country: u16,
    asn: u32,
    place: u32,
}

struct Walk {
    country: (Builder<u32, u16>, Builder<u128, u16>),
    asn: (Builder<u32, u32>, Builder<u128, u32>),
    /// Records already decoded, by their offset: many networks share one.
    records: AHashMap<usize, Found>,
    names: AHashMap<u32, String>,
    any: (bool, bool),
    city: Gather,
}

impl Walk {
    fn new(grain: u8) -> Self {
        Self {
            country: Default::default(),
            asn: Default::default(),
            records: AHashMap::new(),
            names: AHashMap::new(),
            any: (false, false),
            city: Gather::new(grain),
        }
    }

    fn all(&mut self, reader: &Reader<&[u8]>, bytes: &[u8]) -> Result<(), String> {
        if visits(bytes, reader.metadata())? > VISITS_MAX {
            return Err("its search tree spells out more networks than any address plan".to_owned());
        }
        for network in reader.networks(WithinOptions::default()).map_err(text)? {
            self.take(&network.map_err(text)?)?;
        }
        Ok(())
    }

    fn take(&mut self, network: &LookupResult<'_, &[u8]>) -> Result<(), String> {
        let found = self.record(network)?;
        let block = network.network().map_err(text)?;
        match (block.ip(), block.prefix()) {
            (IpAddr::V4(first), len) => {
                self.city.push_v4(first.to_bits(), len, found.place).map_err(refused)?;
                push(&mut self.country.0, &mut self.asn.0, (first.to_bits(), len, 32), found)
            }
            (IpAddr::V6(first), len) => {
                if first.is_unspecified() && len < 96 {
                    // A record above the IPv4 subtree holds for the whole of it.
                    self.city.push_v4(0, 0, found.place).map_err(refused)?;
                    push(&mut self.country.0, &mut self.asn.0, (0, 0, 32), found)?;
                }
                self.city.push_v6(first.to_bits(), len, found.place).map_err(refused)?;
                push(&mut self.country.1, &mut self.asn.1, (first.to_bits(), len, 128), found)
            }
        }
    }

    fn record(&mut self, network: &LookupResult<'_, &[u8]>) -> Result<Found, String> {
        let offset = network.offset();
        if let Some(found) = offset.and_then(|offset| self.records.get(&offset)) {
            return Ok(*found);
        }
        let record: Record<'_> = network.decode().map_err(text)?.unwrap_or_default();
        let city: CityRecord<'_> = network.decode().map_err(text)?.unwrap_or_default();
        let country = record.country_value();
        let found = Found { country, asn: record.asn(), place: self.city.place(country, &city) };
        if let (1.., Some(name)) = (found.asn, record.as_name()) {
            self.names.entry(found.asn).or_insert_with(|| printable(name));
        }
        self.any = (self.any.0 || found.country != 0, self.any.1 || found.asn != 0);
        offset.and_then(|offset| self.records.insert(offset, found));
        Ok(found)
    }

    fn finish(self, metadata: &Metadata) -> Result<Loaded, String> {
        let date = date(metadata.build_epoch);
        let names = AsNames::sorted(self.names);
        let country =
            CountryTable { date: date.clone(), v4: self.country.0.build(), v6: self.country.1.build() };
        let city = self.city.finish(date.clone()).map_err(refused)?;
        let asn = AsnTable { date, v4: self.asn.0.build(), v6: self.asn.1.build(), names };
        Ok(Loaded {
            name: printable(&metadata.database_type),
            country: self.any.0.then_some(country),
            asn: self.any.1.then_some(asn),
            city,
        })
    }
}

fn refused(refused: Refused) -> String {
    refused.to_string()
}

/// `block`: first address, prefix length, bits of the family.
fn push<A: Address>(
    country: &mut Builder<A, u16>,
    asn: &mut Builder<A, u32>,
    block: (A, u8, u32),
    found: Found,
) -> Result<(), String> {
    let (first, len, bits) = block;
    let size = 1_u128.checked_shl(bits.saturating_sub(u32::from(len))).unwrap_or(0).wrapping_sub(1);
    let last = A::narrow(first.wide() | size).ok_or("a network is larger than its family")?;
    country.push(first, last, found.country).map_err(|error| error.to_string())?;
    asn.push(first, last, found.asn).map_err(|error| error.to_string())
}

fn self_test(reader: &Reader<&[u8]>, loaded: &Loaded) -> Result<(), String> {
    for address in SELF_TEST.iter().filter_map(|address| address.parse::<IpAddr>().ok()) {
        if address.is_ipv6() && reader.metadata().ip_version == 4 {
            continue;
        }
        let answer = reader.lookup(address).map_err(text)?;
        let record: Record<'_> = answer.decode().map_err(text)?.unwrap_or_default();
        let country = loaded.country.as_ref().map(|table| value(address, &table.v4, &table.v6));
        let asn = loaded.asn.as_ref().map(|table| value(address, &table.v4, &table.v6));
        if country.is_some_and(|value| value != record.country_value())
            || asn.is_some_and(|asn| asn != record.asn())
        {
            return Err(format!("it contradicts itself on {address}"));
        }
    }
    Ok(())
}

/// Not counted yet. No count reaches it: they are clipped just above [`VISITS_MAX`].
const UNKNOWN: u32 = u32::MAX;
/// On the way down to the node that is looked at.
const OPEN: u32 = u32::MAX - 1;

/// How many leaves a walk of the whole tree meets, each as often as it is reached, saturating.
fn visits(bytes: &[u8], metadata: &Metadata) -> Result<u32, String> {
    let nodes = metadata.node_count as usize;
    let mut counts = vec![UNKNOWN; nodes];
    let mut stack = vec![0_usize];
    while let Some(&node) = stack.last() {
        let children = [0, 1].map(|side| child(bytes, metadata.record_size, node, side));
        let count_of = |child: Option<usize>| child.and_then(|child| counts.get(child)).copied().unwrap_or(1);
        let known = children.map(count_of);
        match known {
            _ if counts.get(node).is_none_or(|count| *count < OPEN) => {
                stack.pop();
            }
            [left, right] if left < OPEN && right < OPEN => {
                counts[node] = left.saturating_add(right).min(VISITS_MAX + 1);
                stack.pop();
            }
            _ if known.contains(&OPEN) => return Err("its search tree runs in a circle".to_owned()),
            _ => {
                counts[node] = OPEN;
                let unknown = children.iter().zip(known).find(|(_, count)| *count == UNKNOWN);
                stack.extend(unknown.and_then(|(child, _)| *child));
            }
        }
    }
    Ok(counts.first().copied().unwrap_or(0))
}

/// A record of the search tree: 24, 28 or 32 bits on each side.
fn child(bytes: &[u8], record_size: u16, node: usize, side: usize) -> Option<usize> {
    let size = usize::from(record_size) / 4;
    let node = bytes.get(node * size..(node + 1) * size)?;
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    Some(match record_size {
        28 if side == 0 => usize::from(node[3] >> 4) << 24 | number(&node[..3]),
        28 => usize::from(node[3] & 0x0f) << 24 | number(&node[4..]),
        _ => number(&node[side * size / 2..(side + 1) * size / 2]),
    })
}

/// Text from a file for people: no control characters, not endless.
pub(super) fn printable(text: &str) -> String {
    let mut clean: String = text.chars().filter(|char| !char.is_control()).collect();
    clean.truncate(clean.floor_char_boundary(NAME_MAX));
    clean.trim().to_owned()
}

/// The day of a Unix time, `YYYY-MM-DD` (proleptic Gregorian calendar, years counted from 1 March).
pub(super) fn date(epoch_seconds: u64) -> String {
    let days = (epoch_seconds / 86_400).min(2_900_000) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year_of_era + year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_named_as_the_calendar_does() {
        let facts = [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_709_251_199, "2024-02-29")];
        for (seconds, day) in
            facts.into_iter().chain([(1_780_272_000, "2026-06-01"), (1_735_689_599, "2024-12-31")])
        {
            assert_eq!(date(seconds), day);
        }
        assert_eq!(date(u64::MAX).len(), 10);
    }
}
