//! The exporters that a collector knows: their templates, samplers, sequence numbers and counters.

use std::net::IpAddr;

use super::limits::Limits;
use super::refusal::{Refusal, RefusalCounts};
use super::sequence::Sequence;
use super::template::Templates;
use crate::Timestamp;

/// What one exporter sent, by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExporterCounts {
    /// Where its datagrams come from.
    pub address: IpAddr,
    /// What it speaks, as last heard: `netflow5`, `ipfix` …
    pub protocol: &'static str,
    /// When its first datagram came.
    pub first: Timestamp,
    /// When its last came.
    pub last: Timestamp,
    /// Datagrams.
    pub datagrams: u64,
    /// Records that were handed on.
    pub records: u64,
    /// Packets those stand for, scaled.
    pub packets: u64,
    /// Bytes those stand for, scaled.
    pub bytes: u64,
    /// Gaps in its numbers: flows (v5, v7), datagrams (v9, sFlow) or records (IPFIX) that never came.
    pub lost: u64,
    /// How often its numbers began anew.
    pub restarts: u64,
    /// What did not count, by reason.
    pub refused: RefusalCounts,
    /// One packet of so many is counted, as it last said; 1 without sampling.
    pub sampling: u32,
    /// The same where it was told in a way that is not applied to figures (of one template alone, or as samplingSize and
    /// samplingPopulation); else 1.
    pub sampling_unapplied: u32,
    /// Templates known.
    pub templates: usize,
    /// Source ids, observation domains, engines or sub-agents known.
    pub domains: usize,
}

/// One stream of numbers of an exporter.
#[derive(Debug)]
pub(super) struct Domain {
    /// What it is known by: protocol and number.
    key: (&'static str, u32),
    pub(super) sequence: Sequence,
    /// Rates by sampler; `None` is the domain's own.
    samplers: Vec<(Option<u64>, u32)>,
    last: Timestamp,
}

impl Domain {
    /// Takes what options tell of a sampler.
    pub(super) fn tell(&mut self, sampler: Option<u64>, rate: u32) {
        if let Some((_, known)) = self.samplers.iter_mut().find(|(one, _)| *one == sampler) {
            *known = rate;
        } else if self.samplers.len() < Limits::SAMPLERS {
            self.samplers.push((sampler, rate));
        }
    }

    /// By how much a record's figures are too low: as its sampler was told, or else as the domain's was.
    pub(super) fn rate(&self, sampler: Option<u64>) -> u32 {
        let of =
            |wanted: Option<u64>| self.samplers.iter().find(|(one, _)| *one == wanted).map(|&(_, rate)| rate);
        sampler.and_then(|id| of(Some(id))).or_else(|| of(None)).unwrap_or(1)
    }
}

/// One exporter.
#[derive(Debug)]
pub(super) struct ExporterState {
    pub(super) counts: ExporterCounts,
    pub(super) templates: Templates,
    domains: Vec<Domain>,
}

impl ExporterState {
    fn new(address: IpAddr, at: Timestamp) -> Self {
        let counts = ExporterCounts {
            address,
            protocol: "",
            first: at,
            last: at,
            datagrams: 0,
            records: 0,
            packets: 0,
            bytes: 0,
            lost: 0,
            restarts: 0,
            refused: RefusalCounts::default(),
            sampling: 1,
            sampling_unapplied: 1,
            templates: 0,
            domains: 0,
        };
        Self { counts, templates: Templates::default(), domains: Vec::new() }
    }

    /// Counts what does not count.
    pub(super) const fn refuse(&mut self, reason: Refusal) {
        self.counts.refused.add(reason);
    }

    /// The state of one of its domains. Where there are too many the one that was silent longest makes room: nothing but
    /// numbers and rates is lost, which are sent again.
    pub(super) fn domain(&mut self, protocol: &'static str, number: u32, at: Timestamp) -> &mut Domain {
        let key = (protocol, number);
        let found = self.domains.iter().position(|domain| domain.key == key);
        let index = found.unwrap_or_else(|| self.make_domain(key, at));
        let domain = &mut self.domains[index];
        domain.last = at;
        domain
    }

