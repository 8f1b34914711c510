//! A clue: what a reader made of bytes, in a fixed size, so that keeping it needs no allocation.

use std::fmt::{self, Write};

use super::EvidenceKind;
use crate::fingerprint::family::Families;

/// Text of at most `N` bytes; what is longer is cut. Bytes of the wire that are no visible ASCII become dots.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Text<N> {
    /// Nothing.
    pub const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Of bytes of the wire.
    pub fn of_wire(bytes: &[u8]) -> Self {
        let mut text = Self::EMPTY;
        bytes.iter().take(N).for_each(|byte| text.push(*byte));
        text
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        // Only ASCII is pushed.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
            *place = if matches!(byte, b' '..=b'~') { byte } else { b'.' };
            self.len += 1;
        }
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.push(byte));
        Ok(())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// How far a clue of its kind is to be believed, by its own wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// A habit that others have, too.
    Faint,
    /// What mostly means that.
    Fair,
    /// Plain words.
    Plain,
}

impl Force {
    /// Of the kind's weight, so much.
    pub const fn share(self) -> f32 {
        match self {
            Self::Faint => 0.3,
            Self::Fair => 0.6,
            Self::Plain => 1.0,
        }
    }
}

/// What a reader made of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clue {
    /// Where it comes from.
    pub kind: EvidenceKind,
    /// Whom it fits; nobody, if it is only worth showing.
    pub families: Families,
    /// How plainly.
    pub force: Force,
    /// It tells a version.
    pub versioned: bool,
    /// What it looks like.
    pub label: Text<56>,
    /// The words that told.
    pub signature: Text<96>,
}

impl Clue {
    /// A plain one; its label is what is written.
    pub fn new(kind: EvidenceKind, families: Families, label: fmt::Arguments<'_>, signature: &[u8]) -> Self {
        let mut text = Text::EMPTY;
        // Writing into it can't fail.
        let _ = text.write_fmt(label);
        let versioned = text.as_str().bytes().any(|byte| byte.is_ascii_digit());
        let signature = Text::of_wire(signature);
        Self { kind, families, force: Force::Plain, versioned, label: text, signature }
    }

    /// The same, believed less.
    #[must_use]
    pub const fn with(self, force: Force) -> Self {
        Self { force, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_wire_is_cut_and_made_visible() {
        let text = Text::<8>::of_wire(b"a\x1b[2J\xffbcd");
        assert_eq!(text.as_str(), "a.[2J.bc");
        let clue = Clue::new(EvidenceKind::Ssh, Families::LINUX, format_args!("Ubuntu {}", 22), b"x");
        assert_eq!((clue.label.as_str(), clue.versioned), ("Ubuntu 22", true));
    }
}
