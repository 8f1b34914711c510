//! The NAS sends its backup away: one long upload in portions, and a short one to a second place.

use super::{ask_secure, open_secure};
use crate::craft::random::Random;
use crate::demo::datagram::resolve;
use crate::demo::home::{self, NAS};
use crate::demo::sites::{BACKUP, BACKUP_BUCKET, Site};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, MILLISECOND, Micros, SECOND, Tape, WARM_UP};

/// Backups.
pub fn play(tape: &mut Tape, random: &mut Random) {
    upload(tape, random, (&BACKUP, WARM_UP), LENGTH);
    upload(tape, random, (&BACKUP_BUCKET, 140 * SECOND), 150 * SECOND);
}

fn upload(tape: &mut Tape, random: &mut Random, (site, start): (&Site, Micros), end: Micros) {
    let (address, at) = resolve(tape, random, (&NAS, site), start);
    let hosts = (NAS.toward(address), home::site(site, address));
    let mut talk = Talk::new(tape, random, hosts, 443).at(at);
    talk.rate = 1_500;
    open_secure(&mut talk, random, (site.name, &["http/1.1"]));
    while talk.now < end {
        let portion = random.between(100_000, 600_000) as usize;
        ask_secure(&mut talk, random, (portion, 420));
        talk.pause(random.between(2_000, 9_000) * MILLISECOND);
    }
    talk.close(Side::Client);
}
