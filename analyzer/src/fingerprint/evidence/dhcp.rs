//! What a client asks for with its lease (RFC 2132): the list of options that it wants (55), in the order that its system's
//! client has, its vendor class (60), and the name that systems make up (12).
//!
//! Lists change from release to release, but what is peculiar in them stays: only Windows asks for a vendor's options (43)
//! together with NetBIOS (44, 46, 47) and routes of its own kind (249), only Apple asks for routes (121) before the router
//! and for LDAP (95), only Android for the lease's times (51, 58, 59) besides the interface's unit (26).

use std::net::IpAddr;

use super::EvidenceKind;
use super::clue::{Clue, Force, Text};
use super::words::{Version, after, find};
use crate::fingerprint::family::{Families, Family};
use crate::names::lease_request;

const LINUX: Families = Families::of(&[Family::Linux]);
const BOX: Families = Families::of(&[Family::Network, Family::Linux]);

/// Vendor classes by how they begin.
static CLASSES: [(&str, Families, &str, Force); 32] = [
    ("MSFT 5.0", Families::WINDOWS, "Windows 2000 or newer", Force::Plain),
    ("MSFT 98", Families::WINDOWS, "Windows 98", Force::Plain),
    ("MSFT", Families::WINDOWS, "Windows", Force::Plain),
    ("Microsoft", Families::WINDOWS, "Windows", Force::Plain),
    ("XBOX", Families::WINDOWS, "Xbox", Force::Plain),
    ("android-dhcp", Families::ANDROID, "Android", Force::Plain),
    ("HUAWEI:android", Families::ANDROID, "Android", Force::Plain),
    ("AAPLBSDPC", Families::MAC_OS, "macOS", Force::Plain),
    ("SUNW", Families::SOLARIS, "Solaris", Force::Plain),
    ("FreeBSD", Families::BSD, "FreeBSD", Force::Plain),
    ("PS3", Families::BSD, "PlayStation 3", Force::Plain),
    ("PS4", Families::BSD, "PlayStation 4", Force::Plain),
    ("PS5", Families::BSD, "PlayStation 5", Force::Plain),
    ("dhcpcd", Families::LINUX.or(Families::BSD), "Linux or Android", Force::Plain),
    ("systemd", LINUX, "Linux", Force::Plain),
    ("udhcp", BOX, "Linux or firmware with BusyBox", Force::Plain),
    ("Linux", LINUX, "Linux", Force::Plain),
    ("anaconda", LINUX, "Linux", Force::Plain),
    ("d-i", LINUX, "Debian Linux", Force::Plain),
    ("Cisco", Families::NETWORK, "Cisco", Force::Plain),
    ("cisco", Families::NETWORK, "Cisco", Force::Plain),
    ("Aruba", Families::NETWORK, "Aruba access point", Force::Plain),
    ("ubnt", Families::NETWORK, "Ubiquiti", Force::Plain),
    ("docsis", Families::NETWORK, "cable modem", Force::Plain),
    ("Hewlett-Packard", Families::NETWORK, "HP printer", Force::Plain),
    ("HewlettPackard", Families::NETWORK, "HP printer", Force::Plain),
    ("Mfg=", Families::NETWORK, "printer", Force::Plain),
    ("yealink", Families::NETWORK, "Yealink telephone", Force::Plain),
    ("Polycom", Families::NETWORK, "Polycom telephone", Force::Plain),
    ("snom", Families::NETWORK, "Snom telephone", Force::Plain),
    ("TL-", Families::NETWORK, "TP-Link", Force::Plain),
    ("MikroTik", Families::NETWORK, "MikroTik RouterOS", Force::Plain),
];

/// Names that systems give themselves, by how they begin.
static NAMES: [(&str, Families, &str); 4] = [
    ("android-", Families::ANDROID, "Android"),
    ("DESKTOP-", Families::WINDOWS, "Windows 10 or newer"),
    ("LAPTOP-", Families::WINDOWS, "Windows 10 or newer"),
    ("WIN-", Families::WINDOWS, "Windows Server"),
];

/// What a REQUEST or INFORM says of the client, and its address.
pub fn read(message: &[u8]) -> Option<(IpAddr, Clue)> {
    let request = lease_request(message)?;
    let clue = request
        .class
        .and_then(class)
        .filter(|clue| clue.families.single().is_some() || request.wanted.is_none())
        .or_else(|| request.wanted.and_then(list))
        .or_else(|| request.class.and_then(class))
        .or_else(|| request.host.and_then(name))?;
    Some((request.address, clue))
}

fn class(value: &[u8]) -> Option<Clue> {
    let (_, families, name, force) = CLASSES.iter().find(|(word, ..)| value.starts_with(word.as_bytes()))?;
    let clue = |label| Clue::new(EvidenceKind::Dhcp, *families, label, value).with(*force);
    if let Some(version) = after(value, "android-dhcp-").and_then(Version::read) {
        return Some(clue(format_args!("{name} {version}")));
    }
    if find(value, "CrOS").is_some() {
        return Some(Clue::new(EvidenceKind::Dhcp, LINUX, format_args!("ChromeOS"), value));
    }
    Some(clue(format_args!("{name}")))
}

