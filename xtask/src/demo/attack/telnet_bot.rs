//! The infected camera looks for more like itself: telnet to 90 random addresses all over the world in 40 seconds.
//! Nearly nobody answers, a few refuse.

use std::net::IpAddr;

use crate::craft::random::Random;
use crate::demo::home::{CAMERA, beyond};
use crate::demo::networks::NETWORKS;
use crate::demo::stack::LINUX;
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{MILLISECOND, SECOND, Tape};

const START: i64 = 142 * SECOND;
const TARGETS: usize = 90;

/// The scan.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let mut at = START;
    for _ in 0..TARGETS {
        let network = random.pick(NETWORKS);
        let target = beyond(IpAddr::V4(network.v4(random)), network.country, &LINUX);
        let port = if random.one_in(5) { 2323 } else { 23 };
        let mut talk = Talk::new(tape, random, (CAMERA.v4(), target), port).at(at);
        talk.syn();
        match random.below(12) {
            0 => talk.reset(Side::Server),
            1..4 => talk.syn_again(),
            _ => {}
        }
        at += random.around(440 * MILLISECOND);
    }
}
