//! The file format of the bundled tables, written by `cargo xtask geo` and read when the program is built.
//!
//! A gzip member (RFC 1952) around: eight bytes of magic, ten of date, then columns. A number is a little-endian
//! base-128 varint. A table of a family is the number of segments (stretches of addresses with one value, gaps
//! included), then, column by column so that like stands beside like and deflate finds it: how many low zero bits
//! each distance from one start to the next has (a byte each), the distances without those bits, the values.
//! Countries are a byte into a list of codes, 0 for none. Systems come back again and again near themselves, so a
//! value is how many segments ago it was last seen, plus one; 1 is the next of the list of first appearances, 0 none.

use std::collections::HashMap;
use std::io::{Read, Write};

use bytemuck::Pod;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::CountryCode;
use super::ranges::{Address, Builder, Ranges};
use super::tables::{AsNames, AsnTable, CountryTable, country_of, country_value};

const COUNTRY: &[u8; 8] = b"WGEO-CC1";
const ASN: &[u8; 8] = b"WGEO-AS1";
const DATE_LEN: usize = 10;

/// No more than this is unpacked: ten times what is needed.
const UNPACKED_MAX: u64 = 64 << 20;

/// Why bytes are no packed table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a packed table: {0}")]
pub struct NotATable(&'static str);

impl NotATable {
    pub(super) const fn new(what: &'static str) -> Self {
        Self(what)
    }
}

const SHORT: NotATable = NotATable("it ends early");

/// Writes a country table.
pub fn pack_country(table: &CountryTable) -> std::io::Result<Vec<u8>> {
    let codes = table.codes();
    let mut out = head(COUNTRY, &table.date);
    varint(&mut out, codes.len() as u128);
    out.extend(codes.iter().flat_map(|code| code.as_str().bytes()));
    let byte_of = |value: u16| {
        let position = country_of(value).and_then(|code| codes.binary_search(&code).ok());
        position.map_or(0, |position| position as u128 + 1)
    };
    put_starts(&mut out, &table.v4);
    table.v4.segments().for_each(|(_, value)| varint(&mut out, byte_of(value)));
    put_starts(&mut out, &table.v6);
    table.v6.segments().for_each(|(_, value)| varint(&mut out, byte_of(value)));
    compress(&out)
}

/// Reads a country table.
pub fn unpack_country(packed: &[u8]) -> Result<CountryTable, NotATable> {
    let bytes = decompress(packed)?;
    let (date, mut rest) = Columns::open(&bytes, COUNTRY)?;
    let mut values = vec![0];
    for _ in 0..rest.count()? {
        let code = std::str::from_utf8(rest.take(2)?).ok().and_then(CountryCode::new);
        values.push(country_value(code.ok_or(NotATable("a country code is no code"))?));
    }
    let v4 = unpack_country_family(&mut rest, &values)?;
    let v6 = unpack_country_family(&mut rest, &values)?;
    Ok(CountryTable { date, v4, v6 })
}

fn unpack_country_family<A: Address>(
    rest: &mut Columns<'_>,
    codes: &[u16],
) -> Result<Ranges<A, u16>, NotATable> {
    let starts = rest.starts()?;
    let mut values = Vec::with_capacity(starts.len());
    for _ in 0..starts.len() {
        let code = codes.get(rest.count()?).ok_or(NotATable("a country is not in the list"))?;
        values.push(*code);
    }
    build(&starts, &values)
}

/// Writes a table of autonomous systems; every one in the ranges must have a name.
pub fn pack_asn(table: &AsnTable) -> std::io::Result<Vec<u8>> {
    let mut out = head(ASN, &table.date);
    varint(&mut out, table.names.len() as u128);
    let mut previous = 0;
    for position in 0..table.names.len() {
        let (asn, _) = table.names.at(position);
        varint(&mut out, u128::from(asn - previous));
        previous = asn;
    }
    for position in 0..table.names.len() {
        out.extend(table.names.at(position).1.bytes().chain([b'\n']));
    }
    pack_asn_family(&mut out, &table.v4, &table.names)?;
    pack_asn_family(&mut out, &table.v6, &table.names)?;
    compress(&out)
}

fn pack_asn_family<A: Address>(
    out: &mut Vec<u8>,
    ranges: &Ranges<A, u32>,
    names: &AsNames,
) -> std::io::Result<()> {
    let mut seen = HashMap::new();
    let (mut first, mut again) = (Vec::new(), Vec::new());
    let mut appearances = 0;
    for (at, (_, asn)) in ranges.segments().enumerate() {
        if asn == 0 {
            varint(&mut again, 0);
        } else if let Some(before) = seen.insert(asn, at) {
            varint(&mut again, (at - before) as u128 + 1);
        } else {
            let unnamed = || std::io::Error::other(format!("AS{asn} has no name"));
            varint(&mut first, names.position(asn).ok_or_else(unnamed)? as u128);
            varint(&mut again, 1);
            appearances += 1;
        }
    }
    put_starts(out, ranges);
    varint(out, appearances);
    out.extend(first);
    out.extend(again);
    Ok(())
}

/// Reads a table of autonomous systems.
pub fn unpack_asn(packed: &[u8]) -> Result<AsnTable, NotATable> {
    let bytes = decompress(packed)?;
    let (date, mut rest) = Columns::open(&bytes, ASN)?;
    let names = unpack_names(&mut rest)?;
    let v4 = unpack_asn_family(&mut rest, &names)?;
    let v6 = unpack_asn_family(&mut rest, &names)?;
    Ok(AsnTable { date, v4, v6, names })
}

fn unpack_names(rest: &mut Columns<'_>) -> Result<AsNames, NotATable> {
    let mut asns = Vec::new();
    let mut asn = 0_u32;
    for _ in 0..rest.count()? {
        let step = u32::try_from(rest.varint()?).ok();
        asn = step.and_then(|step| asn.checked_add(step)).ok_or(NotATable("an AS number is too large"))?;
        asns.push(asn);
    }
    let mut names = AsNames::default();
    for asn in asns {
        let name = rest.line()?;
        if !names.push(asn, name) {
            return Err(NotATable("AS numbers do not ascend"));
        }
    }
    names.shrink();
    Ok(names)
}

fn unpack_asn_family<A: Address>(
    rest: &mut Columns<'_>,
    names: &AsNames,
) -> Result<Ranges<A, u32>, NotATable> {
    let starts = rest.starts()?;
    let mut first = Vec::new();
    for _ in 0..rest.count()? {
        let position = rest.count()?;
        let known = position < names.len();
        first.push(if known { names.at(position).0 } else { return Err(NotATable("a system has no name")) });
    }
    let mut first = first.into_iter();
    let mut values: Vec<u32> = Vec::with_capacity(starts.len());
    for at in 0..starts.len() {
        let value = match rest.count()? {
            0 => Some(0),
            1 => first.next(),
            ago => at.checked_sub(ago - 1).map(|before| values[before]),
        };
        values.push(value.ok_or(NotATable("a value points outside"))?);
    }
    build(&starts, &values)
}

fn head(magic: &[u8; 8], date: &str) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend(format!("{date:<DATE_LEN$.DATE_LEN$}").bytes());
    out
}

