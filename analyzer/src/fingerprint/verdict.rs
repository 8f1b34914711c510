//! What a host looks like: its evidence as one family, a label with a range of versions, a confidence, and what contradicts it.
//! It "looks like", it never "is".

use std::net::IpAddr;

use super::database::{Database, Match};
use super::distance;
use super::evidence::{Evidence, EvidenceKind};
use super::family::{Families, Family};
use super::fingerprints::Fingerprints;
use super::fusion::{Fused, Piece, Pieces};
use super::hosts::{HostPrints, Program, Stack};

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
        let pieces = self.pieces(self.host(address)?);
        pieces.fuse().map(|fused| fused.family)
    }

    /// What a host looks like, and why; `None` if nothing of it was seen.
    pub fn verdict(&self, address: IpAddr) -> Option<Verdict> {
        let host = self.host(address)?;
        let pieces = self.pieces(host);
        let evidence = self.evidence(host);
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
        let contradictions = contradictions(&pieces, &evidence, fused.family);
        let label = label(&pieces, &evidence, fused);
        let (family, confidence) = (Some(fused.family), fused.confidence);
        Some(Verdict { family, label, confidence, contradictions, evidence })
    }

    /// What of a host's evidence tells families.
    fn pieces(&self, host: &HostPrints) -> Pieces {
        let mut pieces = Pieces::default();
        for (kind, stack) in stacks(host) {
            if let Some((found, families)) = stack.found.and_then(|found| of_match(&self.database, found)) {
                pieces.add(Piece { kind, families, share: share(found) });
            }
        }
        for (kind, program) in programs(host).filter(|(_, program)| !program.dishonest) {
            if let Some((found, families)) = program.found.and_then(|found| of_match(&self.database, found)) {
                pieces.add(Piece { kind, families, share: share(found) });
            }
        }
        if let Some(ttl) = time_to_live(host) {
            pieces.add(Piece { kind: EvidenceKind::Ttl, families: of_ttl(ttl), share: 1.0 });
        }
        pieces
    }

    /// All evidence of a host in words.
    fn evidence(&self, host: &HostPrints) -> Vec<Evidence> {
        let of_stack = |(kind, stack): (EvidenceKind, Stack)| {
            let signature = stack.print.signature(stack.peer_segment).to_string();
            self.piece_of_evidence(kind, (signature, stack.found), stack.print.at)
        };
        let of_program = |(kind, program): (EvidenceKind, Program)| {
            let signature = program.found.and_then(|found| self.database.http_signature(found.line));
            self.piece_of_evidence(kind, (signature.unwrap_or_default(), program.found), program.at)
        };
        let mut evidence: Vec<Evidence> = stacks(host).map(of_stack).collect();
        evidence.extend(programs(host).map(of_program));
        evidence.extend(time_to_live(host).map(|ttl| ttl_evidence(ttl, host)));
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

/// As its last segment came.
fn time_to_live(host: &HostPrints) -> Option<u8> {
    let last = stacks(host).map(|(_, stack)| stack.print).max_by_key(|print| print.at)?;
    Some(last.ttl)
}

/// What it began with.
const fn initial(ttl: u8) -> u8 {
    ttl.saturating_add(distance::guess(ttl))
}

/// Who begins with it: 128 is Windows', 64 that of Unix and of much firmware, 255 that of Solaris and of routers.
const fn of_ttl(ttl: u8) -> Families {
    match initial(ttl) {
        64 => Families::APPLE.or(Families::LINUX).or(Families::BSD).or(Families::NETWORK),
        128 => Families::WINDOWS,
        255 => Families::SOLARIS.or(Families::NETWORK),
        _ => Families::NONE,
    }
}

fn ttl_evidence(ttl: u8, host: &HostPrints) -> Evidence {
    let families = of_ttl(ttl);
    let who = if families.is_empty() { "nobody of today".to_owned() } else { families.to_string() };
    Evidence {
        kind: EvidenceKind::Ttl,
        signature: format!("{}, {} hops from {}", ttl, distance::guess(ttl), initial(ttl)),
        label: who,
        line: None,
        family: families.single(),
        at: stacks(host).map(|(_, stack)| stack.print.at).max().unwrap_or(host.last_seen),
    }
}

/// The words of the evidence that tells most among what fits the winner.
fn label(pieces: &Pieces, evidence: &[Evidence], fused: Fused) -> String {
    let fitting = pieces.iter().filter(|piece| piece.families.has(fused.family));
    let best = fitting.filter(|piece| piece.kind.detail() > 0).max_by_key(|piece| piece.kind.detail());
    let words = best.and_then(|best| evidence.iter().find(|one| one.kind == best.kind));
    words.map_or_else(|| fused.family.to_string(), |one| one.label.clone())
}

/// What speaks for others than the winner and those that look like it.
fn contradictions(pieces: &Pieces, evidence: &[Evidence], family: Family) -> Vec<String> {
    let others = pieces.iter().filter(|piece| !piece.families.meets(family.kin()));
    others
        .filter_map(|piece| {
            let one = evidence.iter().find(|one| one.kind == piece.kind)?;
            let Evidence { signature, label, .. } = one;
            Some(format!("{} looks like {label}, not like {family} ({signature})", piece.kind.name()))
        })
        .collect()
}
