//! Client hints (W3C User-Agent Client Hints): `Sec-CH-UA-Platform` is the system's name in quotes, `-Platform-Version` its
//! version; Windows' is that of a list of interfaces, 13 and more for Windows 11 (Microsoft's documentation of Edge).

use super::EvidenceKind;
use super::clue::Clue;
use super::words::Version;
use crate::fingerprint::family::{Families, Family};

/// Windows 11's first.
const ELEVEN: u16 = 13;

const PLATFORMS: [(&str, Families, &str); 9] = [
    ("Windows", Families::WINDOWS, "Windows"),
    ("macOS", Families::MAC_OS, "macOS"),
    ("Mac OS X", Families::MAC_OS, "macOS"),
    ("iOS", Families::IOS, "iOS"),
    ("Android", Families::ANDROID, "Android"),
    ("Chrome OS", Families::of(&[Family::Linux]), "ChromeOS"),
    ("Chromium OS", Families::of(&[Family::Linux]), "ChromeOS"),
    ("Linux", Families::of(&[Family::Linux]), "Linux"),
    ("Fuchsia", Families::NONE, "Fuchsia"),
];

/// What a browser says of its platform.
pub fn read(platform: &[u8], version: Option<&[u8]>) -> Option<Clue> {
    let name = unquoted(platform);
    let (_, families, name) =
        PLATFORMS.iter().find(|(known, ..)| known.as_bytes().eq_ignore_ascii_case(name))?;
    let version = version.and_then(|version| Version::read(unquoted(version)));
    let clue = |label| Clue::new(EvidenceKind::ClientHints, *families, label, platform);
    Some(match version {
        Some(version) if *families == Families::WINDOWS => match version.major {
            ELEVEN.. => clue(format_args!("Windows 11")),
            1.. => clue(format_args!("Windows 10")),
            0 => clue(format_args!("Windows 7 or 8")),
        },
        Some(version) => clue(format_args!("{name} {version}")),
        None => clue(format_args!("{name}")),
    })
}

/// A string of a structured field (RFC 8941 §3.3.3).
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_name_their_platform() {
        let label = |platform: &str, version: Option<&str>| {
            read(platform.as_bytes(), version.map(str::as_bytes)).map(|clue| clue.label.as_str().to_owned())
        };
        assert_eq!(label("\"Windows\"", Some("\"15.0.0\"")).as_deref(), Some("Windows 11"));
        assert_eq!(label("\"Windows\"", Some("\"10.0.0\"")).as_deref(), Some("Windows 10"));
        assert_eq!(label("\"Windows\"", Some("\"0.3.0\"")).as_deref(), Some("Windows 7 or 8"));
        assert_eq!(label("\"macOS\"", Some("\"13.2.1\"")).as_deref(), Some("macOS 13.2"));
        assert_eq!(label("\"Android\"", None).as_deref(), Some("Android"));
        assert_eq!([label("\"Other\"", None), label("", None), label("\"", Some(""))], [None, None, None]);
    }
}
