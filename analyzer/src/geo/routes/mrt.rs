//! A dump of a router's table, as RouteViews and RIPE RIS publish them: MRT (RFC 6396), types TABLE_DUMP and
//! TABLE_DUMP_V2, its paths with an identifier, too (RFC 8050).
//!
//! The origin is the last system of AS_PATH; where that ends in an AS_SET, each of its members is one, and a prefix
//! that neighbours learned from different origins has several. Streamed: a table of 2 GB takes the memory of its
//! prefixes. Default routes and number 0, which no one may announce (RFC 7607), are left out.

use std::io::BufRead;
use std::net::IpAddr;

use super::{ROUTES_MAX, Routes, RoutesBuilder, RoutesError};
use crate::geo::Asn;
use crate::geo::mmdb::date;
use crate::network::Network;

/// The largest record taken, in bytes; one of 60 neighbours' paths has about 10,000.
pub(in crate::geo) const RECORD_MAX: usize = 16 << 20;

/// MRT types, RFC 6396 §4.
const TABLE_DUMP: u16 = 12;
const TABLE_DUMP_V2: u16 = 13;

/// Path attributes, RFC 4271 §5 and RFC 6793 §3.
const AS_PATH: u8 = 2;
const AS4_PATH: u8 = 17;

/// Stands for a number of 32 bits where only 16 fit, RFC 6793 §9.
const AS_TRANS: u32 = 23_456;

/// What a dump gave.
#[derive(Debug)]
pub struct Dump {
    /// Its prefixes.
    pub routes: Routes,
    /// The day it was taken, `YYYY-MM-DD`.
    pub date: String,
    /// Entries left out: default routes, paths without an origin.
    pub skipped: u64,
}

/// Reads a whole dump; `name` is for messages, records are counted from 1.
///
/// # Errors
/// [`RoutesError`] at the first record that is wrong or cut, and for a dump without prefixes.
pub fn read(mut input: impl BufRead, name: &str) -> Result<Dump, RoutesError> {
    let mut reader = Reader::default();
    let (mut record, mut taken_at) = (0, 0);
    let mut body = Vec::new();
    loop {
        record += 1;
        let unreadable = |error: std::io::Error| {
            let reason = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => "it is cut".to_owned(),
                _ => error.to_string(),
            };
            RoutesError::Unreadable { name: name.to_owned(), record, reason }
        };
        if input.fill_buf().map_err(unreadable)?.is_empty() {
            break;
        }
        let mut head = [0; 12];
        input.read_exact(&mut head).map_err(unreadable)?;
        let header = Header::of(head);
        let wrong = |expected| wrong(name, record, expected, &head);
        if header.length > RECORD_MAX {
            return Err(wrong("an MRT record of at most 16777216 bytes"));
        }
        body.resize(header.length, 0);
        input.read_exact(&mut body).map_err(unreadable)?;
        taken_at = header.seconds;
        reader.take(&header, &body).ok_or_else(|| wrong("a sound TABLE_DUMP or TABLE_DUMP_V2 record"))?;
    }
    finish(reader, name, taken_at)
}

fn wrong(name: &str, record: u64, expected: &'static str, head: &[u8]) -> RoutesError {
    let header =
        head.iter().fold(String::from("a record with the header"), |text, byte| format!("{text} {byte:02x}"));
    RoutesError::Record { name: name.to_owned(), record, expected, found: header }
}

fn finish(reader: Reader, name: &str, taken_at: u32) -> Result<Dump, RoutesError> {
    let name = name.to_owned();
    if reader.routes.dropped() > 0 {
        return Err(RoutesError::TooMany { name, most: ROUTES_MAX });
    }
    let routes = reader.routes.build();
    if routes.is_empty() {
        return Err(RoutesError::Empty {
            name,
            expected: "a dump of a routing table (MRT TABLE_DUMP or TABLE_DUMP_V2)",
        });
    }
    Ok(Dump { routes, date: date(taken_at.into()), skipped: reader.skipped })
}

