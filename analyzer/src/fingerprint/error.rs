//! What is wrong with a line of a signature file: where it stands, what was found and what was expected.

use thiserror::Error;

/// A part of a signature that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{found}`: expected {expected}")]
pub struct Unexpected {
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: &'static str,
}

impl Unexpected {
    /// Of a piece of text.
    pub(super) fn at(found: impl Into<String>, expected: &'static str) -> Self {
        Self { found: found.into(), expected }
    }
}

/// A signature file that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}: {reason}")]
pub struct DatabaseError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub reason: Unexpected,
}
