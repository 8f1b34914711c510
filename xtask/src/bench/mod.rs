//! `cargo xtask bench`: every target of speed and memory, measured in one run with the peers that are installed, each beside ours in turn. One line a
//! target; it fails if one is not kept. Captures are made in a temporary folder, one after the other.

mod clients;
mod count;
pub(crate) mod crowd;
mod half_open;
mod offline;
mod page;
mod race;
mod readers;
mod server;
pub(crate) mod silent;
mod tick;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::live_bench::machine;

/// `cargo xtask bench`
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The program to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/wireglobe")]
    wireglobe: PathBuf,
    /// Packets of a capture, which the targets are for; of fewer the start weighs more
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    packets: u64,
    /// Runs of each program; the median of the times counts, and the most memory
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,
    /// Only these rows, which are named in the first column
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,
    /// asncounter 0.7.0, if it is not in PATH
    #[arg(long, value_name = "PATH", default_value = "asncounter")]
    asncounter: PathBuf,
}

/// A group of lines, measured together.
struct Row {
    name: &'static str,
    measure: fn(&Bench<'_>) -> Result<Vec<Line>>,
}

const ROWS: [Row; 12] = [
    Row { name: "imix", measure: offline::imix },
    Row { name: "flood", measure: offline::flood },
    Row { name: "scan", measure: offline::scan },
    Row { name: "count", measure: count::count },
    Row { name: "start", measure: server::start },
    Row { name: "memory", measure: server::memory },
    Row {
        name: "flat",
        measure: |_| {
            elsewhere("memory in a flood of 50 million sources", "<= 256 MiB, flat", "cargo xtask storm")
        },
    },
    Row {
        name: "live",
        measure: |_| {
            elsewhere("lost at 1 M packets/s", "0, the ledger balances", "sudo cargo xtask live-bench")
        },
    },
    Row { name: "tick", measure: tick::tick },
    Row { name: "clients", measure: clients::clients },
    Row { name: "readers", measure: readers::readers },
    Row { name: "half_open", measure: half_open::half_open },
];

/// What a row is measured with.
struct Bench<'a> {
    arguments: &'a Arguments,
    folder: PathBuf,
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A line of the table.
#[derive(Default)]
struct Line {
    what: String,
    ours: String,
    peer: String,
    /// How many times ours the peer's is.
    ratio: Option<f64>,
    wanted: String,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Verdict {
    Kept,
    NotKept,
    /// There is no target, or no peer.
    #[default]
    Open,
}

impl From<bool> for Verdict {
    fn from(is_kept: bool) -> Self {
        if is_kept { Self::Kept } else { Self::NotKept }
    }
}

/// Measures what is wanted and prints the table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    for name in &arguments.only {
        let names = ROWS.map(|row| row.name);
        ensure!(names.contains(&name.as_str()), "no row {name}; there are {}", names.join(", "));
    }
    let folder = std::env::temp_dir().join(format!("wireglobe-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let bench = Bench { arguments, folder };
    say(&format!("{}; {} packets, {} runs\n", machine(), arguments.packets, arguments.runs))?;
    say("| row | what | ours | peer | ratio | wanted | |\n|---|---|---|---|---|---|---|")?;
    let mut not_kept = Vec::new();
    let is_wanted =
        |row: &&Row| arguments.only.is_empty() || arguments.only.iter().any(|name| name == row.name);
    for row in ROWS.iter().filter(is_wanted) {
        for line in (row.measure)(&bench)? {
            say(&format!("| {} {line}", row.name))?;
            if line.verdict == Verdict::NotKept {
                not_kept.push(format!("{} {} {}", row.name, line.what, line.wanted));
            }
        }
    }
    say(&format!("\n{}", machine()))?;
    ensure!(not_kept.is_empty(), "not kept: {}", not_kept.join("; "));
    Ok(())
}

/// What takes root or half an hour has a command of its own.
fn elsewhere(what: &str, wanted: &str, command: &str) -> Result<Vec<Line>> {
    let ours = format!("`{command}`");
    Ok(vec![Line { what: what.into(), ours, wanted: wanted.into(), ..Line::default() }])
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, ours, peer, ratio, wanted, verdict } = self;
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}"));
        let verdict = match verdict {
            Verdict::Kept => "kept",
            Verdict::NotKept => "**not kept**",
            Verdict::Open => "",
        };
        write!(f, "| {what} | {ours} | {peer} | {ratio} | {wanted} | {verdict} |")
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
