//! `wireglobe count` beside asncounter: the same table, made of the bundled ranges, and the same lines, one after the other.
//! The reports must be equal; told are time and the most memory held. Without asncounter only ours is measured.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use analyzer::cover;
use analyzer::geo::pack::unpack_asn;
use analyzer::geo::ranges::{Address, Ranges};
use anyhow::{Context, Result, ensure};
use clap::Args;

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
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,
    /// Where the inputs are made
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

/// Makes the inputs and measures.
pub fn run(arguments: &Arguments) -> Result<()> {
    let cache = arguments.folder.join("cache");
    fs::create_dir_all(&cache)?;
    table(&cache)?;
    for format in ["line", "tcpdump"] {
        let input = arguments.folder.join(format);
        lines(&input, format, arguments.lines)?;
        let words = [
            "-C".as_ref(),
            cache.as_os_str(),
            "-I".as_ref(),
            format.as_ref(),
            "-i".as_ref(),
            input.as_os_str(),
        ];
        let ours = best(arguments, || {
            let mut command = Command::new(&arguments.wireglobe);
            command.arg("count").args(words);
            command
        })?;
        tell("wireglobe", format, arguments.lines, &ours);
        let Some(peer) = &arguments.asncounter else { continue };
        let theirs = best(arguments, || {
            let mut command = Command::new(peer);
            command.args(words);
            command
        })?;
        tell("asncounter", format, arguments.lines, &theirs);
        let times = theirs.time.as_secs_f64() / ours.time.as_secs_f64();
        say(&format!("{format}: {times:.1} times as fast, equal: {}", asns(&ours) == asns(&theirs)))?;
        ensure!(asns(&ours) == asns(&theirs), "the tables of systems differ");
    }
    Ok(())
}

/// What a run took and said.
struct Run {
    time: Duration,
    kilobytes: u64,
    report: String,
}

/// The table of systems and the totals; the table of prefixes differs on purpose.
fn asns(run: &Run) -> Vec<&str> {
    let totals = run.report.lines().filter(|line| line.starts_with("total"));
    run.report.lines().take_while(|line| !line.starts_with("unique")).chain(totals).collect()
}

fn best(arguments: &Arguments, command: impl Fn() -> Command) -> Result<Run> {
    let runs = (0..arguments.runs.max(1)).map(|_| measure(command())).collect::<Result<Vec<_>>>()?;
    runs.into_iter().min_by_key(|run| run.time).context("no run")
}

fn measure(mut command: Command) -> Result<Run> {
    let began = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || most_memory(Path::new(&status)));
    let output = child.wait_with_output()?;
    let time = began.elapsed();
    ensure!(output.status.success(), "it failed");
    let kilobytes = watch.join().unwrap_or_default();
    Ok(Run { time, kilobytes, report: String::from_utf8(output.stdout)? })
}

/// The high-water mark as long as the process is there.
fn most_memory(status: &Path) -> u64 {
    let mut most = 0;
    while let Ok(text) = fs::read_to_string(status) {
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(kilobytes) = line.and_then(|line| line.split_whitespace().next()?.parse().ok()) else {
            break;
        };
        most = kilobytes;
        std::thread::sleep(Duration::from_millis(2));
    }
    most
}

fn tell(who: &str, format: &str, lines: u32, run: &Run) {
    let seconds = run.time.as_secs_f64();
    let rate = f64::from(lines) / seconds / 1e6;
    let _ = say(&format!(
        "{format}: {who}: {seconds:.3} s, {rate:.2} million lines/s, {} MB",
        run.kilobytes / 1000
    ));
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
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
fn lines(path: &Path, format: &str, count: u32) -> Result<()> {
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
