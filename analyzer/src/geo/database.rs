//! Any file that a user may hand in, recognised by what is in it and not by its name: a MaxMind DB, a routing table
//! (pyasn, MRT), a list of ranges (CSV, TSV), names of systems (JSON); gzip or bzip2 around it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use super::city;
use super::mmdb::{self, GeoError, Loaded, MMDB_BYTES_MAX, printable};
use super::routes::{Listed, Routes, RoutesError, csv, mrt, pyasn, shown, tsv};
use super::tables::AsNames;

/// What is looked at to recognise a file, in bytes.
const HEAD: u64 = 64 << 10;

/// No more than this is unpacked: a dump of the whole table has 3 GB.
const UNPACKED_MAX: u64 = 16 << 30;

/// What kinds of files are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A MaxMind DB with countries, cities or AS numbers.
    Mmdb,
    /// pyasn's text format.
    Pyasn,
    /// A router's table as an MRT dump.
    Mrt,
    /// Ranges as comma-separated values.
    Csv,
    /// Cities as comma-separated values.
    Cities,
    /// Ranges as tab-separated values.
    Tsv,
    /// Names of systems.
    Names,
}

impl Kind {
    /// What to call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mmdb => "MaxMind DB",
            Self::Pyasn => "pyasn table",
            Self::Mrt => "MRT dump",
            Self::Csv => "ranges (CSV)",
            Self::Cities => "cities (CSV)",
            Self::Tsv => "ranges (TSV)",
            Self::Names => "AS names",
        }
    }
}

/// A file that was read whole and found sound.
#[derive(Debug)]
pub struct Database {
    /// What it is.
    pub kind: Kind,
    /// What it is called: by its maker, or by its file.
    pub name: String,
    /// The day of the data, `YYYY-MM-DD`; empty where neither the data nor the file's name tells.
    pub date: String,
    /// What was repaired or left out, in words.
    pub notice: Option<String>,
    /// What it holds.
    pub content: Content,
}

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// Tables of countries, systems and cities.
    Tables(Box<Loaded>),
    /// A routing table.
    Routes(Routes),
    /// Ranges with the systems that hold them.
    Listed(Listed),
    /// Names of systems.
    Names(AsNames),
}

/// Reads a file of any kind; `path` is for messages, and its last part for the day where the data does not tell.
///
/// # Errors
/// [`GeoError`] for a file of no known kind, and at the first record that is wrong.
pub fn read(input: impl BufRead, path: &str) -> Result<Database, GeoError> {
    let unreadable = |error: io::Error| {
        GeoError::Records(RoutesError::Unreadable {
            name: path.to_owned(),
            record: 1,
            reason: error.to_string(),
        })
    };
    let mut input = unpacked(input).map_err(unreadable)?;
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    let kind = kind(&head).ok_or_else(|| GeoError::Unknown { path: path.to_owned(), found: shown(&head) })?;
    let told = told(&head, kind, path);
    let input = Cursor::new(head).chain(input);
    match kind {
        Kind::Mmdb => tables(input, path),
        Kind::Pyasn => Ok(told.holds(Content::Routes(pyasn::read(input, path)?))),
        Kind::Mrt => Ok(dumped(told, mrt::read(input, path)?)),
        Kind::Csv => Ok(listed(told, csv::read(input, path)?)),
        Kind::Cities => Ok(cities(told, city::csv::read(input, path)?)),
        Kind::Tsv => Ok(listed(told, tsv::read(input, path)?)),
        Kind::Names => Ok(told.holds(Content::Names(super::routes::as_names_of(input, path)?))),
    }
}

fn tables(input: impl Read, path: &str) -> Result<Database, GeoError> {
    let mut bytes = Vec::new();
    let unreadable =
        |error: io::Error| GeoError::Damaged { path: path.to_owned(), reason: error.to_string() };
    input.take(MMDB_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(mmdb::load(&bytes, path)?.into())
}

impl From<Loaded> for Database {
    fn from(loaded: Loaded) -> Self {
        let (name, date) = (loaded.name.clone(), loaded.date().to_owned());
        Self { kind: Kind::Mmdb, name, date, notice: None, content: Content::Tables(Box::new(loaded)) }
    }
}

fn dumped(mut told: Told, dump: mrt::Dump) -> Database {
    told.date = dump.date;
    let notice = (dump.skipped > 0)
        .then(|| format!("{} entries without an origin, and default routes, left out", dump.skipped));
    Database { notice, ..told.holds(Content::Routes(dump.routes)) }
}

fn listed(told: Told, listed: Listed) -> Database {
    let notice = overlapping(listed.overlaps);
    Database { notice, ..told.holds(Content::Listed(listed)) }
}

fn cities(told: Told, read: city::csv::Cities) -> Database {
    let notice = overlapping(read.overlaps);
    let (name, country, city) = (told.name.clone(), Some(read.country), read.city);
    let loaded = Loaded { name, country, asn: None, city };
    Database { notice, ..told.holds(Content::Tables(Box::new(loaded))) }
}

fn overlapping(overlaps: u64) -> Option<String> {
    (overlaps > 0).then(|| format!("{overlaps} ranges overlap others; the later start holds"))
}

/// Takes off gzip or bzip2, as the first bytes tell.
fn unpacked<'a>(mut input: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let head = input.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let unpacked = BufReader::with_capacity(HEAD as usize, MultiGzDecoder::new(input));
        return Ok(Box::new(unpacked.take(UNPACKED_MAX)));
    }
    if head.starts_with(b"BZh") {
        let unpacked = BufReader::with_capacity(HEAD as usize, MultiBzDecoder::new(input));
        return Ok(Box::new(unpacked.take(UNPACKED_MAX)));
    }
    Ok(Box::new(input.take(UNPACKED_MAX)))
}

