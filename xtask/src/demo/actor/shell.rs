//! A terminal: the laptop is logged in to a far machine over SSH, keys one way, echoes the other.

use crate::craft::random::Random;
use crate::demo::home::{self, LAPTOP, NAS};
use crate::demo::sites::FAR;
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, MILLISECOND, SECOND, Tape, WARM_UP};

const SSH: u16 = 22;

/// Terminals: one far away over the whole capture, one on the NAS for a while.
pub fn play(tape: &mut Tape, random: &mut Random) {
    if let Some(site) = FAR.iter().find(|site| site.name == "home.cern") {
        let address = site.address();
        let hosts = (LAPTOP.toward(address), home::site(site, address));
        keys(Talk::new(tape, random, hosts, SSH).at(WARM_UP), &mut random.fork("far"), LENGTH);
    }
    let mut talk = Talk::new(tape, random, (LAPTOP.unique_local(), NAS.unique_local()), SSH).at(20 * SECOND);
    talk.open();
    let banner = b"SSH-2.0-OpenSSH_9.7\r\n";
    talk.say(Side::Server, b"SSH-2.0-OpenSSH_9.6\r\n", 21);
    talk.say(Side::Client, banner, banner.len());
    keys(talk, &mut random.fork("near"), 60 * SECOND);
}

fn keys(mut talk: Talk<'_>, random: &mut Random, end: i64) {
    while talk.now < end {
        for _ in 0..random.between(2, 8) {
            let head = random.bytes::<8>();
            talk.ask(&head, &head, 36);
            talk.pause(random.around(170 * MILLISECOND));
        }
        let head = random.bytes::<8>();
        talk.say(Side::Server, &head, random.between(80, 2_000) as usize);
        talk.pause(random.between(4, 14) * SECOND);
    }
}
