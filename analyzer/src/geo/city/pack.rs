//! The file format of the bundled city table, written by `cargo xtask geo` and read when the program is built.
//!
//! A gzip member (RFC 1952) around eight bytes of magic, ten of date, then columns; numbers are little-endian base-128
//! varints, signed ones zigzag. Places come in order, so that a column is what changes from one to the next: regions
//! (two letters of country, `--` for none, and the name), names in each region, cells of each name, the names, the
//! steps of latitude and of longitude in tenths of a degree (a latitude of 100° is none).
//!
//! Then each family. A distance from one start to the next is an odd number times a power of two: one byte holds the
//! power and the odd number when that is small, and what is larger follows in a column of its own. A place is one byte
//! when the same place was seen less than [`AGO_MOST`] segments ago or its number is near the one before: places sorted
//! by region lie near each other as their addresses do. Else it is 0, and the number follows, in three bytes, in the
//! last column. It is read as it is unpacked, so that reading takes little more memory than the table.

use std::io::{BufRead, BufReader, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::blocks::{Blocks, Builder, Suffix, V4_BITS, V6_BITS, VALUE_MOST};
use super::table::{CityTable, Places};
use super::{Cell, City};
use crate::geo::CountryCode;
use crate::geo::pack::NotATable;
use crate::geo::tables::country_value;

const MAGIC: &[u8; 8] = b"WGEO-CT1";
const DATE_LEN: usize = 10;
const NO_COUNTRY: &[u8; 2] = b"--";
/// A latitude in tenths that is none.
const NO_LAT: i32 = 1000;

/// The longest way back that a byte tells, in segments.
const AGO_MOST: usize = 126;
/// The code of "the same number as before"; those around it are so much less or more.
const NEAR: i64 = 191;
const NEAR_MOST: i64 = 64;

/// No count in a file is larger; it bounds what damage can make us set aside.
const COUNT_MAX: u64 = 16 << 20;
/// No name is longer, in bytes.
const LINE_MAX: u64 = 1024;

/// Writes a table.
pub fn pack(table: &CityTable) -> std::io::Result<Vec<u8>> {
    let mut out = MAGIC.to_vec();
    out.extend(format!("{:<DATE_LEN$.DATE_LEN$}", table.date).bytes());
    put_places(&mut out, &table.places);
    put_blocks(&mut out, &table.v4, V4_BITS);
    put_blocks(&mut out, &table.v6, V6_BITS);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&out)?;
    encoder.finish()
}

/// The columns of the places while they are written.
#[derive(Default)]
struct PlaceColumns {
    regions: Vec<u8>,
    names_of: Vec<u64>,
    cells_of: Vec<u64>,
    names: Vec<u8>,
    lat: Vec<u8>,
    lon: Vec<u8>,
}

fn put_places(out: &mut Vec<u8>, places: &Places) {
    let mut columns = PlaceColumns::default();
    let mut before: Option<City<'_>> = None;
    for city in (1..=places.len() as u32).filter_map(|number| places.get(number)) {
        let same_region =
            before.is_some_and(|other| (other.country, other.region) == (city.country, city.region));
        let same_name = same_region && before.is_some_and(|other| other.name == city.name);
        columns.place(&city, before.as_ref(), same_region, same_name);
        before = Some(city);
    }
    for counts in [&columns.names_of, &columns.cells_of] {
        varint(out, counts.len() as u64);
        counts.iter().for_each(|count| varint(out, *count));
    }
    for column in [columns.regions, columns.names, columns.lat, columns.lon] {
        out.extend(column);
    }
}

