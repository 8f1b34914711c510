//! tcpdump as a receiver: libpcap with its own ring, what it captured written nowhere.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::lab::{CAPTURING, Lab};
use super::{Outcome, Sent};
use crate::processor::of_task;

/// What tcpdump still holds is written within this.
const QUIET: Duration = Duration::from_millis(1500);

/// Measures tcpdump while `send` sends.
pub(super) fn measure(lab: &Lab, buffer_mb: usize, send: impl FnOnce() -> Result<Sent>) -> Result<Outcome> {
    let buffer = format!("-B{}", buffer_mb * 1024);
    let mut command = lab.inside(&lab.receiving, "tcpdump");
    command.args(["-i", CAPTURING, "-n", "-s", "96", &buffer, "-Z", "root", "-w", "/dev/null"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("no output")?).lines();
    let started = lines.by_ref().map_while(Result::ok).any(|line| line.contains("listening on"));
    let sent = if started { send() } else { Err(anyhow::anyhow!("tcpdump did not start")) };
    thread::sleep(QUIET);
    // `ip netns exec` becomes tcpdump, so the number is tcpdump's own.
    let id = child.id().to_string();
    let processor = of_task(&format!("/proc/{id}"));
    let interrupted = Command::new("kill").args(["-INT", &id]).status()?;
    ensure!(interrupted.success(), "tcpdump is gone");
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    child.wait()?;
    let sent = sent?;
    let [captured, received, dropped] =
        ["captured", "received", "dropped"].map(|word| number_before(&rest, word));
    let processor_nanos = processor?.as_nanos() as u64;
    Ok(Outcome { sent, delivered: captured?, dropped: dropped?, kernel: received?, processor_nanos })
}

/// The number that begins the line with this word.
fn number_before(lines: &[String], word: &str) -> Result<u64> {
    let line =
        lines.iter().find(|line| line.contains(word)).with_context(|| format!("tcpdump: no {word}"))?;
    let digits = line.split_whitespace().next().unwrap_or_default();
    digits.parse().with_context(|| line.clone())
}
