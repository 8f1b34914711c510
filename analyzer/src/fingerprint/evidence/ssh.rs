//! The line with which SSH begins (RFC 4253 §4.2): `SSH-2.0-program comments`. Distributions add their own package's version,
//! whose program's version dates the release.

use super::EvidenceKind;
use super::clue::{Clue, Force};
use super::words::{Version, after, find};
use crate::fingerprint::family::{Families, Family};

/// Bytes of the line, with its end.
const LONGEST: usize = 255;

const LINUX: Families = Families::of(&[Family::Linux]);
const BOX: Families = Families::of(&[Family::Network, Family::Linux]);

/// OpenSSH's version in the releases of Ubuntu and of Debian (packages.ubuntu.com, packages.debian.org).
const UBUNTU: [((u16, u16), &str); 9] = [
    ((5, 3), "10.04"),
    ((5, 9), "12.04"),
    ((6, 6), "14.04"),
    ((7, 2), "16.04"),
    ((7, 6), "18.04"),
    ((8, 2), "20.04"),
    ((8, 9), "22.04"),
    ((9, 6), "24.04"),
    ((10, 0), "25.10"),
];
const DEBIAN: [((u16, u16), &str); 9] = [
    ((5, 1), "5"),
    ((5, 5), "6"),
    ((6, 0), "7"),
    ((6, 7), "8"),
    ((7, 4), "9"),
    ((7, 9), "10"),
    ((8, 4), "11"),
    ((9, 2), "12"),
    ((10, 0), "13"),
];

/// Words, whom they mean and how plainly.
static WORDS: [(&str, Families, &str, Force); 34] = [
    ("for_Windows", Families::WINDOWS, "Windows 10 or Server 2019 or newer", Force::Plain),
    ("WinSCP", Families::WINDOWS, "Windows", Force::Plain),
    ("PuTTY", Families::WINDOWS, "Windows", Force::Fair),
    ("Bitvise", Families::WINDOWS, "Windows", Force::Plain),
    ("FlowSsh", Families::WINDOWS, "Windows", Force::Plain),
    ("WeOnlyDo", Families::WINDOWS, "Windows", Force::Plain),
    ("VShell", Families::WINDOWS, "Windows", Force::Fair),
    ("CerberusFTP", Families::WINDOWS, "Windows", Force::Plain),
    ("Raspbian", LINUX, "Raspbian Linux", Force::Plain),
    ("FreeBSD", Families::BSD, "FreeBSD", Force::Plain),
    ("NetBSD", Families::BSD, "NetBSD", Force::Plain),
    ("DragonFly", Families::BSD, "DragonFly BSD", Force::Plain),
    ("Sun_SSH", Families::SOLARIS, "Solaris", Force::Plain),
    ("Cisco", Families::NETWORK, "Cisco", Force::Plain),
    ("CISCO", Families::NETWORK, "Cisco", Force::Plain),
    ("ROSSSH", Families::NETWORK, "MikroTik RouterOS", Force::Plain),
    ("RomSShell", Families::NETWORK, "firmware", Force::Plain),
    ("HUAWEI", Families::NETWORK, "Huawei VRP", Force::Plain),
    ("Comware", Families::NETWORK, "H3C Comware", Force::Plain),
    ("NetScreen", Families::NETWORK, "NetScreen", Force::Plain),
    ("FortiSSH", Families::NETWORK, "FortiOS", Force::Plain),
    ("SSHD_Huawei", Families::NETWORK, "Huawei VRP", Force::Plain),
    ("mpSSH", Families::NETWORK, "HP management processor", Force::Plain),
    ("IPSSH", Families::NETWORK, "firmware", Force::Plain),
    ("Mocana", Families::NETWORK, "firmware", Force::Plain),
    ("XSSH", Families::NETWORK, "firmware", Force::Fair),
    ("AWS_SFTP", LINUX, "Amazon", Force::Fair),
    ("dropbear", BOX, "Linux or firmware with Dropbear", Force::Plain),
    ("SSHBlackbox", Families::NONE, "Secure Blackbox", Force::Faint),
    ("FIPS", Families::UNIX, "Unix", Force::Fair),
    ("Gentoo", LINUX, "Gentoo Linux", Force::Plain),
    ("hpn", Families::UNIX, "Unix", Force::Fair),
    ("OpenSSH", Families::UNIX, "Unix", Force::Fair),
    ("libssh", Families::UNIX, "Unix", Force::Faint),
];

/// What a side says of itself.
pub fn read(bytes: &[u8]) -> Option<Clue> {
    let rest = bytes.strip_prefix(b"SSH-")?;
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    let line = &bytes[..(end + 4).min(LONGEST)];
    let program = after(line, "OpenSSH_").and_then(Version::read);
    if find(line, "ubuntu").or_else(|| find(line, "Ubuntu")).is_some() {
        return Some(release(line, "Ubuntu", &UBUNTU, program));
    }
    if find(line, "Debian").or_else(|| find(line, "+deb")).is_some() {
        return Some(release(line, "Debian", &DEBIAN, program));
    }
    let (_, families, name, force) = WORDS.iter().find(|(word, ..)| find(line, word).is_some())?;
    Some(Clue::new(EvidenceKind::Ssh, *families, format_args!("{name}"), line).with(*force))
}

fn release(line: &[u8], name: &str, releases: &[((u16, u16), &str)], program: Option<Version>) -> Clue {
    let found =
        releases.iter().find(|(version, _)| program.is_some_and(|program| program.pair() == *version));
    let clue = |label| Clue::new(EvidenceKind::Ssh, LINUX, label, line);
    match found {
        Some((_, release)) => clue(format_args!("{name} {release} (Linux)")),
        None => clue(format_args!("{name} Linux")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_banner_names_the_system_that_it_was_built_for() {
        for (banner, families, label) in [
            ("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1\r\n", LINUX, "Ubuntu 22.04 (Linux)"),
            ("SSH-2.0-OpenSSH_5.9p1 Debian-5ubuntu1\r\n", LINUX, "Ubuntu 12.04 (Linux)"),
            ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n", LINUX, "Debian 12 (Linux)"),
            ("SSH-2.0-OpenSSH_for_Windows_8.1\r\n", Families::WINDOWS, "Windows 10 or Server 2019 or newer"),
            ("SSH-2.0-OpenSSH_7.8 FreeBSD-20180909\n", Families::BSD, "FreeBSD"),
            ("SSH-2.0-dropbear_2019.78\r\n", BOX, "Linux or firmware with Dropbear"),
            ("SSH-1.99-Cisco-1.25\n", Families::NETWORK, "Cisco"),
            ("SSH-2.0-ROSSSH", Families::NETWORK, "MikroTik RouterOS"),
            ("SSH-2.0-OpenSSH_7.4\r\nWindows", Families::UNIX, "Unix"),
        ] {
            let clue = read(banner.as_bytes()).unwrap();
            assert_eq!((clue.families, clue.label.as_str()), (families, label), "{banner}");
        }
        assert_eq!([read(b"SSH-2.0-Go\r\n"), read(b"SSH"), read(b"")], [None, None, None]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes);
            read(&[b"SSH-2.0-OpenSSH_", &bytes[..]].concat());
        }
    }
}
