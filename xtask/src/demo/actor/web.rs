//! Pages: a name, then TLS over TCP or QUIC, a request or a few, answers of all sizes. Popular sites are opened again
//! and again; the far ones once each, in turn, so that the map fills.

use super::{ask_secure, octave, open_secure};
use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::{resolve, send};
use crate::demo::home::{self, Device, Host, LAPTOP, OFFICE_PC, PHONE, TABLET, TV};
use crate::demo::sites::{FAR, POPULAR, Site};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, MILLISECOND, Micros, Tape, WARM_UP};

/// Who browses, and its mean time between pages.
const BROWSERS: &[(&Device, Micros)] = &[
    (&LAPTOP, 8_400 * MILLISECOND),
    (&OFFICE_PC, 9_000 * MILLISECOND),
    (&PHONE, 9_300 * MILLISECOND),
    (&TABLET, 13_000 * MILLISECOND),
    (&TV, 30_000 * MILLISECOND),
];

/// The web.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let mut far = FAR.iter().cycle();
    for &(device, gap) in BROWSERS {
        let mut at = WARM_UP + random.between(0, gap);
        while at < LENGTH {
            match far.next() {
                Some(site) if random.one_in(2) => page(tape, random, (device, site), at),
                _ => {
                    let site = POPULAR[random.rank(POPULAR.len() as u64) as usize];
                    popular(tape, random, (device, &site), at);
                }
            }
            at += random.around(gap);
        }
    }
}

fn popular(tape: &mut Tape, random: &mut Random, who: (&Device, &Site), at: Micros) {
    if random.one_in(3) { quic(tape, random, who, at) } else { page(tape, random, who, at) }
}

fn page(tape: &mut Tape, random: &mut Random, (device, site): (&Device, &Site), at: Micros) {
    let (address, at) = resolve(tape, random, (device, site), at);
    let hosts = (device.toward(address), home::site(site, address));
    let mut talk = Talk::new(tape, random, hosts, 443).at(at);
    open_secure(&mut talk, random, (site.name, &["h2", "http/1.1"]));
    for _ in 0..random.between(1, 4) {
        let request = random.between(90, 900) as usize;
        let answer = octave(random, 9, 18);
        ask_secure(&mut talk, random, (request, answer));
        talk.pause(random.between(5, 900) * MILLISECOND);
    }
    if random.one_in(9) { talk.reset(Side::Client) } else { talk.close(Side::Client) }
}

/// Bytes in a datagram of QUIC's first flight (RFC 9000, section 14.1), and in those that follow.
const INITIAL: usize = 1200;

fn quic(tape: &mut Tape, random: &mut Random, (device, site): (&Device, &Site), at: Micros) {
    let (address, mut at) = resolve(tape, random, (device, site), at);
    let (client, server) = (device.toward(address), home::site(site, address));
    let (ports, names) = ((random.port(), 443), (random.bytes::<8>(), random.bytes::<8>()));
    datagram(tape, at, ((&client, &server), ports), (&long_header(0xc3, names.0, random), INITIAL));
    at += server.delay;
    datagram(tape, at, ((&server, &client), (443, ports.0)), (&long_header(0xc1, names.1, random), INITIAL));
    at += MILLISECOND;
    datagram(tape, at, ((&client, &server), ports), (&short_header(names.1, random), 120));
    answer(tape, random, ((client, server), ports, names), at + server.delay);
}

type Connection = ((Host, Host), (u16, u16), ([u8; 8], [u8; 8]));

fn answer(
    tape: &mut Tape,
    random: &mut Random,
    ((client, server), ports, names): Connection,
    mut at: Micros,
) {
    let count = random.between(4, 24);
    for index in 0..count {
        let size = if index + 1 == count { random.between(60, 1252) as usize } else { 1252 };
        let head = short_header(names.0, random);
        datagram(tape, at, ((&server, &client), (443, ports.0)), (&head, size));
        if index % 4 == 3 {
            let head = short_header(names.1, random);
            datagram(tape, at + client.delay, ((&client, &server), ports), (&head, 35));
        }
        at += random.between(150, 2500);
    }
}

fn datagram(
    tape: &mut Tape,
    at: Micros,
    (hosts, ports): ((&Host, &Host), (u16, u16)),
    (head, length): (&[u8], usize),
) {
    send(tape, at, hosts, (ports, Payload { head, length }));
}

/// An Initial or Handshake packet of version 1 (RFC 9000, section 17.2); its inside is not made.
fn long_header(first: u8, destination: [u8; 8], random: &mut Random) -> Vec<u8> {
    let mut header = vec![first, 0, 0, 0, 1, 8];
    header.extend(destination);
    header.extend([0, 0, 0x44, 0x96]);
    header.extend(random.bytes::<12>());
    header
}

fn short_header(destination: [u8; 8], random: &mut Random) -> Vec<u8> {
    let mut header = vec![0x41 | random.below(4) as u8];
    header.extend(destination);
    header.extend(random.bytes::<6>());
    header
}
