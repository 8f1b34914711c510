//! The collector: datagrams of any number of exporters in, records out. It owns all that exporters told before, each apart
//! from the others, within [`Limits`]. No clock, no socket: times and datagrams are handed to it.

use std::net::IpAddr;

use super::exporters::{ExporterCounts, Exporters};
use super::hand::Hand;
use super::limits::Limits;
use super::netflow::{fixed, ipfix, v9};
use super::record::FlowRecord;
use super::refusal::{Refusal, RefusalCounts};
use super::sflow;
use super::template::Field;
use crate::Timestamp;

type Read = fn(&[u8], &mut Hand<'_>) -> Result<(), Refusal>;

/// What is read: the first two bytes of a datagram, its name, its reader. sFlow's version is four bytes wide.
const PROTOCOLS: [(u16, &str, Read); 6] = [
    (0, "sflow5", sflow::read),
    (1, "netflow1", |datagram, hand| fixed::V1.read(datagram, hand)),
    (5, "netflow5", |datagram, hand| fixed::V5.read(datagram, hand)),
    (7, "netflow7", |datagram, hand| fixed::V7.read(datagram, hand)),
    (9, "netflow9", v9::read),
    (10, "ipfix", ipfix::read),
];

/// Reads exports; see the module.
#[derive(Debug)]
pub struct Collector {
    limits: Limits,
    exporters: Exporters,
    fields: Vec<Field>,
    counts: CollectorCounts,
}

/// What a collector has met, of all exporters together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectorCounts {
    /// Datagrams that were handed to it.
    pub datagrams: u64,
    /// Datagrams that were refused before they could be anybody's: of a version that is not read, or of an exporter that is not
    /// listed or finds no room. The rest is counted by exporter.
    pub refused: RefusalCounts,
}

impl Collector {
    /// A collector that has heard nothing.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            exporters: Exporters::default(),
            fields: Vec::with_capacity(Limits::FIELDS),
            counts: CollectorCounts::default(),
        }
    }

    /// Reads a datagram that came from an address at a time, and hands each of its records on. What cannot be read is
    /// counted; what was read before it is kept.
    pub fn read(&mut self, from: IpAddr, at: Timestamp, datagram: &[u8], take: &mut dyn FnMut(&FlowRecord)) {
        self.counts.datagrams += 1;
        if let Err(reason) = self.admit(from, at, datagram, take) {
            self.counts.refused.add(reason);
        }
    }

    fn admit(
        &mut self,
        from: IpAddr,
        at: Timestamp,
        datagram: &[u8],
        take: &mut dyn FnMut(&FlowRecord),
    ) -> Result<(), Refusal> {
        let from = from.to_canonical();
        if !self.limits.hears(from) {
            return Err(Refusal::NotListed);
        }
        let (name, read) = protocol(datagram).ok_or(Refusal::UnknownVersion)?;
        let oldest = self.limits.lifetime.map(|lifetime| at.before(lifetime));
        let state = self.exporters.find(from, (at, oldest)).ok_or(Refusal::TooManyExporters)?;
        state.counts.protocol = name;
        let mut hand = Hand { state, fields: &mut self.fields, take, at, oldest };
        if let Err(reason) = read(datagram, &mut hand) {
            hand.refuse(reason);
        }
        Ok(())
    }

    /// What it has met.
    pub const fn counts(&self) -> CollectorCounts {
        self.counts
    }

    /// What each exporter sent.
    pub fn exporters(&self) -> Vec<ExporterCounts> {
        self.exporters.counts().collect()
    }
}

fn protocol(datagram: &[u8]) -> Option<(&'static str, Read)> {
    let version = u16::from_be_bytes(*datagram.first_chunk()?);
    if version == 0 && datagram.get(..4)? != sflow::VERSION.to_be_bytes() {
        return None;
    }
    PROTOCOLS.iter().find(|(number, ..)| *number == version).map(|&(_, name, read)| (name, read))
}
