//! The program under the storm: fed by its standard input, watched from outside, asked at the end.

use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::How;
use crate::asking::{address, get};
use crate::measured::memory;
use crate::processor;

/// How long a server may take to count what it was sent last.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(50);

/// What it said at the end.
pub(super) struct Said {
    /// Hosts with the most packets; `alerts` knows none.
    pub(super) hosts: Option<Vec<Value>>,
    /// `report` knows none.
    pub(super) alerts: Option<Vec<Value>>,
    pub(super) processor: Duration,
    /// Frames it could not take in time.
    pub(super) lost: u64,
}

/// The program while it runs.
pub(super) struct Program {
    child: Child,
    how: How,
    /// What it says, read as it comes.
    output: Option<JoinHandle<std::io::Result<String>>>,
    /// Where the server listens.
    address: String,
}

impl Program {
    pub(super) fn start(path: &Path, how: How) -> Result<Self> {
        let words: &[&str] = match how {
            How::Run => &["run", "--read", "-", "--speed", "max", "--listen", "127.0.0.1:0"],
            How::Alerts => &["alerts", "--read", "-", "--format", "json"],
            How::Report => &[
                "report", "--by", "host", "--sort", "packets", "--top", "3000", "--read", "-", "--format",
                "json",
            ],
        };
        let mut command = Command::new(path);
        command.args(words).env("WIREGLOBE__ALERTS__KEEP", "false").env("WIREGLOBE__HISTORY__KEEP", "false");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let address = if how == How::Run { address(&mut output)? } else { String::new() };
        let output = std::thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).map(|_| text)
        });
        Ok(Self { child, how, output: Some(output), address })
    }

    pub(super) fn input(&mut self) -> Result<ChildStdin> {
        self.child.stdin.take().context("no input")
    }

    /// Looks at the memory from now on.
    pub(super) fn watch(&self, written: Arc<AtomicU64>) -> Watch {
        let status = format!("/proc/{}/status", self.child.id());
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !ended.load(Relaxed) {
                let Some(kilobytes) = memory(Path::new(&status), "VmRSS:") else { break };
                seen.push((written.load(Relaxed), kilobytes));
                std::thread::sleep(LOOK);
            }
            Memory(seen)
        });
        Watch { stop, thread }
    }

    /// Waits until everything was counted, and asks for what it found.
    pub(super) fn finish(mut self, frames: u64) -> Result<Said> {
        if self.how == How::Run { self.ask_server(frames) } else { self.read_report() }
    }

    fn ask_server(&mut self, frames: u64) -> Result<Said> {
        let began = Instant::now();
        let ledger = loop {
            let report = get(&self.address, "/api/v1/report?by=host&sort=packets&top=3000")?;
            let totals = &report["totals"];
            let lost = totals["lost"].as_u64().unwrap_or(0);
            if totals["packets"].as_u64().unwrap_or(0) + lost >= frames {
                break (report, lost);
            }
            ensure!(began.elapsed() < PATIENCE, "not all was counted: {totals}");
            std::thread::sleep(LOOK * 4);
        };
        // The detectors' last words come with the next ticks.
        std::thread::sleep(Duration::from_secs(5));
        let alerts = get(&self.address, "/api/v1/alerts")?;
        let processor = processor::of_process(self.child.id())?;
        self.child.kill()?;
        self.child.wait()?;
        let (report, lost) = ledger;
        Ok(Said { hosts: rows(&report, "rows"), alerts: rows(&alerts, "alerts"), processor, lost })
    }

    fn read_report(&mut self) -> Result<Said> {
        let output = self.output.take().context("asked twice")?;
        let text = output.join().map_err(|_| anyhow::anyhow!("the reader failed"))??;
        let before = processor::of_children();
        let status = self.child.wait()?;
        ensure!(status.success(), "the program failed: {status}");
        let processor = processor::of_children().saturating_sub(before);
        let document: Value = serde_json::from_str(&text).context("its report")?;
        let hosts = if self.how == How::Report { rows(&document, "rows") } else { None };
        let alerts = if self.how == How::Alerts { rows(&document, "alerts") } else { None };
        Ok(Said { hosts, alerts, processor, lost: 0 })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rows(document: &Value, field: &str) -> Option<Vec<Value>> {
    document[field].as_array().cloned()
}

/// Memory over time.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Memory>,
}

impl Watch {
    /// The looks so far.
    pub(super) fn end(self) -> Memory {
        self.stop.store(true, Relaxed);
        self.thread.join().unwrap_or(Memory(Vec::new()))
    }
}

/// Kilobytes that were resident when so many frames were written.
pub(super) struct Memory(Vec<(u64, u64)>);

impl Memory {
    /// The most while the first half of all frames was written, while the second was, and after that.
    pub(super) fn parts(&self, frames: u64) -> [u64; 3] {
        let most = |from: u64, to: u64| {
            let looks = self.0.iter().filter(|(written, _)| (from..to).contains(written));
            looks.map(|(_, kilobytes)| *kilobytes).max().unwrap_or(0)
        };
        [most(0, frames / 2), most(frames / 2, frames), most(frames, u64::MAX)]
    }
}
