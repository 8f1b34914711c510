//! Strangers who read the home server's pages: over the forwarded port with IPv4, directly with IPv6.

use super::{ask_secure, octave, open_secure};
use crate::craft::random::Random;
use crate::demo::home::{SERVER, beyond, somebody};
use crate::demo::networks::NETWORKS;
use crate::demo::stack::{ANDROID, APPLE, LINUX, Stack, WINDOWS};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, MILLISECOND, Micros, Tape, WARM_UP};

/// What visitors come with.
const VISITORS: &[&Stack] = &[&WINDOWS, &WINDOWS, &ANDROID, &ANDROID, &APPLE, &APPLE, &LINUX];

/// Mean time between two.
const GAP: Micros = 5_600 * MILLISECOND;

/// Visitors.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let mut at = WARM_UP;
    while at < LENGTH {
        let network = random.pick(NETWORKS);
        let address = somebody(&network, random, 3);
        let visitor = beyond(address, network.country, random.pick(VISITORS));
        let mut talk = Talk::new(tape, random, (visitor, SERVER.toward(address)), 443).at(at);
        talk.rate = 2_500;
        open_secure(&mut talk, random, ("home.example.org", &["h2", "http/1.1"]));
        for _ in 0..random.between(1, 4) {
            let sizes = (random.between(90, 600) as usize, octave(random, 9, 19));
            ask_secure(&mut talk, random, sizes);
            talk.pause(random.between(10, 1_500) * MILLISECOND);
        }
        talk.close(Side::Client);
        at += random.around(GAP);
    }
}
