//! Loss and processor time of each way to capture, on the same traffic: `cargo xtask live-bench`.
//!
//! A sender and a receiver in network namespaces of their own, with a pair of virtual interfaces between them; frames
//! of 60 bytes in 64 flows, at a fixed rate and as fast as they go. tcpdump (libpcap) stands beside our methods.
//! Bounded by packets and time; nothing leaves the namespaces.

pub(crate) mod lab;
mod mix;
pub(crate) mod part;
mod sender;
mod tcpdump;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Stdio};
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use lab::Lab;

/// How much to send.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Frames of the run as fast as they go
    #[arg(long, default_value_t = 6_400_000)]
    packets: u64,
    /// Frames of the run at a fixed rate
    #[arg(long, default_value_t = 960_000)]
    paced_packets: u64,
    /// Frames a second of that run
    #[arg(long, default_value_t = 300_000)]
    rate: u64,
    /// MiB of buffer
    #[arg(long, default_value_t = 64)]
    buffer_mb: usize,
}

/// A way to capture.
enum Receiver {
    /// Ours: its name, and how many workers.
    Ours(&'static str, usize),
    /// tcpdump.
    Tcpdump,
}

/// The rows of the table.
const RECEIVERS: [(&str, Receiver); 5] = [
    ("pnet", Receiver::Ours("pnet", 1)),
    ("recvmmsg", Receiver::Ours("packet", 1)),
    ("ring", Receiver::Ours("ring", 1)),
    ("ring, fanout 2", Receiver::Ours("ring", 2)),
    ("tcpdump -w /dev/null", Receiver::Tcpdump),
];

/// What the sender did: frames, nanoseconds, nanoseconds of processor time.
#[derive(Clone, Copy)]
struct Sent {
    frames: u64,
    nanos: u64,
    processor_nanos: u64,
}

/// What a run came to.
struct Outcome {
    sent: Sent,
    delivered: u64,
    dropped: u64,
    /// `delivered + dropped` as the kernel counted them.
    kernel: u64,
    processor_nanos: u64,
}

/// Makes the namespaces and prints the table.
#[expect(clippy::print_stdout, reason = "a report")]
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(is_root(), "live-bench makes network namespaces, which takes root: sudo cargo xtask live-bench");
    let lab = Lab::new()?;
    println!("{}\n", machine());
    println!("| receiver | rate/s | sender's core | sent | lost | by the socket | CPU µs/packet | ledger |");
    println!("|---|---|---|---|---|---|---|---|");
    for (packets, rate) in [(arguments.paced_packets, arguments.rate), (arguments.packets, 0)] {
        for (name, receiver) in &RECEIVERS {
            match measure(&lab, receiver, (packets, rate), arguments.buffer_mb) {
                Ok(outcome) => println!("| {name} | {outcome} |"),
                Err(error) => println!("| {name} | not measured: {error:#} | | | | | | |"),
            }
        }
    }
    println!("\n{}", machine());
    Ok(())
}

/// Whether network namespaces can be made.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn measure(lab: &Lab, receiver: &Receiver, amount: (u64, u64), buffer_mb: usize) -> Result<Outcome> {
    match receiver {
        Receiver::Ours(method, workers) => ours(lab, method, *workers, (amount, buffer_mb)),
        Receiver::Tcpdump => tcpdump::measure(lab, buffer_mb, || send(lab, amount)),
    }
}

fn ours(
    lab: &Lab,
    method: &str,
    workers: usize,
    (amount, buffer_mb): ((u64, u64), usize),
) -> Result<Outcome> {
    let buffer = buffer_mb * 1024 * 1024;
    let arguments = ["receive", method, &workers.to_string(), &buffer.to_string()];
    let mut child = own_part(lab, &lab.receiving, &arguments)?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    lines.next().context("the receiver did not start")??;
    let sent = send(lab, amount);
    drop(child.stdin.take());
    let line = lines.next().context("the receiver failed")??;
    child.wait()?;
    let [delivered, dropped, kernel, processor_nanos, granted] = numbers(&line)?;
    ensure!(granted as usize >= buffer, "only {granted} bytes of buffer were granted");
    Ok(Outcome { sent: sent?, delivered, dropped, kernel, processor_nanos })
}

/// Has the sender send.
fn send(lab: &Lab, (packets, rate): (u64, u64)) -> Result<Sent> {
    let child = own_part(lab, &lab.sending, &["send", &packets.to_string(), &rate.to_string()])?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the sender failed");
    let [frames, nanos, processor_nanos] = numbers(&String::from_utf8_lossy(&output.stdout))?;
    Ok(Sent { frames, nanos, processor_nanos })
}

/// This program inside a namespace.
pub(crate) fn own_part(lab: &Lab, namespace: &str, arguments: &[&str]) -> Result<Child> {
    let program = env::current_exe()?;
    let mut command = lab.inside(namespace, program.to_str().context("the program's path")?);
    command.arg("live-bench-part").args(arguments);
    Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
}

pub(crate) fn numbers<const N: usize>(line: &str) -> Result<[u64; N]> {
    let found: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let Ok(numbers) = found.try_into() else { bail!("unexpected: {line}") };
    Ok(numbers)
}

/// What it was measured on.
pub(crate) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("{cores} cores, Linux {}, load average {}", kernel.trim(), load.trim())
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Sent { frames, nanos, processor_nanos } = self.sent;
        let rate = frames as f64 * 1e9 / nanos.max(1) as f64;
        let busy = processor_nanos as f64 * 100.0 / nanos.max(1) as f64;
        let lost = frames.saturating_sub(self.delivered);
        let share = lost as f64 * 100.0 / frames.max(1) as f64;
        let each = self.processor_nanos as f64 / 1e3 / self.delivered.max(1) as f64;
        let balance =
            if self.delivered + self.dropped == self.kernel { "balances" } else { "does not balance" };
        let dropped = self.dropped;
        write!(
            f,
            "{rate:.0} | {busy:.0} % | {frames} | {lost} ({share:.2} %) | {dropped} | {each:.3} | {balance}"
        )
    }
}
