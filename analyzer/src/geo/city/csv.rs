//! Cities as comma-separated values, in the two layouts that are published: DB-IP's (first and last address, continent,
//! country, region, city, latitude, longitude) and ip-location-db's (first and last address, country, region, second
//! region, city, postal code, latitude, longitude, time zone). Fields may stand in quotes (RFC 4180). A first line that
//! begins with no address is a heading. Lines give countries, too.

use std::io::BufRead;
use std::net::IpAddr;

use ahash::AHashMap;

use super::CityTable;
use super::gather::Gather;
use super::record::CityRecord;
use crate::cover;
use crate::geo::CountryCode;
use crate::geo::ranges::{Address, Builder, Ranges, Refused};
use crate::geo::routes::flatten::{Row, flatten, sort};
use crate::geo::routes::{Lines, ROUTES_MAX, RoutesError, overlaps};
use crate::geo::tables::{CountryTable, country_value};
use crate::network::Network;

const RECORD: &str = "first and last address, country, region, city, latitude and longitude, as DB-IP or ip-location-db \
                      write them";

/// Where the fields of a line stand.
struct Layout {
    fields: usize,
    country: usize,
    region: usize,
    city: usize,
    position: usize,
}

const DB_IP: Layout = Layout { fields: 8, country: 3, region: 4, city: 5, position: 6 };
const IP_LOCATION_DB: Layout = Layout { fields: 10, country: 2, region: 3, city: 5, position: 7 };

/// The most fields of a line.
const MOST: usize = 10;

/// What a list gave.
#[derive(Debug)]
pub struct Cities {
    /// Countries of the ranges. The day is not in such a list, so `date` is empty.
    pub country: CountryTable,
    /// Their cities; `None` if no line names any.
    pub city: Option<CityTable>,
    /// Ranges that overlap another; where they do, the one that starts later holds, and of two that start together the
    /// shorter.
    pub overlaps: u64,
}

/// Whether a first line is one of such a list.
pub(in crate::geo) fn looks_so(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut fields = [""; MOST];
    let found = split(line, &mut fields);
    let is_line = || fields[0].parse::<IpAddr>().is_ok() && CountryCode::new(fields[2]).is_some();
    layout(found).is_some() && (is_line() || fields.contains(&"city"))
}

/// Reads a whole list; `name` is for messages.
///
/// # Errors
/// [`RoutesError`] at the first line that is wrong, and for a file without any.
pub fn read(input: impl BufRead, name: &str) -> Result<Cities, RoutesError> {
    let mut lines = Lines::new(input, name);
    let mut list = List::default();
    while let Some(line) = lines.next()? {
        let taken = std::str::from_utf8(line).ok().and_then(|line| list.push(line));
        if taken.is_none() && !(lines.number() == 1 && lines.is_heading()) {
            return Err(lines.wrong(RECORD));
        }
        if list.v4.len() + list.v6.len() > ROUTES_MAX {
            return Err(RoutesError::TooMany { name: name.to_owned(), most: ROUTES_MAX });
        }
    }
    if list.v4.is_empty() && list.v6.is_empty() {
        return Err(lines.empty(RECORD));
    }
    list.finish().map_err(|reason| RoutesError::Unreadable {
        name: name.to_owned(),
        record: lines.number(),
        reason: reason.to_string(),
    })
}

/// A country and the number of a place.
type Found = (u16, u32);

/// Collects lines in any order.
struct List {
    v4: Vec<Row<u32>>,
    v6: Vec<Row<u128>>,
    /// What the rows' values stand for, and the other way round; value 0 is nothing.
    found: Vec<Found>,
    values: AHashMap<Found, u32>,
    gather: Gather,
}

impl Default for List {
    fn default() -> Self {
        Self {
            v4: Vec::new(),
            v6: Vec::new(),
            found: vec![(0, 0)],
            values: AHashMap::from([((0, 0), 0)]),
            gather: Gather::new(super::blocks::V6_GRAIN),
        }
    }
}

impl List {
    /// Adds a line; `None` when it is wrong.
    fn push(&mut self, line: &str) -> Option<()> {
        let mut fields = [""; MOST];
        let layout = layout(split(line, &mut fields))?;
        let ends: (IpAddr, IpAddr) = (fields[0].parse().ok()?, fields[1].parse().ok()?);
        let country = CountryCode::new(fields[layout.country]).map_or(0, country_value);
        let position = (degrees(fields[layout.position])?, degrees(fields[layout.position + 1])?);
        let record = CityRecord::at(fields[layout.city], fields[layout.region], position);
        let place = self.gather.place(country, &record);
        let value = self.value((country, place));
        if ends.1 < ends.0 {
            return None;
        }
        match ends {
            (IpAddr::V4(first), IpAddr::V4(last)) => self.v4.push((first.to_bits(), last.to_bits(), value)),
            (IpAddr::V6(first), IpAddr::V6(last)) => self.v6.push((first.to_bits(), last.to_bits(), value)),
            _ => return None,
        }
        Some(())
    }

    fn value(&mut self, found: Found) -> u32 {
        let next = self.found.len() as u32;
        let value = *self.values.entry(found).or_insert(next);
        if value == next {
            self.found.push(found);
        }
        value
    }

