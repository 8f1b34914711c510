//! The camera claims to be the router: unasked ARP replies to the laptop and the telephone for 25 seconds.

use crate::craft::frame::arp;
use crate::craft::random::Random;
use crate::demo::home::{CAMERA, LAPTOP, PHONE, ROUTER};
use crate::demo::tape::{MILLISECOND, SECOND, Tape};

const START: i64 = 234 * SECOND;
const REPLIES: i64 = 17;

/// The spoofing.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for index in 0..REPLIES {
        let at = START + index * 1_500 * MILLISECOND + random.between(0, 40) * MILLISECOND;
        let claim = (CAMERA.mac(), ROUTER.address());
        for victim in [&LAPTOP, &PHONE] {
            tape.put(at, arp(2, claim, (victim.mac(), victim.address()), victim.mac()));
        }
    }
}
