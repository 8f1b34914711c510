//! How a client begins TLS: JA3 (published by Salesforce in 2017: versions, suites, extensions, groups and point formats in
//! their order, as MD5) and JA4 (published by FoxIO in 2023, BSD licence: the same sorted, with signature algorithms, as SHA-256).
//! The library shows, and the libraries that belong to systems show the system.

use std::fmt::{self, Write};

use md5::{Digest, Md5};
use sha2::Sha256;

use super::EvidenceKind;
use super::clue::{Clue, Force, Text};
use super::hello::{Hello, Numbers, PROTOCOLS, SERVER_NAME};
use crate::fingerprint::family::Families;

/// The suites of libraries that belong to a system, as the second part of JA4. Programs that bring their own library, as
/// most browsers do, show nothing of the system.
static LIBRARIES: [(&str, Families, &str); 8] = [
    // Schannel without TLS 1.2 and with it, as Windows 7 has it (elcabezzonn's captures).
    ("d94e65cdb899", Families::WINDOWS, "Windows with Schannel of 7 or older"),
    ("b973bfd88a0e", Families::WINDOWS, "Windows with Schannel of 7"),
    // Schannel of Windows 10, older (Pcaphunt's na-url_redirection) and newer (FoxIO's list).
    ("76e208dd3e22", Families::WINDOWS, "Windows with Schannel of 10"),
    ("d83cc789557e", Families::WINDOWS, "Windows with Schannel of 10 or newer"),
    // Apple's, without TLS 1.3 (nDPI's safari), with it (nDPI's iphone, macos_tcp_flags) and of Safari today (FoxIO's list).
    ("2a284e3b0c56", Families::APPLE, "macOS or iOS"),
    ("2802a3db6c62", Families::APPLE, "macOS or iOS"),
    ("a09f3c656075", Families::APPLE, "macOS or iOS"),
    // Android 4's OpenSSL (nDPI's webex, instagram, KakaoTalk_chat).
    ("1f24bcc5f17d", Families::ANDROID, "Android 4"),
];

/// Feeds text to a hash.
struct Hash<D>(D);

impl<D: Digest> Write for Hash<D> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Numbers with something between.
struct Joined<'a>(&'a Numbers, char);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, number) in self.0.as_slice().iter().enumerate() {
            if n > 0 {
                f.write_char(self.1)?;
            }
            // JA3 writes decimals with hyphens, JA4 four hexadecimal digits with commas.
            if self.1 == '-' { write!(f, "{number}")? } else { write!(f, "{number:04x}")? }
        }
        Ok(())
    }
}

/// The MD5 of JA3, as text.
pub fn ja3(hello: &Hello<'_>) -> Text<32> {
    let mut hash = Hash(Md5::new());
    let list = |numbers| Joined(numbers, '-');
    // Hashing can't fail.
    let _ = write!(
        hash,
        "{},{},{},{},{}",
        hello.legacy,
        list(&hello.suites),
        list(&hello.extensions),
        list(&hello.groups),
        list(&hello.points)
    );
    let mut text = Text::EMPTY;
    let _ = write!(text, "{}", Hex(&hash.0.finalize()));
    text
}

/// JA4, as text.
pub fn ja4(hello: &Hello<'_>) -> Text<36> {
    let mut text = Text::EMPTY;
    let version = match hello.version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    };
    let name = if hello.extensions.as_slice().contains(&SERVER_NAME) { 'd' } else { 'i' };
    let count = |numbers: &Numbers| numbers.as_slice().len().min(99);
    let (first, last) = ends(hello.protocol);
    let _ = write!(
        text,
        "t{version}{name}{:02}{:02}{first}{last}",
        count(&hello.suites),
        count(&hello.extensions)
    );
    let suites = hello.suites.sorted();
    let _ = write!(text, "_{}", Short(&[&Joined(&suites, ',')], count(&suites) == 0));
    let extensions = hello.extensions.without(&[SERVER_NAME, PROTOCOLS]).sorted();
    let (extensions, algorithms) = (Joined(&extensions, ','), Joined(&hello.algorithms, ','));
    let parts: &[&dyn fmt::Display] = match count(&hello.algorithms) {
        0 => &[&extensions],
        _ => &[&extensions, &"_", &algorithms],
    };
    let _ = write!(text, "_{}", Short(parts, count(&hello.extensions) == 0));
    text
}