    fn finish(mut self) -> Result<Cities, Box<dyn std::error::Error>> {
        sort(&mut self.v4);
        sort(&mut self.v6);
        let overlaps = overlaps(&self.v4) + overlaps(&self.v6);
        let (v4, v6) = (flatten(&self.v4).ranges, flatten(&self.v6).ranges);
        let country = CountryTable {
            date: String::new(),
            v4: countries(&v4, &self.found)?,
            v6: countries(&v6, &self.found)?,
        };
        let v4 = networks(&v4, |first| IpAddr::V4(first.into()));
        let v6 = networks(&v6, |first| IpAddr::V6(first.into()));
        for (network, value) in v4.chain(v6) {
            self.gather.push(&network, self.found[value as usize].1)?;
        }
        Ok(Cities { country, city: self.gather.finish(String::new())?, overlaps })
    }
}

/// The networks of a family, ascending, with their values.
fn networks<A: Address>(
    of: &Ranges<A, u32>,
    address: fn(A) -> IpAddr,
) -> impl Iterator<Item = (Network, u32)> {
    of.stretches().flat_map(move |((first, last), value)| {
        cover::of_range(address(first), address(last)).into_iter().map(move |network| (network, value))
    })
}

fn countries<A: Address>(of: &Ranges<A, u32>, found: &[Found]) -> Result<Ranges<A, u16>, Refused> {
    let mut builder = Builder::with_capacity(of.len());
    for ((first, last), value) in of.stretches() {
        builder.push(first, last, found[value as usize].0)?;
    }
    Ok(builder.build())
}

fn layout(fields: usize) -> Option<&'static Layout> {
    [&DB_IP, &IP_LOCATION_DB].into_iter().find(|layout| layout.fields == fields)
}

/// A coordinate; one that is not there is none, so that the place has no cell.
fn degrees(field: &str) -> Option<f64> {
    if field.is_empty() { Some(f64::NAN) } else { field.parse().ok() }
}

/// Takes a line apart and says how many fields it has; those beyond the last are counted only.
fn split<'a>(line: &'a str, into: &mut [&'a str; MOST]) -> usize {
    let mut rest = Some(line);
    let mut count = 0;
    while let Some(text) = rest {
        let (field, more) = field(text);
        if let Some(slot) = into.get_mut(count) {
            *slot = field;
        }
        rest = more;
        count += 1;
    }
    count
}

/// The first field without its quotes, and what follows its comma. Doubled quotes stay as they are.
fn field(text: &str) -> (&str, Option<&str>) {
    let plain = || text.split_once(',').map_or((text, None), |(field, rest)| (field, Some(rest)));
    let Some(quoted) = text.strip_prefix('"') else {
        let (field, rest) = plain();
        return (field.trim(), rest);
    };
    let mut from = 0;
    while let Some(at) = quoted[from..].find('"').map(|at| from + at) {
        let behind = &quoted[at + 1..];
        if !behind.starts_with('"') {
            return (&quoted[..at], behind.strip_prefix(','));
        }
        from = at + 2;
    }
    plain()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::{Cell, City};

    const DBIP: &str = "1.0.0.0,1.0.0.255,OC,AU,Queensland,\"South Brisbane\",-27.4748,153.017\n\
                        2a00:1450::,2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff,EU,IE,Leinster,\"Dublin, \"\"Docks\"\"\",53.35,-6.26\n";
    const OTHER: &str = "ip_range_start,ip_range_end,country_code,state1,state2,city,postcode,latitude,longitude,timezone\n\
                         1.0.0.0,1.0.0.255,AU,Queensland,,South Brisbane,4101,-27.4748,153.017,Australia/Brisbane\n\
                         1.0.1.0,1.0.1.9,CN,,,,,,,\n";

    fn at<'a>(cities: &'a Cities, address: &str) -> Option<City<'a>> {
        cities.city.as_ref()?.get(address.parse().unwrap())
    }

    #[test]
    fn both_layouts_give_the_same_city() {
        for text in [DBIP, OTHER] {
            assert!(looks_so(text.lines().next().unwrap().as_bytes()), "{text}");
            let cities = read(text.as_bytes(), "a.csv").unwrap();
            let city = at(&cities, "1.0.0.77").unwrap();
            assert_eq!((city.name, city.region), ("South Brisbane", "Queensland"));
            assert_eq!((city.country, city.cell), (CountryCode::new("AU"), Cell::of(-27.4748, 153.017)));
            assert_eq!(at(&cities, "1.0.2.0"), None);
        }
        let cities = read(DBIP.as_bytes(), "a.csv").unwrap();
        assert_eq!(at(&cities, "2a00:1450:4001::1").unwrap().name, "Dublin, \"\"Docks\"\"");
        let cities = read(OTHER.as_bytes(), "a.csv").unwrap();
        let country = |last: u8| cities.country.v4.get(u32::from_be_bytes([1, 0, 1, last]));
        let china = CountryCode::new("CN").map(country_value).unwrap();
        assert_eq!([country(9), country(10)], [china, 0], "a line without a city still has a country");
    }

    #[test]
    fn lists_of_systems_are_not_taken_for_cities() {
        for line in
            ["1.0.0.0,1.0.0.255,13335,\"A, B, C, D, E, F\"", "start,end,asn,name", "1.0.0.0,1.0.0.255,AU"]
        {
            assert!(!looks_so(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        for line in [
            "1.0.0.9,1.0.0.0,OC,AU,Q,S,1,2",
            "1.0.0.0,::1,OC,AU,Q,S,1,2",
            "1.0.0.0,1.0.0.1,OC,AU,Q,S,north,2",
            "1.0.0.0,1.0.0.1,OC,AU,Q,S,1",
            "row",
        ] {
            let error = read(format!("{DBIP}{line}\n").as_bytes(), "a.csv").unwrap_err();
            assert!(matches!(error, RoutesError::Record { record: 3, .. }), "{line}: {error}");
        }
    }
}
