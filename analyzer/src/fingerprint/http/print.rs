//! What a request or an answer looks like, and its signature: `version:headers:missing headers:program`.

use std::fmt;

use super::Role;

/// Characters of a value that a signature shows.
const SHOWN: usize = 200;

/// The head of a request or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPrint {
    /// Whether it is a request or an answer.
    pub role: Role,
    /// The minor version: 0 or 1.
    pub version: u8,
    /// Names and values of headers in their order; bytes of the wire, not checked.
    pub headers: Vec<(String, String)>,
}

impl HttpPrint {
    /// The value of the last header of a name, which is told as written: `user-agent` is another.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().rev().find(|(other, value)| other == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// What program the sender says it is.
    pub fn software(&self) -> Option<&str> {
        match self.role {
            Role::Request => self.value("User-Agent"),
            Role::Response => self.value("Server"),
        }
    }

    /// The two letters of the language (ISO 639-1) that a client wants first.
    pub fn language(&self) -> Option<[u8; 2]> {
        let wanted = self.value("Accept-Language").filter(|_| self.role == Role::Request)?.as_bytes();
        let ends = !wanted.get(2).is_some_and(u8::is_ascii_alphabetic);
        let letters = [*wanted.first()?, *wanted.get(1)?];
        (ends && letters.iter().all(u8::is_ascii_alphabetic))
            .then(|| letters.map(|letter| letter.to_ascii_lowercase()))
    }

    /// Whether a proxy says that it passed this on.
    pub fn is_relayed(&self) -> bool {
        self.value("Via").is_some() || self.value("X-Forwarded-For").is_some()
    }
}

/// A value as far as it fits the notation: up to what would end it, and to what is no ASCII.
pub(super) fn shown(value: &str) -> impl Iterator<Item = char> {
    value.chars().take_while(|c| (' '..='\u{7f}').contains(c) && !matches!(c, ']' | '|')).take(SHOWN)
}

fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    shown(value).try_for_each(|c| fmt::Write::write_char(f, c))
}

impl fmt::Display for HttpPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.version)?;
        for (n, (name, value)) in self.headers.iter().enumerate() {
            let optional = self.role.is_optional(name);
            write!(f, "{}{}{name}", if n > 0 { "," } else { "" }, if optional { "?" } else { "" })?;
            if !optional && !self.role.is_plain(name) && shown(value).next().is_some() {
                f.write_str("=[")?;
                write_value(f, value)?;
                f.write_str("]")?;
            }
        }
        let is_missing = |name: &&&str| !self.headers.iter().any(|(other, _)| other == **name);
        for (n, name) in self.role.common().iter().filter(is_missing).enumerate() {
            write!(f, "{}{name}", if n > 0 { "," } else { ":" })?;
        }
        let all_there = self.role.common().iter().find(is_missing).is_none();
        f.write_str(if all_there { "::" } else { ":" })?;
        write_value(f, self.software().unwrap_or_default())
    }
}
