//! A place in a line, word by word.

/// What is left of a line.
#[derive(Clone)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    /// What is left, without blanks before it.
    #[inline]
    pub(super) fn rest(&mut self) -> &'a [u8] {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
        self.0
    }

    /// The next word, without going there; empty at the end.
    #[inline]
    pub(super) fn peek(&self) -> &'a [u8] {
        self.clone().token()
    }

    /// The next word; empty at the end.
    #[inline]
    pub(super) fn token(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        self.0 = &rest[end..];
        &rest[..end]
    }

    /// Goes behind the next occurrence of `what`, if there is one.
    pub(super) fn behind(&mut self, what: &[u8]) -> bool {
        let found = memchr::memmem::find(self.0, what);
        if let Some(at) = found {
            self.0 = &self.0[at + what.len()..];
        }
        found.is_some()
    }

    /// Goes behind the parenthesis that closes the one that begins here.
    pub(super) fn behind_group(&mut self) -> bool {
        let mut depth = 0_u32;
        for (index, byte) in self.0.iter().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                self.0 = &self.0[index + 1..];
                return true;
            }
        }
        false
    }
}
