//! `cargo xtask demo`: the capture that Wireglobe shows before it has seen anything. Invented traffic between a home
//! network and real address blocks in over a hundred countries, a few attacks in it, the same bytes for the same seed.

mod actor;
mod attack;
mod datagram;
mod home;
mod message;
mod networks;
mod sites;
mod stack;
mod talk;
mod tape;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::craft::frame::Frame;
use crate::craft::random::Random;
use tape::Tape;

/// The seed of the capture that is committed.
const SEED: u64 = 2;

/// Where the committed capture lies.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../visualizer/data/demo.pcap");

/// Makes the demo capture.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to write, or to compare with.
    #[arg(long, value_name = "FILE", default_value = COMMITTED)]
    out: PathBuf,
    /// Another seed, another capture.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Write nothing; fail when the file differs from what would be written.
    #[arg(long)]
    check: bool,
}

/// Somebody who makes traffic.
type Actor = fn(&mut Tape, &mut Random);

/// Everybody. A name seeds its actor, so that a change to one leaves the others' traffic alone.
const ACTORS: &[(&str, Actor)] = &[
    ("backup", actor::backup::play),
    ("call", actor::call::play),
    ("clocks", actor::clocks::play),
    ("discovery", actor::discovery::play),
    ("files", actor::files::play),
    ("game", actor::game::play),
    ("mail", actor::mail::play),
    ("neighbours", actor::neighbours::play),
    ("oddities", actor::oddities::play),
    ("pings", actor::pings::play),
    ("push", actor::push::play),
    ("shell", actor::shell::play),
    ("torrent", actor::torrent::play),
    ("updates", actor::updates::play),
    ("video", actor::video::play),
    ("visitors", actor::visitors::play),
    ("web", actor::web::play),
    ("arp spoof", attack::arp_spoof::play),
    ("dns tunnel", attack::dns_tunnel::play),
    ("port scan", attack::port_scan::play),
    ("ssh guessing", attack::ssh_guessing::play),
    ("syn flood", attack::syn_flood::play),
    ("telnet bot", attack::telnet_bot::play),
];

/// Runs `cargo xtask demo`.
pub fn run(arguments: &Arguments) -> Result<()> {
    let capture = generate(arguments.seed)?;
    let path = arguments.out.display();
    if arguments.check {
        let present = fs::read(&arguments.out).with_context(|| format!("cannot read {path}"))?;
        ensure!(present == capture, "{path} is not what the generator makes: run `cargo xtask demo`");
        return Ok(());
    }
    fs::write(&arguments.out, capture).with_context(|| format!("cannot write {path}"))
}

/// How long it lasts, microseconds.
pub(crate) const LENGTH_MICROS: u64 = tape::LENGTH.unsigned_abs();

/// What passes in the order of time, in microseconds since its start, with another seed than the committed one's.
pub(crate) fn frames(seed: u64) -> impl Iterator<Item = (u64, Frame)> {
    perform(seed).into_frames().into_iter().map(|(at, frame)| (at.unsigned_abs(), frame))
}

/// The capture of a seed.
fn generate(seed: u64) -> Result<Vec<u8>> {
    tape::write(&perform(seed).into_frames(), Vec::new())
}

fn perform(seed: u64) -> Tape {
    let random = Random::new(seed);
    let mut tape = Tape::default();
    for (name, play) in ACTORS {
        play(&mut tape, &mut random.fork(name));
    }
    tape
}
