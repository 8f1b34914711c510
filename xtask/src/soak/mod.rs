//! The program for a day: `cargo xtask soak`. Twenty-four hours of traffic come within one, through the standard input, to a server with
//! everything on, its stores on disk and two pages open; it is asked questions all the time and looked at from outside (RELIABILITY:
//! `soak_24h_accel`). With `--speed 1 --hours 8` it is the real thing.
//!
//! What it may not do: hold more and more, leave files open or threads behind, answer slower and slower, lose a packet. Answers are only
//! worth comparing on a machine that does nothing else.

mod looks;
mod traffic;

use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use looks::{Look, Verdict};
use traffic::traffic;

use crate::asking::{address, get};
use crate::bench::crowd::Crowd;
use crate::craft::pcap::PcapWriter;

/// `cargo xtask soak`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The program
    #[arg(long, value_name = "PATH", default_value = "target/release/wireglobe")]
    wireglobe: PathBuf,
    /// Hours of traffic
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// How many times as fast as it was
    #[arg(long, default_value_t = 24.0)]
    speed: f64,
}

/// The first frame's time, microseconds since the Unix epoch: 2026-06-17 18:30:00 UTC.
const START: u64 = 1_781_721_000_000_000;

/// Of the whole time the part in which tables fill: six hours of a day.
const FILLING: f64 = 0.25;

/// Tables as small as they may be, so that each is full when [`FILLING`] is over: what grows after it grows for ever. With the defaults some
/// fill for days.
const SMALL_TABLES: [(&str, &str); 2] =
    [("WIREGLOBE__ANALYSIS__MEMORY_MB", "16"), ("WIREGLOBE__HISTORY__MEMORY_MB", "8")];

/// Between two questions.
const LOOK: Duration = Duration::from_millis(250);

/// What is asked.
const QUESTION: &str = "/api/v1/report?by=country&top=20";

/// Pages that are open.
const PAGES: usize = 2;

/// How long the server may take to count what it was sent last.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `cargo xtask soak`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("wireglobe-soak-{}", std::process::id()));
    let outcome = soak(arguments, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

fn soak(arguments: &Arguments, folder: &Path) -> Result<()> {
    let (mut server, input) = Server::start(&arguments.wireglobe, folder)?;
    let pages = Crowd::gather(&server.address, PAGES, "page")?;
    let watch = server.watch();
    let written = feed(arguments, input)?;
    let counted = server.until(written)?;
    let looks = watch.end()?;
    let [ticks, _, _, lost] = pages.end()?;
    let whole = Duration::from_secs_f64(3600.0 * arguments.hours / arguments.speed);
    let verdict = Verdict::of(&looks, whole.mul_f64(FILLING))?;
    tell(&verdict, looks.len())?;
    say(&format!("{written} packets sent, {counted} counted, {lost} lost; {PAGES} pages had {ticks} ticks"))?;
    ensure!(counted == written && lost == 0, "packets were lost");
    server.ended()?;
    verdict.check()?;
    say("held")
}

/// Writes the traffic as fast as it is wanted; how many packets it had.
fn feed(arguments: &Arguments, input: ChildStdin) -> Result<u64> {
    let mut writer = PcapWriter::new(BufWriter::with_capacity(1 << 16, input), 65_535)?;
    let end = (arguments.hours * 3.6e9) as u64;
    let (began, mut frames, mut due) = (Instant::now(), 0, Duration::ZERO);
    let filling = (arguments.hours * FILLING * 3.6e9) as u64;
    for (at, frame) in traffic(filling).take_while(|(at, _)| *at < end) {
        let now = Duration::from_secs_f64(at as f64 / 1e6 / arguments.speed);
        if now > due {
            due = now + Duration::from_millis(5);
            sleep(now.saturating_sub(began.elapsed()));
        }
        writer.write(START + at, &frame, 1500)?;
        frames += 1;
    }
    writer.finish()?;
    Ok(frames)
}

fn tell(verdict: &Verdict, looks: usize) -> Result<()> {
    say(&format!("{looks} looks; of those after the start, in ten parts:"))?;
    for part in &verdict.parts {
        let answer = part.answer.as_secs_f64() * 1e3;
        say(&format!(
            "{} kB at most, {} files, {} threads, 99 of 100 answers within {answer:.2} ms",
            part.resident, part.files, part.threads
        ))?;
    }
    say(&format!("memory grows by {:.2} MB an hour", verdict.growth / 1e6))
}

/// The program while it runs.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(path: &Path, folder: &Path) -> Result<(Self, ChildStdin)> {
        let mut command = Command::new(path);
        command
            .args(["run", "--read", "-", "--speed", "max", "--listen", "127.0.0.1:0"])
            .env("WIREGLOBE__ALERTS__FOLDER", folder)
            .env("WIREGLOBE__HISTORY__FOLDER", folder)
            .envs(SMALL_TABLES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", path.display()))?;
        let (output, input) = (child.stdout.take(), child.stdin.take());
        let mut server = Self { child, address: String::new() };
        server.address = address(&mut BufReader::new(output.context("no output")?))?;
        Ok((server, input.context("no input")?))
    }

    /// Asks and looks from now on.
    fn watch(&self) -> Watch {
        let (process, address) = (self.child.id(), self.address.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = spawn(move || {
            let (began, mut looks) = (Instant::now(), Vec::new());
            while !ended.load(Relaxed) {
                let asked = Instant::now();
                get(&address, QUESTION)?;
                looks.push(Look::at(process, began.elapsed(), asked.elapsed())?);
                sleep(LOOK.saturating_sub(asked.elapsed()));
            }
            Ok(looks)
        });
        Watch { stop, thread }
    }

    /// Waits until so many packets were analysed, or lost; how many were analysed.
    fn until(&self, packets: u64) -> Result<u64> {
        let began = Instant::now();
        loop {
            let status = get(&self.address, "/api/v1/status")?;
            let counted = status["counted_packets"].as_u64().context("no count")?;
            if counted >= packets || began.elapsed() > PATIENCE {
                return Ok(counted);
            }
            sleep(LOOK);
        }
    }

    /// Fails when it has ended by itself.
    fn ended(&mut self) -> Result<()> {
        let status = self.child.try_wait()?;
        ensure!(status.is_none(), "the server has ended: {}", status.unwrap_or_default());
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The looks while they are taken.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Look>>>,
}

impl Watch {
    fn end(self) -> Result<Vec<Look>> {
        self.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the looks failed"))?
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