/// Whether bytes begin as a dump does; other files have a day before 1996 or another type there.
pub(in crate::geo) fn looks_so(head: &[u8]) -> bool {
    let Some(header) = head.first_chunk().map(|head| Header::of(*head)) else { return false };
    let subtypes = match header.kind {
        TABLE_DUMP => 1..=2,
        TABLE_DUMP_V2 => 1..=12,
        _ => return false,
    };
    header.seconds >= 820_454_400 && subtypes.contains(&header.subtype) && header.length <= RECORD_MAX
}

/// The common header, RFC 6396 §2.
struct Header {
    seconds: u32,
    kind: u16,
    subtype: u16,
    length: usize,
}

impl Header {
    fn of(bytes: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        Self {
            seconds: u32::from_be_bytes([a, b, c, d]),
            kind: u16::from_be_bytes([e, f]),
            subtype: u16::from_be_bytes([g, h]),
            length: u32::from_be_bytes([i, j, k, l]) as usize,
        }
    }
}

#[derive(Default)]
struct Reader {
    routes: RoutesBuilder,
    skipped: u64,
    /// Origins of the prefix at hand.
    origins: Vec<u32>,
}

impl Reader {
    /// `None` when the record makes no sense; kinds that hold no prefix of unicast pass.
    fn take(&mut self, header: &Header, body: &[u8]) -> Option<()> {
        let bytes = Bytes(body);
        match (header.kind, header.subtype) {
            (TABLE_DUMP, 1) => self.table_dump(bytes, false),
            (TABLE_DUMP, 2) => self.table_dump(bytes, true),
            (TABLE_DUMP_V2, 2) => self.rib(bytes, false, false),
            (TABLE_DUMP_V2, 4) => self.rib(bytes, true, false),
            (TABLE_DUMP_V2, 8) => self.rib(bytes, false, true),
            (TABLE_DUMP_V2, 10) => self.rib(bytes, true, true),
            // The table of neighbours, multicast, other families, state changes.
            _ => Some(()),
        }
    }

    /// RFC 6396 §4.2.
    fn table_dump(&mut self, mut bytes: Bytes<'_>, is_v6: bool) -> Option<()> {
        let size = if is_v6 { 16 } else { 4 };
        bytes.take(4)?;
        let address = bytes.take(size)?;
        let len = bytes.number(1)? as u8;
        bytes.take(1 + 4 + size + 2)?;
        let network = network(address, len, is_v6)?;
        let attributes = bytes.number(2)? as usize;
        let attributes = bytes.take(attributes)?;
        self.origins.clear();
        origins(Bytes(attributes), 2, &mut self.origins)?;
        self.announce(network);
        Some(())
    }

    /// RFC 6396 §4.3.2, RFC 8050 §4.
    fn rib(&mut self, mut bytes: Bytes<'_>, is_v6: bool, has_path_id: bool) -> Option<()> {
        bytes.take(4)?;
        let len = bytes.number(1)? as u8;
        let address = bytes.take(usize::from(len).div_ceil(8))?;
        let network = network(address, len, is_v6)?;
        self.origins.clear();
        for _ in 0..bytes.number(2)? {
            bytes.take(2 + 4 + if has_path_id { 4 } else { 0 })?;
            let attributes = bytes.number(2)? as usize;
            let attributes = bytes.take(attributes)?;
            let before = self.origins.len();
            origins(Bytes(attributes), 4, &mut self.origins)?;
            self.skipped += u64::from(self.origins.len() == before);
        }
        self.announce(network);
        Some(())
    }

    fn announce(&mut self, network: Network) {
        self.origins.retain(|origin| *origin != 0);
        self.origins.sort_unstable();
        self.origins.dedup();
        if network.prefix_len() == 0 || self.origins.is_empty() {
            self.skipped += 1;
            return;
        }
        for origin in &self.origins {
            self.routes.push(network, Asn(*origin));
        }
    }
}

fn network(bytes: &[u8], len: u8, is_v6: bool) -> Option<Network> {
    if is_v6 {
        let mut address = [0; 16];
        address.get_mut(..bytes.len())?.copy_from_slice(bytes);
        (len <= 128).then(|| Network::new(IpAddr::from(address), len))
    } else {
        let mut address = [0; 4];
        address.get_mut(..bytes.len())?.copy_from_slice(bytes);
        (len <= 32).then(|| Network::new(IpAddr::from(address), len))
    }
}

