//! `wireglobe count` beside asncounter: the same table, made of the bundled ranges, and the same lines, in turn. Every row
//! of the reports must be equal; told are time, processor time and the most memory held, of the quickest runs. Without
//! asncounter only ours is measured.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use analyzer::cover;
use analyzer::geo::pack::unpack_asn;
use analyzer::geo::ranges::{Address, Ranges};
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::measured::{Measured, measure};

const TABLE: &[u8] = include_bytes!("../../analyzer/data/asn.bin.gz");

/// `cargo xtask count-bench`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The program to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/wireglobe")]
    wireglobe: PathBuf,
    /// asncounter 0.7.0, to be compared with
    #[arg(long, value_name = "PATH")]
    asncounter: Option<PathBuf>,
    /// Lines of each input
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    lines: u32,
    /// Runs; the quickest counts
    #[arg(long, value_name = "N", default_value_t = 7)]
    runs: u32,
    /// Where the inputs are made
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

/// Makes the inputs and measures.
pub fn run(arguments: &Arguments) -> Result<()> {
    let cache = cache(&arguments.folder)?;
    say(&format!("load before: {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim_end()))?;
    let loading = race(arguments, &words(&cache, &["192.0.2.1".as_ref()]))?;
    tell("loading, one address", 0, &loading)?;
    for format in ["line", "tcpdump"] {
        let input = arguments.folder.join(format);
        lines(&input, format, arguments.lines)?;
        let words = words(&cache, &["-I".as_ref(), format.as_ref(), "-i".as_ref(), input.as_os_str()]);
        let race = race(arguments, &words)?;
        tell(format, arguments.lines, &race)?;
        if let (Some(theirs), Some(loaded)) = (&race.theirs, &loading.theirs) {
            let behind =
                |run: &Measured, loaded: &Measured| run.time.saturating_sub(loaded.time).as_secs_f64();
            let (ours, theirs) = (behind(&race.ours, &loading.ours), behind(theirs, loaded));
            say(&format!(
                "{format}: without loading {ours:.3} s and {theirs:.3} s, {:.1} times",
                theirs / ours
            ))?;
            compare(arguments, format, &words)?;
        }
    }
    Ok(())
}

fn words(cache: &Path, more: &[&OsStr]) -> Vec<OsString> {
    ["-C".as_ref(), cache.as_os_str()].iter().chain(more).map(|word| (*word).to_owned()).collect()
}

/// The quickest runs of both.
struct Race {
    ours: Measured,
    theirs: Option<Measured>,
}

/// Runs both in turn, so that both have what else the machine does.
fn race(arguments: &Arguments, words: &[OsString]) -> Result<Race> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs.max(1) {
        ours.push(measure(our_command(arguments, words).stdout(Stdio::piped()))?);
        if let Some(peer) = &arguments.asncounter {
            theirs.push(measure(Command::new(peer).args(words).stdout(Stdio::piped()))?);
        }
    }
    let quickest = |runs: Vec<Measured>| runs.into_iter().min_by_key(|run| run.time);
    Ok(Race { ours: quickest(ours).context("no run")?, theirs: quickest(theirs) })
}

fn our_command(arguments: &Arguments, words: &[OsString]) -> Command {
    let mut command = Command::new(&arguments.wireglobe);
    command.arg("count").args(words);
    command
}

/// Compares every row of both: systems and totals as they stand, prefixes without the system, which asncounter looks up
/// again from a prefix's first address.
fn compare(arguments: &Arguments, format: &str, words: &[OsString]) -> Result<()> {
    let Some(peer) = &arguments.asncounter else { return Ok(()) };
    let all: Vec<OsString> = words.iter().cloned().chain(["-t".into(), "10000000".into()]).collect();
    let ours = said(measure(our_command(arguments, &all).stdout(Stdio::piped()))?)?;
    let theirs = said(measure(Command::new(peer).args(&all).stdout(Stdio::piped()))?)?;
    let (ours, theirs) = (Tables::of(&ours), Tables::of(&theirs));
    ensure!(ours.systems == theirs.systems, "{format}: the tables of systems or the totals differ");
    let pairs = || ours.prefixes.iter().zip(&theirs.prefixes);
    let keys = |row: &[&str]| row.iter().take(3).copied().map(str::to_owned).collect::<Vec<_>>();
    let same = ours.prefixes.len() == theirs.prefixes.len() && pairs().all(|(a, b)| keys(a) == keys(b));
    ensure!(same, "{format}: the tables of prefixes differ");
    let others = pairs().filter(|(a, b)| a != b).count();
    let (systems, prefixes) = (ours.systems.len(), ours.prefixes.len());
    say(&format!(
        "{format}: equal: {systems} lines of systems and totals, {prefixes} of prefixes; of these {others} name another system"
    ))
}

/// A report in two parts.
struct Tables<'a> {
    /// The table of systems, and the totals.
    systems: Vec<&'a str>,
    /// The cells of each line about prefixes.
    prefixes: Vec<Vec<&'a str>>,
}

