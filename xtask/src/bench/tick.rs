//! What a tick costs: the analysis thread, which has all its other work to do meanwhile, and the wire.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::offline::capture;
use super::page::{Client, PAGE};
use super::server::{HOSTS, Server, hosts_of};
use super::{Bench, Line};
use crate::processor::of_task;

/// The most of the analysis thread.
const MOST: Duration = Duration::from_millis(5);

/// The most on the wire.
const MOST_BYTES: u64 = 100_000;

/// Ticks a second.
const RATE: f64 = 4.0;

/// How long each part is measured.
const SPAN: Duration = Duration::from_secs(10);

/// How long the last fifth of the capture takes, which is all that is measured and more.
const SLOWLY: Duration = Duration::from_secs(40);

/// The capture comes as fast as it is taken until all hosts are there, and then slowly: the analysis thread's time without and with a page
/// that shows everything, and at last with the page alone.
pub(super) fn tick(bench: &Bench<'_>) -> Result<Vec<Line>> {
    let packets = bench.arguments.packets;
    let path = capture(bench, "imix", &[("packets", packets), ("hosts", HOSTS)])?;
    let (server, input) = Server::start_fed(bench)?;
    let feed = Feed::start(File::open(&path)?, input, packets)?;
    let analysis = task(server.child.id(), "analysis")?;
    let used = |span: Duration| -> Result<Duration> {
        let before = of_task(&analysis)?;
        thread::sleep(span);
        Ok(of_task(&analysis)?.saturating_sub(before))
    };
    server.until(feed.fast_packets, Duration::from_millis(200))?;
    let hosts = hosts_of(&server.until(0, Duration::ZERO)?)?;
    let without = used(SPAN)?;
    let page = Page::open(&server.address)?;
    // What was newly wanted has come, and its first ticks.
    thread::sleep(Duration::from_secs(2));
    let with = used(SPAN)?;
    feed.stop();
    thread::sleep(Duration::from_secs(1));
    let alone = used(SPAN)?;
    drop(server);
    let [first, most, ticks] = page.end()?;
    let rate = packets / 5 / SLOWLY.as_secs();
    let each = |time: Duration| time.div_f64(SPAN.as_secs_f64() * RATE);
    let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let analysis = |what: String, time: Duration| Line {
        what,
        ours: milliseconds(time),
        wanted: format!("<= {} ms", MOST.as_millis()),
        verdict: (time <= MOST).into(),
        ..Line::default()
    };
    let wire = |what: &str, bytes: u64| Line {
        what: what.into(),
        ours: format!("{:.1} kB", bytes as f64 / 1e3),
        wanted: format!("<= {} kB", MOST_BYTES / 1000),
        verdict: (bytes <= MOST_BYTES).into(),
        ..Line::default()
    };
    Ok(vec![
        analysis(
            format!("analysis, {hosts} hosts, {rate} packets/s: what the page adds to a tick"),
            each(with.saturating_sub(without)),
        ),
        analysis(format!("analysis, {hosts} hosts, no packets: all it does in a tick"), each(alone)),
        wire("wire: the page's first tick, packed", first),
        wire(&format!("wire: the largest of the {ticks} that followed"), most),
    ])
}

/// The directory of a process's thread by its name.
fn task(process: u32, name: &str) -> Result<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))?;
    let found = tasks
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim_end() == name));
    let path = found.with_context(|| format!("no thread {name}"))?;
    Ok(path.display().to_string())
}

/// A capture on its way into the server.
struct Feed {
    /// Packets of the part that comes as fast as it goes.
    fast_packets: u64,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<std::io::Result<()>>,
}

impl Feed {
    /// Four fifths at once, the rest slowly.
    fn start(file: File, mut input: ChildStdin, packets: u64) -> Result<Self> {
        let bytes = file.metadata()?.len();
        let fast = bytes / 5 * 4;
        let a_second = (bytes - fast) as f64 / SLOWLY.as_secs_f64();
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut file = BufReader::new(file);
            std::io::copy(&mut file.by_ref().take(fast), &mut input)?;
            let (began, mut written, mut chunk) = (Instant::now(), 0, vec![0; 1 << 14]);
            while !is_over.load(Relaxed) {
                let length = file.read(&mut chunk)?;
                if length == 0 {
                    break;
                }
                input.write_all(&chunk[..length])?;
                written += length;
                let due = Duration::from_secs_f64(written as f64 / a_second);
                thread::sleep(due.saturating_sub(began.elapsed()));
            }
            Ok(())
        });
        // A little less than its share of the bytes: frames differ in length.
        Ok(Self { fast_packets: packets / 100 * 78, stop, thread })
    }

    /// No more packets.
    fn stop(self) {
        self.stop.store(true, Relaxed);
        // A server that went away is noticed by who asks it next.
        let _ = self.thread.join();
    }
}

/// An open page.
struct Page {
    thread: thread::JoinHandle<Result<()>>,
    /// Bytes of the first tick, of the largest that followed, and how many followed.
    seen: Arc<[AtomicU64; 3]>,
}

impl Page {
    fn open(address: &str) -> Result<Self> {
        let mut client = Client::connect(address, &PAGE)?;
        let seen = Arc::new([const { AtomicU64::new(0) }; 3]);
        let told = Arc::clone(&seen);
        let thread = thread::spawn(move || {
            let [first, most, ticks] = &*told;
            first.store(client.tick()?, Relaxed);
            loop {
                most.fetch_max(client.tick()?, Relaxed);
                ticks.fetch_add(1, Relaxed);
            }
        });
        Ok(Self { thread, seen })
    }

    /// What it saw until the server ended.
    fn end(self) -> Result<[u64; 3]> {
        let outcome = self.thread.join().map_err(|_| anyhow::anyhow!("the page failed"))?;
        let seen = [0, 1, 2].map(|at| self.seen[at].load(Relaxed));
        // It ends with the server; before that it had its ticks.
        if seen[2] < (SPAN.as_secs_f64() * RATE) as u64 {
            outcome.context("the page had too few ticks")?;
        }
        Ok(seen)
    }
}
