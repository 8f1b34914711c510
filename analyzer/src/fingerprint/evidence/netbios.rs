//! The announcements of the browser service (MS-BRWS §2.2.1) in NetBIOS datagrams (RFC 1002 §4.4): hosts tell the version of
//! their system and what kind of server they are. Samba announces the version that its settings say, with a bit for Unix.

use super::clue::{Clue, Force, Text};
use super::words::find;
use super::{EvidenceKind, windows};
use crate::fingerprint::family::{Families, Family};

/// The mailslot's name, behind which the announcement follows two bytes later.
const MAILSLOT: &str = "\\MAILSLOT\\BROWSE\0";

/// HostAnnouncement and LocalMasterAnnouncement.
const ANNOUNCEMENTS: [u8; 2] = [1, 15];

/// SV_TYPE_XENIX_SERVER and SV_TYPE_SERVER_UNIX: the same bit.
const UNIX: u32 = 0x0000_0800;

/// What an announcement says of its sender.
pub fn read(datagram: &[u8]) -> Option<Clue> {
    let at = find(datagram, MAILSLOT)? + MAILSLOT.len();
    // SMB aligns nothing here: the frame begins at once.
    let frame = datagram.get(at..)?;
    let (&command, rest) = frame.split_first()?;
    ANNOUNCEMENTS.contains(&command).then_some(())?;
    // Update count 1, periodicity 4, name 16.
    let name = rest.get(5..21)?;
    let &[major, minor] = rest.get(21..23)?.first_chunk()?;
    let kind = u32::from_le_bytes(*rest.get(23..27)?.first_chunk()?);
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let mut signature = Text::<96>::EMPTY;
    let shown = Text::<16>::of_wire(&name[..end]);
    let _ = std::fmt::Write::write_fmt(
        &mut signature,
        format_args!("{} announces {major}.{minor}", shown.as_str()),
    );
    let clue =
        |families, label| Clue::new(EvidenceKind::NetBios, families, label, signature.as_str().as_bytes());
    if kind & UNIX != 0 || (major, minor) == (4, 9) {
        let unix = Families::of(&[Family::Linux, Family::Bsd, Family::MacOs, Family::Network]);
        return Some(clue(unix, format_args!("Samba")));
    }
    match windows::of_kernel((major.into(), minor.into())) {
        Some(label) if major > 4 => Some(clue(Families::WINDOWS, format_args!("{label}"))),
        // Numbers of old are those of printers and disks of today.
        _ => Some(
            clue(Families::NETWORK.or(Families::WINDOWS), format_args!("Windows or firmware"))
                .with(Force::Faint),
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn announcement(version: [u8; 2], kind: u32) -> Vec<u8> {
        let mut bytes =
            [&b"\x11\x02 head of datagram and SMB"[..], MAILSLOT.as_bytes(), &[1, 0, 0, 0, 0, 0]].concat();
        bytes.extend(b"MSEDGEWIN10\0\0\0\0\0");
        bytes.extend(version);
        bytes.extend(kind.to_le_bytes());
        bytes.extend([15, 1, 0x55, 0xaa]);
        bytes
    }

    #[test]
    fn hosts_announce_their_version() {
        let clue = read(&announcement([10, 0], 0x1003)).unwrap();
        assert_eq!((clue.families, clue.label.as_str()), (Families::WINDOWS, "Windows 10 or newer"));
        assert_eq!(clue.signature.as_str(), "MSEDGEWIN10 announces 10.0");
        assert_eq!(read(&announcement([6, 1], UNIX)).unwrap().label.as_str(), "Samba");
        let whole = announcement([6, 1], 0);
        assert!((0..whole.len() - 4).all(|end| read(&whole[..end]).is_none()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            read(&bytes);
            read(&[MAILSLOT.as_bytes(), &[1], &bytes].concat());
        }
    }
}
