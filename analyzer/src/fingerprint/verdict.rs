//! What a host looks like: its evidence as one family, a label with a range of versions, a confidence, and what contradicts it.
//! It "looks like", it never "is".

use std::net::IpAddr;

use super::database::{Database, Match};
use super::distance;
use super::evidence::{Evidence, EvidenceKind, Kept, layout};
use super::family::{Families, Family};
use super::fingerprints::Fingerprints;
use super::fusion::{Fused, Piece, Pieces};
use super::hosts::{HostPrints, Program, Stack};

/// Of the confidence, so much is left by each contradiction: then pieces are most likely not of one machine, which is what
/// adding them up takes for granted.
const CONTRADICTED: f32 = 0.85;

/// Of the weight of a kind that spoke for several families at different times, so much.
const TORN: f32 = 0.6;

/// Of the weight of a stack that only its order of options tells, so much.
const UNKNOWN: f32 = 0.8;

/// What weighs less is of what many do, and no contradiction: odds of three to one.
const FAINT: f32 = 1.09;

/// What a host looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The family that fits best; `None` if no evidence tells one.
    pub family: Option<Family>,
    /// The system with its range of versions: `Windows 10 or newer`.
    pub label: String,
    /// How sure that is of the family and those that look like it ([`Family::kin`]), in percent; at most 99.
    pub confidence: u8,
    /// Evidence that speaks for another family, in words.
    pub contradictions: Vec<String>,
    /// All there is, in the order of its kinds.
    pub evidence: Vec<Evidence>,
}

impl Fingerprints {
    /// The family that a host looks like.
    pub fn family(&self, address: IpAddr) -> Option<Family> {
        let pieces = self.pieces(address, self.host(address)?);
        pieces.fuse().map(|fused| fused.family)
    }

    /// What a host looks like, and why; `None` if nothing of it was seen.
    pub fn verdict(&self, address: IpAddr) -> Option<Verdict> {
        self.verdict_without(address, &[])
    }

    /// The same as if some kinds of evidence were not there, to see how far the others go.
    pub fn verdict_without(&self, address: IpAddr, masked: &[EvidenceKind]) -> Option<Verdict> {
        let host = self.host(address)?;
        let pieces = self.pieces(address, host).without(masked);
        let mut evidence = self.evidence(address, host);
        evidence.retain(|one| !masked.contains(&one.kind));
        let Some(fused) = pieces.fuse() else {
            let label = evidence.first().map(|first| first.label.clone()).unwrap_or_default();
            return Some(Verdict {
                family: None,
                label,
                confidence: 0,
                contradictions: Vec::new(),
                evidence,
            });
        };
        let mut contradictions = contradictions(&pieces, &evidence, fused.family);
        let clues = self.clues_of(address, host).filter(|kept| !masked.contains(&kept.clue.kind));
        contradictions.extend(torn(clues, fused.family));
        let label = label(&pieces, &evidence, fused);
        let left = CONTRADICTED.powi(contradictions.len() as i32);
        let (family, confidence) = (Some(fused.family), (f32::from(fused.confidence) * left).round() as u8);
        Some(Verdict { family, label, confidence, contradictions, evidence })
    }

    /// What of a host's evidence tells families.
    pub(super) fn pieces(&self, address: IpAddr, host: &HostPrints) -> Pieces {
        let mut pieces = Pieces::default();
        for (kind, stack) in stacks(host) {
            if let Some((families, share)) = self.told_by(kind, &stack) {
                pieces.add(Piece { kind, families, share });
            }
        }
        for kept in self.clues_of(address, host) {
            let Kept { clue, others, .. } = kept;
            let torn = if others.is_empty() { 1.0 } else { TORN };
            pieces.add(Piece { kind: clue.kind, families: clue.families, share: clue.force.share() * torn });
        }
        for (kind, program) in programs(host).filter(|(_, program)| !program.dishonest) {
            if let Some((found, families)) = program.found.and_then(|found| of_match(&self.database, found)) {
                pieces.add(Piece { kind, families, share: share(found) });
            }
        }
        if let Some(stack) = last_stack(host).filter(|stack| !self.is_between(stack)) {
            pieces.add(Piece { kind: EvidenceKind::Ttl, families: of_ttl(stack.print.ttl), share: 1.0 });
        }
        pieces
    }

