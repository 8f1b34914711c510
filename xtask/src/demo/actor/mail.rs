//! Mail: programs look into their mailboxes over IMAPS, and one message is sent.

use super::{ask_secure, octave, open_secure};
use crate::craft::random::Random;
use crate::demo::datagram::resolve;
use crate::demo::home::{self, Device, LAPTOP, OFFICE_PC, PHONE, TABLET};
use crate::demo::sites::{MAIL, MAIL_DE, MAIL_GMX, MAIL_PROTON, OUTLOOK, Site};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, Micros, SECOND, Tape, WARM_UP};

const IMAPS: u16 = 993;
const SUBMISSIONS: u16 = 465;

/// Who looks where, on which port, and how often.
const MAILBOXES: &[(&Device, &Site, u16, Micros)] = &[
    (&LAPTOP, &MAIL, IMAPS, 62 * SECOND),
    (&PHONE, &MAIL_DE, IMAPS, 75 * SECOND),
    (&TABLET, &MAIL_GMX, IMAPS, 90 * SECOND),
    (&LAPTOP, &MAIL_PROTON, 443, 110 * SECOND),
    (&OFFICE_PC, &OUTLOOK, 443, 48 * SECOND),
    (&LAPTOP, &MAIL_DE, SUBMISSIONS, 150 * SECOND),
];

/// Mailboxes.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for &(device, site, port, gap) in MAILBOXES {
        let mut at = WARM_UP + random.between(0, gap);
        while at < LENGTH {
            look(tape, random, (device, site, port), at);
            at += random.around(gap);
        }
    }
}

fn look(tape: &mut Tape, random: &mut Random, (device, site, port): (&Device, &Site, u16), at: Micros) {
    let (address, at) = resolve(tape, random, (device, site), at);
    let hosts = (device.toward(address), home::site(site, address));
    let mut talk = Talk::new(tape, random, hosts, port).at(at);
    open_secure(&mut talk, random, (site.name, if port == IMAPS { &["imap"] } else { &["http/1.1"] }));
    for _ in 0..2 {
        let sizes = (random.between(60, 140) as usize, octave(random, 8, 13));
        ask_secure(&mut talk, random, sizes);
    }
    if port == SUBMISSIONS {
        ask_secure(&mut talk, random, (86_000, 120));
    }
    talk.close(Side::Client);
}
