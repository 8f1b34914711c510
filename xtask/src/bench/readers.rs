//! What a thousand clients that never read do to a server that captures, and to who means well: nothing. What they were sent waits in the
//! kernel, so its memory is looked at as well as the server's.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{sleep, spawn};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::clients::{CLIENTS, RATE, SECONDS, loss_line, raise_limit, roomy};
use super::server::Server;
use super::{Bench, Line};
use crate::live_bench::lab::Lab;
use crate::live_bench::{is_root, numbers, own_part};
use crate::measured::memory;

/// The most of the server's memory, of the kernel's for TCP, and of that a while after, MiB.
const RESIDENT: u64 = 150;
const KERNEL: u64 = 300;
const KERNEL_AFTER: u64 = 20;

/// That while, and between two looks.
const AFTER: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);

/// The longest that 99 of 100 answers may take.
const ANSWER: Duration = Duration::from_millis(300);

/// TCP of the whole machine, as the kernel counts it (proc(5), `/proc/net/sockstat`).
#[derive(Clone, Copy)]
struct Tcp {
    /// Connections that no program has any more and whose bytes were not taken.
    orphans: u64,
    /// Memory for what waits.
    kilobytes: u64,
}

impl Tcp {
    fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/net/sockstat")?;
        let line = text.lines().find(|line| line.starts_with("TCP:")).context("no line of TCP")?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let figure = |name| {
            let named = words.windows(2).find(|pair| pair[0] == name);
            named.and_then(|pair| pair[1].parse::<u64>().ok()).with_context(|| format!("no {name} of TCP"))
        };
        let page = rustix::param::page_size() as u64;
        Ok(Self { orphans: figure("orphan")?, kilobytes: figure("mem")? * page / 1024 })
    }
}

/// The most that was seen.
#[derive(Default)]
struct Most {
    over: AtomicBool,
    resident: AtomicU64,
    kernel: AtomicU64,
}

impl Most {
    fn watch(&self, status: &Path) {
        while !self.over.load(Relaxed) {
            self.resident.fetch_max(memory(status, "VmHWM:").unwrap_or_default(), Relaxed);
            self.kernel.fetch_max(Tcp::now().map_or(0, |tcp| tcp.kilobytes), Relaxed);
            sleep(LOOK);
        }
    }
}

/// What came of it.
struct Outcome {
    sent: u64,
    seen: u64,
    lost: u64,
    answer: Duration,
    /// At most, MiB.
    resident: u64,
    /// More than before, at most and a while after they have gone, MiB.
    kernel: [u64; 2],
    orphans: u64,
}

pub(super) fn readers(bench: &Bench<'_>) -> Result<Vec<Line>> {
    if !is_root() {
        let ours = "needs root".into();
        return Ok(vec![Line { what: format!("{CLIENTS} who never read"), ours, ..Line::default() }]);
    }
    let Outcome { sent, seen, lost, answer, resident, kernel: [most, after], orphans } = measure(bench)?;
    let mebibytes =
        |ours: u64, wanted: u64| (format!("{ours} MiB"), format!("<= {wanted} MiB"), ours <= wanted);
    let after = (
        format!("{after} MiB, {orphans} orphans"),
        format!("<= {KERNEL_AFTER} MiB, 0 orphans"),
        after <= KERNEL_AFTER && orphans == 0,
    );
    let answers = (
        format!("within {:.1} ms", answer.as_secs_f64() * 1e3),
        format!("<= {} ms", ANSWER.as_millis()),
        answer <= ANSWER,
    );
    Ok(vec![
        loss_line(lost, (sent, seen)),
        line("the server's memory", mebibytes(resident, RESIDENT)),
        line("the kernel's for TCP", mebibytes(most, KERNEL)),
        line("the same 10 s after they have gone", after),
        line("99 of 100 answers to another", answers),
    ])
}

fn line(what: &str, (ours, wanted, is_kept): (String, String, bool)) -> Line {
    let what = format!("{CLIENTS} who never read: {what}");
    Line { what, ours, wanted, verdict: is_kept.into(), ..Line::default() }
}

fn measure(bench: &Bench<'_>) -> Result<Outcome> {
    raise_limit()?;
    let lab = Lab::new()?;
    let before = Tcp::now()?;
    let server = Server::spawn(bench, &mut roomy(&lab, bench)?)?;
    let most = Arc::new(Most::default());
    let (watched, status) = (Arc::clone(&most), PathBuf::from(format!("/proc/{}/status", server.id())));
    let watch = spawn(move || watched.watch(&status));
    let mut silent = own_part(&lab, &lab.receiving, &["silent", &server.address, &CLIENTS.to_string()])?;
    let mut said = BufReader::new(silent.stdout.take().context("no output")?).lines();
    said.next().context("the clients could not connect")??;
    let sender = own_part(&lab, &lab.sending, &["mix", &(RATE * SECONDS).to_string(), &RATE.to_string()])?;
    let output = sender.wait_with_output()?;
    ensure!(output.status.success(), "the sender failed");
    let [sent, _] = numbers(&String::from_utf8_lossy(&output.stdout))?;
    drop(silent.stdin.take());
    let [nanoseconds, seen, lost] = numbers(&said.next().context("the clients failed")??)?;
    silent.wait()?;
    sleep(AFTER);
    let after = Tcp::now()?;
    most.over.store(true, Relaxed);
    watch.join().map_err(|_| anyhow!("who watches failed"))?;
    let kernel = [most.kernel.load(Relaxed), after.kilobytes];
    Ok(Outcome {
        sent,
        seen,
        lost,
        answer: Duration::from_nanos(nanoseconds),
        resident: most.resident.load(Relaxed) >> 10,
        kernel: kernel.map(|kilobytes| kilobytes.saturating_sub(before.kilobytes) >> 10),
        orphans: after.orphans.saturating_sub(before.orphans),
    })
}
