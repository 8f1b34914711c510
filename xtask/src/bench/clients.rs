//! What a thousand clients cost a server that captures: its processor time with them, less that without, over the same traffic on an
//! interface of its own.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::server::Server;
use super::{Bench, Line};
use crate::live_bench::lab::{CAPTURING, Lab};
use crate::live_bench::{is_root, numbers, own_part};

pub(super) const CLIENTS: usize = 1000;

/// The most of a core.
const MOST: f64 = 0.15;

/// Traffic meanwhile: packets a second, and for how long.
pub(super) const RATE: u64 = 20_000;
pub(super) const SECONDS: u64 = 15;

/// Descriptors that server and clients need, each.
const FILES: u64 = 4096;

/// What a span of traffic came to.
struct Outcome {
    processor: Duration,
    time: Duration,
    sent: u64,
    ticks: u64,
    bytes: u64,
    frames: u64,
    lost: u64,
}

pub(super) fn clients(bench: &Bench<'_>) -> Result<Vec<Line>> {
    if !is_root() {
        let ours = "needs root".into();
        return Ok(vec![Line { what: format!("{CLIENTS} clients at 4 Hz"), ours, ..Line::default() }]);
    }
    raise_limit()?;
    let alone = measure(bench, 0, "map")?;
    let mut lines = Vec::new();
    for (view, what) in [("map", "the map's table"), ("page", "all that the page wants 4 times a second")] {
        let with = measure(bench, CLIENTS, view)?;
        lines.push(core_line(what, &alone, &with));
        lines.push(loss_line(with.lost, (with.sent, with.frames)));
    }
    Ok(lines)
}

fn core_line(what: &str, alone: &Outcome, with: &Outcome) -> Line {
    let share = |outcome: &Outcome| outcome.processor.div_duration_f64(outcome.time);
    let core = share(with) - share(alone);
    let rate = with.ticks as f64 / CLIENTS as f64 / with.time.as_secs_f64();
    let kilobytes = with.bytes as f64 / with.ticks.max(1) as f64 / 1e3;
    Line {
        what: format!("{CLIENTS} clients, {what}: {rate:.1} ticks/s each, {kilobytes:.1} kB a tick"),
        ours: format!("{core:.2} core ({:.2} without them)", share(alone)),
        wanted: format!("<= {MOST} core"),
        verdict: (core <= MOST).into(),
        ..Line::default()
    }
}

/// What the server says it lost, and what it never saw of what was sent.
pub(super) fn loss_line(lost: u64, (sent, seen): (u64, u64)) -> Line {
    let missing = sent.saturating_sub(seen);
    Line {
        what: format!("capture meanwhile, {RATE} packets/s"),
        ours: format!("{lost} lost, {missing} not seen of {sent}"),
        wanted: "0".into(),
        verdict: (lost == 0 && missing == 0).into(),
        ..Line::default()
    }
}

/// A server of its own each time, so that its tables begin alike.
fn measure(bench: &Bench<'_>, clients: usize, view: &str) -> Result<Outcome> {
    let lab = Lab::new()?;
    let server = Server::spawn(bench, &mut roomy(&lab, bench)?)?;
    let mut crowd = own_part(&lab, &lab.receiving, &["crowd", &server.address, &clients.to_string(), view])?;
    let mut said = BufReader::new(crowd.stdout.take().context("no output")?).lines();
    said.next().context("the clients could not connect")??;
    let before = server.processor()?;
    let packets = (RATE * SECONDS).to_string();
    let sender = own_part(&lab, &lab.sending, &["mix", &packets, &RATE.to_string()])?;
    let output = sender.wait_with_output()?;
    ensure!(output.status.success(), "the sender failed");
    let processor = server.processor()?.saturating_sub(before);
    drop(crowd.stdin.take());
    let [sent, nanoseconds] = numbers(&String::from_utf8_lossy(&output.stdout))?;
    let [ticks, bytes, frames, lost] = numbers(&said.next().context("the clients failed")??)?;
    crowd.wait()?;
    Ok(Outcome { processor, time: Duration::from_nanos(nanoseconds), sent, ticks, bytes, frames, lost })
}

/// A server that captures, with room for all clients from one address.
pub(super) fn roomy(lab: &Lab, bench: &Bench<'_>) -> Result<Command> {
    let program = bench.arguments.wireglobe.canonicalize()?;
    let mut command = lab.inside(&lab.receiving, program.to_str().context("the program's path")?);
    let room = (2 * CLIENTS).to_string();
    command
        .args(["run", "--interface", CAPTURING])
        .env("WIREGLOBE__SERVER__MAX_CONNECTIONS", &room)
        .env("WIREGLOBE__SERVER__MAX_CONNECTIONS_PER_ADDRESS", &room)
        .env("WIREGLOBE__ALERTS__KEEP", "false")
        .env("WIREGLOBE__HISTORY__KEEP", "false");
    Ok(command)
}

/// A descriptor a connection: as many as are needed for this process and those that it starts.
pub(super) fn raise_limit() -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = current.map(|current| current.max(FILES));
    let maximum = maximum.map(|maximum| maximum.max(FILES));
    setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum }).context("the limit of open files")
}
