//! Countries and organisations that somebody knows better, by address: Traffic Analyser's `ipToCountry.csv` (`ip,country`) and
//! `ipToOrg.csv` (`ip,org,country,…`). `None`, `N/A` and empty cells say nothing.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ahash::RandomState;
use clap::Args;

use crate::cli::Failure;

/// Lines of a list, and bytes of one: more is not such a list.
const MOST: usize = 4 << 20;
const LONGEST: u64 = 4096;

/// Which lists.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Mappings {
    /// Countries by address that win over the database: ip,country
    #[arg(long, value_name = "FILE")]
    country_map: Option<PathBuf>,
    /// Organisations by address that win over the database: ip,org,country,…
    #[arg(long, value_name = "FILE")]
    org_map: Option<PathBuf>,
}

/// What the lists say.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Mapping {
    countries: HashMap<IpAddr, Box<str>, RandomState>,
    organisations: HashMap<IpAddr, Box<str>, RandomState>,
}

impl Mappings {
    /// Reads the lists.
    ///
    /// # Errors
    /// When one can't be read, or a line begins with no address: the file, the line, and what was expected.
    pub(in crate::cli) fn read(&self) -> Result<Mapping, Failure> {
        let mut mapping = Mapping::default();
        if let Some(path) = &self.org_map {
            rows(path, |address, cells| {
                keep(&mut mapping.organisations, address, cells.first());
                keep(&mut mapping.countries, address, cells.get(1));
            })?;
        }
        if let Some(path) = &self.country_map {
            rows(path, |address, cells| keep(&mut mapping.countries, address, cells.first()))?;
        }
        Ok(mapping)
    }
}

impl Mapping {
    /// The country of an address.
    pub(in crate::cli) fn country(&self, address: IpAddr) -> Option<&str> {
        self.countries.get(&address).map(|country| &**country)
    }

    /// The organisation of an address.
    pub(in crate::cli) fn organisation(&self, address: IpAddr) -> Option<&str> {
        self.organisations.get(&address).map(|organisation| &**organisation)
    }
}

fn keep(into: &mut HashMap<IpAddr, Box<str>, RandomState>, address: IpAddr, cell: Option<&String>) {
    let said = cell.map(|cell| cell.trim()).filter(|cell| !matches!(*cell, "" | "None" | "N/A"));
    if let Some(cell) = said {
        into.insert(address, cell.into());
    }
}

/// Every line but the heading: its address and the cells behind it.
fn rows(path: &Path, mut take: impl FnMut(IpAddr, &[String])) -> Result<(), Failure> {
    let name = path.display();
    let refused = |cause: String| Failure::Unreadable(format!("{name}: {cause}"));
    let mut file = BufReader::new(File::open(path).map_err(|cause| refused(cause.to_string()))?);
    let mut bytes = Vec::new();
    for line in 1..=MOST {
        bytes.clear();
        let read = (&mut file).take(LONGEST).read_until(b'\n', &mut bytes);
        if read.map_err(|cause| refused(cause.to_string()))? == 0 {
            return Ok(());
        }
        let cells = cells(String::from_utf8_lossy(&bytes).trim());
        let Some((first, rest)) = cells.split_first().filter(|(first, _)| !first.is_empty()) else {
            continue;
        };
        match first.trim().parse() {
            Ok(address) => take(address, rest),
            Err(_) if line == 1 => {}
            Err(_) => {
                let found: String = first.chars().take(40).collect();
                return Err(refused(format!("line {line}: expected an address, found {found:?}")));
            }
        }
    }
    Err(refused(format!("more than {MOST} lines")))
}

/// Cells of a line (RFC 4180).
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut letters) = (false, line.chars().peekable());
    while let Some(letter) = letters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cell.push(letter),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_commas_stay_within_their_cell() {
        assert_eq!(cells("1.2.3.4,\"Alpha, \"\"Beta\"\"\",None"), ["1.2.3.4", "Alpha, \"Beta\"", "None"]);
        assert_eq!(cells(""), [""]);
    }
}
