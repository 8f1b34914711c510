//! Who makes the home's everyday traffic, one file each. An actor plays from the warm-up to the capture's end and puts
//! what is seen of it on the tape.

pub mod backup;
pub mod call;
pub mod clocks;
pub mod discovery;
pub mod files;
pub mod game;
pub mod mail;
pub mod neighbours;
pub mod oddities;
pub mod pings;
pub mod push;
pub mod shell;
pub mod torrent;
pub mod updates;
pub mod video;
pub mod visitors;
pub mod web;

use super::message::tls;
use super::talk::{Side, Talk};
use crate::craft::random::Random;

/// A handshake of TCP and of TLS, up to where both may speak.
pub fn open_secure(talk: &mut Talk<'_>, random: &mut Random, (name, protocols): (&str, &[&str])) {
    talk.open();
    let certificates = random.between(2_200, 4_600) as usize;
    let hello = tls::client_hello(random, name, protocols);
    let answer = tls::server_hello(random);
    talk.ask(&hello, &answer, certificates);
    let finished = tls::client_finished(random);
    talk.say(Side::Client, &finished, finished.len());
}

/// A sealed request and a sealed answer.
pub fn ask_secure(talk: &mut Talk<'_>, random: &mut Random, (request, answer): (usize, usize)) {
    let head = tls::sealed(random, request);
    talk.say(Side::Client, &head, request);
    let head = tls::sealed(random, answer);
    talk.say(Side::Server, &head, answer);
}

/// A size between 2^`low` and 2^`high` bytes where each doubling is as likely as the next.
pub fn octave(random: &mut Random, low: i64, high: i64) -> usize {
    let size = 1_i64 << random.between(low, high);
    random.between(size, 2 * size) as usize
}
