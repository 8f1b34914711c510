//! Connections that telephones keep open for messages: keep-alives and now and then a notification, from before the
//! capture to after it.

use super::ask_secure;
use crate::craft::random::Random;
use crate::demo::home::{self, CAMERA, Device, LAPTOP, PHONE, TABLET};
use crate::demo::sites::{ANDROID_PUSH, APPLE_PUSH, CAMERA_CLOUD, Site, WHATSAPP};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, SECOND, Tape, WARM_UP};

/// Who keeps which connection, on which port.
const CONNECTIONS: &[(&Device, &Site, u16)] = &[
    (&PHONE, &ANDROID_PUSH, 5228),
    (&PHONE, &WHATSAPP, 5222),
    (&TABLET, &APPLE_PUSH, 5223),
    (&LAPTOP, &APPLE_PUSH, 5223),
    (&CAMERA, &CAMERA_CLOUD, 8883),
];

/// Push connections.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for &(device, site, port) in CONNECTIONS {
        let address = site.address();
        let hosts = (device.toward(address), home::site(site, address));
        let mut talk = Talk::new(tape, random, hosts, port).at(WARM_UP + random.between(0, 9 * SECOND));
        while talk.now < LENGTH {
            if random.one_in(3) {
                let sizes = (random.between(40, 90) as usize, random.between(120, 1400) as usize);
                ask_secure(&mut talk, random, sizes);
            } else {
                talk.keep_alive(if random.one_in(2) { Side::Client } else { Side::Server });
            }
            talk.pause(random.around(11 * SECOND));
        }
    }
}