fn put_starts<A: Address, V: Pod + PartialEq + Default>(out: &mut Vec<u8>, ranges: &Ranges<A, V>) {
    let starts: Vec<u128> = ranges.segments().map(|(start, _)| start.wide()).collect();
    let distances: Vec<u128> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    varint(out, starts.len() as u128);
    out.extend(distances.iter().map(|distance| distance.trailing_zeros() as u8));
    distances.iter().for_each(|distance| varint(out, distance >> distance.trailing_zeros()));
}

/// Every segment becomes a range again; the builder refuses what is out of order.
fn build<A: Address, V: Pod + PartialEq + Default>(
    starts: &[A],
    values: &[V],
) -> Result<Ranges<A, V>, NotATable> {
    let mut builder = Builder::with_capacity(starts.len());
    for (position, (start, value)) in starts.iter().zip(values).enumerate() {
        let last = starts.get(position + 1).map_or(A::ENDS.1, |next| next.before());
        builder.push(*start, last, *value).map_err(|_| NotATable("ranges do not ascend"))?;
    }
    Ok(builder.build())
}

fn varint(out: &mut Vec<u8>, mut value: u128) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn decompress(packed: &[u8]) -> Result<Vec<u8>, NotATable> {
    let mut bytes = Vec::with_capacity(packed.len() * 3);
    let read = GzDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut bytes);
    read.map_err(|_| NotATable("it is not gzip, or damaged"))?;
    Ok(bytes)
}

/// What is left to read.
struct Columns<'a>(&'a [u8]);

impl<'a> Columns<'a> {
    fn open(bytes: &'a [u8], magic: &[u8; 8]) -> Result<(String, Self), NotATable> {
        let mut rest = Self(bytes);
        if rest.take(magic.len())? != magic {
            return Err(NotATable("its first bytes name another kind or version"));
        }
        let date = std::str::from_utf8(rest.take(DATE_LEN)?).map_err(|_| NotATable("its date is no text"))?;
        Ok((date.to_owned(), rest))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], NotATable> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u128, NotATable> {
        let mut value = 0;
        for shift in (0..128).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(SHORT)?;
            self.0 = rest;
            value |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(NotATable("a number is too long"))
    }

