//! A short SYN flood against the server's web port: 1200 SYNs in five seconds, each from another spoofed address; the
//! server answers until its backlog is full.

use std::net::IpAddr;

use crate::craft::random::Random;
use crate::demo::home::{SERVER, beyond};
use crate::demo::networks::NETWORKS;
use crate::demo::stack::SCANNER;
use crate::demo::talk::Talk;
use crate::demo::tape::{SECOND, Tape};

const START: i64 = 204 * SECOND;
const SYNS: i64 = 1200;
const LASTS: i64 = 5 * SECOND;

/// Half-open connections that the server keeps.
const BACKLOG: i64 = 128;

/// The flood.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for index in 0..SYNS {
        let network = random.pick(NETWORKS);
        let source = beyond(IpAddr::V4(network.v4(random)), network.country, &SCANNER);
        let at = START + index * LASTS / SYNS + random.between(0, 3_000);
        let mut talk = Talk::new(tape, random, (source, SERVER.v4()), 443).at(at);
        talk.syn();
        if index < BACKLOG {
            talk.pause(SERVER.v4().delay);
            talk.syn_ack();
        }
    }
}