impl<'a> Tables<'a> {
    fn of(report: &'a str) -> Self {
        let systems = report.lines().take_while(|line| !line.starts_with("unique"));
        let totals = report.lines().filter(|line| line.starts_with("total ") || line.starts_with("unique "));
        let prefixes = report.lines().skip_while(|line| !line.contains("\tprefix\t")).skip(1);
        let rows = prefixes.take_while(|line| !line.starts_with("unique"));
        Self {
            systems: systems.chain(totals).collect(),
            prefixes: rows.map(|line| line.split('\t').collect()).collect(),
        }
    }
}

fn said(run: Measured) -> Result<String> {
    Ok(String::from_utf8(run.output)?)
}

fn tell(what: &str, lines: u32, race: &Race) -> Result<()> {
    for (who, run) in [("wireglobe", Some(&race.ours)), ("asncounter", race.theirs.as_ref())] {
        let Some(run) = run else { continue };
        let seconds = run.time.as_secs_f64();
        say(&format!(
            "{what}: {who}: {seconds:.3} s, processor {:.2} s, {:.2} million lines/s, {} MB",
            run.processor.as_secs_f64(),
            f64::from(lines) / seconds / 1e6,
            run.kilobytes / 1000
        ))?;
    }
    let Some(theirs) = &race.theirs else { return Ok(()) };
    let (time, processor) =
        (times(theirs.time, race.ours.time), times(theirs.processor, race.ours.processor));
    say(&format!("{what}: {time:.1} times as fast, {processor:.1} times less of the processor"))
}

fn times(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64().max(0.001)
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Makes the table that both read, in a folder of its own in this one.
pub(crate) fn cache(folder: &Path) -> Result<PathBuf> {
    let cache = folder.join("cache");
    fs::create_dir_all(&cache)?;
    table(&cache)?;
    Ok(cache)
}

/// The bundled ranges cut into prefixes, as pyasn reads them, and the names.
fn table(cache: &Path) -> Result<()> {
    let table = unpack_asn(TABLE).context("the bundled table")?;
    let mut out = BufWriter::new(File::create(cache.join("ipasn_20260617.0000.dat"))?);
    prefixes(&table.v4, |first| IpAddr::V4(first.into()), &mut out)?;
    prefixes(&table.v6, |first| IpAddr::V6(first.into()), &mut out)?;
    out.flush()?;
    let names: Vec<String> = (0..table.names.len())
        .map(|position| table.names.at(position))
        .map(|(asn, name)| format!("\"{asn}\":\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    Ok(fs::write(cache.join("asnames.json"), format!("{{{}}}", names.join(",")))?)
}

fn prefixes<A: Address>(
    ranges: &Ranges<A, u32>,
    address: impl Fn(A) -> IpAddr,
    out: &mut impl Write,
) -> Result<()> {
    let ends = ranges.segments().skip(1).map(|(next, _)| next.before()).chain([A::ENDS.1]);
    for ((first, asn), last) in ranges.segments().zip(ends).filter(|((_, asn), _)| *asn != 0) {
        for network in cover::of_range(address(first), address(last)) {
            writeln!(out, "{network}\t{asn}")?;
        }
    }
    Ok(())
}

/// Random addresses, one of eight of IPv6.
pub(crate) fn lines(path: &Path, format: &str, count: u32) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..count {
        // xorshift64, Marsaglia 2003.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let six = number % 8 == 0;
        let source = if six {
            IpAddr::V6(((0x2a00 << 112) | u128::from(state) << 48).into())
        } else {
            IpAddr::V4((state as u32).into())
        };
        match (format, six) {
            ("line", _) => writeln!(out, "{source}")?,
            (_, true) => {
                writeln!(out, "12:00:00.000001 IP6 {source}.443 > 2001:db8::1.5555: tcp {}", number % 1448)?;
            }
            (_, false) => {
                writeln!(out, "12:00:00.000001 IP {source}.443 > 198.51.100.1.5555: tcp {}", number % 1448)?;
            }
        }
    }
    Ok(out.flush()?)
}
