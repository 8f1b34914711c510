//! The program in a flood: `cargo xtask storm`. A thousand hosts talk, two ways and all the time, among up to 50 million
//! packets of forged sources; told are the memory of the process over time, how many of the hosts it still knows with
//! right figures, its alerts, and processor time a packet (RELIABILITY: flood_50m_rss, flood_keeps_known).
//!
//! What is written goes straight into the program's standard input, so nothing is stored and time is packet time.

mod program;
mod traffic;

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use program::{Program, Said};
use serde_json::Value;
use traffic::{HOSTS, STEP, Storm};

use crate::craft::pcap::PcapWriter;

/// `cargo xtask storm`
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The program to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/wireglobe")]
    wireglobe: PathBuf,
    /// How it runs
    #[arg(long, value_enum, default_value = "run")]
    how: How,
    /// What comes
    #[arg(long, value_enum, default_value = "syn")]
    kind: Kind,
    /// Packets of the flood, a forged source each
    #[arg(long, default_value_t = 50_000_000)]
    sources: u64,
    /// Frames a second at most; a server that can't follow loses some, and says so (0: as fast as they are taken)
    #[arg(long, default_value_t = 200_000)]
    rate: u64,
    /// Mebibytes that the process may hold
    #[arg(long, default_value_t = 256)]
    most_mb: u64,
}

/// How the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// The server with everything on: `run --read -`
    Run,
    /// `alerts --read -`
    Alerts,
    /// `report --by host --read -`
    Report,
}

/// What comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// SYNs to a port
    Syn,
    /// SYNs to a port, which the victim answers
    Answered,
    /// Datagrams to a port
    Udp,
    /// Echo requests
    Icmp,
    /// SYNs to the ports of a host
    Ports,
    /// SYNs to the hosts of a network
    Hosts,
}

/// Hosts with wrong figures that are named.
const SHOWN: u32 = 5;

/// Room for the last figures of a table to settle, as a share.
const FLAT: f64 = 1.03;

/// Runs `cargo xtask storm`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut program = Program::start(&arguments.wireglobe, arguments.how)?;
    let written = Arc::new(AtomicU64::new(0));
    let watch = program.watch(Arc::clone(&written));
    let frames = feed(&mut program, arguments, &written)?;
    let said = program.finish(frames)?;
    let memory = watch.end();
    tell(arguments, frames, &said)?;
    let [first, second, answer] = memory.parts(frames);
    say(&format!(
        "memory: {first} kB at most in the first half, {second} kB in the second, {answer} kB with the answer"
    ))?;
    check(arguments, &said)?;
    let most = first.max(second).max(answer);
    ensure!(most <= arguments.most_mb << 10, "more memory than {} MiB", arguments.most_mb);
    ensure!(second as f64 <= first as f64 * FLAT, "memory grows");
    say("held")
}

/// Writes the storm into the program; tells how many frames it had.
fn feed(program: &mut Program, arguments: &Arguments, written: &AtomicU64) -> Result<u64> {
    let output = BufWriter::with_capacity(1 << 16, program.input()?);
    let mut writer = PcapWriter::new(output, 65_535)?;
    let (began, mut frames) = (Instant::now(), 0u64);
    for frame in Storm::new(arguments.kind, arguments.sources) {
        writer.write(traffic::START + frames * STEP, &frame, 128)?;
        frames += 1;
        if frames.is_multiple_of(1024) {
            written.store(frames, Relaxed);
            pace(arguments, frames, began);
        }
    }
    writer.finish()?.flush()?;
    written.store(frames, Relaxed);
    Ok(frames)
}

/// Offline the program takes what it can; a server that never waits is fed at a rate.
fn pace(arguments: &Arguments, frames: u64, began: Instant) {
    if arguments.how != How::Run || arguments.rate == 0 {
        return;
    }
    let due = Duration::from_nanos(frames.saturating_mul(1_000_000_000) / arguments.rate);
    std::thread::sleep(due.saturating_sub(began.elapsed()));
}

fn tell(arguments: &Arguments, frames: u64, said: &Said) -> Result<()> {
    say(&format!(
        "{:?} by {:?}: {frames} frames, {} of forged sources; {:.0} ns of processor time a frame; lost {}",
        arguments.kind,
        arguments.how,
        arguments.sources,
        said.processor.as_nanos() as f64 / frames as f64,
        said.lost,
    ))
}

/// Holds what was said against what was sent.
fn check(arguments: &Arguments, said: &Said) -> Result<()> {
    if let Some(hosts) = &said.hosts {
        let (known, right, wrong) = known(hosts, arguments);
        say(&format!("hosts: of {HOSTS} that talk {known} are known, {right} with right figures"))?;
        wrong.iter().try_for_each(|line| say(line))?;
        let enough = |n: u32| n * 100 >= HOSTS * 99;
        ensure!(enough(known), "hosts were lost");
        ensure!(enough(right) || said.lost > 0, "figures are wrong");
    }
    let Some(alerts) = &said.alerts else { return Ok(()) };
    for alert in alerts {
        say(&format!("alert: {} × {}: {}", alert["rule"], alert["count"], alert["summary"]))?;
    }
    // The rules of TSA Packet Analyzer count packets whatever they belong to.
    let own =
        alerts.iter().filter(|alert| alert["rule"].as_str().is_some_and(|rule| !rule.starts_with("legacy.")));
    ensure!(own.count() == 1, "expected one alert");
    Ok(())
}

/// How many of those that talk are in a list of hosts, how many with the packets they really had, and some that had others.
fn known(rows: &[Value], arguments: &Arguments) -> (u32, u32, Vec<String>) {
    let packets = |row: &Value| Some((row["packets_sent"].as_u64()?, row["packets_received"].as_u64()?));
    let rows: HashMap<&str, (u64, u64)> =
        rows.iter().filter_map(|row| Some((row["key"].as_str()?, packets(row)?))).collect();
    let (mut counts, mut wrong) = ((0, 0), Vec::new());
    for n in 0..HOSTS {
        let address = traffic::talker(n).address.to_string();
        let Some(&had) = rows.get(address.as_str()) else { continue };
        counts.0 += 1;
        let right = traffic::packets_of(n, arguments.sources);
        counts.1 += u32::from(had == right);
        if had != right && counts.0 - counts.1 <= SHOWN {
            wrong.push(format!("{address} sent and received {had:?}, not {right:?}"));
        }
    }
    (counts.0, counts.1, wrong)
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
