//! A checked name, on the stack: what comes from the wire is only taken for a name if it could be shown as one.
//!
//! At most 253 bytes (RFC 1035 §2.3.4 without the root's dot), labels of at most 63, lower case. Letters that are not
//! ASCII are taken as multicast DNS has them (RFC 6762 §16, UTF-8); besides letters and digits only hyphens and underscores
//! are, so no blank, control or format character and no punctuation of a page. Sinks escape all the same.

use std::fmt;
use std::net::IpAddr;

/// Longest name in bytes.
const LONGEST: usize = 253;

/// Longest label in bytes.
const LONGEST_LABEL: usize = 63;

/// A name that was checked.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; LONGEST],
    len: u8,
}

impl Name {
    /// A name without labels, to be filled.
    pub(super) const fn empty() -> Self {
        Self { bytes: [0; LONGEST], len: 0 }
    }

    /// Reads a name in dotted form, with or without the root's dot at its end. An address is no name.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        let mut name = Self::empty();
        for label in text.split(|&byte| byte == b'.') {
            name.push(label)?;
        }
        name.checked()
    }

    /// Adds a label.
    pub(super) fn push(&mut self, label: &[u8]) -> Option<()> {
        let at = usize::from(self.len);
        let begin = if at == 0 { 0 } else { at + 1 };
        let end = begin + label.len();
        if label.is_empty() || label.len() > LONGEST_LABEL || end > LONGEST || label.contains(&b'.') {
            return None;
        }
        if at > 0 {
            self.bytes[at] = b'.';
        }
        self.bytes[begin..end].copy_from_slice(label);
        self.bytes[begin..end].make_ascii_lowercase();
        self.len = end as u8;
        Some(())
    }

    /// The name, if it may be shown as one.
    pub(super) fn checked(self) -> Option<Self> {
        let text = std::str::from_utf8(self.bytes.get(..usize::from(self.len))?).ok()?;
        let shown = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        let fine = !text.is_empty() && text.chars().all(shown) && text.parse::<IpAddr>().is_err();
        fine.then_some(self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        // It was checked to be UTF-8.
        self.bytes
            .get(..usize::from(self.len))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.bytes[..usize::from(self.len)] == other.bytes[..usize::from(other.len)]
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({:?})", self.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_without_the_last_dot() {
        assert_eq!(Name::parse(b"WWW.Example.ORG.").unwrap().as_str(), "www.example.org");
        assert_eq!(Name::parse("büro.local".as_bytes()).unwrap().as_str(), "büro.local");
        assert_eq!(Name::parse(b"_sip._tcp.example.org").unwrap().as_str(), "_sip._tcp.example.org");
    }

    #[test]
    fn what_could_not_be_shown_or_is_an_address_is_no_name() {
        let long = [b"a.".repeat(126), b"ab".to_vec()].concat();
        let longest = [b"a.".repeat(126), b"a".to_vec()].concat();
        assert!(Name::parse(&longest).is_some());
        for bad in [
            &b""[..],
            b".",
            b"a..b",
            b"a b",
            b"a\0b",
            b"a\x1b[2Jb",
            b"\xff\xfe",
            b"192.0.2.1",
            b"::1",
            b"<script>",
            "a\u{202e}b".as_bytes(),
            &[b'a'; 64],
            &long,
        ] {
            assert!(Name::parse(bad).is_none(), "{bad:?}");
        }
    }
}
