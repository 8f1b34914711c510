//! The console: an update from the store, then a match over UDP with a server nearby.

use super::{ask_secure, open_secure};
use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::{ask, resolve};
use crate::demo::home::{self, CONSOLE};
use crate::demo::sites::{GAME_LOBBY, GAME_SERVER, GAME_STORE, PLAYER_NETWORK, Site};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{MILLISECOND, Micros, SECOND, Tape};

/// When the match is on.
const MATCH: (Micros, Micros) = (226 * SECOND, 278 * SECOND);

const GAME_PORT: u16 = 3074;

/// An evening of play.
pub fn play(tape: &mut Tape, random: &mut Random) {
    download(tape, random, (&PLAYER_NETWORK, 1_900_000), 12 * SECOND);
    download(tape, random, (&GAME_STORE, 3_400_000), 172 * SECOND);
    download(tape, random, (&GAME_LOBBY, 40_000), MATCH.0 - 3 * SECOND);
    fight(tape, random);
    download(tape, random, (&GAME_LOBBY, 26_000), MATCH.1 + SECOND);
}

fn download(tape: &mut Tape, random: &mut Random, (site, size): (&Site, usize), at: Micros) {
    let (address, at) = resolve(tape, random, (&CONSOLE, site), at);
    let hosts = (CONSOLE.toward(address), home::site(site, address));
    let mut talk = Talk::new(tape, random, hosts, 443).at(at);
    talk.rate = 1_200;
    open_secure(&mut talk, random, (site.name, &["http/1.1"]));
    ask_secure(&mut talk, random, (700, size));
    talk.close(Side::Server);
}

fn fight(tape: &mut Tape, random: &mut Random) {
    let (address, mut at) = resolve(tape, random, (&CONSOLE, &GAME_SERVER), MATCH.0);
    let (here, server) = (CONSOLE.toward(address), home::site(&GAME_SERVER, address));
    while at < MATCH.1 {
        let (mine, theirs) = (random.bytes::<14>(), random.bytes::<14>());
        let request = Payload { head: &mine, length: random.between(44, 90) as usize };
        let answer = Payload { head: &theirs, length: random.between(120, 420) as usize };
        ask(tape, at, (&here, &server), ((GAME_PORT, 26_503), request, answer));
        at += random.around(130 * MILLISECOND);
    }
}