impl PlaceColumns {
    fn place(&mut self, city: &City<'_>, before: Option<&City<'_>>, same_region: bool, same_name: bool) {
        if !same_region {
            let code = city.country.as_ref().map_or(NO_COUNTRY.as_slice(), |code| code.as_str().as_bytes());
            self.regions.extend(code.iter().copied().chain(city.region.bytes()).chain([b'\n']));
            self.names_of.push(0);
        }
        if !same_name {
            self.names.extend(city.name.bytes().chain([b'\n']));
            self.cells_of.push(0);
            self.names_of.last_mut().into_iter().for_each(|count| *count += 1);
        }
        self.cells_of.last_mut().into_iter().for_each(|count| *count += 1);
        let ((lat, lon), (lat_before, lon_before)) = (tenths(city), before.map_or((0, 0), tenths));
        varint(&mut self.lat, zigzag(lat - lat_before));
        varint(&mut self.lon, zigzag(lon - lon_before));
    }
}

fn tenths(city: &City<'_>) -> (i32, i32) {
    city.cell.map_or((NO_LAT, 0), Cell::tenths)
}

fn put_blocks<S: Suffix>(out: &mut Vec<u8>, blocks: &Blocks<S>, bits: u32) {
    let segments: Vec<(u64, u32)> = blocks.segments().collect();
    varint(out, segments.len() as u64);
    let mut large = Vec::new();
    for pair in segments.windows(2) {
        let distance = pair[1].0 - pair[0].0;
        let power = distance.trailing_zeros();
        let half = distance >> power >> 1;
        let most = halves(bits) - 1;
        out.push((u64::from(power) * halves(bits) + half.min(most)) as u8);
        if half >= most {
            varint(&mut large, half - most);
        }
    }
    out.extend(large);
    put_values(out, &segments);
}

fn put_values(out: &mut Vec<u8>, segments: &[(u64, u32)]) {
    let mut seen = vec![usize::MAX; 1 + segments.iter().map(|row| row.1 as usize).max().unwrap_or(0)];
    let (mut before, mut far) = (0, Vec::new());
    for (at, &(_, value)) in segments.iter().enumerate() {
        let last = std::mem::replace(&mut seen[value as usize], at);
        let step = i64::from(value) - i64::from(before);
        if last != usize::MAX && at - last <= AGO_MOST {
            out.push((at - last) as u8);
        } else if step.abs() <= NEAR_MOST {
            out.push((NEAR + step) as u8);
        } else {
            out.push(0);
            far.extend_from_slice(&value.to_le_bytes()[..3]);
        }
        before = value;
    }
    out.extend(far);
}

/// How many odd numbers, halved, have codes of their own with each power of two; the last means "more follows".
const fn halves(bits: u32) -> u64 {
    256 / (bits as u64 + 1)
}

const fn zigzag(value: i32) -> u64 {
    ((value << 1) ^ (value >> 31)) as u32 as u64
}

