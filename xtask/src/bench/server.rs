//! The server: how soon it has analysed a packet, and what it holds.

use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::offline::capture;
use super::race::middle;
use super::{Bench, Line};
use crate::asking::{address, get};
use crate::measured::memory as memory_of;
use crate::processor::of_process;

/// The most from start to the first packet.
const SOON: Duration = Duration::from_millis(500);

/// The most memory with this many hosts, MiB.
const MOST_MIB: u64 = 150;
pub(super) const HOSTS: u64 = 50_000;

/// How long it may take to replay.
const PATIENCE: Duration = Duration::from_secs(600);

/// A server that replays as fast as it can.
pub(super) struct Server {
    pub(super) child: Child,
    pub(super) address: String,
}

impl Server {
    fn start(bench: &Bench<'_>, capture: &Path) -> Result<Self> {
        let mut command = Command::new(&bench.arguments.wireglobe);
        Self::spawn(bench, command.args(["run", "--speed", "max", "--read"]).arg(capture))
    }

    /// One that replays what it is given.
    pub(super) fn start_fed(bench: &Bench<'_>) -> Result<(Self, ChildStdin)> {
        let mut command = Command::new(&bench.arguments.wireglobe);
        command.args(["run", "--speed", "max", "--read", "-"]).stdin(Stdio::piped());
        let mut server = Self::spawn(bench, &mut command)?;
        let input = server.child.stdin.take().context("no input")?;
        Ok((server, input))
    }

    /// Starts what the command says; it listens at a port that is free.
    pub(super) fn spawn(bench: &Bench<'_>, command: &mut Command) -> Result<Self> {
        // The defaults, but nothing is left in the user's folders.
        let store = bench.folder.join("store");
        command.env("WIREGLOBE__ALERTS__FOLDER", &store).env("WIREGLOBE__HISTORY__FOLDER", &store);
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("the program to measure")?;
        let output = child.stdout.take();
        let mut server = Self { child, address: String::new() };
        server.address =
            address(&mut BufReader::new(output.context("no output")?)).context("the server did not start")?;
        Ok(server)
    }

    /// Asks again and again until so many packets were analysed; gives the status then.
    pub(super) fn until(&self, packets: u64, pause: Duration) -> Result<Value> {
        let began = Instant::now();
        loop {
            let status = get(&self.address, "/api/v1/status")?;
            let found = status["counted_packets"].as_u64().unwrap_or(0);
            if found >= packets {
                return Ok(status);
            }
            ensure!(began.elapsed() < PATIENCE, "{found} packets were analysed of {packets}");
            std::thread::sleep(pause);
        }
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processor time of all its threads.
    pub(super) fn processor(&self) -> Result<Duration> {
        of_process(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// From the start of the program until it answers that a packet was analysed.
pub(super) fn start(bench: &Bench<'_>) -> Result<Vec<Line>> {
    let capture = capture(bench, "imix", &[("packets", 1000)])?;
    let mut times = Vec::new();
    for _ in 0..bench.arguments.runs.max(1) {
        let began = Instant::now();
        Server::start(bench, &capture)?.until(1, Duration::from_millis(2))?;
        times.push(began.elapsed());
    }
    let time = middle(times.into_iter()).context("no run")?;
    Ok(vec![Line {
        what: "`run` to the first packet analysed".into(),
        ours: format!("{:.2} s", time.as_secs_f64()),
        wanted: format!("<= {} s", SOON.as_secs_f64()),
        verdict: (time <= SOON).into(),
        ..Line::default()
    }])
}

/// What is resident when everyday traffic of many hosts was replayed with the default settings.
pub(super) fn memory(bench: &Bench<'_>) -> Result<Vec<Line>> {
    let packets = bench.arguments.packets;
    let capture = capture(bench, "imix", &[("packets", packets), ("hosts", HOSTS)])?;
    let server = Server::start(bench, &capture)?;
    let said = server.until(packets, Duration::from_millis(200))?;
    let hosts = hosts_of(&said)?;
    let status = format!("/proc/{}/status", server.child.id());
    let figure = |line| memory_of(Path::new(&status), line).context("the server has ended");
    let (resident, most) = (figure("VmRSS:")?, figure("VmHWM:")?);
    Ok(vec![Line {
        what: format!("`run`, resident at {hosts} hosts (at most {} MiB before)", most >> 10),
        ours: format!("{} MiB", resident >> 10),
        wanted: format!("<= {MOST_MIB} MiB"),
        verdict: (resident <= MOST_MIB << 10).into(),
        ..Line::default()
    }])
}

/// How many hosts a status tells of.
pub(super) fn hosts_of(status: &Value) -> Result<u64> {
    let tables = status["memory_tables"].as_array().map_or(&[][..], Vec::as_slice);
    let hosts = tables.iter().find(|table| table["name"] == "hosts").and_then(|table| table["rows"].as_u64());
    hosts.context("no table of hosts")
}
