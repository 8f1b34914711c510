//! Signatures of one direction and who fits a print: the first specific one that fits exactly, else the first generic one,
//! else the first that fits but for what networks change. Programs are never guessed.

use super::distance::{self, FARTHEST};
use super::label::Label;
use super::pattern::{Fit, Glance, TcpPattern};
use super::tcp::TcpPrint;
use super::window::Window;

/// A signature with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pattern: TcpPattern,
    /// Of its label in the file's labels.
    pub(super) label: u16,
    /// Of the file, from 1.
    pub(super) line: u32,
}

/// Signatures of SYNs, or of SYN+ACKs.
#[derive(Clone, Debug, Default)]
pub(super) struct TcpTable {
    /// Sorted by the hash of their options, those of one hash in the order of the file.
    entries: Vec<(u32, Entry)>,
    /// What is seen of each at a glance.
    glances: Vec<Glance>,
}

/// What fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) entry: Option<Entry>,
    pub(super) fuzzy: bool,
    /// Hops.
    pub(super) distance: u8,
}

impl TcpTable {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let mut entries: Vec<_> =
            entries.into_iter().map(|entry| (entry.pattern.layout().hash(), entry)).collect();
        entries.sort_by_key(|(hash, entry)| (*hash, entry.line));
        let glances = entries.iter().map(|(_, entry)| entry.pattern.glance()).collect();
        Self { entries, glances }
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// Who fits a print whose window came about so.
    pub(super) fn find(&self, print: &TcpPrint, window: Window, labels: &[Label]) -> Found {
        let is_generic =
            |entry: &Entry| labels.get(usize::from(entry.label)).is_some_and(|label| label.generic);
        let is_program = |entry: &Entry| labels.get(usize::from(entry.label)).is_some_and(Label::is_program);
        let (mut generic, mut fuzzy) = (None, None);
        for entry in self.alike(print, window) {
            match entry.pattern.fit(print, window) {
                Some(Fit::Exact) if !is_generic(entry) => return exact(entry, print),
                Some(Fit::Exact) => generic = generic.or(Some(entry)),
                Some(Fit::Fuzzy) => fuzzy = fuzzy.or(Some(entry)),
                None => {}
            }
        }
        match (generic, fuzzy) {
            (Some(entry), _) => exact(entry, print),
            (None, Some(entry)) if !is_program(entry) => guessed(entry, print),
            _ => Found { entry: None, fuzzy: false, distance: distance::guess(print.ttl) },
        }
    }

    /// Signatures with the same options that a glance admits.
    fn alike(&self, print: &TcpPrint, window: Window) -> impl Iterator<Item = &Entry> {
        let (hash, seen) = (print.layout.hash(), Glance::of(print, window));
        let first = self.entries.partition_point(|(other, _)| *other < hash);
        let behind = self.entries[first..].partition_point(|(other, _)| *other == hash) + first;
        let glances = self.glances[first..behind].iter().zip(&self.entries[first..behind]);
        glances.filter(move |(glance, _)| glance.admits(seen)).map(|(_, (_, entry))| entry)
    }
}

const fn exact(entry: &Entry, print: &TcpPrint) -> Found {
    Found { entry: Some(*entry), fuzzy: false, distance: entry.pattern.ttl().saturating_sub(print.ttl) }
}

/// A time to live that the signature's can't have become is taken for another stack's.
fn guessed(entry: &Entry, print: &TcpPrint) -> Found {
    let hops = entry.pattern.ttl().checked_sub(print.ttl).filter(|hops| *hops <= FARTHEST);
    Found { entry: Some(*entry), fuzzy: true, distance: hops.unwrap_or_else(|| distance::guess(print.ttl)) }
}
