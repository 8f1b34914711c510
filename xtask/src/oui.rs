//! `cargo xtask oui`: makes the bundled table of hardware vendors from a published list of the IEEE's assignments.
//!
//! It reads the file it is given and nothing else, and the same file gives the same bytes. Only names are kept, not the
//! postal addresses. Where the input comes from: analyzer/data/README.md.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// Options of the tool.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Assignments and their holders as a JSON object (`index.json` of npm oui-data)
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// The day of the data, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    date: String,
    /// Where the table goes
    #[arg(long, value_name = "FOLDER", default_value = "analyzer/data")]
    out: PathBuf,
}

/// Makes the table and says what became of the lines.
pub fn run(arguments: &Arguments) -> Result<()> {
    let bytes =
        fs::read(&arguments.list).with_context(|| format!("cannot read {}", arguments.list.display()))?;
    let list: BTreeMap<String, String> =
        serde_json::from_slice(&bytes).context("expected an object of assignments and their holders")?;
    let (vendors, rejected) = vendors(&list);
    ensure!(!vendors.is_empty(), "no line of the list is an assignment");
    let table = table(&vendors, &arguments.date);
    let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packed.write_all(table.as_bytes())?;
    let packed = packed.finish()?;
    let path = arguments.out.join("oui.txt.gz");
    fs::write(&path, &packed).with_context(|| format!("cannot write {}", path.display()))?;
    let report = format!(
        "input {}: {} bytes, SHA-256 {}\n  data of {}\n  assignments {}, rejected {rejected}, vendors {}\noutput oui.txt.gz: {} bytes, SHA-256 {}\n",
        arguments.list.file_name().unwrap_or_default().display(),
        bytes.len(),
        digest(&bytes),
        arguments.date,
        list.len() - rejected,
        vendors.len(),
        packed.len(),
        digest(&packed),
    );
    fs::write(arguments.out.join("SOURCES-oui.txt"), report).context("cannot write SOURCES-oui.txt")
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each vendor's assignments, in order, and how many lines were none.
fn vendors(list: &BTreeMap<String, String>) -> (BTreeMap<String, Vec<&str>>, usize) {
    let mut vendors: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut rejected = 0;
    for (assignment, holder) in list {
        let digits = matches!(assignment.len(), 6 | 7 | 9)
            && assignment.bytes().all(|digit| digit.is_ascii_hexdigit());
        let name = name(holder);
        if digits && !name.is_empty() {
            vendors.entry(name).or_default().push(assignment);
        } else {
            rejected += 1;
        }
    }
    (vendors, rejected)
}

/// The first line of a holder, without control characters and runs of blanks.
fn name(holder: &str) -> String {
    let line = holder.lines().next().unwrap_or_default();
    let words = line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn table(vendors: &BTreeMap<String, Vec<&str>>, date: &str) -> String {
    let mut text = format!("Hardware vendors: IEEE registration authority (MA-L, MA-M, MA-S), {date}\n");
    for (name, assignments) in vendors {
        text += &format!("{name}\t{}\n", assignments.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_without_addresses_and_wrong_lines_are_counted() {
        let lines = [
            ("00000C", "Cisco  Systems\nSan Jose"),
            ("00000D", "Cisco Systems\n"),
            ("xyz", "No"),
            ("0055DA1", ""),
        ];
        let list = lines.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let (vendors, rejected) = vendors(&list);
        assert_eq!((vendors.len(), rejected), (1, 2));
        assert!(table(&vendors, "2026-08-26").ends_with("\nCisco Systems\t00000C 00000D\n"));
    }
}
