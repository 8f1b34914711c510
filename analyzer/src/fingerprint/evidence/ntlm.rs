//! NTLM messages (MS-NLMP §2.2.1), wherever they are: in SMB, LDAP, RPC, SQL, mail, remote desktop, or in a field of HTTP in
//! base64. Their VERSION (§2.2.2.10) is that of the sender's Windows. Samba says 6.1 and build 0.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::clue::{Clue, Force};
use super::words::find;
use super::{EvidenceKind, windows};
use crate::fingerprint::family::{Families, Family};

/// What a message begins with.
const SIGNATURE: &[u8] = b"NTLMSSP\0";

/// Made once: what it needs to know of the words costs more than a payload.
static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(SIGNATURE));

/// NTLMSSP_NEGOTIATE_VERSION: a version is there.
const HAS_VERSION: u32 = 0x0200_0000;

/// Bytes of a payload in which a message may begin.
const REACH: usize = 1024;

/// Where the flags and the version stand, by the type of message: NEGOTIATE, CHALLENGE, AUTHENTICATE.
const PLACES: [(usize, usize); 3] = [(12, 32), (20, 48), (60, 64)];

/// The message within a payload.
pub fn within(payload: &[u8]) -> Option<Clue> {
    let payload = payload.get(..REACH).unwrap_or(payload);
    let at = FINDER.find(payload)?;
    message(&payload[at..])
}

/// What a message says of its sender.
pub fn message(bytes: &[u8]) -> Option<Clue> {
    let number = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    bytes.starts_with(SIGNATURE).then_some(())?;
    let kind = number(8)? as usize;
    let (flags, version) = *PLACES.get(kind.checked_sub(1)?)?;
    (number(flags)? & HAS_VERSION != 0).then_some(())?;
    let [major, minor, low, high, _, _, _, revision] = *bytes.get(version..)?.first_chunk()?;
    let build = u16::from_le_bytes([low, high]);
    // NTLMSSP_REVISION_W2K3 is the only one.
    (revision == 15).then_some(())?;
    let mut signature = super::clue::Text::<96>::EMPTY;
    let _ = std::fmt::Write::write_fmt(&mut signature, format_args!("NTLM {major}.{minor} build {build}"));
    let clue = |families, label| Clue::new(EvidenceKind::Smb, families, label, signature.as_str().as_bytes());
    if build == 0 {
        let unix = Families::of(&[Family::Linux, Family::Bsd, Family::MacOs]);
        return Some(clue(unix, format_args!("Samba or the like")).with(Force::Fair));
    }
    let name = windows::of_build(build).or_else(|| windows::of_kernel((major.into(), minor.into())))?;
    Some(clue(Families::WINDOWS, format_args!("{name}")))
}

/// Of a field `Authorization` or `WWW-Authenticate` (MS-NTHT): `NTLM` or `Negotiate`, then base64.
pub fn of_field(value: &[u8]) -> Option<Clue> {
    let at = ["NTLM ", "Negotiate "].iter().find_map(|word| Some(find(value, word)? + word.len()))?;
    let (bytes, len) = decoded(&value[at..]);
    within(&bytes[..len])
}

/// Bytes of base64 (RFC 4648 §4) that are decoded: the messages' heads.
const DECODED: usize = 144;

fn decoded(text: &[u8]) -> ([u8; DECODED], usize) {
    let (mut bytes, mut len) = ([0; DECODED], 0);
    for four in text.chunks(4) {
        let digits: u32 = match four.iter().try_fold(0, |sum, letter| Some(sum << 6 | digit(*letter)?)) {
            Some(sum) if four.len() == 4 => sum,
            _ => break,
        };
        let Some(place) = bytes.get_mut(len..len + 3) else { break };
        place.copy_from_slice(&digits.to_be_bytes()[1..]);
        len += 3;
    }
    (bytes, len)
}

const fn digit(letter: u8) -> Option<u32> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        // Padding, where only a head is wanted.
        b'=' => 0,
        _ => return None,
    } as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A CHALLENGE of Windows with such a build.
    fn challenge(build: u16) -> Vec<u8> {
        let mut bytes = [SIGNATURE, &[2, 0, 0, 0], &[0; 8], &HAS_VERSION.to_le_bytes(), &[0; 24]].concat();
        bytes.extend([10, 0]);
        bytes.extend(build.to_le_bytes());
        bytes.extend([0, 0, 0, 15]);
        bytes
    }

    #[test]
    fn a_message_tells_the_build() {
        let bytes = challenge(17763);
        let clue = within(&[&b"\0\0\0\x90something before"[..], &bytes].concat()).unwrap();
        assert_eq!(clue.label.as_str(), "Windows 10 1809 or Server 2019");
        assert_eq!(clue.signature.as_str(), "NTLM 10.0 build 17763");
        assert_eq!(message(&challenge(0)).unwrap().label.as_str(), "Samba or the like");
        assert!((0..bytes.len()).all(|end| message(&bytes[..end]).is_none()));
    }

    #[test]
    fn a_field_of_http_is_base64() {
        // NEGOTIATE with version 6.1, build 7601.
        let clue = of_field(b"Negotiate TlRMTVNTUAABAAAAl4II4gAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==").unwrap();
        assert_eq!(clue.label.as_str(), "Windows 7 or Server 2008 R2");
        assert_eq!([of_field(b"Basic abc"), of_field(b"NTLM"), of_field(b"NTLM !!!!")], [None, None, None]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
            within(&bytes);
            within(&[SIGNATURE, &bytes].concat());
            of_field(&[&b"NTLM "[..], &bytes].concat());
        }
    }
}
