//! Lines of a text file, each of bounded length, counted for messages.

use std::io::BufRead;

use super::RoutesError;

/// The longest line taken, in bytes; those of the files read here have less than 200.
const LINE_MAX: usize = 64 << 10;

/// Reads lines into one buffer.
pub(in crate::geo) struct Lines<'a, R> {
    input: R,
    name: &'a str,
    line: Vec<u8>,
    number: u64,
}

impl<'a, R: BufRead> Lines<'a, R> {
    pub fn new(input: R, name: &'a str) -> Self {
        Self { input, name, line: Vec::new(), number: 0 }
    }

    /// The next line that is neither empty nor a comment, without white space around it.
    pub fn next(&mut self) -> Result<Option<&[u8]>, RoutesError> {
        while self.advance()? {
            let line = self.line.trim_ascii();
            if !line.is_empty() && !line.starts_with(b";") && !line.starts_with(b"#") {
                // Borrowed again, since the loop goes on with the buffer otherwise.
                return Ok(Some(self.line.trim_ascii()));
            }
        }
        Ok(None)
    }

    /// The number of the line that was read last, from 1.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Whether the line that was read last begins with a letter's word, as a heading does.
    pub fn is_heading(&self) -> bool {
        let first =
            self.line.trim_ascii().split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').next();
        first.is_some_and(|word| word.first().is_some_and(u8::is_ascii_alphabetic))
    }

    /// What is wrong with the line that was read last.
    pub fn wrong(&self, expected: &'static str) -> RoutesError {
        let found = super::shown(self.line.trim_ascii());
        RoutesError::Record { name: self.name.to_owned(), record: self.number, expected, found }
    }

    /// That there was no line at all.
    pub fn empty(&self, expected: &'static str) -> RoutesError {
        RoutesError::Empty { name: self.name.to_owned(), expected }
    }

    fn advance(&mut self) -> Result<bool, RoutesError> {
        self.line.clear();
        self.number += 1;
        loop {
            let buffered = match self.input.fill_buf() {
                Ok(buffered) => buffered,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let (name, record) = (self.name.to_owned(), self.number);
                    return Err(RoutesError::Unreadable { name, record, reason: error.to_string() });
                }
            };
            if buffered.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = buffered.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(buffered.len());
            self.line.extend_from_slice(&buffered[..taken.min(LINE_MAX)]);
            self.input.consume(taken + usize::from(end.is_some()));
            if self.line.len() >= LINE_MAX {
                return Err(self.wrong("a line of at most 65535 bytes"));
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}
