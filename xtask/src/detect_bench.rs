//! What detectors and fingerprints cost a packet: a capture is read in blocks, and each block decoded, then shown to the
//! detectors, then to the fingerprints; each step has its own account of processor time. tcpdump's printing of the same capture stands beside it, as other
//! processors have other nanoseconds.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use analyzer::detect::{Detection, Thresholds};
use analyzer::fingerprint::{Database, FingerprintCounts, Fingerprints};
use anyhow::{Context, Result};
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::{Packet, Timestamp};
use clap::Args;

use crate::processor;

/// `cargo xtask detect-bench`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Captures, such as `cargo xtask imix` and `cargo xtask flood` make
    #[arg(required = true)]
    captures: Vec<PathBuf>,
    /// Runs; the quickest counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: u32,
    /// Do not run tcpdump
    #[arg(long)]
    alone: bool,
    /// Measure fingerprints with nobody beside them
    #[arg(long)]
    fingerprints: bool,
}

/// Packets of a block: so many that the clock costs nothing, so few that they stay in the cache.
const BLOCK: usize = 2048;

/// Packets that the detectors are shown together, as the program does it.
const TOGETHER: usize = 64;

/// Bytes of a frame that readers may want, as in the program.
const READABLE: usize = 2048;

/// How often detectors look at what has become too old, in packet time, as in the program.
const TICK: Duration = Duration::from_millis(250);

/// Bytes that sessions may take: the program's default.
const MEMORY: usize = 192 << 20;

/// Bytes that hosts may take: the program's default.
const PRINTS: usize = 128 << 20;

/// Processor time of one run.
#[derive(Clone, Copy, Default)]
struct Cost {
    packets: u64,
    read: Duration,
    detect: Duration,
    fingerprint: Duration,
    prints: FingerprintCounts,
}

/// Measures each capture.
pub fn run(arguments: &Arguments) -> Result<()> {
    for path in &arguments.captures {
        let runs = (0..arguments.runs.max(1)).map(|_| measure(path, !arguments.fingerprints));
        let runs = runs.collect::<Result<Vec<Cost>>>()?;
        let mut best = runs.iter().copied().min_by_key(|cost| cost.detect).unwrap_or_default();
        best.fingerprint = runs.iter().map(|cost| cost.fingerprint).min().unwrap_or_default();
        let each = |time: Duration| time.as_secs_f64() * 1e9 / best.packets.max(1) as f64;
        let mut told = format!(
            "{}: {} packets, read and decoded {:.1} ns, detectors {:.1} ns, fingerprints {:.1} ns ({} SYNs read, {} not)",
            path.display(),
            best.packets,
            each(best.read),
            each(best.detect),
            each(best.fingerprint),
            best.prints.read,
            best.prints.sampled_out
        );
        if let Some(theirs) = (!arguments.alone && !arguments.fingerprints).then(|| tcpdump(path)).flatten() {
            let ratio = theirs.as_secs_f64() / best.detect.as_secs_f64();
            told += &format!("; tcpdump -n -q {:.0} ns, {ratio:.1} times the detectors", each(theirs));
        }
        writeln!(std::io::stdout(), "{told}")?;
    }
    Ok(())
}

/// A block of packets, and what was kept of their frames.
struct Block {
    packets: Vec<Packet>,
    held: usize,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    looked: Timestamp,
}

impl Block {
    fn fill(&mut self, source: &mut FileSource, decoder: &mut Decoder) -> Result<bool> {
        self.held = 0;
        self.bytes.clear();
        self.ends.clear();
        while self.held < BLOCK {
            let Next::Frame(frame) = source.next_frame()? else { return Ok(false) };
            if decoder.decode_into(&frame, &mut self.packets[self.held]).is_ok() {
                self.bytes.extend_from_slice(&frame.bytes[..frame.bytes.len().min(READABLE)]);
                self.ends.push(self.bytes.len());
                self.held += 1;
            }
        }
        Ok(true)
    }

    /// What was kept of the frames.
    fn frames(&self) -> Vec<&[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, &end)| &self.bytes[begin..end]).collect()
    }

    fn print(&self, frames: &[&[u8]], fingerprints: &mut Fingerprints) {
        for (packet, frame) in self.packets[..self.held].iter().zip(frames) {
            fingerprints.observe(packet, frame, &mut |event| {
                std::hint::black_box(event);
            });
        }
    }

    fn show(&mut self, detection: &mut Detection) {
        let frames = self.frames();
        for (packets, frames) in self.packets[..self.held].chunks(TOGETHER).zip(frames.chunks(TOGETHER)) {
            detection.observe_all(packets.iter().zip(frames.iter().copied()));
        }
        if let Some(now) = detection.now()
            && now.exceeds(self.looked, TICK)
        {
            self.looked = now;
            detection.advance(now);
        }
    }
}

fn measure(path: &Path, detects: bool) -> Result<Cost> {
    let mut source = FileSource::open(path).with_context(|| path.display().to_string())?;
    let mut decoder = Decoder::new(DecodeSettings::default());
    let mut detection = Detection::new(&Thresholds::default(), MEMORY);
    let mut fingerprints = Fingerprints::new(Database::own(), PRINTS);
    let packets = vec![Packet::empty(); BLOCK];
    let mut block = Block { packets, held: 0, bytes: Vec::new(), ends: Vec::new(), looked: Timestamp::EPOCH };
    let mut cost = Cost::default();
    let mut goes_on = true;
    while goes_on {
        let begun = processor::of_thread();
        goes_on = block.fill(&mut source, &mut decoder)?;
        let filled = processor::of_thread();
        if detects {
            block.show(&mut detection);
        }
        let detected = processor::of_thread();
        let frames = block.frames();
        let collected = processor::of_thread();
        block.print(&frames, &mut fingerprints);
        cost.packets += block.held as u64;
        cost.read += filled.saturating_sub(begun);
        cost.detect += detected.saturating_sub(filled);
        cost.fingerprint += processor::of_thread().saturating_sub(collected);
    }
    cost.prints = fingerprints.counts();
    let begun = processor::of_thread();
    detection.finish();
    cost.detect += processor::of_thread().saturating_sub(begun);
    Ok(cost)
}

fn tcpdump(path: &Path) -> Option<Duration> {
    let before = processor::of_children();
    let mut command = Command::new("tcpdump");
    command.args(["-n", "-q", "-r"]).arg(path).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().ok().filter(std::process::ExitStatus::success)?;
    Some(processor::of_children().saturating_sub(before))
}
