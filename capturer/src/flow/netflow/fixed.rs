//! NetFlow v1, v5 and v7: records that always look the same (Cisco, "NetFlow Export Datagram Format"). They have the first 36
//! bytes in common; a table says what follows.

use std::net::Ipv4Addr;

use crate::flow::draft::{Draft, Sent, scale};
use crate::flow::elements::Element;
use crate::flow::hand::Hand;
use crate::flow::record::FlowRecord;
use crate::flow::refusal::Refusal;
use crate::{Ports, Protocol, TcpFlags, Timestamp};

/// What differs between the versions.
pub(in crate::flow) struct Layout {
    /// Bytes of the header.
    header: usize,
    /// Bytes of a record.
    record: usize,
    /// Where a record has its TCP flags.
    tcp_flags: usize,
    /// Whether the header has a sequence number, and a record autonomous systems and masks.
    numbered: bool,
    /// Whether the header tells of engine and sampling.
    sampled: bool,
}

/// Version 1.
pub(in crate::flow) const V1: Layout =
    Layout { header: 16, record: 52, tcp_flags: 40, numbered: false, sampled: false };
/// Version 5.
pub(in crate::flow) const V5: Layout =
    Layout { header: 24, record: 48, tcp_flags: 37, numbered: true, sampled: true };
/// Version 7, of Catalyst switches.
pub(in crate::flow) const V7: Layout =
    Layout { header: 24, record: 52, tcp_flags: 37, numbered: true, sampled: false };

/// No exporter sends that many; a header that says so is none.
const MOST_RECORDS: usize = 999;

/// The interval in the sampling field, whose upper two bits are the mode.
const INTERVAL: u16 = 0x3fff;

impl Layout {
    /// How many records a datagram has, if its length is what its header says.
    pub(in crate::flow) fn count(&self, datagram: &[u8]) -> Option<usize> {
        let count = usize::from(u16_at(datagram, 2)?);
        let fits = datagram.len() == self.header + self.record * count;
        (fits && (1..=MOST_RECORDS).contains(&count)).then_some(count)
    }

    /// Reads a datagram.
    pub(in crate::flow) fn read(&self, datagram: &[u8], hand: &mut Hand<'_>) -> Result<(), Refusal> {
        let count = self.count(datagram).ok_or(Refusal::BadLength)?;
        let header = Header::of(datagram, self).ok_or(Refusal::BadLength)?;
        if self.numbered {
            hand.count_gaps(header.domain, header.sequence, count as u32);
        }
        for record in datagram[self.header..].chunks_exact(self.record) {
            let mut flow = hand.record(header.domain);
            if self.fill(record, &mut flow).is_some() {
                date(&mut flow, record, header.sent);
                scale(&mut flow, header.rate);
                hand.give(&flow);
            }
        }
        Ok(())
    }

    fn fill(&self, record: &[u8], flow: &mut FlowRecord) -> Option<()> {
        flow.source = v4_at(record, 0)?.into();
        flow.destination = v4_at(record, 4)?.into();
        flow.next_hop = v4_at(record, 8)?.into();
        flow.input = u16_at(record, 12)?.into();
        flow.output = u16_at(record, 14)?.into();
        flow.packets = u32_at(record, 16)?.into();
        flow.bytes = u32_at(record, 20)?.into();
        flow.ports = Ports { source: u16_at(record, 32)?, destination: u16_at(record, 34)? };
        flow.protocol = Protocol(*record.get(38)?);
        flow.traffic_class = *record.get(39)?;
        flow.tcp_flags = TcpFlags((*record.get(self.tcp_flags)?).into());
        if self.numbered {
            flow.source_as = u16_at(record, 40)?.into();
            flow.destination_as = u16_at(record, 42)?.into();
            flow.source_mask = *record.get(44)?;
            flow.destination_mask = *record.get(45)?;
        }
        Some(())
    }
}

struct Header {
    sent: Sent,
    sequence: u32,
    domain: u32,
    rate: u32,
}

impl Header {
    fn of(datagram: &[u8], layout: &Layout) -> Option<Self> {
        let seconds = i64::from(u32_at(datagram, 8)?);
        let at = Timestamp::from_parts(seconds, i64::from(u32_at(datagram, 12)?));
        let sent = Sent { at, uptime: Some(u32_at(datagram, 4)?) };
        let sequence = if layout.numbered { u32_at(datagram, 16)? } else { 0 };
        let [domain, rate] = if layout.sampled {
            [u16_at(datagram, 20)?, (u16_at(datagram, 22)? & INTERVAL).max(1)].map(u32::from)
        } else {
            [0, 1]
        };
        Some(Self { sent, sequence, domain, rate })
    }
}

fn date(flow: &mut FlowRecord, record: &[u8], sent: Sent) {
    let mut draft = Draft::new(*flow);
    draft.take(Element::FirstUptime, &record[24..28]);
    draft.take(Element::LastUptime, &record[28..32]);
    *flow = draft.finish(sent, 1);
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

fn v4_at(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    u32_at(bytes, at).map(Ipv4Addr::from_bits)
}
