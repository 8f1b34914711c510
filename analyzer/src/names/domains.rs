//! Registered domains by number, and which of them share addresses. Domains that a name server gave the same address
//! are aliases of each other: they are one group, known by the one that was seen first.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;

/// Bytes a domain takes, about: its text twice referred to, index, group.
const COST: usize = 112;

/// A registered domain. Numbers are given in the order in which domains are first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(u32);

#[derive(Clone)]
struct Row {
    text: Arc<str>,
    /// Towards the group's first.
    up: u32,
    /// The next of the group, round in a circle.
    next: u32,
}

/// All domains that were seen; they stay, since totals refer to them.
#[derive(Clone)]
pub(super) struct Domains {
    rows: Vec<Row>,
    index: HashMap<Arc<str>, u32, RandomState>,
    cap: usize,
    refused: u64,
}

impl Domains {
    /// For about so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self { rows: Vec::new(), index: HashMap::default(), cap: bytes / COST, refused: 0 }
    }

    /// The number of a domain; `None`, and counted, when there are too many.
    pub(super) fn id(&mut self, domain: &str) -> Option<DomainId> {
        if let Some(&id) = self.index.get(domain) {
            return Some(DomainId(id));
        }
        if self.rows.len() >= self.cap {
            self.refused += 1;
            return None;
        }
        let id = self.rows.len() as u32;
        let text: Arc<str> = domain.into();
        self.rows.push(Row { text: Arc::clone(&text), up: id, next: id });
        self.index.insert(text, id);
        Some(DomainId(id))
    }

    /// Two domains share an address.
    pub(super) fn unite(&mut self, one: DomainId, other: DomainId) {
        let (one, other) = (self.first(one).0, self.first(other).0);
        if one == other {
            return;
        }
        let (low, high) = (one.min(other), one.max(other));
        self.rows[high as usize].up = low;
        let after_low = self.rows[low as usize].next;
        self.rows[low as usize].next = self.rows[high as usize].next;
        self.rows[high as usize].next = after_low;
    }

    /// The first domain of a group: the group's number.
    pub(super) fn first(&self, id: DomainId) -> DomainId {
        let mut at = id.0;
        while let Some(row) = self.rows.get(at as usize)
            && row.up != at
        {
            at = row.up;
        }
        DomainId(at)
    }

    /// The text of a domain.
    pub(super) fn text(&self, id: DomainId) -> &str {
        self.rows.get(id.0 as usize).map_or("", |row| &row.text)
    }

    /// The group of a domain, sorted.
    pub(super) fn group(&self, id: DomainId) -> Vec<&str> {
        let mut texts = Vec::new();
        let mut at = id.0;
        while let Some(row) = self.rows.get(at as usize) {
            texts.push(&*row.text);
            at = row.next;
            if at == id.0 {
                break;
            }
        }
        texts.sort_unstable();
        texts
    }

    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * COST
    }
}
