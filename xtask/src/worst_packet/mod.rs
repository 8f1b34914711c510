//! The slowest packet: `cargo xtask worst-packet`. Ten million mutated frames pass decoder, analyzer and detectors one at a
//! time, each with its own account of processor time; then packets of one kind that could add up, whose second half may not
//! cost much more than the first (RELIABILITY: T4, worst_packet_us, linear_in_packets).
//!
//! A machine that does other things has slow moments of its own: interrupts, and caches that others have emptied. So the same
//! packets come several times, each time to a program that has seen nothing, and of each packet the quickest time counts:
//! what is slow for its sake is slow each time, as only the seeds of hashes differ. Tables grow at the same packets, too.
//!
//! What the program does in rounds, four times a second and before a packet with which a second begins, stands apart: settling
//! what flows carried meanwhile, expiring, judging. It is work for all packets since the last round, for which the next has to wait.

mod linear;
mod traffic;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use traffic::{Seed, Traffic};

use crate::pipeline::{self, Pipeline};
use crate::processor;

/// `cargo xtask worst-packet`
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Mutated packets
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    packets: u32,
    /// How often they come; of each packet the quickest time counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,
    /// More captures to mutate, beside the demo: a folder with files in folders
    #[arg(long, value_name = "DIR", default_value = "../shared/captures")]
    captures: PathBuf,
    /// Another seed, other mutations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the packets that could add up
    #[arg(long)]
    linear: bool,
}

/// Most that one packet of ten thousand may take longer than.
const MOST_OFTEN: Duration = Duration::from_micros(50);

/// Most that any packet may take.
const MOST: Duration = Duration::from_millis(1);

/// Most that a round may take: a tenth of the time until the next. Packets wait in the ring meanwhile, which has room for those
/// of half a second and more.
const MOST_ROUND: Duration = Duration::from_millis(25);

/// Slow packets that are named.
const SHOWN: usize = 10;

/// Nanoseconds of each packet, and of each of the program's rounds.
#[derive(Default)]
struct Times {
    packets: Vec<u32>,
    rounds: Vec<u32>,
}

/// Runs `cargo xtask worst-packet`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.linear {
        linear::run()?;
        return say("held");
    }
    let seeds = traffic::seeds(&arguments.captures)?;
    say(&format!(
        "{} frames to mutate, those of the demo and of {}",
        seeds.len(),
        arguments.captures.display()
    ))?;
    let setup = pipeline::setup();
    let mut best: Option<Times> = None;
    for number in 1..=arguments.runs.max(1) {
        let times = measure(Pipeline::new(&setup), &seeds, arguments);
        tell(&format!("run {number}"), &times)?;
        best = Some(match best {
            Some(before) => before.min(&times),
            None => times,
        });
    }
    let Some(best) = best else { return Ok(()) };
    tell("quickest of all runs", &best)?;
    best.show_slowest()?;
    ensure!(
        at(&best.packets, 9999, 10_000) <= MOST_OFTEN,
        "more than one packet of 10 000 takes {MOST_OFTEN:?}"
    );
    ensure!(at(&best.packets, 1, 1) <= MOST, "a packet takes more than {MOST:?}");
    ensure!(at(&best.rounds, 1, 1) <= MOST_ROUND, "a round takes more than {MOST_ROUND:?}");
    say("held")
}

fn measure(mut pipeline: Pipeline, seeds: &[Seed], arguments: &Arguments) -> Times {
    let mut traffic = Traffic::new(seeds, arguments.seed);
    let mut times = Times { packets: Vec::with_capacity(arguments.packets as usize), ..Times::default() };
    for _ in 0..arguments.packets {
        if traffic.turns() {
            let at = traffic.now();
            times.rounds.push(nanos(|| pipeline.tick(at)));
        }
        let frame = traffic.next();
        times.packets.push(nanos(|| pipeline.show(&frame)));
    }
    times
}

/// Processor time of this thread; the clock's own two tenths of a microsecond are in it.
fn nanos(work: impl FnOnce()) -> u32 {
    let begun = processor::of_thread();
    work();
    u32::try_from(processor::of_thread().saturating_sub(begun).as_nanos()).unwrap_or(u32::MAX)
}

impl Times {
    /// Each packet's and round's quicker time.
    fn min(mut self, other: &Self) -> Self {
        let all = |these: &mut [u32], those: &[u32]| {
            these.iter_mut().zip(those).for_each(|(this, that)| *this = (*this).min(*that));
        };
        all(&mut self.packets, &other.packets);
        all(&mut self.rounds, &other.rounds);
        self
    }

    fn show_slowest(&self) -> Result<()> {
        let mut numbers: Vec<usize> = (0..self.packets.len()).collect();
        numbers.sort_unstable_by_key(|&n| std::cmp::Reverse(self.packets[n]));
        let slowest = numbers.iter().take(SHOWN);
        let told: Vec<String> =
            slowest.map(|&n| format!("{n}: {:.1}", f64::from(self.packets[n]) / 1e3)).collect();
        say(&format!("slowest packets, us: {}", told.join(", ")))
    }
}

/// The time that so many of so many stay within.
fn at(times: &[u32], many: usize, of: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (times.len() * many).div_ceil(of).saturating_sub(1);
    Duration::from_nanos(sorted.get(place).copied().unwrap_or_default().into())
}

fn tell(what: &str, times: &Times) -> Result<()> {
    let mean =
        times.packets.iter().map(|&time| u64::from(time)).sum::<u64>() / times.packets.len().max(1) as u64;
    say(&format!(
        "{what}: {} packets, {mean} ns on average, p99 {:?}, p99.9 {:?}, p99.99 {:?}, most {:?}; {} rounds, half within {:?}, most {:?}",
        times.packets.len(),
        at(&times.packets, 99, 100),
        at(&times.packets, 999, 1000),
        at(&times.packets, 9999, 10_000),
        at(&times.packets, 1, 1),
        times.rounds.len(),
        at(&times.rounds, 1, 2),
        at(&times.rounds, 1, 1),
    ))
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_the_machine_does_not_count_and_a_slow_packet_does() {
        let times = |packets: &[u32]| Times { packets: packets.to_vec(), rounds: vec![7] };
        let best = times(&[5, 9_000, 2_000]).min(&times(&[800, 6, 2_500]));
        assert_eq!(best.packets, [5, 6, 2_000]);
        assert_eq!(at(&best.packets, 1, 1), Duration::from_nanos(2_000));
        assert_eq!(at(&best.packets, 1, 2), Duration::from_nanos(6));
        assert_eq!(at(&(0..10_000).collect::<Vec<_>>(), 9999, 10_000), Duration::from_nanos(9998));
    }
}
