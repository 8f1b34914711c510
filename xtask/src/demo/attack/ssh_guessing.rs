//! Password guessing: 28 short SSH sessions in 50 seconds against the forwarded port, every one refused.

use super::from_country;
use crate::craft::random::Random;
use crate::demo::home::SERVER;
use crate::demo::stack::LINUX;
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{MILLISECOND, SECOND, Tape};

const START: i64 = 76 * SECOND;
const SESSIONS: usize = 28;
const SSH: u16 = 22;

/// Banners (RFC 4253, section 4.2).
const SERVER_BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";
const CLIENT_BANNER: &[u8] = b"SSH-2.0-libssh_0.10.4\r\n";

/// The head of a key exchange's first packet: lengths and SSH_MSG_KEXINIT.
const KEY_EXCHANGE: &[u8] = &[0, 0, 4, 0x1c, 10, 20];

/// SSH_MSG_NEWKEYS: from here on everything is sealed.
const NEW_KEYS: &[u8] = &[0, 0, 0, 12, 10, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The guessing.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let attacker = from_country("BR", random, &LINUX);
    let mut at = START;
    for _ in 0..SESSIONS {
        let mut talk = Talk::new(tape, random, (attacker, SERVER.v4()), SSH).at(at);
        talk.open();
        talk.ask(CLIENT_BANNER, SERVER_BANNER, SERVER_BANNER.len());
        talk.say(Side::Server, KEY_EXCHANGE, 1_080);
        talk.say(Side::Client, KEY_EXCHANGE, 1_080);
        talk.ask(NEW_KEYS, NEW_KEYS, NEW_KEYS.len());
        for (request, answer) in [(60, 44), (84, 52)] {
            let head = random.bytes::<8>();
            talk.say(Side::Client, &head, request);
            talk.say(Side::Server, &head, answer);
        }
        talk.close(Side::Server);
        at += random.around(1_750 * MILLISECOND);
    }
}