fn name(value: &[u8]) -> Option<Clue> {
    let (_, families, name) = NAMES.iter().find(|(word, ..)| value.starts_with(word.as_bytes()))?;
    Some(Clue::new(EvidenceKind::Dhcp, *families, format_args!("{name}"), value).with(Force::Fair))
}

/// Whose list of wanted options it is.
fn list(wanted: &[u8]) -> Option<Clue> {
    let has = |option: u8| wanted.contains(&option);
    let all = |options: &[u8]| options.iter().all(|option| has(*option));
    let apple = wanted.starts_with(&[1, 121, 3, 6, 15]) || wanted.starts_with(&[1, 3, 6, 15, 119]);
    let (families, label, force) = if all(&[43, 44, 46, 47]) && (has(249) || has(31)) {
        (Families::WINDOWS, if has(119) { "Windows 10 or newer" } else { "Windows" }, Force::Plain)
    } else if apple && has(119) && has(252) {
        match has(95) || has(44) {
            true => (Families::MAC_OS, "macOS", Force::Plain),
            false => (Families::IOS, "iOS", Force::Fair),
        }
    } else if all(&[1, 3, 6, 15, 28, 51, 58, 59]) && !has(12) {
        (Families::ANDROID, if has(114) { "Android 11 or newer" } else { "Android" }, Force::Plain)
    } else if all(&[1, 3, 6, 12, 15, 28, 42]) || all(&[1, 2, 3, 6, 12, 15, 28, 121]) {
        (Families::LINUX.or(Families::BSD), "Linux or BSD", Force::Fair)
    } else if all(&[1, 3, 6, 12, 15, 120, 121]) {
        (LINUX, "Linux with systemd", Force::Fair)
    } else {
        return None;
    };
    let mut shown = Text::<96>::EMPTY;
    for (n, option) in wanted.iter().enumerate() {
        let _ =
            std::fmt::Write::write_fmt(&mut shown, format_args!("{}{option}", if n > 0 { "," } else { "" }));
    }
    let clue = Clue::new(EvidenceKind::Dhcp, families, format_args!("{label}"), shown.as_str().as_bytes());
    Some(clue.with(force))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A REQUEST for 10.0.0.9 with options.
    fn request(options: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; 236];
        bytes.extend([99, 130, 83, 99, 53, 1, 3, 50, 4, 10, 0, 0, 9]);
        for (code, value) in options {
            bytes.extend([*code, value.len() as u8]);
            bytes.extend(*value);
        }
        bytes.push(255);
        bytes
    }

    #[test]
    fn lists_of_wanted_options_tell_systems() {
        for (list, families) in [
            (&[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252][..], Families::WINDOWS),
            (&[1, 15, 3, 6, 44, 46, 47, 31, 33, 249, 43], Families::WINDOWS),
            (&[1, 121, 3, 6, 15, 108, 114, 119, 252, 95, 44, 46], Families::MAC_OS),
            (&[1, 121, 3, 6, 15, 119, 252], Families::IOS),
            (&[1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108], Families::ANDROID),
            (&[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42], Families::LINUX.or(Families::BSD)),
        ] {
            let (address, clue) = read(&request(&[(55, list)])).unwrap();
            assert_eq!((address, clue.families), ([10, 0, 0, 9].into(), families), "{list:?}");
        }
        assert_eq!(read(&request(&[(55, &[1, 2, 3])])), None);
    }

    #[test]
    fn a_vendor_class_is_believed_before_a_list() {
        let label = |options: &[(u8, &[u8])]| read(&request(options)).unwrap().1.label.as_str().to_owned();
        assert_eq!(label(&[(60, b"MSFT 5.0"), (55, &[1, 2])]), "Windows 2000 or newer");
        assert_eq!(label(&[(60, b"android-dhcp-13")]), "Android 13");
        assert_eq!(label(&[(60, b"dhcpcd-5.5.6"), (55, &[1, 33, 3, 6, 15, 28, 51, 58, 59])]), "Android");
        assert_eq!(label(&[(60, b"dhcpcd-9.4.1:CrOS")]), "ChromeOS");
        assert_eq!(label(&[(12, b"android-1c1335ec95a27318")]), "Android");
    }

    #[test]
    fn a_message_that_is_cut_is_read_to_the_cut() {
        let whole = request(&[(55, &[1, 121, 3, 6, 15, 119, 252]), (60, b"x")]);
        assert!((0..240).all(|end| read(&whole[..end]).is_none()));
        assert!(read(&whole[..whole.len() - 2]).is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            read(&bytes);
            let mut message = request(&[]);
            message.truncate(249);
            message.extend(bytes);
            read(&message);
        }
    }
}
