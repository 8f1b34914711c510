//! `cargo xtask flood`: a SYN flood of one web server, every packet from another random address.

use anyhow::Result;

use super::{Output, space};
use crate::craft::frame::{Frame, Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{Segment, flag, tcp};

/// Makes a spoofed SYN flood.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: Output,
    /// How many SYNs.
    #[arg(long, default_value_t = 5_000_000)]
    packets: u64,
}

/// The victim's number at home.
const VICTIM: u16 = 0x010a;

/// A segment size and nothing else, as flooding tools send.
const OPTIONS: &[u8] = &[2, 4, 0x05, 0xb4];

/// Runs `cargo xtask flood`.
pub fn run(arguments: &Arguments) -> Result<()> {
    arguments.output.write(frames(arguments.output.seed, arguments.packets))
}

fn frames(seed: u64, packets: u64) -> impl Iterator<Item = Frame> {
    let mut random = Random::new(seed).fork("flood");
    let victim = space::at_home(VICTIM, false);
    (0..packets).map(move |_| {
        let route = Route {
            from: space::stranger(random.next(), false),
            to: victim,
            identification: random.next() as u16,
        };
        let segment = Segment {
            ports: (1024 + random.below(64_512) as u16, 80),
            sequence: random.next() as u32,
            flags: flag::SYN,
            window: 64_240,
            options: OPTIONS,
            ..Segment::default()
        };
        tcp(&route, &segment, Payload::default())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nearly_every_packet_has_another_source() {
        let sources: HashSet<Vec<u8>> = frames(1, 5000).map(|frame| frame.bytes[26..30].to_vec()).collect();
        assert!(sources.len() > 4990, "{}", sources.len());
    }
}