fn kind(head: &[u8]) -> Option<Kind> {
    if mrt::looks_so(head) {
        return Some(Kind::Mrt);
    }
    let Some(line) = lines(head).find(|line| !is_comment(line)) else {
        return lines(head).next().map(|_| Kind::Pyasn).filter(|_| is_text(head));
    };
    if !is_text(line) {
        return Some(Kind::Mmdb);
    }
    let fields = |separator: u8| line.split(|byte| *byte == separator).count();
    match line {
        _ if line.starts_with(b"{") => Some(Kind::Names),
        _ if city::csv::looks_so(line) => Some(Kind::Cities),
        _ if fields(b',') >= 3 => Some(Kind::Csv),
        _ if fields(b'\t') >= 3 => Some(Kind::Tsv),
        [first, ..] if line.contains(&b'/') && (first.is_ascii_hexdigit() || *first == b':') => {
            Some(Kind::Pyasn)
        }
        _ => None,
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

fn is_comment(line: &[u8]) -> bool {
    line.starts_with(b";") || line.starts_with(b"#")
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| *byte < b' ' && !byte.is_ascii_whitespace())
        && !matches!(std::str::from_utf8(bytes), Err(error) if error.error_len().is_some())
}

/// What comments and the file's name tell.
struct Told {
    kind: Kind,
    name: String,
    date: String,
}

impl Told {
    fn holds(self, content: Content) -> Database {
        Database { kind: self.kind, name: self.name, date: self.date, notice: None, content }
    }
}

fn told(head: &[u8], kind: Kind, path: &str) -> Told {
    let file = path.rsplit('/').next().unwrap_or(path);
    let comments: Vec<&str> = lines(head)
        .take_while(|line| is_comment(line))
        .filter_map(|line| std::str::from_utf8(line).ok())
        .map(|line| line.trim_start_matches([';', '#', ' ']))
        .collect();
    let named = comments.iter().find_map(|line| line.strip_prefix("source: ")).map(printable);
    let date = comments.iter().copied().chain([file]).find_map(day).unwrap_or_default();
    Told { kind, name: named.unwrap_or_else(|| printable(file)), date }
}

/// The first day in a text, `YYYY-MM-DD` or `YYYYMMDD`, as file names of dumps have it.
fn day(text: &str) -> Option<String> {
    let plain = text.split(|char: char| !char.is_ascii_digit() && char != '-').find_map(|word| {
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        (digits.len() == 8 && (word.len() == 8 || word.len() == 10)).then_some(digits)
    })?;
    let (year, month, day) = (&plain[..4], &plain[4..6], &plain[6..]);
    let fits =
        ("1990".."2200").contains(&year) && ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
    fits.then(|| format!("{year}-{month}-{day}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn dat() -> &'static str {
        "; IP-ASN32-DAT file\n; Original file : rib.20260601.0000.bz2\n192.0.2.0/24\t64496\n"
    }

    #[test]
    fn a_file_is_what_is_in_it() {
        let cases: [(&[u8], Option<Kind>); 10] = [
            (b"1.0.0.0,1.0.0.255,OC,AU,Queensland,Brisbane,-27.5,153.0\n", Some(Kind::Cities)),
            (dat().as_bytes(), Some(Kind::Pyasn)),
            (b"192.0.2.0,192.0.2.255,64496,\"Example\"\n", Some(Kind::Csv)),
            (b"start,end,asn,name\n", Some(Kind::Csv)),
            (b"192.0.2.0\t192.0.2.255\t64496\tNL\tExample\n", Some(Kind::Tsv)),
            (b" {\"1\": \"x\"}", Some(Kind::Names)),
            (&[0, 0, 1, 0, 0, 7, 0, 0, 2], Some(Kind::Mmdb)),
            (b"hello\n", None),
            (b"<html>not found</html>", None),
            (b"", None),
        ];
        for (head, expected) in cases {
            assert_eq!(kind(head), expected, "{head:?}");
        }
    }

    #[test]
    fn gzip_and_bzip2_are_taken_off_whatever_the_name_says() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(dat().as_bytes()).unwrap();
        let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bz.write_all(dat().as_bytes()).unwrap();
        for bytes in [dat().as_bytes().to_vec(), gz.finish().unwrap(), bz.finish().unwrap()] {
            let read = read(bytes.as_slice(), "/data/table.txt").unwrap();
            assert_eq!(
                (read.kind, read.date.as_str(), read.name.as_str()),
                (Kind::Pyasn, "2026-06-01", "table.txt")
            );
            assert!(matches!(read.content, Content::Routes(routes) if routes.len() == 1));
        }
    }

    #[test]
    fn a_cut_archive_names_the_record_it_ends_in() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        (0..9_000).for_each(|_| gz.write_all(dat().as_bytes()).unwrap());
        let bytes = gz.finish().unwrap();
        let error = read(&bytes[..bytes.len() - 20_000], "a.gz").unwrap_err();
        assert!(matches!(error, GeoError::Records(RoutesError::Unreadable { record: 2.., .. })), "{error}");
    }

    #[test]
    fn the_day_is_found_in_names_of_dumps() {
        for (text, expected) in [
            ("ipasn_20260101.0000.dat", Some("2026-01-01")),
            ("date: 2026-06-17", Some("2026-06-17")),
            ("rib.20261301.bz2", None),
            ("v1234567", None),
            ("20260101123", None),
        ] {
            assert_eq!(day(text).as_deref(), expected, "{text}");
        }
    }
}
