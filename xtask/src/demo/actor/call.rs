//! A video call of the office PC: joined over HTTPS, found its way by STUN, then sound and picture both ways as RTP.

use super::{ask_secure, open_secure};
use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::{resolve, send};
use crate::demo::home::{self, Host, OFFICE_PC};
use crate::demo::message::{rtp, stun_request};
use crate::demo::sites::{MEETING, OFFICE};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{MILLISECOND, Micros, SECOND, Tape};

/// When it begins and ends.
const CALL: (Micros, Micros) = (92 * SECOND, 128 * SECOND);

/// The relay's port for media.
const RELAY: u16 = 3478;

const SOUND: u8 = 111;
const PICTURE: u8 = 107;

/// A call.
pub fn play(tape: &mut Tape, random: &mut Random) {
    join(tape, random);
    let (address, at) = resolve(tape, random, (&OFFICE_PC, &MEETING), CALL.0);
    let (here, relay) = (OFFICE_PC.toward(address), home::site(&MEETING, address));
    let port = 50_004;
    let stun = stun_request(random.bytes());
    send(tape, at, (&here, &relay), ((port, RELAY), Payload::whole(&stun)));
    stream(tape, random, ((&here, &relay), (port, RELAY)), at + relay.delay);
    stream(tape, random, ((&relay, &here), (RELAY, port)), at + 2 * relay.delay);
}

fn join(tape: &mut Tape, random: &mut Random) {
    let (address, at) = resolve(tape, random, (&OFFICE_PC, &OFFICE), CALL.0 - 2 * SECOND);
    let hosts = (OFFICE_PC.toward(address), home::site(&OFFICE, address));
    let mut talk = Talk::new(tape, random, hosts, 443).at(at);
    open_secure(&mut talk, random, (OFFICE.name, &["h2"]));
    ask_secure(&mut talk, random, (1_800, 24_000));
    talk.pause(CALL.1 - talk.now);
    ask_secure(&mut talk, random, (900, 700));
    talk.close(Side::Client);
}

/// One direction: of three datagrams two carry picture.
fn stream(
    tape: &mut Tape,
    random: &mut Random,
    (hosts, ports): ((&Host, &Host), (u16, u16)),
    mut at: Micros,
) {
    let source = random.next() as u32;
    let mut sequence = random.next() as u16;
    while at < CALL.1 {
        let picture = !sequence.is_multiple_of(3);
        let (kind, length) =
            if picture { (PICTURE, random.between(700, 1180)) } else { (SOUND, random.between(90, 140)) };
        let head = rtp(kind, sequence, ((at / 11) as u32, source ^ u32::from(picture)));
        send(tape, at, hosts, (ports, Payload { head: &head, length: length as usize }));
        sequence = sequence.wrapping_add(1);
        at += random.around(75 * MILLISECOND);
    }
}
