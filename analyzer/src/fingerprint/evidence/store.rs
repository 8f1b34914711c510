//! What was learned of hosts from their words: the last clue of each kind, in a table with a cap of its own, since most hosts
//! of a flood never say anything.

use std::net::IpAddr;

use ahash::RandomState;
use capturer::Timestamp;

use super::{Clue, EvidenceKind};
use crate::capped::{Capped, Worth};
use crate::fingerprint::family::Families;
use crate::flow::bits;

/// Clues of a kind after which they outlive those that came once.
const KNOWN: u32 = 3;

/// Bytes of memory for a clue with its share of the index.
const COST: usize = size_of::<Row>() + size_of::<Kept>() + 64;

#[derive(Clone, Copy)]
struct Row {
    address: IpAddr,
    kind: EvidenceKind,
    count: u32,
}

impl Worth for Row {
    fn established(&self) -> bool {
        self.count >= KNOWN
    }
}

/// A clue that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub clue: Clue,
    /// When it was last seen.
    pub at: Timestamp,
    /// Whom others of its kind spoke for that it does not fit.
    pub others: Families,
    /// How many more clues of its kind fit the same families than others.
    votes: u8,
}

/// What a clue is to those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// Nothing else than what was known.
    Known,
    /// The first of its kind, or another than the last.
    New,
}

/// The clues of hosts.
pub struct Clues {
    rows: Capped<Row, Kept>,
    hasher: RandomState,
}

impl Clues {
    /// As many as so many bytes hold.
    pub fn new(memory: usize, hasher: RandomState) -> Self {
        Self { rows: Capped::new(memory / COST), hasher }
    }

    /// Those that had to make room for others.
    pub const fn evicted(&self) -> u64 {
        self.rows.evicted()
    }

    /// Bytes they occupy.
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// Notes a clue.
    pub fn note(&mut self, address: IpAddr, clue: Clue, at: Timestamp) -> Noted {
        let hash = self.hash(address, clue.kind);
        let is_it = |row: &Row| row.address == address && row.kind == clue.kind;
        let Some(slot) = self.rows.lookup(hash, is_it) else {
            let row = Row { address, kind: clue.kind, count: 1 };
            self.rows.insert(hash, row, Kept { clue, at, others: Families::NONE, votes: 1 });
            return Noted::New;
        };
        let Some((row, kept)) = self.rows.both(slot) else { return Noted::Known };
        row.count = row.count.saturating_add(1);
        kept.take(clue, at)
    }

    /// The clue of a kind.
    pub fn get(&self, address: IpAddr, kind: EvidenceKind) -> Option<&Kept> {
        let slot =
            self.rows.lookup(self.hash(address, kind), |row| row.address == address && row.kind == kind)?;
        self.rows.rest(slot)
    }

    fn hash(&self, address: IpAddr, kind: EvidenceKind) -> u64 {
        self.hasher.hash_one((bits(address), kind as u8))
    }
}

impl Kept {
    /// Takes another clue of the same kind: what is vaguer than what is known adds nothing.
    fn take(&mut self, clue: Clue, at: Timestamp) -> Noted {
        self.at = at;
        let old = self.clue;
        self.votes = self.votes.saturating_add(u8::from(clue.families.meets(old.families)));
        if clue.label == old.label && clue.families == old.families {
            return Noted::Known;
        }
        if clue.families.is_empty() || old.families.is_empty() {
            if !clue.families.is_empty() {
                self.clue = clue;
            }
            return Noted::Known;
        }
        let contradicts = !clue.families.meets(old.families);
        let is_vaguer = (clue.force, clue.versioned) < (old.force, old.versioned)
            || clue.families.and(old.families) == old.families && clue.families != old.families;
        if is_vaguer && !contradicts {
            return Noted::Known;
        }
        if !contradicts {
            self.clue = clue;
            return Noted::Known;
        }
        self.outvote(clue);
        Noted::New
    }
}

impl Kept {
    /// A clue for somebody else: the one that most clues are for stays (Boyer and Moore's vote), and the other is remembered.
    fn outvote(&mut self, clue: Clue) {
        let old = self.clue;
        self.votes = self.votes.saturating_sub(u8::from(clue.force >= old.force));
        if self.votes > 0 {
            self.others = self.others.or(clue.families);
            return;
        }
        (self.clue, self.votes) = (clue, 1);
        self.others = self.others.or(old.families);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::evidence::Force;

    fn clue(families: Families, label: &str) -> Clue {
        Clue::new(EvidenceKind::UserAgent, families, format_args!("{label}"), b"")
    }

    #[test]
    fn the_plainest_word_of_most_is_kept_and_contradictions_are_remembered() {
        let mut clues = Clues::new(1 << 16, RandomState::new());
        let host = IpAddr::from([192, 0, 2, 1]);
        let mut note = |clue| clues.note(host, clue, Timestamp::EPOCH);
        assert_eq!(note(clue(Families::WINDOWS, "Windows")), Noted::New);
        assert_eq!(note(clue(Families::WINDOWS, "Windows 10")), Noted::Known);
        assert_eq!(note(clue(Families::WINDOWS, "Windows")), Noted::Known);
        assert_eq!(note(clue(Families::UNIX, "Unix").with(Force::Faint)), Noted::New);
        (0..3).for_each(|_| assert_eq!(note(clue(Families::IOS, "iOS")), Noted::New));
        let kept = clues.get(host, EvidenceKind::UserAgent).unwrap();
        assert_eq!(kept.clue.label.as_str(), "iOS");
        assert_eq!(kept.others, Families::UNIX.or(Families::WINDOWS));
        assert!(clues.get(host, EvidenceKind::Ssh).is_none());
    }

    #[test]
    fn who_is_known_takes_the_place_of_who_is_not() {
        let mut kept = Kept {
            clue: clue(Families::NONE, "TLS"),
            at: Timestamp::EPOCH,
            others: Families::NONE,
            votes: 1,
        };
        assert_eq!(kept.take(clue(Families::WINDOWS, "Schannel"), Timestamp::EPOCH), Noted::Known);
        assert_eq!(kept.take(clue(Families::NONE, "TLS"), Timestamp::EPOCH), Noted::Known);
        assert_eq!((kept.clue.label.as_str(), kept.others), ("Schannel", Families::NONE));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut clues = Clues::new(20 * COST, RandomState::new());
        for host in 0..1000u32 {
            clues.note(IpAddr::from(host.to_be_bytes()), clue(Families::BSD, "x"), Timestamp::EPOCH);
        }
        assert!(clues.evicted() >= 980);
    }
}