    /// Whom a stack fits, and how plainly: by its signature, or else by the order of its options.
    fn told_by(&self, kind: EvidenceKind, stack: &Stack) -> Option<(Families, f32)> {
        let found = stack.found.filter(|_| !self.is_misplaced(stack));
        let Some((found, families)) = found.and_then(|found| of_match(&self.database, found)) else {
            return by_layout(kind, stack);
        };
        Some((families, share(found)))
    }

    /// Whether a signature fits but for a time to live that is another family's, which is no better than none.
    fn is_misplaced(&self, stack: &Stack) -> bool {
        let by_ttl = of_ttl(stack.print.ttl);
        let matched = stack.found.and_then(|found| of_match(&self.database, found));
        matched.is_some_and(|(found, families)| {
            found.fuzzy && !families.is_empty() && !by_ttl.is_empty() && !families.meets(by_ttl)
        })
    }

    /// Whether a stack is known, and no system's: a translator's or a balancer's, which says nothing of who is behind it.
    fn is_between(&self, stack: &Stack) -> bool {
        stack
            .found
            .and_then(|found| of_match(&self.database, found))
            .is_some_and(|(_, families)| families.is_empty())
    }

    /// What a host's words told.
    fn clues_of<'a>(&'a self, address: IpAddr, host: &'a HostPrints) -> impl Iterator<Item = &'a Kept> {
        let noted = EvidenceKind::all().filter(|kind| host.kinds & 1 << *kind as u16 != 0);
        noted.filter_map(move |kind| self.clues.get(address, kind))
    }

    /// All evidence of a host in words.
    fn evidence(&self, address: IpAddr, host: &HostPrints) -> Vec<Evidence> {
        let of_stack = |(kind, stack): (EvidenceKind, Stack)| {
            let signature = stack.print.signature(stack.peer_segment).to_string();
            let found = stack.found.filter(|_| !self.is_misplaced(&stack));
            let mut piece = self.piece_of_evidence(kind, (signature, found), stack.print.at);
            if let (None, Some((families, _))) = (found, self.told_by(kind, &stack)) {
                piece.label = families.to_string();
                piece.family = families.single();
            }
            piece
        };
        let of_program = |(kind, program): (EvidenceKind, Program)| {
            let signature = program.found.and_then(|found| self.database.http_signature(found.line));
            self.piece_of_evidence(kind, (signature.unwrap_or_default(), program.found), program.at)
        };
        let mut evidence: Vec<Evidence> = stacks(host).map(of_stack).collect();
        evidence.extend(programs(host).map(of_program));
        evidence.extend(self.clues_of(address, host).map(of_clue));
        evidence.extend(last_stack(host).map(|stack| ttl_evidence(&stack)));
        evidence.sort_by_key(|one| one.kind);
        evidence
    }

    fn piece_of_evidence(
        &self,
        kind: EvidenceKind,
        (signature, found): (String, Option<Match>),
        at: capturer::Timestamp,
    ) -> Evidence {
        let label = found.and_then(|found| self.database.label(found.label));
        Evidence {
            kind,
            signature,
            label: label.map_or_else(|| "unknown".to_owned(), ToString::to_string),
            line: found.map(|found| format!("{}:{}", self.database.name(), found.line)),
            family: label.and_then(|label| label.families.single()),
            at,
        }
    }
}

fn of_clue(kept: &Kept) -> Evidence {
    let Kept { clue, at, .. } = *kept;
    let (label, signature) = (clue.label.as_str().to_owned(), clue.signature.as_str().to_owned());
    Evidence { kind: clue.kind, signature, label, line: None, family: clue.families.single(), at }
}

/// Whom the order of options fits where no signature does.
fn by_layout(kind: EvidenceKind, stack: &Stack) -> Option<(Families, f32)> {
    let (families, force) = layout::of(kind, stack.print.layout.kinds(), of_ttl(stack.print.ttl))?;
    Some((families, force.share() * UNKNOWN))
}

/// Both ends that a host showed.
fn stacks(host: &HostPrints) -> impl Iterator<Item = (EvidenceKind, Stack)> {
    let ends = [(EvidenceKind::Syn, host.syn), (EvidenceKind::SynAck, host.syn_ack)];
    ends.into_iter().filter_map(|(kind, stack)| Some((kind, stack?)))
}

