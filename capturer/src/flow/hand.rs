//! What a reader of one protocol works with: the exporter's state, and where records go.

use std::net::IpAddr;

use super::exporters::{Domain, ExporterState};
use super::limits::Limits;
use super::record::{Exporter, FlowRecord};
use super::refusal::Refusal;
use super::sequence::Step;
use super::template::Field;
use crate::Timestamp;

/// What is lent to a reader for one datagram.
pub(super) struct Hand<'a> {
    /// Who sent it.
    pub(super) state: &'a mut ExporterState,
    /// Room for the fields of a template that is being read.
    pub(super) fields: &'a mut Vec<Field>,
    /// Takes records.
    pub(super) take: &'a mut dyn FnMut(&FlowRecord),
    /// When the datagram came.
    pub(super) at: Timestamp,
    /// What was used before then may make room.
    pub(super) oldest: Option<Timestamp>,
}

impl Hand<'_> {
    /// A record of a domain, to be filled.
    pub(super) const fn record(&self, domain: u32) -> FlowRecord {
        let exporter = Exporter { address: self.address(), domain };
        FlowRecord { exporter, received: self.at, ..FlowRecord::empty() }
    }

    /// Hands a record on.
    pub(super) fn give(&mut self, record: &FlowRecord) {
        if record.all_packets() > Limits::MOST || record.all_bytes() > Limits::MOST {
            return self.refuse(Refusal::Implausible);
        }
        let counts = &mut self.state.counts;
        counts.records += 1;
        counts.packets = counts.packets.saturating_add(record.all_packets());
        counts.bytes = counts.bytes.saturating_add(record.all_bytes());
        counts.sampling = record.sampling;
        (self.take)(record);
    }

    /// The state of a domain that the datagram belongs to.
    pub(super) fn domain(&mut self, number: u32) -> &mut Domain {
        let protocol = self.state.counts.protocol;
        self.state.domain(protocol, number, self.at)
    }

    /// Looks at a datagram's number, and at how many of what is numbered it holds.
    pub(super) fn count_gaps(&mut self, domain: u32, number: u32, count: u32) {
        let step = self.domain(domain).sequence.step(number, count);
        let counts = &mut self.state.counts;
        match step {
            Step::Next => {}
            Step::Gap(lost) => counts.lost += u64::from(lost),
            Step::Late(found) => counts.lost = counts.lost.saturating_sub(u64::from(found)),
            Step::Restart => counts.restarts += 1,
        }
    }

    /// Counts what does not count.
    pub(super) const fn refuse(&mut self, reason: Refusal) {
        self.state.refuse(reason);
    }

    const fn address(&self) -> IpAddr {
        self.state.counts.address
    }
}
