//! Something on the office PC talks through DNS: 100 questions in 50 seconds, each name long, random and new, the answers
//! full TXT records, by way of a public resolver.

use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::ask;
use crate::demo::home::{self, OFFICE_PC};
use crate::demo::message::dns;
use crate::demo::sites::GOOGLE_DNS;
use crate::demo::tape::{MILLISECOND, SECOND, Tape};

const START: i64 = 106 * SECOND;
const QUESTIONS: usize = 100;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The tunnel.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let address = GOOGLE_DNS.v4.into();
    let (here, resolver) = (OFFICE_PC.v4(), home::site(&GOOGLE_DNS, address));
    let mut at = START;
    for _ in 0..QUESTIONS {
        let id = random.next() as u16;
        let name = format!("{}.{}.t.tunnel.example", label(random), label(random));
        let question = dns::question(id, &name, dns::TXT);
        let text: Vec<u8> = random.bytes::<120>().iter().map(|byte| BASE32[usize::from(byte % 32)]).collect();
        let answer = dns::text(id, &name, &text);
        let exchange = ((random.port(), 53), Payload::whole(&question), Payload::whole(&answer));
        ask(tape, at, (&here, &resolver), exchange);
        at += random.around(500 * MILLISECOND);
    }
}

fn label(random: &mut Random) -> String {
    random.bytes::<44>().iter().map(|byte| char::from(BASE32[usize::from(byte % 32)])).collect()
}
