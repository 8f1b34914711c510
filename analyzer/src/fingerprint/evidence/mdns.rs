//! Multicast DNS (RFC 6762): which services a host announces (RFC 6763), and the model and the system's version in the text
//! of Apple's `_device-info._tcp`; Avahi's HINFO names the system.

use super::EvidenceKind;
use super::clue::{Clue, Force};
use super::words::{Version, after, find};
use crate::fingerprint::family::{Families, Family};

const LINUX: Families = Families::of(&[Family::Linux]);
const BOX: Families = Families::of(&[Family::Network, Family::Linux]);

/// Apple's models by how they begin, and whose they are.
static MODELS: [(&str, Families, &str); 13] = [
    ("MacBook", Families::MAC_OS, "macOS"),
    ("iMac", Families::MAC_OS, "macOS"),
    ("Macmini", Families::MAC_OS, "macOS"),
    ("MacPro", Families::MAC_OS, "macOS"),
    ("Mac", Families::MAC_OS, "macOS"),
    ("Xserve", Families::MAC_OS, "macOS"),
    ("iPhone", Families::IOS, "iOS"),
    ("iPad", Families::IOS, "iPadOS"),
    ("iPod", Families::IOS, "iOS"),
    ("AppleTV", Families::IOS, "tvOS"),
    ("Watch", Families::IOS, "watchOS"),
    ("AudioAccessory", Families::IOS, "HomePod"),
    ("AirPort", Families::NETWORK, "AirPort"),
];

/// Services that a host announces, and whose they are.
static SERVICES: [(&str, Families, &str, Force); 20] = [
    ("_apple-mobdev", Families::APPLE, "macOS or iOS", Force::Plain),
    ("_companion-link", Families::APPLE, "macOS or iOS", Force::Plain),
    ("_rdlink", Families::APPLE, "macOS or iOS", Force::Plain),
    ("_sleep-proxy", Families::APPLE, "macOS or iOS", Force::Plain),
    ("_homekit", Families::APPLE, "macOS or iOS", Force::Fair),
    ("_touch-able", Families::APPLE, "macOS or iOS", Force::Fair),
    ("_net-assistant", Families::MAC_OS, "macOS", Force::Plain),
    ("_eppc", Families::MAC_OS, "macOS", Force::Plain),
    ("_odisk", Families::MAC_OS, "macOS", Force::Fair),
    ("_afpovertcp", Families::MAC_OS.or(LINUX), "macOS", Force::Faint),
    ("_androidtvremote", Families::ANDROID, "Android TV", Force::Plain),
    ("_adb", Families::ANDROID, "Android", Force::Plain),
    ("_googlecast", Families::LINUX, "Chromecast or Android TV", Force::Fair),
    ("_amzn-wplay", Families::ANDROID, "Fire OS", Force::Fair),
    ("_workstation", LINUX, "Linux with Avahi", Force::Fair),
    ("_udisks-ssh", LINUX, "Linux", Force::Plain),
    ("_pdl-datastream", Families::NETWORK, "printer", Force::Fair),
    ("_printer", Families::NETWORK.or(Families::UNIX), "printer", Force::Faint),
    ("_hue", BOX, "Philips Hue", Force::Fair),
    ("_raop", Families::APPLE.or(BOX), "AirPlay", Force::Faint),
];

/// What an answer says of its sender. Names are not taken apart: each word stands in one label.
pub fn read(message: &[u8]) -> Option<Clue> {
    // Questions ask for what others have.
    (message.get(2)? & 0x80 != 0).then_some(())?;
    model(message).or_else(|| information(message)).or_else(|| service(message))
}

/// `model=…`, with `osxvers=…` where it is a Mac's.
fn model(message: &[u8]) -> Option<Clue> {
    let model = after(message, "model=")?;
    let end = model.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(model.len());
    let model = &model[..end];
    let (_, families, name) = MODELS.iter().find(|(word, ..)| model.starts_with(word.as_bytes()))?;
    let clue = |label| Clue::new(EvidenceKind::Mdns, *families, label, model);
    // It is Darwin's.
    let darwin = after(message, "osxvers=").and_then(Version::read).and_then(super::apple::of_darwin);
    Some(match darwin {
        Some((mac, _)) if *families == Families::MAC_OS => clue(format_args!("macOS {mac}")),
        _ => clue(format_args!("{name}")),
    })
}

/// The system in an HINFO record (RFC 1035 §3.3.2), as Avahi and Android write it.
fn information(message: &[u8]) -> Option<Clue> {
    let at = find(message, "\x05LINUX").or_else(|| find(message, "\x05Linux"))?;
    Some(
        Clue::new(EvidenceKind::Mdns, LINUX, format_args!("Linux"), &message[at + 1..at + 6])
            .with(Force::Fair),
    )
}

fn service(message: &[u8]) -> Option<Clue> {
    let (word, families, name, force) = SERVICES.iter().find(|(word, ..)| find(message, word).is_some())?;
    Some(Clue::new(EvidenceKind::Mdns, *families, format_args!("{name}"), word.as_bytes()).with(*force))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(text: &str) -> Vec<u8> {
        [&[0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0][..], text.as_bytes()].concat()
    }

    #[test]
    fn announcements_tell_models_and_services() {
        for (text, families, label) in [
            ("\x0c_device-info\x04_tcp\x13model=MacBookPro14,1\nosxvers=19", Families::MAC_OS, "macOS 10.15"),
            ("\x0c_device-info\x10model=iPhone12,1\0", Families::IOS, "iOS"),
            ("\x0f_companion-link\x04_tcp", Families::APPLE, "macOS or iOS"),
            ("\x06X86_64\x05LINUX", LINUX, "Linux"),
            ("\x12_androidtvremote2\x04_tcp", Families::ANDROID, "Android TV"),
        ] {
            let clue = read(&answer(text)).unwrap();
            assert_eq!((clue.families, clue.label.as_str()), (families, label), "{text}");
        }
        let question = [&[0, 0, 0, 0][..], b"\x0f_companion-link"].concat();
        assert_eq!([read(&question), read(&answer("\x05_http")), read(b"")], [None, None, None]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in ".{0,40}", cut in 0usize..90) {
            let whole = answer(&format!("model=MacPro{text}osxvers=\x05LINUX"));
            read(&whole[..cut.min(whole.len())]);
            read(text.as_bytes());
        }
    }
}