    fn make_domain(&mut self, key: (&'static str, u32), at: Timestamp) -> usize {
        let domain = Domain { key, sequence: Sequence::default(), samplers: Vec::new(), last: at };
        if self.domains.len() < Limits::DOMAINS {
            self.domains.push(domain);
            return self.domains.len() - 1;
        }
        let oldest = (0..self.domains.len()).min_by_key(|&i| self.domains[i].last).unwrap_or(0);
        self.domains[oldest] = domain;
        oldest
    }
}

/// All exporters.
#[derive(Debug, Default)]
pub(super) struct Exporters {
    all: Vec<ExporterState>,
    /// Who sent the last datagram: likely the next, too.
    recent: usize,
}

impl Exporters {
    /// The state of whoever sends from an address. One that has been silent since before `oldest` makes room for it; where
    /// there is none, it finds no room: those that are known are worth more than a stranger.
    pub(super) fn find(
        &mut self,
        address: IpAddr,
        (now, oldest): (Timestamp, Option<Timestamp>),
    ) -> Option<&mut ExporterState> {
        if self.all.get(self.recent).is_none_or(|state| state.counts.address != address) {
            let known = self.all.iter().position(|state| state.counts.address == address);
            self.recent = known.or_else(|| self.make(address, now, oldest))?;
        }
        let state = self.all.get_mut(self.recent)?;
        state.counts.last = now;
        state.counts.datagrams += 1;
        Some(state)
    }

    fn make(&mut self, address: IpAddr, now: Timestamp, oldest: Option<Timestamp>) -> Option<usize> {
        let state = ExporterState::new(address, now);
        if self.all.len() < Limits::EXPORTERS {
            self.all.push(state);
            return Some(self.all.len() - 1);
        }
        let silent =
            self.all.iter().position(|state| oldest.is_some_and(|oldest| state.counts.last < oldest))?;
        self.all[silent] = state;
        Some(silent)
    }

    /// What each sent.
    pub(super) fn counts(&self) -> impl Iterator<Item = ExporterCounts> {
        self.all.iter().map(|state| ExporterCounts {
            templates: state.templates.len(),
            domains: state.domains.len(),
            ..state.counts
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn a_stranger_finds_no_room_among_exporters_that_are_heard() {
        let mut exporters = Exporters::default();
        let at = Timestamp::from_parts(1, 0);
        for n in 0..1000 {
            let found = exporters.find(address(n), (at, Some(Timestamp::EPOCH))).is_some();
            assert_eq!(found, n < Limits::EXPORTERS as u32);
        }
        assert!(exporters.find(address(5), (Timestamp::from_parts(9, 0), None)).is_some());
        let oldest = Some(Timestamp::from_parts(2, 0));
        assert!(exporters.find(address(9999), (Timestamp::from_parts(10, 0), oldest)).is_some());
        assert!(exporters.counts().any(|counts| counts.address == address(5)));
        assert_eq!(exporters.counts().count(), Limits::EXPORTERS);
    }

    #[test]
    fn a_record_is_scaled_by_its_sampler_or_by_the_domain_s() {
        let mut state = ExporterState::new(address(1), Timestamp::EPOCH);
        let domain = state.domain("netflow9", 7, Timestamp::EPOCH);
        assert_eq!(domain.rate(Some(1)), 1);
        domain.tell(Some(1), 100);
        domain.tell(None, 10);
        assert_eq!((domain.rate(Some(1)), domain.rate(Some(2)), domain.rate(None)), (100, 10, 10));
        domain.tell(Some(1), 200);
        assert_eq!(domain.rate(Some(1)), 200);
        for n in 0..1000 {
            domain.tell(Some(n), 5);
        }
        assert!(domain.samplers.len() <= Limits::SAMPLERS);
    }

    #[test]
    fn domains_have_an_end() {
        let mut state = ExporterState::new(address(1), Timestamp::EPOCH);
        for n in 0..10_000 {
            state.domain("ipfix", n, Timestamp::from_parts(i64::from(n), 0));
        }
        assert_eq!(state.domains.len(), Limits::DOMAINS);
    }
}
