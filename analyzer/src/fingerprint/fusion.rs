//! Evidence adds up. Each piece says which families it fits and is wrong so often ([`EvidenceKind`] has the table); taken as
//! independent of one another, as Bayes' rule with naive independence has it, the odds of a family are how common it is
//! (the prior), times the odds of being right of each piece that fits it. Of kinds with one source, as both ends of a stack,
//! the strongest counts. Contradictions lower the winner's share by themselves.
//!
//! The confidence is the share of the winner and of those that look like it ([`Family::kin`]), at most 99 %: nothing here
//! proves anything. Evidence is not independent in truth, so it is an order of merit, not a probability.

use super::evidence::EvidenceKind;
use super::family::{Families, Family};

/// How common families are on networks of today, roughly and evened out, in percent: it decides where nothing else does.
const COMMON: [(Family, f32); 8] = [
    (Family::Windows, 24.0),
    (Family::MacOs, 15.0),
    (Family::Ios, 13.0),
    (Family::Linux, 20.0),
    (Family::Android, 13.0),
    (Family::Bsd, 6.0),
    (Family::Solaris, 3.0),
    (Family::Network, 6.0),
];

/// More nobody is sure of.
const MOST: u8 = 99;

/// Pieces that are added up: one of each kind.
pub(super) const PIECES: usize = 16;

/// A piece of evidence as fusion sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) kind: EvidenceKind,
    pub(super) families: Families,
    /// Of the kind's weight, so much.
    pub(super) share: f32,
}

/// All that is known of a host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pieces {
    all: [Option<Piece>; PIECES],
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fused {
    pub(super) family: Family,
    /// Percent.
    pub(super) confidence: u8,
}

impl Pieces {
    /// Adds one; what fits nobody says nothing.
    pub(super) fn add(&mut self, piece: Piece) {
        if !piece.families.is_empty() {
            self.all[piece.kind as usize] = Some(piece);
        }
    }

    /// Those of other kinds.
    pub(super) fn without(mut self, kinds: &[EvidenceKind]) -> Self {
        kinds.iter().for_each(|kind| self.all[*kind as usize] = None);
        self
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Piece> {
        self.all.iter().flatten()
    }

    /// The family that fits best; `None` without evidence.
    pub(super) fn fuse(&self) -> Option<Fused> {
        self.iter().next()?;
        let odds = COMMON.map(|(family, common)| {
            let mut by_source = [0.0f32; PIECES];
            for piece in self.iter().filter(|piece| piece.families.has(family)) {
                let weight = &mut by_source[piece.kind.source() as usize];
                *weight = weight.max(piece.kind.weight() * piece.share);
            }
            (family, common * by_source.iter().sum::<f32>().exp())
        });
        let of_kin = |family: Family| {
            odds.iter().filter(|(other, _)| family.kin().has(*other)).map(|(_, odds)| odds).sum::<f32>()
        };
        let all: f32 = odds.iter().map(|(_, odds)| odds).sum();
        let (family, _) = odds.into_iter().max_by(|(left, a), (right, b)| {
            of_kin(*left).total_cmp(&of_kin(*right)).then(a.total_cmp(b)).then(right.cmp(left))
        })?;
        let percent = (of_kin(family) / all * 100.0).round() as u8;
        Some(Fused { family, confidence: percent.min(MOST) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fuse(pieces: &[(EvidenceKind, Families)]) -> (Family, u8) {
        let mut all = Pieces::default();
        pieces.iter().for_each(|(kind, families)| {
            all.add(Piece { kind: *kind, families: *families, share: 1.0 });
        });
        let fused = all.fuse().unwrap();
        (fused.family, fused.confidence)
    }

    #[test]
    fn without_evidence_there_is_no_verdict() {
        assert_eq!(Pieces::default().fuse(), None);
        let mut pieces = Pieces::default();
        pieces.add(Piece { kind: EvidenceKind::Syn, families: Families::NONE, share: 1.0 });
        assert_eq!(pieces.fuse(), None);
    }

    #[test]
    fn evidence_that_agrees_adds_up_and_what_contradicts_takes_away() {
        use EvidenceKind::{Server, Syn, Ttl, UserAgent};
        let (family, alone) = fuse(&[(Syn, Families::WINDOWS)]);
        let (_, both) = fuse(&[(Syn, Families::WINDOWS), (UserAgent, Families::WINDOWS)]);
        let (still, torn) = fuse(&[
            (Syn, Families::WINDOWS),
            (UserAgent, Families::WINDOWS),
            (Ttl, Families::UNIX),
            (Server, Families::LINUX),
        ]);
        assert_eq!([family, still], [Family::Windows; 2]);
        assert!(torn < both && alone < both && both == MOST, "{alone} {both} {torn}");
    }

    #[test]
    fn one_of_kin_is_chosen_by_the_evidence_that_can_tell_it() {
        use EvidenceKind::{Syn, UserAgent};
        assert_eq!(fuse(&[(Syn, Families::LINUX)]).0, Family::Linux);
        assert_eq!(fuse(&[(Syn, Families::LINUX), (UserAgent, Families::ANDROID)]).0, Family::Android);
        assert_eq!(fuse(&[(Syn, Families::APPLE), (UserAgent, Families::IOS)]).0, Family::Ios);
    }

    #[test]
    fn every_prior_is_a_familys() {
        assert_eq!(COMMON.map(|(family, _)| family), Family::ALL);
        assert!((COMMON.iter().map(|(_, common)| common).sum::<f32>() - 100.0).abs() < 0.01);
    }
}
