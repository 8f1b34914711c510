//! The office PC reads files from the NAS over SMB: traffic that never leaves the house.

use crate::craft::random::Random;
use crate::demo::home::{NAS, OFFICE_PC};
use crate::demo::message::smb;
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, SECOND, Tape, WARM_UP};

const SMB: u16 = 445;

/// Files.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let mut talk = Talk::new(tape, random, (OFFICE_PC.v4(), NAS.v4()), SMB).at(WARM_UP);
    talk.rate = 60_000;
    talk.open();
    let (request, answer) =
        (smb::message(smb::NEGOTIATE, (0, false), 64 + 42), smb::message(smb::NEGOTIATE, (0, true), 128));
    talk.ask(&request, &answer, answer.len());
    let mut id = 1;
    while talk.now < LENGTH {
        for _ in 0..random.between(1, 4) {
            let size = 4096 << random.below(6);
            let request = smb::message(smb::READ, (id, false), 64 + 49);
            let answer = smb::message(smb::READ, (id, true), 64 + 16 + size);
            talk.ask(&request, &answer, 4 + 64 + 16 + size);
            id += 1;
        }
        talk.pause(random.around(9 * SECOND));
    }
    talk.close(Side::Client);
}