/// Adds the origins that a route's attributes name; numbers in AS_PATH have so many bytes.
fn origins(mut attributes: Bytes<'_>, bytes: usize, into: &mut Vec<u32>) -> Option<()> {
    let start = into.len();
    let mut wide = None;
    while !attributes.0.is_empty() {
        let (flags, kind) = (attributes.number(1)?, attributes.number(1)? as u8);
        // The flag "extended length", RFC 4271 §4.3.
        let length = attributes.number(if flags & 0x10 == 0 { 1 } else { 2 })? as usize;
        let value = attributes.take(length)?;
        match kind {
            AS_PATH => last_segment(Bytes(value), bytes, into)?,
            AS4_PATH => wide = Some(value),
            _ => {}
        }
    }
    if let (Some(wide), true) = (wide, into[start..].contains(&AS_TRANS)) {
        into.truncate(start);
        last_segment(Bytes(wide), 4, into)?;
    }
    Some(())
}

/// The origins of a path: the last number of its last sequence, or all of its last set. What is of a confederation
/// (RFC 5065) does not count.
fn last_segment(mut path: Bytes<'_>, bytes: usize, into: &mut Vec<u32>) -> Option<()> {
    const AS_SET: u32 = 1;
    const AS_SEQUENCE: u32 = 2;
    let mut last = None;
    while !path.0.is_empty() {
        let (kind, count) = (path.number(1)?, path.number(1)? as usize);
        let numbers = path.take(count * bytes)?;
        if matches!(kind, AS_SET | AS_SEQUENCE) && count > 0 {
            last = Some((kind, numbers));
        }
    }
    let Some((kind, numbers)) = last else { return Some(()) };
    let mut numbers = numbers
        .chunks_exact(bytes)
        .map(|number| number.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
    if kind == AS_SET {
        into.extend(numbers);
    } else {
        into.extend(numbers.next_back());
    }
    Some(())
}

/// Bytes that are taken from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// A big-endian number of up to four bytes.
    fn number(&mut self, len: usize) -> Option<u32> {
        Some(self.take(len)?.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
        let mut out = 1_780_272_000_u32.to_be_bytes().to_vec();
        out.extend(kind.to_be_bytes());
        out.extend(subtype.to_be_bytes());
        out.extend((body.len() as u32).to_be_bytes());
        out.extend(body);
        out
    }

    /// Segments of a path: kind and numbers of so many bytes; as an attribute with extended length.
    fn path(attribute: u8, bytes: usize, segments: &[(u8, &[u32])]) -> Vec<u8> {
        let mut value = Vec::new();
        for (kind, numbers) in segments {
            value.extend([*kind, numbers.len() as u8]);
            numbers.iter().for_each(|number| value.extend(&number.to_be_bytes()[4 - bytes..]));
        }
        let mut out = vec![0x50, attribute];
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
        out
    }

    fn rib(network: (&[u8], u8), paths: &[Vec<u8>], path_id: bool) -> Vec<u8> {
        let mut out = vec![0, 0, 0, 1, network.1];
        out.extend(network.0);
        out.extend((paths.len() as u16).to_be_bytes());
        for attributes in paths {
            out.extend([0; 6]);
            out.extend(if path_id { vec![0, 0, 0, 9] } else { vec![] });
            // ORIGIN before AS_PATH, with a length of one byte.
            out.extend((attributes.len() as u16 + 4).to_be_bytes());
            out.extend([0x40, 1, 1, 0]);
            out.extend(attributes);
        }
        out
    }

    fn dump() -> Vec<u8> {
        let sequence = |numbers: &[u32]| path(AS_PATH, 4, &[(2, numbers)]);
        [
            record(13, 1, &[0; 8]),
            record(
                13,
                2,
                &rib((&[192, 0, 2], 24), &[sequence(&[1, 64_496]), sequence(&[2, 3, 64_496])], false),
            ),
            record(
                13,
                2,
                &rib((&[198, 51, 100], 24), &[sequence(&[1, 64_500]), sequence(&[2, 64_497])], false),
            ),
            record(13, 2, &rib((&[10], 8), &[path(AS_PATH, 4, &[(2, &[1, 2]), (1, &[7, 6])])], false)),
            record(13, 2, &rib((&[], 0), &[sequence(&[1, 2])], false)),
            record(13, 3, &rib((&[224], 4), &[sequence(&[1, 2])], false)),
            record(
                13,
                4,
                &rib(
                    (&[0x20, 1, 0x0d, 0xb8], 32),
                    &[path(AS_PATH, 4, &[(2, &[5, 4_200_000_000]), (3, &[65_000])])],
                    false,
                ),
            ),
            record(13, 8, &rib((&[203, 0, 112], 22), &[sequence(&[64_498])], true)),
            record(13, 10, &rib((&[0x20, 1, 0x0d, 0xb9], 32), &[sequence(&[64_499])], true)),
            record(16, 4, &[1, 2, 3]),
        ]
        .concat()
    }

    fn found(routes: &Routes, address: &str) -> (String, Vec<u32>) {
        let route = routes.get(address.parse().unwrap()).unwrap();
        (route.network.to_string(), route.origins.iter().map(|asn| asn.0).collect())
    }

    #[test]
    fn the_last_system_of_each_path_is_an_origin() {
        let dump = read(dump().as_slice(), "rib").unwrap();
        for (address, network, origins) in [
            ("192.0.2.1", "192.0.2.0/24", vec![64_496]),
            ("198.51.100.1", "198.51.100.0/24", vec![64_497, 64_500]),
            ("10.9.9.9", "10.0.0.0/8", vec![6, 7]),
            ("2001:db8::1", "2001:db8::/32", vec![4_200_000_000]),
            ("203.0.113.1", "203.0.112.0/22", vec![64_498]),
            ("2001:db9::1", "2001:db9::/32", vec![64_499]),
        ] {
            assert_eq!(found(&dump.routes, address), (network.to_owned(), origins));
        }
        assert_eq!((dump.routes.len(), dump.skipped, dump.date.as_str()), (6, 1, "2026-06-01"));
    }

    #[test]
    fn the_old_form_has_numbers_of_16_bits_and_a_second_path_for_wider_ones() {
        let entry = |attributes: &[u8]| {
            let mut body = vec![0, 0, 0, 1, 192, 0, 2, 0, 24, 1];
            body.extend([0; 4 + 4 + 2]);
            body.extend((attributes.len() as u16).to_be_bytes());
            body.extend(attributes);
            record(12, 1, &body)
        };
        let narrow = path(AS_PATH, 2, &[(2, &[1, 64_496])]);
        let wide =
            [path(AS_PATH, 2, &[(2, &[1, AS_TRANS])]), path(AS4_PATH, 4, &[(2, &[1, 400_000])])].concat();
        let dump = read([entry(&narrow), entry(&wide)].concat().as_slice(), "rib").unwrap();
        assert_eq!(found(&dump.routes, "192.0.2.1"), ("192.0.2.0/24".into(), vec![64_496, 400_000]));
    }

    #[test]
    fn a_cut_or_absurd_record_is_named() {
        let whole = dump();
        let error = read(&whole[..whole.len() - 1], "rib").unwrap_err().to_string();
        assert_eq!(error, "rib: record 10: cannot read on: it is cut");
        let error =
            read([whole, record(13, 2, &[0, 0, 0, 1, 33, 1, 1, 1, 1, 1, 0, 0])].concat().as_slice(), "rib")
                .unwrap_err();
        assert!(matches!(&error, RoutesError::Record { record: 11, .. }), "{error}");
        assert!(matches!(read([0xff; 12].as_slice(), "rib"), Err(RoutesError::Record { record: 1, .. })));
        assert!(matches!(read([].as_slice(), "rib"), Err(RoutesError::Empty { .. })));
        assert!(matches!(read(record(13, 1, &[]).as_slice(), "rib"), Err(RoutesError::Empty { .. })));
    }

    proptest! {
        #[test]
        fn no_damage_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = dump();
            let position = at.index(bytes.len());
            bytes[position] = byte;
            bytes.truncate(cut.index(bytes.len() * 2).min(bytes.len()));
            let _ = (read(bytes.as_slice(), "rib"), looks_so(&bytes));
        }
    }
}
