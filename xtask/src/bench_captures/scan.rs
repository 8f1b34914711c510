//! `cargo xtask scan`: one host at home asks a million others for telnet. One in fifty refuses, one in a hundred answers
//! and is hung up on.

use anyhow::Result;

use super::{Output, space};
use crate::craft::frame::{Endpoint, Frame, Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{Segment, flag, tcp};

/// Makes a horizontal scan.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: Output,
    /// How many hosts are asked, each once.
    #[arg(long, default_value_t = 1_000_000)]
    hosts: u64,
}

/// The scanner's number at home.
const SCANNER: u16 = 0x0133;

const TELNET: u16 = 23;

/// Knuth's multiplier: odd, so that multiplying visits every 32-bit number once.
const SPREAD: u32 = 2_654_435_761;

/// Runs `cargo xtask scan`.
pub fn run(arguments: &Arguments) -> Result<()> {
    arguments.output.write(frames(arguments.output.seed, arguments.hosts))
}

fn frames(seed: u64, hosts: u64) -> impl Iterator<Item = Frame> {
    let mut random = Random::new(seed).fork("scan");
    let start = random.next() as u32;
    let targets = (0..=u32::MAX).map(move |index| index.wrapping_mul(SPREAD).wrapping_add(start));
    let routable = targets.filter(|&number| space::is_routable(number));
    routable
        .take(usize::try_from(hosts).unwrap_or(usize::MAX))
        .flat_map(move |number| probe(&mut random, space::stranger(u64::from(number), false)))
}

/// A SYN and what comes of it.
fn probe(random: &mut Random, target: Endpoint) -> Vec<Frame> {
    let scanner = space::at_home(SCANNER, false);
    let (port, sequence) = (random.port(), random.next() as u32);
    let syn =
        Segment { ports: (port, TELNET), sequence, flags: flag::SYN, window: 1024, ..Segment::default() };
    let mut frames = vec![frame(random, (scanner, target), &syn)];
    let answer = match random.below(100) {
        0 | 1 => flag::RST | flag::ACK,
        2 => flag::SYN | flag::ACK,
        _ => return frames,
    };
    let acknowledgment = sequence.wrapping_add(1);
    let segment = Segment { ports: (TELNET, port), sequence: 0, acknowledgment, flags: answer, ..syn };
    frames.push(frame(random, (target, scanner), &segment));
    if answer & flag::SYN != 0 {
        let reset = Segment { sequence: acknowledgment, flags: flag::RST, window: 0, ..syn };
        frames.push(frame(random, (scanner, target), &reset));
    }
    frames
}

fn frame(random: &mut Random, (from, to): (Endpoint, Endpoint), segment: &Segment<'_>) -> Frame {
    tcp(&Route { from, to, identification: random.next() as u16 }, segment, Payload::default())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_host_is_asked_once_and_few_answer() {
        let frames: Vec<Frame> = frames(1, 10_000).collect();
        let asked: Vec<&[u8]> = frames
            .iter()
            .filter(|frame| frame.bytes[47] == flag::SYN)
            .map(|frame| &frame.bytes[30..34])
            .collect();
        assert_eq!(asked.len(), 10_000);
        assert_eq!(asked.iter().collect::<HashSet<_>>().len(), 10_000);
        assert!((10_200..10_700).contains(&frames.len()), "{}", frames.len());
    }
}