/// The programs that are known.
fn programs(host: &HostPrints) -> impl Iterator<Item = (EvidenceKind, Program)> {
    let ends = [(EvidenceKind::HttpRequest, host.request), (EvidenceKind::HttpResponse, host.response)];
    ends.into_iter().filter_map(|(kind, program)| Some((kind, program.filter(|one| one.found.is_some())?)))
}

fn of_match(database: &Database, found: Match) -> Option<(Match, Families)> {
    Some((found, database.label(found.label)?.families))
}

/// A last resort of the file, and what fits but for what networks change, tell less.
const fn share(found: Match) -> f32 {
    match (found.generic, found.fuzzy) {
        (false, false) => 1.0,
        (true, false) => 0.8,
        (false, true) => 0.7,
        (true, true) => 0.5,
    }
}

/// The end that it showed last.
fn last_stack(host: &HostPrints) -> Option<Stack> {
    stacks(host).map(|(_, stack)| stack).max_by_key(|stack| stack.print.at)
}

/// What it began with; `None` where that is too many hops away.
fn initial(ttl: u8) -> Option<u8> {
    let hops = distance::guess(ttl);
    (hops <= distance::FARTHEST).then_some(ttl.saturating_add(hops))
}

/// Who begins with it: 128 is Windows', 64 that of Unix and of much firmware, 255 that of Solaris and of routers.
fn of_ttl(ttl: u8) -> Families {
    match initial(ttl) {
        Some(64) => Families::APPLE.or(Families::LINUX).or(Families::BSD).or(Families::NETWORK),
        Some(128) => Families::WINDOWS,
        Some(255) => Families::SOLARIS.or(Families::NETWORK),
        _ => Families::NONE,
    }
}

fn ttl_evidence(stack: &Stack) -> Evidence {
    let ttl = stack.print.ttl;
    let families = of_ttl(ttl);
    let (signature, label) = match initial(ttl) {
        None => (ttl.to_string(), "unknown".to_owned()),
        Some(64) => (hops_from(ttl, 64), "Unix or network device".to_owned()),
        Some(first) if families.is_empty() => (hops_from(ttl, first), "unknown".to_owned()),
        Some(first) => (hops_from(ttl, first), families.to_string()),
    };
    let (kind, line) = (EvidenceKind::Ttl, None);
    Evidence { kind, signature, label, line, family: families.single(), at: stack.print.at }
}

fn hops_from(ttl: u8, first: u8) -> String {
    format!("{ttl}, {} hops from {first}", first - ttl)
}

/// The words of the evidence that tells most among what fits the winner.
fn label(pieces: &Pieces, evidence: &[Evidence], fused: Fused) -> String {
    let fitting = pieces.iter().filter(|piece| piece.families.has(fused.family));
    let kin = fused.family.kin();
    let tells = |piece: &&Piece| (piece.families.or(kin) == kin, piece.kind.detail());
    let best = fitting.filter(|piece| piece.kind.detail() > 0).max_by_key(tells);
    let words = best.and_then(|best| evidence.iter().find(|one| one.kind == best.kind));
    words.map_or_else(|| fused.family.to_string(), |one| one.label.clone())
}

/// What speaks for others than the winner and those that look like it; faint habits are no contradiction.
fn contradictions(pieces: &Pieces, evidence: &[Evidence], family: Family) -> Vec<String> {
    let speaks =
        |piece: &&Piece| piece.kind.weight() * piece.share > FAINT && !piece.families.meets(family.kin());
    let others = pieces.iter().filter(speaks);
    let words = |piece: &Piece| {
        let Evidence { kind, signature, label, .. } = evidence.iter().find(|one| one.kind == piece.kind)?;
        Some(format!("{} looks like {label}, not like {family} ({signature})", kind.name()))
    };
    others.filter_map(words).collect()
}

/// Kinds that spoke for another family at another time.
fn torn<'a>(clues: impl Iterator<Item = &'a Kept>, family: Family) -> impl Iterator<Item = String> {
    clues.filter(move |kept| !kept.others.is_empty() && !kept.others.meets(family.kin())).map(move |kept| {
        let Kept { clue, others, .. } = kept;
        format!("{} looked like {others}, too, not like {family}", clue.kind.name())
    })
}
