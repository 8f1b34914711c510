//! The television: a film in chunks, one connection that was there before the capture and outlasts it.

use std::net::IpAddr;

use super::ask_secure;
use crate::craft::random::Random;
use crate::demo::home::{self, TV};
use crate::demo::sites::VIDEO;
use crate::demo::talk::Talk;
use crate::demo::tape::{LENGTH, MILLISECOND, Micros, Tape, WARM_UP};

/// How much of a film one chunk plays.
const CHUNK: Micros = 5_300 * MILLISECOND;

/// A film.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let address = IpAddr::V4(VIDEO.v4); // televisions of its age speak nothing else
    let hosts = (TV.toward(address), home::site(&VIDEO, address));
    let mut talk = Talk::new(tape, random, hosts, 443);
    let mut next = WARM_UP;
    while next < LENGTH {
        talk = talk.at(next);
        let request = random.between(500, 900) as usize;
        let chunk = random.between(700_000, 1_500_000) as usize;
        ask_secure(&mut talk, random, (request, chunk));
        next = (next + CHUNK + random.between(-300, 300) * MILLISECOND).max(talk.now);
    }
}
