//! Everything at home sets its clock: NTP to time services on several continents.

use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::{ask, resolve};
use crate::demo::home::{self, DEVICES};
use crate::demo::message::ntp;
use crate::demo::sites::TIME;
use crate::demo::tape::{LENGTH, SECOND, Tape, WARM_UP};

const NTP: u16 = 123;

/// 2026-06-17 18:30:00 UTC in seconds since 1900.
const START: i64 = 1_781_721_000 + 2_208_988_800;

/// Clocks.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for (index, device) in DEVICES.iter().skip(1).enumerate() {
        let site = &TIME[index % TIME.len()];
        let first = WARM_UP + random.between(0, 60 * SECOND);
        let (_, mut at) = resolve(tape, random, (device, site), first);
        while at < LENGTH {
            let address = site.address();
            let (here, server) = (device.toward(address), home::site(site, address));
            let seconds = (START + at / SECOND) as u32;
            let (request, answer) = (ntp(3, 0, seconds), ntp(4, 1, seconds));
            let exchange = ((NTP, NTP), Payload::whole(&request), Payload::whole(&answer));
            ask(tape, at, (&here, &server), exchange);
            at += random.around(40 * SECOND);
        }
    }
}
