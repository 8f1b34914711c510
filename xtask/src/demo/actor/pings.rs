//! The server watches its uplinks: a ping every few seconds to resolvers, registries and far networks in turn.

use std::net::IpAddr;

use crate::craft::random::Random;
use crate::demo::datagram::ping;
use crate::demo::home::{self, SERVER};
use crate::demo::sites::{FAR, GOOGLE_DNS, QUAD9};
use crate::demo::tape::{LENGTH, SECOND, Tape, WARM_UP};

/// Pings.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let mut at = WARM_UP;
    let id = random.next() as u16;
    let targets = [&QUAD9, &GOOGLE_DNS].into_iter().chain(FAR.iter().step_by(9));
    for (sequence, site) in targets.cycle().enumerate() {
        let address = if sequence % 2 == 0 { IpAddr::V4(site.v4) } else { site.address() };
        let hosts = (SERVER.toward(address), home::site(site, address));
        ping(tape, at, (&hosts.0, &hosts.1), (id, sequence as u16));
        at += random.around(5 * SECOND);
        if at >= LENGTH {
            break;
        }
    }
}
