//! SSDP (UPnP Device Architecture 2.0 §1.2): `SERVER` and `USER-AGENT` are `system/version UPnP/1.1 product/version`. Browsers
//! that look for televisions name themselves there, too.

use super::clue::{Clue, Force};
use super::words::{Version, after};
use super::{EvidenceKind, agent, server, windows};
use crate::detect::readers::http::Fields;
use crate::fingerprint::family::Families;

/// Whether bytes begin as a message does.
#[inline]
pub fn begins(bytes: &[u8]) -> bool {
    [&b"NOTIFY "[..], b"M-SEARCH ", b"HTTP/1."].iter().any(|word| bytes.starts_with(word))
}

/// What a message says of its sender.
pub fn read(bytes: &[u8]) -> Option<Clue> {
    begins(bytes).then_some(())?;
    let fields = Fields(bytes.get(..LONGEST).unwrap_or(bytes));
    let value = fields.get("SERVER").or_else(|| fields.get("USER-AGENT"))?;
    let clue = |families, label| Clue::new(EvidenceKind::Ssdp, families, label, value);
    // `Windows NT/5.0`, `Microsoft-Windows/6.1`, `Windows/10.0`.
    let kernel = ["Windows NT/", "Microsoft-Windows/"].iter().find_map(|word| after(value, word));
    if let Some(version) = kernel.and_then(Version::read) {
        let name = windows::of_kernel(version.pair()).unwrap_or("Windows");
        return Some(clue(Families::WINDOWS, format_args!("{name}")));
    }
    let found = server::read(value)
        .filter(|found| found.force > Force::Faint)
        .or_else(|| agent::read(EvidenceKind::Ssdp, value))?;
    Some(Clue { kind: EvidenceKind::Ssdp, ..found })
}

/// Bytes of a message that are read.
const LONGEST: usize = 1472;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::family::Family;

    fn message(field: &str) -> Vec<u8> {
        format!("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n{field}\r\n\r\n").into_bytes()
    }

    #[test]
    fn devices_and_browsers_name_their_system() {
        for (field, family, label) in [
            (
                "SERVER: Microsoft-Windows/10.0 UPnP/1.0 UPnP-Device-Host/1.0",
                Family::Windows,
                "Windows 10 or newer",
            ),
            ("Server: Linux/3.14.0 UPnP/1.0 IpBridge/1.16.0", Family::Linux, "Linux"),
            ("USER-AGENT: Microsoft Edge/99.0.1150.30 Windows", Family::Windows, "Windows"),
            ("USER-AGENT: Google Chrome/90.0.4430.93 Mac OS X", Family::MacOs, "macOS"),
            ("SERVER: FreeBSD/9.0 UPnP/1.1 x", Family::Bsd, "FreeBSD"),
        ] {
            let clue = read(&message(field)).unwrap();
            assert_eq!(
                (clue.kind, clue.families.single(), clue.label.as_str()),
                (EvidenceKind::Ssdp, Some(family), label)
            );
        }
        assert_eq!([read(&message("X: Linux")), read(b"Linux")], [None, None]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in ".{0,60}", cut in 0usize..120) {
            let whole = message(&format!("SERVER: Microsoft-Windows/{text}"));
            read(&whole[..cut.min(whole.len())]);
        }
    }
}
