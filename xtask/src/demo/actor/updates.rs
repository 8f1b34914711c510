//! Machines look for updates over plain HTTP, as package managers do.

use crate::craft::random::Random;
use crate::demo::datagram::resolve;
use crate::demo::home::{self, Device, NAS, SERVER};
use crate::demo::sites::MIRROR;
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, Micros, SECOND, Tape, WARM_UP};

const REQUEST: &[u8] = b"GET /debian/dists/stable/InRelease HTTP/1.1\r\nHost: deb.debian.org\r\n\
    Accept: text/*\r\nUser-Agent: Debian APT-HTTP/1.3 (2.6.1)\r\n\r\n";

/// Updates.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for device in [&SERVER, &NAS] {
        let mut at = WARM_UP + random.between(0, 60 * SECOND);
        while at < LENGTH {
            look(tape, random, device, at);
            at += random.around(80 * SECOND);
        }
    }
}

fn look(tape: &mut Tape, random: &mut Random, device: &Device, at: Micros) {
    let (address, at) = resolve(tape, random, (device, &MIRROR), at);
    let hosts = (device.toward(address), home::site(&MIRROR, address));
    let mut talk = Talk::new(tape, random, hosts, 80).at(at);
    talk.open();
    let length = random.between(60_000, 220_000) as usize;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
    );
    talk.ask(REQUEST, answer.as_bytes(), answer.len() + length);
    talk.close(Side::Client);
}
