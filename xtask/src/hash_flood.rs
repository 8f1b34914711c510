//! Whether who chooses addresses can make our tables slow: `cargo xtask hash-flood`. 40 000 addresses that all fall into one
//! place of a table with a known hash, shown to decoder, analyzer and detectors as the sources of as many SYNs, against as many
//! random ones of the same networks, in turn; told is the ratio of the quickest runs, in processor time
//! (RELIABILITY: T3, hash_flood_ratio).
//!
//! That the addresses are bad ones is shown as well: a table with that hash must suffer from them.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use analyzer::Setup;
use anyhow::{Result, ensure};
use capturer::{Frame, LinkType, Timestamp};
use clap::Args;

use crate::bench_captures::space;
use crate::craft::frame::{self, Endpoint, Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{Segment, flag, tcp};
use crate::pipeline::{self, Pipeline};
use crate::processor;

/// `cargo xtask hash-flood`
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Runs of each side; the quickest counts
    #[arg(long, value_name = "N", default_value_t = 15)]
    runs: u32,
}

/// Addresses; a table of them has 65 536 places.
const KEYS: usize = 40_000;

/// The bits of a hash that say where in such a table.
const PLACES: u64 = 0xffff;

/// Most that the bad ones may cost, times the random ones.
const MOST: f64 = 1.5;

/// Least that a table with the known hash must suffer, times, or the addresses are not bad ones.
const TEETH: f64 = 10.0;

/// A hash without a secret.
type Hash = fn(u32) -> u64;

/// Some, and which of their lower bits a table looks at.
const KNOWN: [(&str, Hash); 3] = [
    ("a multiplication, lower bits", |key| u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    ("FxHash of rustc-hash 1, upper half", |key| u64::from(key).wrapping_mul(0x517c_c1b7_2722_0a95) >> 32),
    ("FxHash of rustc-hash 2", |key| u64::from(key).wrapping_mul(0xf135_7aea_2e62_a9c5).rotate_left(26)),
];

/// A table's hash that anybody can work out.
#[derive(Clone, Copy)]
struct Known(Hash);

struct KnownHasher(Hash, u32);

impl BuildHasher for Known {
    type Hasher = KnownHasher;

    fn build_hasher(&self) -> KnownHasher {
        KnownHasher(self.0, 0)
    }
}

impl Hasher for KnownHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.1 = bytes.iter().fold(self.1, |key, &byte| key << 8 | u32::from(byte));
    }

    fn write_u32(&mut self, key: u32) {
        self.1 = key;
    }

    fn finish(&self) -> u64 {
        (self.0)(self.1)
    }
}

/// Runs `cargo xtask hash-flood`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = pipeline::setup();
    let mut random = Random::new(1);
    for (name, hash) in KNOWN {
        let bad = shuffled(colliding(hash, KEYS), &mut random);
        let other = others(&bad, &mut random);
        let known = quickest(arguments.runs.min(3), [&bad, &other], |keys| fill(keys, Known(hash)));
        let sides = [frames(&bad), frames(&other)];
        let ours = quickest(arguments.runs, [&sides[0], &sides[1]], |frames| show(frames, &setup));
        let each = |time: Duration| time.as_secs_f64() * 1e9 / KEYS as f64;
        writeln!(
            std::io::stdout(),
            "{name}: {:.0} ns a packet, random ones {:.0} ns, {:.2} times; a table with that hash {:.0} and {:.0} ns, {:.0} times",
            each(ours[0]),
            each(ours[1]),
            ratio(ours),
            each(known[0]),
            each(known[1]),
            ratio(known),
        )?;
        ensure!(ratio(known) >= TEETH, "{name}: the addresses do not collide");
        ensure!(ratio(ours) <= MOST, "{name}: more than {MOST} times the time of random addresses");
    }
    Ok(writeln!(std::io::stdout(), "held")?)
}

fn ratio([bad, other]: [Duration; 2]) -> f64 {
    bad.as_secs_f64() / other.as_secs_f64().max(1e-9)
}

/// So many routable addresses that a hash puts into one place.
fn colliding(hash: Hash, keys: usize) -> Vec<u32> {
    const FIRST: u32 = 0x0102_0304;
    let place = hash(FIRST) & PLACES;
    let falls = |&key: &u32| hash(key) & PLACES == place && space::is_routable(key);
    (FIRST..=u32::MAX).filter(falls).take(keys).collect()
}

/// Other hosts of the same networks of 65 536, so that places are found as quickly; no two the same.
fn others(keys: &[u32], random: &mut Random) -> Vec<u32> {
    let mut taken = HashSet::new();
    let mut other = |key: u32| loop {
        let other = key & 0xffff_0000 | random.below(1 << 16) as u32;
        if taken.insert(other) {
            return other;
        }
    };
    keys.iter().map(|&key| other(key)).collect()
}

fn shuffled(mut keys: Vec<u32>, random: &mut Random) -> Vec<u32> {
    for last in (1..keys.len()).rev() {
        keys.swap(last, random.below(last as u64 + 1) as usize);
    }
    keys
}

/// A SYN from each address.
fn frames(keys: &[u32]) -> Vec<Vec<u8>> {
    let to = space::at_home(0x010a, false);
    let frame = |&key: &u32| {
        let address = IpAddr::V4(Ipv4Addr::from_bits(key));
        let route = Route { from: Endpoint { address, ..space::stranger(0, false) }, to, identification: 1 };
        let segment = Segment {
            ports: (50_000, 443),
            flags: flag::SYN,
            window: 64_240,
            options: &[2, 4, 0x05, 0xb4],
            ..Segment::default()
        };
        let frame::Frame { bytes, .. } = tcp(&route, &segment, Payload::default());
        bytes
    };
    keys.iter().map(frame).collect()
}

/// Of either side the quickest of so many runs, in turn.
fn quickest<T: ?Sized>(runs: u32, sides: [&T; 2], measure: impl Fn(&T) -> Duration) -> [Duration; 2] {
    let mut best = [Duration::MAX; 2];
    for _ in 0..runs.max(1) {
        for (best, side) in best.iter_mut().zip(sides) {
            *best = measure(side).min(*best);
        }
    }
    best
}

/// Processor time that a program which has seen nothing takes for these frames.
fn show(frames: &[Vec<u8>], setup: &Setup) -> Duration {
    let mut pipeline = Pipeline::new(setup);
    let begun = processor::of_thread();
    for (number, bytes) in (1..).zip(frames) {
        let at = Timestamp::from_parts(1_781_721_000, number as i64 * 5_000);
        pipeline.show(&Frame { number, at, wire_len: 60, link: LinkType::ETHERNET, bytes });
    }
    processor::of_thread().saturating_sub(begun)
}

/// Processor time that a general table with a known hash takes for them.
fn fill(keys: &[u32], hash: Known) -> Duration {
    let mut table = HashSet::with_hasher(hash);
    let begun = processor::of_thread();
    table.extend(keys.iter().copied());
    let took = processor::of_thread().saturating_sub(begun);
    std::hint::black_box(table);
    took
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_addresses_fall_into_one_place_and_the_others_do_not() {
        let hash = KNOWN[0].1;
        let bad = colliding(hash, 200);
        let places = |keys: &[u32]| keys.iter().map(|&key| hash(key) & PLACES).collect::<HashSet<_>>().len();
        assert_eq!((bad.len(), places(&bad)), (200, 1));
        let other = others(&bad, &mut Random::new(1));
        assert_eq!(other.iter().collect::<HashSet<_>>().len(), 200);
        assert!(places(&other) > 150);
    }
}