/// The first 12 digits of a SHA-256, or zeros for nothing.
struct Short<'a>(&'a [&'a dyn fmt::Display], bool);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 {
            return f.write_str("000000000000");
        }
        let mut hash = Hash(Sha256::new());
        self.0.iter().try_for_each(|part| write!(hash, "{part}"))?;
        write!(f, "{}", Hex(&hash.0.finalize()[..6]))
    }
}

/// The first and the last letter of a protocol's name; of one that has others, of its hexadecimal digits.
fn ends(protocol: &[u8]) -> (char, char) {
    let (Some(&first), Some(&last)) = (protocol.first(), protocol.last()) else { return ('0', '0') };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return (first.into(), last.into());
    }
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    (digit(first >> 4), digit(last & 15))
}

/// What a hello that is wholly there tells of its client.
pub fn read(payload: &[u8]) -> Option<Clue> {
    let hello = Hello::read(payload)?;
    let (ja4, ja3) = (ja4(&hello), ja3(&hello));
    let mut signature = Text::<96>::EMPTY;
    let _ = write!(signature, "ja4 {} ja3 {}", ja4.as_str(), ja3.as_str());
    let suites = ja4.as_str().split('_').nth(1).unwrap_or_default();
    let known = LIBRARIES.iter().find(|(known, ..)| *known == suites);
    let (families, label) = known.map_or((Families::NONE, "TLS"), |(_, families, label)| (*families, *label));
    let clue = Clue::new(EvidenceKind::Tls, families, format_args!("{label}"), signature.as_str().as_bytes());
    Some(clue.with(Force::Fair))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A hello of TLS 1.3 with such suites and extensions; those that fingerprints look into have something in them.
    fn hello(suites: &[u16], extensions: &[u16]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend((suites.len() as u16 * 2).to_be_bytes());
        body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
        body.extend([1, 0]);
        let all: Vec<u8> = extensions.iter().flat_map(|kind| extension(*kind)).collect();
        body.extend((all.len() as u16).to_be_bytes());
        body.extend(all);
        let length = body.len() as u16;
        let mut record = vec![22, 3, 1];
        record.extend((length + 4).to_be_bytes());
        record.extend([1, 0]);
        record.extend(length.to_be_bytes());
        record.extend(body);
        record
    }

    fn extension(kind: u16) -> Vec<u8> {
        let value: &[u8] = match kind {
            10 => &[0, 8, 0x2a, 0x2a, 0, 29, 0, 23, 0, 24],
            11 => &[1, 0],
            13 => &[0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1],
            16 => &[0, 12, 2, b'h', b'2', 8, b'h', b't', b't', b'p', b'/', b'1', b'.', b'1'],
            43 => &[6, 0x1a, 0x1a, 3, 4, 3, 3],
            _ => &[],
        };
        [&kind.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
    }

    /// Chromium's, in the order of the capture that FoxIO and tshark give the fingerprints of.
    const SUITES: [u16; 16] =
        [0x9a9a, 4865, 4866, 4867, 49195, 49199, 49196, 49200, 52393, 52392, 49171, 49172, 156, 157, 47, 53];
    const EXTENSIONS: [u16; 18] =
        [0x4a4a, 45, 18, 0, 11, 17513, 27, 65281, 51, 13, 16, 5, 10, 23, 43, 35, 21, 0x8a8a];

    #[test]
    fn fingerprints_are_those_that_were_published() {
        let clue = read(&hello(&SUITES, &EXTENSIONS)).unwrap();
        let told = "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1 ja3 30362dc08b66392ffc0fd6d6e9e77ed9";
        assert_eq!(clue.signature.as_str(), told);
    }

    #[test]
    fn what_is_not_there_is_zeros() {
        let clue = read(&hello(&[], &[])).unwrap();
        assert!(clue.signature.as_str().starts_with("ja4 t12i000000_000000000000_000000000000 "));
    }

    #[test]
    fn a_hello_that_is_cut_tells_nothing() {
        let whole = hello(&SUITES, &EXTENSIONS);
        assert!((0..whole.len()).all(|end| read(&whole[..end]).is_none()) && read(&whole).is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 5usize..150) {
            read(&bytes);
            let mut whole = hello(&SUITES, &EXTENSIONS);
            let end = (at + bytes.len()).min(whole.len());
            whole[at..end].copy_from_slice(&bytes[..end - at]);
            read(&whole);
        }
    }
}
