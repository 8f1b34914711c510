//! SMB behind the four bytes of its NetBIOS session (RFC 1002 §4.3): the system's name in a SESSION_SETUP of SMB 1 (MS-CIFS
//! §2.2.4.53), the dialects that a client offers, the version in an NTLM message.

use super::clue::{Clue, Force};
use super::words::{Version, find};
use super::{EvidenceKind, ntlm, windows};
use crate::fingerprint::family::{Families, Family};

/// Commands.
const NEGOTIATE: u8 = 0x72;
const SESSION_SETUP_ANDX: u8 = 0x73;

/// Where the words of a message of SMB 1 begin.
const HEADER: usize = 32;

/// The flag of an answer.
const REPLY: u8 = 0x80;

/// The build of Windows 2000, which is higher than any year in a name.
const FIRST_BUILD: u16 = 2195;

/// What offers SMB 2 in a NEGOTIATE of SMB 1: Windows since Vista.
const SMB2: &str = "SMB 2.???";

/// Whether a payload begins as SMB does.
#[inline]
pub fn begins(payload: &[u8]) -> bool {
    matches!(payload, [0, _, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..])
}

/// Whether it is one of the messages of a log-in, NEGOTIATE and SESSION_SETUP, which come before all others.
pub fn logs_in(payload: &[u8]) -> bool {
    match payload.get(4..) {
        Some([0xff, _, _, _, command, ..]) => matches!(*command, NEGOTIATE | SESSION_SETUP_ANDX),
        Some([0xfe, _, _, _, rest @ ..]) => matches!(rest.get(8..10), Some([0 | 1, 0])),
        _ => false,
    }
}

/// What a message tells of its sender.
pub fn read(payload: &[u8]) -> Option<Clue> {
    let message = payload.get(4..)?;
    if let Some(clue) = ntlm::within(message) {
        let named = native(message).filter(|native| native.families == clue.families && native.versioned);
        return Some(named.filter(|_| !clue.versioned).unwrap_or(clue));
    }
    match message {
        [0xff, b'S', b'M', b'B', SESSION_SETUP_ANDX, ..] => native(message),
        [0xff, b'S', b'M', b'B', NEGOTIATE, _, _, _, _, flags, ..] if flags & REPLY == 0 => dialects(message),
        _ => None,
    }
}

/// The name of a system in a SESSION_SETUP: `Windows 7 Professional 7601 Service Pack 1`, `Unix`.
fn native(message: &[u8]) -> Option<Clue> {
    let body = message.get(HEADER..)?;
    let (mut letters, mut len) = ([0; 512], 0);
    // Names are UTF-16 as a rule; without the zero bytes they read the same.
    for byte in body.iter().filter(|byte| **byte != 0).take(letters.len()) {
        letters[len] = *byte;
        len += 1;
    }
    let text = &letters[..len];
    if let Some(at) = find(text, "Windows ") {
        let name = &text[at..];
        let end = name.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(name.len());
        return Some(windows_called(&name[..end]));
    }
    if let Some(at) = find(text, "Mac OS X") {
        return Some(Clue::new(EvidenceKind::Smb, Families::MAC_OS, format_args!("macOS"), &text[at..]));
    }
    let samba = find(text, "Samba")?;
    let unix = Families::of(&[Family::Linux, Family::Bsd]);
    Some(Clue::new(EvidenceKind::Smb, unix, format_args!("Samba"), &text[samba..]))
}

/// The build within the name tells it best, then the kernel's number, as `Windows 5.1`.
fn windows_called(name: &[u8]) -> Clue {
    let mut numbers = name.split(|byte| *byte == b' ').filter_map(Version::read);
    // Servers are named by their year.
    let is_build = |version: &Version| version.minor.is_none() && version.major >= FIRST_BUILD;
    let build = numbers.clone().filter(is_build).find_map(|version| windows::of_build(version.major));
    let kernel = numbers.find_map(|version| windows::of_kernel(version.pair()));
    let label = build.or(kernel).unwrap_or("Windows");
    Clue::new(EvidenceKind::Smb, Families::WINDOWS, format_args!("{label}"), name)
}

/// Who offers which dialects: libraries name themselves, and Windows what no other offers.
fn dialects(message: &[u8]) -> Option<Clue> {
    let body = message.get(HEADER..)?;
    let clue = |families, label: &str| {
        Clue::new(EvidenceKind::Smb, families, format_args!("{label}"), SMB2.as_bytes()).with(Force::Faint)
    };
    let unix = Families::of(&[Family::Linux, Family::Bsd, Family::MacOs]);
    if find(body, "Samba").is_some() || find(body, "POSIX 2").is_some() {
        return Some(clue(unix, "Samba"));
    }
    (find(body, "LANMAN2.1").is_some() && find(body, SMB2).is_some())
        .then(|| clue(Families::WINDOWS, "Windows Vista or newer"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(command: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, 0xff, b'S', b'M', b'B', command];
        bytes.resize(4 + HEADER, 0);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_session_names_its_system() {
        let wide: Vec<u8> = "Windows Server 2008 R2 Enterprise 7601 Service Pack 1\0"
            .bytes()
            .flat_map(|byte| [byte, 0])
            .collect();
        let clue = read(&message(SESSION_SETUP_ANDX, &wide)).unwrap();
        assert_eq!(clue.label.as_str(), "Windows 7 or Server 2008 R2");
        let old = read(&message(SESSION_SETUP_ANDX, b"\x0dWindows 5.1\0")).unwrap();
        assert_eq!(old.label.as_str(), "Windows XP");
        let samba = read(&message(SESSION_SETUP_ANDX, b"Unix\0Samba 3.0.20-Debian\0")).unwrap();
        assert!(samba.families.has(Family::Linux) && samba.signature.as_str().starts_with("Samba 3.0.20"));
        assert_eq!(read(&message(SESSION_SETUP_ANDX, b"")), None);
    }

    #[test]
    fn messages_of_a_log_in_are_known_from_others() {
        assert!(logs_in(&message(NEGOTIATE, b"")) && logs_in(b"\0\0\0\x40\xfeSMB\x40\0\0\0\0\0\0\0\x01\0"));
        assert!(!logs_in(&message(0x2e, b"")) && !logs_in(b"\0\0\0\x40\xfeSMB\x40\0\0\0\0\0\0\0\x08\0"));
        assert!(!logs_in(b""));
    }

    #[test]
    fn dialects_hint_at_who_offers_them() {
        let clue = read(&message(NEGOTIATE, b"\x02LANMAN2.1\0\x02NT LM 0.12\0\x02SMB 2.???\0")).unwrap();
        assert_eq!((clue.families, clue.force), (Families::WINDOWS, Force::Faint));
        assert_eq!(read(&message(NEGOTIATE, b"\x02NT LM 0.12\0")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..90), cut in 0usize..130) {
            read(&bytes);
            for command in [NEGOTIATE, SESSION_SETUP_ANDX] {
                let whole = message(command, &bytes);
                read(&whole[..cut.min(whole.len())]);
            }
        }
    }
}
