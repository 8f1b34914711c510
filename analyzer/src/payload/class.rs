//! The verdict: in the order of the rules, each with its reason.

use super::{Histogram, Magic};

/// Flows with less payload say nothing, in bytes.
const LEAST: u64 = 20;

/// Text has more than so many bytes.
const TEXT: u64 = 100;

/// Entropies, as parts of eight bits: beyond them data is encrypted (in TLS, whose headers are plain, already beyond the
/// second), below the third it is text.
const ENCRYPTED: f64 = 0.9;
const ENCRYPTED_IN_TLS: f64 = 0.8;
const PLAIN: f64 = 0.4;

/// Of text nearly everything can be printed.
const PRINTABLE: f64 = 0.95;

/// A kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Random to whoever has no key.
    Encrypted,
    /// Words.
    Text,
    /// Pictures, sound, video.
    Media,
    /// Packed.
    Compressed,
    /// None of them for sure.
    Unknown,
}

impl Class {
    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Text => "text",
            Self::Media => "media",
            Self::Compressed => "compressed",
            Self::Unknown => "unknown",
        }
    }
}

/// What a flow carries and why that is thought.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The kind of data.
    pub class: Class,
    /// The rule that said so.
    pub reason: &'static str,
    /// Entropy of the first bytes as a part of eight bits, 0 to 1.
    pub entropy: f64,
}

/// What data is, by its first bytes; `length` is how long it is altogether. None: too short to say.
pub fn classify(histogram: &Histogram, magic: Option<Magic>, (tls, length): (bool, u64)) -> Option<Verdict> {
    let entropy = histogram.entropy();
    let (class, reason) = match magic {
        _ if length < LEAST || histogram.seen() == 0 => return None,
        _ if tls && entropy > ENCRYPTED_IN_TLS => (Class::Encrypted, "TLS with an entropy above 0.8"),
        Some(magic) if magic.media => (Class::Media, magic.format),
        Some(magic) => (Class::Compressed, magic.format),
        None if entropy > ENCRYPTED => (Class::Encrypted, "entropy above 0.9"),
        None if length > TEXT && entropy < PLAIN => (Class::Text, "entropy below 0.4"),
        None if length > TEXT && histogram.printable() >= PRINTABLE => (Class::Text, "printable characters"),
        None => (Class::Unknown, "entropy in between"),
    };
    Some(Verdict { class, reason, entropy })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: &[u8], tls: bool) -> Option<Class> {
        let mut histogram = Histogram::default();
        histogram.add(bytes);
        classify(&histogram, Magic::of(bytes), (tls, bytes.len() as u64)).map(|verdict| verdict.class)
    }

    /// Noise that is the same each time.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn data_is_told_apart_by_entropy_and_beginnings() {
        assert_eq!(judge(&noise(1000), false), Some(Class::Encrypted));
        // 150 random bytes have at most 7.2 bits each: only TLS's lower threshold tells them.
        assert_eq!(
            [judge(&noise(150), false), judge(&noise(150), true)],
            [Some(Class::Unknown), Some(Class::Encrypted)]
        );
        assert_eq!(
            judge(&b"The quick brown fox jumps over the lazy dog. ".repeat(4), false),
            Some(Class::Text)
        );
        assert_eq!(judge(&[b"aaaa".repeat(40), vec![0; 40]].concat(), false), Some(Class::Text));
        assert_eq!(judge(&[&b"\xff\xd8\xff\xe0"[..], &noise(900)].concat(), false), Some(Class::Media));
        assert_eq!(judge(&[&b"\x1f\x8b\x08\x00"[..], &noise(900)].concat(), false), Some(Class::Compressed));
        assert_eq!([judge(&noise(19), false), judge(b"", false)], [None, None]);
    }
}
