//! Mutated packets: frames of captures in their order, piece by piece, most of them changed. The same ones for the same seed.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::{Frame, LinkType, Timestamp};

use crate::craft::random::Random;

/// The bundled demo.
const DEMO: &[u8] = include_bytes!("../../../visualizer/data/demo.pcap");

/// The first packet's time: 2026-06-17 18:30:00 UTC, nanoseconds since the Unix epoch.
const START: i64 = 1_781_721_000_000_000_000;

/// Between two packets, nanoseconds: 50 000 packets a second.
const STEP: i64 = 20_000;

/// Frames of a capture that follow each other, at most.
const PIECE: u64 = 200;

/// Where most of what is read lies, bytes.
const HEADERS: u64 = 96;

/// Numbers that are often edges.
const EDGES: [u16; 8] = [0, 1, 0x7f, 0xff, 0x0fff, 0x7fff, 0x8000, 0xffff];

/// Packets between two rounds of the program: a quarter of a second.
const ROUND: u64 = 12_500;

/// Times of a broken or forged clock, seconds from now.
const JUMPS: [i64; 6] = [-1_000_000_000, -3600, -1, 59, 3600, 1_000_000_000];

/// A frame to be mutated.
pub(super) struct Seed {
    link: LinkType,
    wire_len: u32,
    bytes: Vec<u8>,
}

/// Frames of the demo, and of all captures in the folders of a folder, if it is there; in the order of their names.
pub(super) fn seeds(captures: &Path) -> Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    take(FileSource::from_bytes("demo", DEMO)?, &mut seeds);
    ensure!(!seeds.is_empty(), "the demo has no frames");
    for folder in sorted(captures) {
        for file in sorted(&folder) {
            // What is no capture lies there as well.
            if let Ok(source) = FileSource::open(&file) {
                take(source, &mut seeds);
            }
        }
    }
    Ok(seeds)
}

fn sorted(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// All frames up to the end or to what is damaged.
fn take(mut source: FileSource, seeds: &mut Vec<Seed>) {
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if !frame.bytes.is_empty() {
            seeds.push(Seed { link: frame.link, wire_len: frame.wire_len, bytes: frame.bytes.to_vec() });
        }
    }
}

/// Mutated packets without end.
pub(super) struct Traffic<'a> {
    seeds: &'a [Seed],
    random: Random,
    at: i64,
    number: u64,
    /// The next seed, and how many more follow it.
    place: usize,
    left: u64,
    bytes: Vec<u8>,
    /// How far the next packet's time is off, seconds.
    jump: i64,
}

impl<'a> Traffic<'a> {
    pub(super) fn new(seeds: &'a [Seed], seed: u64) -> Self {
        let random = Random::new(seed).fork("worst-packet");
        Self { seeds, random, at: START, number: 0, place: 0, left: 0, bytes: Vec::new(), jump: 0 }
    }

    /// The time that the traffic has reached.
    pub(super) const fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.at)
    }

    /// Whether a round comes before the next packet: a quarter of a second is over, or its time jumps.
    pub(super) fn turns(&mut self) -> bool {
        self.jump = if self.random.one_in(100_000) { self.random.pick(&JUMPS) } else { 0 };
        self.jump != 0 || (self.number + 1).is_multiple_of(ROUND)
    }

    pub(super) fn next(&mut self) -> Frame<'_> {
        if self.left == 0 {
            self.place = self.random.below(self.seeds.len() as u64) as usize;
            self.left = 1 + self.random.below(PIECE);
        }
        let seed = &self.seeds[self.place];
        (self.place, self.left) = ((self.place + 1) % self.seeds.len(), self.left - 1);
        self.bytes.clear();
        self.bytes.extend_from_slice(&seed.bytes);
        if !self.random.one_in(4) {
            (0..=self.random.below(4)).for_each(|_| change(&mut self.bytes, &mut self.random));
        }
        self.number += 1;
        self.at += STEP;
        let wire_len = if self.random.one_in(50) { self.random.next() as u32 } else { seed.wire_len };
        Frame {
            number: self.number,
            at: Timestamp::from_nanos(self.at + self.jump * 1_000_000_000),
            wire_len: wire_len.max(self.bytes.len() as u32),
            link: seed.link,
            bytes: &self.bytes,
        }
    }
}

/// One change: bits, bytes and numbers at the edges, most of them in headers; other addresses; a piece doubled, lost or cut off.
fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let Some(last) = bytes.len().checked_sub(1) else { return };
    let reach = if random.one_in(3) { bytes.len() as u64 } else { HEADERS.min(bytes.len() as u64) };
    let at = random.below(reach) as usize;
    let end = (at + random.below(40) as usize).min(last);
    match random.below(10) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 | 3 => bytes[at] = random.next() as u8,
        4 => put(bytes, at & !1, &random.pick(&EDGES).to_be_bytes()),
        // Where Ethernet has IPv4's source and destination.
        5 => put(bytes, 26, &random.bytes::<4>()),
        6 => put(bytes, 30, &random.bytes::<4>()),
        7 => drop(bytes.drain(at..end.max(at))),
        8 => {
            let piece = bytes[at..end.max(at)].to_vec();
            bytes.splice(at..at, piece);
        }
        _ => bytes.truncate(at.max(1)),
    }
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes.iter_mut().skip(at).zip(new).for_each(|(byte, new)| *byte = *new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_packets_and_most_are_changed() -> Result<()> {
        let seeds = seeds(Path::new("nowhere"))?;
        let packets = |seed| {
            let mut traffic = Traffic::new(&seeds, seed);
            (0..2000)
                .map(|_| {
                    traffic.turns();
                    traffic.next().bytes.to_vec()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(packets(1), packets(1));
        assert_ne!(packets(1), packets(2));
        let known: std::collections::HashSet<&[u8]> = seeds.iter().map(|seed| &seed.bytes[..]).collect();
        let changed = packets(1).iter().filter(|packet| !known.contains(&packet[..])).count();
        assert!((1000..1900).contains(&changed), "{changed}");
        Ok(())
    }
}
