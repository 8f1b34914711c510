//! Lines of a text file, each of bounded length, counted for messages.

use std::io::{self, BufRead};

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
            if !is_void(self.line.trim_ascii()) {
                // Borrowed again, since the loop goes on with the buffer otherwise.
                return Ok(Some(self.line.trim_ascii()));
            }
        }
        Ok(None)
    }

    /// Gives every line that is neither empty nor a comment to `each`, lent from the input's buffer where it lies there
    /// whole: for tables of a million lines. The first that `each` refuses is the error.
    pub fn each(
        &mut self,
        expected: &'static str,
        mut each: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), RoutesError> {
        // The last line needs no newline.
        while self.advance()? {
            if !told(&self.line, &mut each) {
                return Err(self.wrong(expected));
            }
            let buffered = fill(&mut self.input, self.name, self.number + 1)?;
            let mut taken = 0;
            while let Some(end) = memchr::memchr(b'\n', &buffered[taken..]).filter(|end| *end < LINE_MAX) {
                self.number += 1;
                let line = &buffered[taken..taken + end];
                if !told(line, &mut each) {
                    self.line = line.to_vec();
                    return Err(self.wrong(expected));
                }
                taken += end + 1;
            }
            self.input.consume(taken);
        }
        Ok(())
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
            let buffered = fill(&mut self.input, self.name, self.number)?;
            if buffered.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = memchr::memchr(b'\n', buffered);
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

/// What the input has at hand, nothing at its end; `record` is for the message.
fn fill<'a, R: BufRead>(input: &'a mut R, name: &str, record: u64) -> Result<&'a [u8], RoutesError> {
    let unreadable = |error: io::Error| {
        let (name, reason) = (name.to_owned(), error.to_string());
        RoutesError::Unreadable { name, record, reason }
    };
    while let Err(error) = input.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(unreadable(error));
        }
    }
    input.fill_buf().map_err(unreadable)
}

/// Whether a line tells nothing: it is blank or a comment.
fn is_void(line: &[u8]) -> bool {
    matches!(line, [] | [b';' | b'#', ..])
}

/// Whether a line tells nothing or was taken.
#[inline]
fn told(line: &[u8], each: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let line = line.trim_ascii();
    is_void(line) || each(line)
}
