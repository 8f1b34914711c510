//! Text of the wire: a word that is looked for, and the version behind it.

use std::fmt;

/// Where a word begins in bytes, in just this case.
pub fn find(bytes: &[u8], word: &str) -> Option<usize> {
    memchr::memmem::find(bytes, word.as_bytes())
}

/// What follows a word.
pub fn after<'a>(bytes: &'a [u8], word: &str) -> Option<&'a [u8]> {
    bytes.get(find(bytes, word)? + word.len()..)
}

/// A version of up to three numbers, as `10.15.7`, `10_15_7` or `9`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u16,
    pub minor: Option<u16>,
}

impl Version {
    /// The one that bytes begin with, behind blanks and slashes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let start =
            bytes.iter().position(|byte| !matches!(byte, b' ' | b'/' | b'-' | b'_')).unwrap_or(bytes.len());
        let (major, rest) = number(&bytes[start..])?;
        let minor = match rest {
            [b'.' | b'_', rest @ ..] => number(rest).map(|(minor, _)| minor),
            _ => None,
        };
        Some(Self { major, minor })
    }

    /// Both numbers, the missing one taken for zero.
    pub fn pair(self) -> (u16, u16) {
        (self.major, self.minor.unwrap_or(0))
    }
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        self.minor.map_or(Ok(()), |minor| write!(f, ".{minor}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_its_first_two_numbers() {
        let read = |text: &str| Version::read(text.as_bytes()).map(|version| version.to_string());
        assert_eq!(read(" 10_15_7)").as_deref(), Some("10.15"));
        assert_eq!(read("/9").as_deref(), Some("9"));
        assert_eq!(read("10.").as_deref(), Some("10"));
        assert_eq!([read("x"), read(""), read("99999999")], [None, None, None]);
    }
}
