//! Evidence of what a host runs: what one reader made of what the host sent. Each reader says which families it fits, what
//! it was, and of what version; [`super::fusion`] adds them up.

mod kind;

pub use kind::EvidenceKind;

use capturer::Timestamp;

use super::family::Family;

/// A piece of evidence, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it comes from.
    pub kind: EvidenceKind,
    /// What was seen: a signature, or the words that told; text of the wire, to be escaped.
    pub signature: String,
    /// What it looks like.
    pub label: String,
    /// The line of the signature file that says so: `own:123`.
    pub line: Option<String>,
    /// The family, where it speaks for one alone.
    pub family: Option<Family>,
    /// When it was last seen.
    pub at: Timestamp,
}
