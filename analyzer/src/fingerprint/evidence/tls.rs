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

/// The suites of libraries that belong to a system, as the second part of JA4.
static LIBRARIES: [(&str, Families, &str); 0] = [];

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