    /// A number that counts or points; most are below 128.
    #[inline]
    fn count(&mut self) -> Result<usize, NotATable> {
        if let [byte @ 0..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(usize::from(*byte));
        }
        usize::try_from(self.varint()?).map_err(|_| NotATable("a count is too large"))
    }

    fn line(&mut self) -> Result<&'a str, NotATable> {
        let end = self.0.iter().position(|byte| *byte == b'\n').ok_or(SHORT)?;
        let line = std::str::from_utf8(self.take(end)?).map_err(|_| NotATable("a name is not UTF-8"))?;
        self.take(1)?;
        Ok(line)
    }

    fn starts<A: Address>(&mut self) -> Result<Vec<A>, NotATable> {
        let segments = self.count()?;
        let shifts = self.take(segments.checked_sub(1).ok_or(NotATable("it has no segment"))?)?;
        let mut starts = Vec::with_capacity(segments);
        let mut start = 0_u128;
        starts.push(A::ENDS.0);
        for &shift in shifts {
            let distance = self.varint()?.checked_shl(u32::from(shift));
            start = distance
                .and_then(|distance| start.checked_add(distance))
                .ok_or(NotATable("a start is too large"))?;
            starts.push(A::narrow(start).ok_or(NotATable("a start is too large"))?);
        }
        Ok(starts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges<A: Address, V: Pod + PartialEq + Default>(rows: &[(A, A, V)]) -> Ranges<A, V> {
        let mut builder = Builder::default();
        for (first, last, value) in rows {
            // Random rows collide; the first one stays.
            let _ = builder.push(*first, *last, *value);
        }
        builder.build()
    }

    fn asn_table(mut v4: Vec<(u32, u32, u32)>, mut v6: Vec<(u128, u128, u32)>) -> AsnTable {
        v4.sort_unstable();
        v6.sort_unstable();
        let mut asns: Vec<u32> = v4.iter().map(|row| row.2).chain(v6.iter().map(|row| row.2)).collect();
        asns.sort_unstable();
        asns.dedup();
        let mut names = AsNames::default();
        asns.iter().for_each(|asn| assert!(names.push(*asn, &format!("Name {asn}"))));
        AsnTable { date: "2026-06-17".into(), v4: ranges(&v4), v6: ranges(&v6), names }
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(
            v4 in prop::collection::vec((any::<u32>(), any::<u32>(), 1_u32..9), 0..40),
            v6 in prop::collection::vec((any::<u128>(), any::<u128>(), 1_u32..9), 0..40),
        ) {
            let table = asn_table(v4, v6);
            let back = unpack_asn(&pack_asn(&table).unwrap()).unwrap();
            prop_assert!(back.v4.segments().eq(table.v4.segments()));
            prop_assert!(back.v6.segments().eq(table.v6.segments()));
            prop_assert_eq!(back.names.len(), table.names.len());
            prop_assert_eq!(back.date, table.date);
        }

        #[test]
        fn no_damage_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let table = asn_table(vec![(1, 5, 7), (9, 9, 8), (70_000, 80_000, 7)], vec![(1 << 125, 1 << 126, 7)]);
            let mut bytes = decompress(&pack_asn(&table).unwrap()).unwrap();
            let position = at.index(bytes.len());
            bytes[position] = byte;
            bytes.truncate(cut.index(bytes.len() * 2).min(bytes.len()));
            let _ = unpack_asn(&compress(&bytes).unwrap());
            let _ = unpack_country(&compress(&bytes).unwrap());
            let _ = unpack_asn(&bytes);
        }
    }

    #[test]
    fn a_country_table_comes_back_with_its_codes() {
        let (us, nl) = (CountryCode::new("US").unwrap(), CountryCode::new("NL").unwrap());
        let table = CountryTable {
            date: "2026-06-01".into(),
            v4: ranges(&[
                (5, 9, country_value(us)),
                (10, 10, country_value(nl)),
                (11, 20, country_value(us)),
            ]),
            v6: ranges(&[(1 << 125, (1 << 125) + 7, country_value(nl))]),
        };
        let back = unpack_country(&pack_country(&table).unwrap()).unwrap();
        assert_eq!(back.codes(), [nl, us]);
        assert!(back.v4.segments().eq(table.v4.segments()));
        assert_eq!(country_of(back.v4.get(10)), Some(nl));
        assert_eq!(country_of(back.v4.get(21)), None);
    }
}
