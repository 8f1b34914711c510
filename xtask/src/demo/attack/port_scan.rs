//! A SYN scan of the exposed server: 140 ports in 24 seconds, all closed but the two that are forwarded to something.

use super::from_country;
use crate::craft::random::Random;
use crate::demo::home::SERVER;
use crate::demo::stack::SCANNER;
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{MILLISECOND, SECOND, Tape};

const START: i64 = 40 * SECOND;
const PORTS: u16 = 140;

/// What the server listens on.
const OPEN: &[u16] = &[22, 80, 443];

/// The scan.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let scanner = from_country("VN", random, &SCANNER);
    let mut ports: Vec<u16> = OPEN.to_vec();
    while ports.len() < usize::from(PORTS) {
        ports.push(1 + random.rank(9_999) as u16);
        ports.sort_unstable();
        ports.dedup();
    }
    for index in (1..ports.len()).rev() {
        ports.swap(index, random.below(index as u64 + 1) as usize);
    }
    let mut at = START;
    for port in ports {
        let mut talk = Talk::new(tape, random, (scanner, SERVER.v4()), port).at(at);
        talk.syn();
        if OPEN.contains(&port) {
            talk.pause(SERVER.v4().delay);
            talk.syn_ack();
            talk.pause(scanner.delay);
            talk.reset(Side::Client);
        } else {
            talk.reset(Side::Server);
        }
        at += random.around(170 * MILLISECOND);
    }
}
