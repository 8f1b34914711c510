//! Who exported and who sampled, as records of an nfcapd file tell before the flows that refer to them.

use std::collections::HashMap;

use super::fields::{Fields, Order};
use crate::flow::Exporter;

/// `ExporterInfoRecordType`.
pub(super) const EXPORTER: u16 = 7;

/// `SamplerLegacyRecordType`, of 1.6 and the first of 1.7.
pub(super) const SAMPLER_BEFORE: u16 = 9;

/// `SamplerRecordType`.
pub(super) const SAMPLER: u16 = 15;

/// `AF_INET6` on Linux; everything else is taken for IPv4.
const AF_INET6: u16 = 10;

/// By the number that the collector gave each; there are 65 536 at most.
#[derive(Default)]
pub(super) struct Exporters {
    known: HashMap<u16, Exporter>,
    sampling: HashMap<u16, u32>,
}

impl Exporters {
    /// Takes an exporter's record; `fields` begin at its type.
    pub(super) fn learn(&mut self, fields: Fields<'_>) {
        let (family, number, domain) = (fields.u16(24), fields.u16(26), fields.u32(28));
        let ipv4 = if fields.order == Order::Little { 16 } else { 20 };
        let address = if family == AF_INET6 { fields.ipv6(8) } else { fields.ipv4(ipv4) };
        self.known.insert(number, Exporter { address, domain });
    }

    /// Takes a sampler's record of the older form.
    pub(super) fn sample_before(&mut self, fields: Fields<'_>) {
        self.sample_one_of(fields.u16(14), fields.u32(8));
    }

    /// Takes a sampler's record: so many packets counted, so many passed over.
    pub(super) fn sample(&mut self, fields: Fields<'_>) {
        let (counted, passed) = (u64::from(fields.u32(16)), u64::from(fields.u32(20)));
        if let Some(rate) = (counted + passed).checked_div(counted) {
            self.sample_one_of(fields.u16(4), u32::try_from(rate).unwrap_or(u32::MAX));
        }
    }

    fn sample_one_of(&mut self, number: u16, rate: u32) {
        if rate > 1 {
            self.sampling.insert(number, rate);
        }
    }

    /// The exporter of that number.
    pub(super) fn get(&self, number: u16) -> Option<Exporter> {
        self.known.get(&number).copied()
    }

    /// One packet of so many was counted there, as far as is known.
    pub(super) fn rate(&self, number: u16) -> u32 {
        self.sampling.get(&number).copied().unwrap_or(1)
    }
}
