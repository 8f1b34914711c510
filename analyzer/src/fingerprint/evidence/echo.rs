//! What is in a ping (RFC 792 leaves it open): Windows sends the alphabet up to `w`, ping of Linux counts up behind a time of
//! 16 bytes, that of macOS and the BSDs behind one of 8. BusyBox sends zeros behind its time.

use super::EvidenceKind;
use super::clue::Clue;
use crate::fingerprint::family::{Families, Family};

/// What the data of an echo request say of its sender.
pub fn read(data: &[u8]) -> Option<Clue> {
    let clue = |families, label: &str, shape: &str| {
        Clue::new(EvidenceKind::IcmpEcho, families, format_args!("{label}"), shape.as_bytes())
    };
    let bsd = Families::of(&[Family::MacOs, Family::Ios, Family::Bsd]);
    if data.len() >= 32 && data.iter().zip((b'a'..=b'w').cycle()).all(|(byte, letter)| *byte == letter) {
        return Some(clue(Families::WINDOWS, "Windows", "the alphabet up to w"));
    }
    let counts = |from: u8| {
        let rest = data.get(usize::from(from)..).unwrap_or_default();
        rest.len() >= 32 && rest.iter().zip(0u8..).all(|(byte, n)| *byte == n.wrapping_add(from))
    };
    if counts(8) {
        return Some(clue(bsd, "macOS or BSD", "a time of 8 bytes, then numbers"));
    }
    counts(16).then(|| clue(Families::LINUX, "Linux or Android", "a time of 16 bytes, then numbers"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pings_have_the_shape_of_their_program() {
        let windows = read(b"abcdefghijklmnopqrstuvwabcdefghi").unwrap();
        assert_eq!(windows.families, Families::WINDOWS);
        let linux: Vec<u8> = [vec![7; 16], (16..56).collect()].concat();
        assert_eq!(read(&linux).unwrap().families, Families::LINUX);
        let mac: Vec<u8> = [vec![7; 8], (8..56).collect()].concat();
        assert!(read(&mac).unwrap().families.has(Family::MacOs));
        assert_eq!([read(&linux[..40]), read(&[0; 56]), read(b"abcdefgh"), read(&[])], [None; 4]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            read(&bytes);
            read(&[&[0; 16][..], &bytes].concat());
        }
    }
}
