//! Signatures of requests, or of answers, and whom a head looks like: the first specific one that fits, else the first generic.

use super::{HttpPattern, HttpPrint};
use crate::fingerprint::label::Label;

/// A signature with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub pattern: HttpPattern,
    /// Of its label in the file's labels.
    pub label: u16,
    /// Of the file, from 1.
    pub line: u32,
}

/// Signatures in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct HttpTable(pub Vec<Entry>);

impl HttpTable {
    /// Whom a head looks like, and whether it calls itself something else.
    pub fn find(&self, print: &HttpPrint, labels: &[Label]) -> Option<(&Entry, bool)> {
        let is_generic =
            |entry: &Entry| labels.get(usize::from(entry.label)).is_some_and(|label| label.generic);
        let mut generic = None;
        for entry in self.0.iter().filter(|entry| entry.pattern.fits(print)) {
            if !is_generic(entry) {
                return Some((entry, entry.pattern.is_dishonest(print)));
            }
            generic = generic.or(Some(entry));
        }
        generic.map(|entry| (entry, entry.pattern.is_dishonest(print)))
    }
}