const fn unzigzag(value: u64) -> i32 {
    ((value >> 1) as i32) ^ -((value & 1) as i32)
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a table.
pub fn unpack(packed: &[u8]) -> Result<CityTable, NotATable> {
    let mut rest = Rest(BufReader::with_capacity(1 << 16, GzDecoder::new(packed)));
    if rest.bytes(MAGIC.len())? != MAGIC {
        return Err(NotATable::new("its first bytes name another kind or version"));
    }
    let date = String::from_utf8(rest.bytes(DATE_LEN)?).map_err(|_| NotATable::new("its date is no text"))?;
    let places = rest.places()?;
    let v4 = rest.blocks(V4_BITS, places.len())?;
    let v6 = rest.blocks(V6_BITS, places.len())?;
    Ok(CityTable { date, places, v4, v6 })
}

/// What is left to read.
struct Rest<R>(R);

impl<R: BufRead> Rest<R> {
    fn bytes(&mut self, len: usize) -> Result<Vec<u8>, NotATable> {
        let mut bytes = Vec::new();
        let read = self.0.by_ref().take(len as u64).read_to_end(&mut bytes);
        let whole = read.is_ok_and(|read| read == len);
        if whole { Ok(bytes) } else { Err(NotATable::new("it ends early, or is damaged")) }
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, NotATable> {
        let mut byte = [0];
        match self.0.read_exact(&mut byte) {
            Ok(()) => Ok(byte[0]),
            Err(_) => Err(NotATable::new("it ends early, or is damaged")),
        }
    }

    fn varint(&mut self) -> Result<u64, NotATable> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(NotATable::new("a number is too long"))
    }

    fn count(&mut self) -> Result<usize, NotATable> {
        let count = self.varint()?;
        if count > COUNT_MAX { Err(NotATable::new("a count is too large")) } else { Ok(count as usize) }
    }

    fn counts(&mut self) -> Result<Vec<usize>, NotATable> {
        let len = self.count()?;
        (0..len).map(|_| self.count()).collect()
    }

    fn line(&mut self, line: &mut String) -> Result<(), NotATable> {
        line.clear();
        let read = self.0.by_ref().take(LINE_MAX).read_line(line);
        read.map_err(|_| NotATable::new("a name is not UTF-8, or the file is damaged"))?;
        if line.pop() == Some('\n') { Ok(()) } else { Err(NotATable::new("a name has no end")) }
    }

    fn places(&mut self) -> Result<Places, NotATable> {
        let (names_of, cells_of) = (self.counts()?, self.counts()?);
        let mut line = String::new();
        let mut regions = Vec::new();
        for _ in 0..names_of.len() {
            self.line(&mut line)?;
            regions.push(region(&line)?);
        }
        let mut places = Places::default();
        let (mut cells_of, mut names) = (cells_of.into_iter(), Vec::new());
        for ((country, region), names_in) in regions.iter().zip(names_of) {
            places.begin_region(*country, region);
            for cells in cells_of.by_ref().take(names_in) {
                self.line(&mut line)?;
                let name = places.write(&line);
                names.push((name, places.regions(), cells));
            }
        }
        self.cells(&mut places, &names)?;
        places.shrink();
        Ok(places)
    }

    /// Latitudes and longitudes of all places; `names`: where each begins, how many regions there were, and its cells.
    fn cells(&mut self, places: &mut Places, names: &[(u32, usize, usize)]) -> Result<(), NotATable> {
        let total: usize = names.iter().map(|name| name.2).sum();
        if total > VALUE_MOST as usize {
            return Err(NotATable::new("it has too many places"));
        }
        let mut lat = 0;
        let mut lats = Vec::new();
        for _ in 0..total {
            lat += unzigzag(self.varint()?).clamp(-4000, 4000);
            lats.push(lat);
        }
        let (mut lon, mut lats) = (0, lats.into_iter());
        for &(name, regions, cells) in names {
            for lat in lats.by_ref().take(cells) {
                lon += unzigzag(self.varint()?).clamp(-4000, 4000);
                places.push_in(regions, name, Cell::from_tenths(lat, lon));
            }
        }
        Ok(())
    }

    fn blocks<S: Suffix>(&mut self, bits: u32, places: usize) -> Result<Blocks<S>, NotATable> {
        let segments = self.count()?;
        let steps = segments.checked_sub(1).ok_or(NotATable::new("it has no segment"))?;
        let starts = self.starts(steps, bits)?;
        let values = self.bytes(segments)?;
        let mut builder = Builder::new(bits);
        builder.reserve(segments);
        let mut recent = [0_u32; 128];
        let mut before = 0;
        let mut from = 0;
        for (at, &code) in values.iter().enumerate() {
            let end = starts.get(at).map_or(1 << bits, |step| from + step);
            before = match usize::from(code) {
                0 => self.place()?,
                ago @ 1..=AGO_MOST => recent[at.wrapping_sub(ago) % recent.len()],
                near => (i64::from(before) + near as i64 - NEAR) as u32,
            };
            if before as usize > places {
                return Err(NotATable::new("a place is not in the list"));
            }
            recent[at % recent.len()] = before;
            builder.push(from, end, before).map_err(|_| NotATable::new("blocks do not ascend"))?;
            from = end;
        }
        Ok(builder.build())
    }

    /// Distances from each start to the next.
    fn starts(&mut self, steps: usize, bits: u32) -> Result<Vec<u64>, NotATable> {
        let codes = self.bytes(steps)?;
        let mut distances = Vec::with_capacity(steps);
        for code in codes {
            let (power, mut half) = (u64::from(code) / halves(bits), u64::from(code) % halves(bits));
            if half == halves(bits) - 1 {
                half = half.saturating_add(self.varint()?);
            }
            let odd = half.checked_mul(2).and_then(|even| even.checked_add(1));
            let distance = odd.filter(|odd| *odd < 1 << bits).and_then(|odd| odd.checked_mul(1 << power));
            distances.push(
                distance
                    .filter(|distance| *distance < 1 << bits)
                    .ok_or(NotATable::new("a block is too large"))?,
            );
        }
        Ok(distances)
    }

    fn place(&mut self) -> Result<u32, NotATable> {
        let bytes = [self.byte()?, self.byte()?, self.byte()?, 0];
        Ok(u32::from_le_bytes(bytes))
    }
}

/// Country value and name of a region's line.
fn region(line: &str) -> Result<(u16, String), NotATable> {
    let (code, name) = line.split_at_checked(2).ok_or(NotATable::new("a region has no country"))?;
    if code.as_bytes() == NO_COUNTRY {
        return Ok((0, name.to_owned()));
    }
    let code = CountryCode::new(code).ok_or(NotATable::new("a country code is no code"))?;
    Ok((country_value(code), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geo::city::gather::Gather;
    use crate::geo::city::record::CityRecord;

    /// A table of a few places, and networks with the numbers that their places are given.
    fn table(networks: &[(u32, u8)]) -> CityTable {
        let mut gather = Gather::new(48);
        let nl = country_value(CountryCode::new("NL").unwrap());
        let city = CityRecord::at("Enschede", "Overijssel", (52.2, 6.9));
        let island = CityRecord::at("Wyk auf Föhr", "", (54.7, 8.6));
        let places =
            [(0, &city), (nl, &city), (nl, &island)].map(|(country, city)| gather.place(country, city));
        for (at, &(step, place)) in networks.iter().enumerate() {
            let place = if place < 3 { places[usize::from(place)] } else { 0 };
            let first = (at as u32) << 16 | (step & 0xff) << 8;
            gather.push_v4(first, 24, place).unwrap();
            gather.push_v6(0x2a00 << 112 | u128::from(first) << 64, 56, place).unwrap();
        }
        gather.finish("2026-06-05".to_owned()).unwrap().unwrap()
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(networks in prop::collection::vec((any::<u32>(), 0_u8..4), 1..300)) {
            let table = table(&networks);
            let back = unpack(&pack(&table).unwrap()).unwrap();
            prop_assert!(back.v4.segments().eq(table.v4.segments()));
            prop_assert!(back.v6.segments().eq(table.v6.segments()));
            prop_assert_eq!(&back.date, "2026-06-05");
            for number in 0..=table.places.len() as u32 + 1 {
                prop_assert_eq!(back.places.get(number), table.places.get(number));
            }
        }

        #[test]
        fn no_damage_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let table = table(&[(3, 0), (4, 1), (9, 2), (7, 1), (200, 3), (4, 2)]);
            let mut bytes = Vec::new();
            GzDecoder::new(&pack(&table).unwrap()[..]).read_to_end(&mut bytes).unwrap();
            let position = at.index(bytes.len());
            bytes[position] = byte;
            bytes.truncate(cut.index(bytes.len() * 2).min(bytes.len()));
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&bytes).unwrap();
            if let Ok(table) = unpack(&encoder.finish().unwrap()) {
                for address in ["0.0.3.1", "0.1.4.1", "2a00::1", "255.255.255.255"] {
                    let _ = table.get(address.parse().unwrap());
                }
            }
        }
    }
}
