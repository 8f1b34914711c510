//! The options of a TCP header in their order: one of the strongest signs of a stack. All of them, since a header has room
//! for forty and a packet's own layout ([`capturer::OptionLayout`]) keeps fifteen.

use std::fmt;
use std::str::FromStr;

use super::error::Unexpected;

/// Bytes of options that a TCP header has room for, and so the most options.
const MOST: usize = 40;

/// Kinds of <https://www.iana.org/assignments/tcp-parameters> that have a name in signatures.
const NAMES: [(u8, &str); 6] = [(1, "nop"), (2, "mss"), (3, "ws"), (4, "sok"), (5, "sack"), (8, "ts")];

const END: u8 = 0;

/// Kinds in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    kinds: [u8; MOST],
    len: u8,
    /// Bytes behind an end of list.
    padding: u8,
}

impl Default for Layout {
    fn default() -> Self {
        Self { kinds: [0; MOST], len: 0, padding: 0 }
    }
}

impl Layout {
    /// Appends a kind; one too many is dropped.
    pub(super) fn push(&mut self, kind: u8) {
        if let Some(place) = self.kinds.get_mut(usize::from(self.len)) {
            *place = kind;
            self.len += 1;
        }
    }

    /// Ends the list with so many bytes behind it.
    pub(super) fn end(&mut self, padding: u8) {
        self.push(END);
        self.padding = padding;
    }

    /// The kinds.
    pub fn kinds(&self) -> &[u8] {
        &self.kinds[..usize::from(self.len)]
    }

    /// A number that equal layouts share (FNV-1a), to look signatures up by.
    pub(super) fn hash(&self) -> u32 {
        self.kinds()
            .iter()
            .fold(0x811c_9dc5, |hash, kind| (hash ^ u32::from(*kind)).wrapping_mul(0x0100_0193))
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for kind in self.kinds() {
            f.write_str(comma)?;
            match NAMES.iter().find(|(known, _)| known == kind) {
                Some((_, name)) => f.write_str(name)?,
                None if *kind == END => write!(f, "eol+{}", self.padding)?,
                None => write!(f, "?{kind}")?,
            }
            comma = ",";
        }
        Ok(())
    }
}

impl FromStr for Layout {
    type Err = Unexpected;

    fn from_str(text: &str) -> Result<Self, Unexpected> {
        const EXPECTED: &str =
            "an option: nop, mss, ws, sok, sack, ts, ?n (its number), or eol+n (bytes behind it) as the last";
        let mut layout = Self::default();
        let mut names = text.split(',').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            let wrong = || Unexpected::at(name, EXPECTED);
            if usize::from(layout.len) == MOST {
                return Err(Unexpected::at(name, "at most 40 options"));
            }
            if let Some((kind, _)) = NAMES.iter().find(|(_, known)| *known == name) {
                layout.push(*kind);
            } else if let Some(number) = name.strip_prefix('?') {
                layout.push(number.parse().ok().filter(|kind| *kind != END).ok_or_else(wrong)?);
            } else {
                let padding = name.strip_prefix("eol+").filter(|_| names.peek().is_none());
                layout.end(padding.and_then(|bytes| bytes.parse().ok()).ok_or_else(wrong)?);
            }
        }
        Ok(layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_written_as_they_are_read() {
        for text in ["", "mss,sok,ts,nop,ws", "mss,nop,ws,sok,eol+1", "?34,sack,eol+0"] {
            assert_eq!(text.parse::<Layout>().unwrap().to_string(), text);
        }
        for text in ["mss,eol+1,nop", "eol", "?0", "?300", "tss"] {
            assert!(text.parse::<Layout>().is_err(), "{text}");
        }
    }
}
