//! The halves of the bench that run inside the namespaces: a bounded sender, and a receiver by each of our methods.
//! Each prints one line of numbers.

use std::hint::black_box;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use capturer::source::live::{LiveSettings, LiveSource, Method};
use capturer::source::{Next, Source};
use clap::Subcommand;

use super::lab::CAPTURING;
use super::{mix, sender};
use crate::bench::{crowd, silent};
use crate::processor::of_thread;

/// The kernel counts frames before they are in a block; a receiver that was told to stop waits so long for the last.
const QUIET: Duration = Duration::from_millis(300);

/// What a part does.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Send
    Send {
        /// How many frames
        packets: u64,
        /// Frames a second; 0 for as many as go
        rate: u64,
    },
    /// Send everyday traffic
    Mix {
        /// How many frames
        packets: u64,
        /// Frames a second
        rate: u64,
    },
    /// Be clients of a server until standard input ends
    Crowd {
        /// Where it listens
        address: String,
        /// How many
        clients: usize,
        /// What they look at
        view: String,
    },
    /// Be clients of a server that never read, until standard input ends
    Silent {
        /// Where it listens
        address: String,
        /// How many
        clients: usize,
    },
    /// Receive until standard input ends
    Receive {
        /// ring, packet or pnet
        method: String,
        /// How many share the interface
        workers: usize,
        /// Bytes of buffer
        buffer: usize,
    },
}

/// Does it.
pub(crate) fn run(part: &Part) -> Result<()> {
    match part {
        Part::Send { packets, rate } => {
            say(&sender::send(*packets, *rate)?);
            Ok(())
        }
        Part::Mix { packets, rate } => {
            say(&mix::send(*packets, *rate)?);
            Ok(())
        }
        Part::Crowd { address, clients, view } => {
            let crowd = crowd::Crowd::gather(address, *clients, view)?;
            say(&[0]);
            let _ = io::stdin().read_to_end(&mut Vec::new());
            say(&crowd.end()?);
            Ok(())
        }
        Part::Silent { address, clients } => {
            let silent = silent::Silent::gather(address, *clients)?;
            say(&[0]);
            let _ = io::stdin().read_to_end(&mut Vec::new());
            say(&silent.end()?);
            Ok(())
        }
        Part::Receive { method, workers, buffer } => receive(method, *workers, *buffer),
    }
}

/// Prints frames delivered, frames dropped, frames the kernel counted, nanoseconds of processor time, bytes of buffer.
fn receive(method: &str, workers: usize, buffer: usize) -> Result<()> {
    let method = Method::ALL.into_iter().find(|known| known.name() == method).context("unknown method")?;
    let settings = LiveSettings { method, buffer, ..LiveSettings::new(CAPTURING) };
    let sources = if workers > 1 {
        LiveSource::open_fanout(settings, workers)?
    } else {
        vec![LiveSource::open(settings)?]
    };
    ensure!(sources.iter().all(|source| source.status().method() == method), "the method can't be had");
    let stop = AtomicBool::new(false);
    let counts = thread::scope(|scope| {
        let workers: Vec<_> =
            sources.into_iter().map(|source| scope.spawn(|| take_all(source, &stop))).collect();
        say(&[0]);
        let _ = io::stdin().read_to_end(&mut Vec::new());
        stop.store(true, Relaxed);
        workers.into_iter().filter_map(|worker| worker.join().ok()?.ok()).collect::<Vec<_>>()
    });
    ensure!(counts.len() == workers, "a worker failed");
    let sums: Vec<_> = (0..5).map(|column| counts.iter().map(|row| row[column]).sum()).collect();
    say(&sums);
    Ok(())
}

/// Takes frames until told to stop, and then until none comes.
fn take_all(mut source: LiveSource, stop: &AtomicBool) -> Result<[u64; 5]> {
    let (status, mut last) = (source.status(), None);
    loop {
        match source.next_frame()? {
            Next::Frame(frame) => _ = black_box((frame.at, frame.bytes.first())),
            Next::Idle if !stop.load(Relaxed) => {}
            Next::Idle => {
                if last.get_or_insert_with(Instant::now).elapsed() > QUIET {
                    break;
                }
            }
            Next::End => break,
        }
    }
    let drops = source.lost();
    Ok([status.delivered(), drops, status.kernel_packets(), of_thread().as_nanos() as u64, status.buffer()])
}

/// The numbers as a line.
#[expect(clippy::print_stdout, reason = "a result")]
fn say(numbers: &[u64]) {
    let words: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    println!("{}", words.join(" "));
}
