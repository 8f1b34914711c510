//! sFlow version 5 (<https://sflow.org/sflow_version_5.txt>): samples of packets, each of which stands for so many.

mod extended;
mod sampled;

use std::net::IpAddr;

use super::cursor::Cursor;
use super::draft::scale;
use super::hand::Hand;
use super::record::FlowRecord;
use super::refusal::Refusal;
use crate::Vlan;

/// The version, and the first word of a datagram.
pub(super) const VERSION: u32 = 5;

/// Kinds of samples: enterprise 0, format.
const FLOW_SAMPLE: u32 = 1;
const COUNTERS_SAMPLE: u32 = 2;
const EXPANDED_FLOW_SAMPLE: u32 = 3;
const EXPANDED_COUNTERS_SAMPLE: u32 = 4;

/// The lower bits of an interface are its number, the upper two what kind of number that is.
const INTERFACE: u32 = 0x3fff_ffff;

/// What a datagram begins with.
pub(super) struct Header {
    pub(super) agent: u32,
    pub(super) sequence: u32,
    pub(super) samples: u32,
}

/// Reads the header.
pub(super) fn header(cursor: &mut Cursor<'_>) -> Option<Header> {
    if cursor.u32()? != VERSION {
        return None;
    }
    address(cursor)?;
    let (agent, sequence) = (cursor.u32()?, cursor.u32()?);
    let (_uptime, samples) = (cursor.u32()?, cursor.u32()?);
    Some(Header { agent, sequence, samples })
}

/// The next sample, or record of a sample: what it is, and its bytes.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Option<(u32, Cursor<'a>)> {
    let (kind, length) = (cursor.u32()?, cursor.u32()?);
    cursor.bytes(length as usize).map(|bytes| (kind, Cursor::new(bytes)))
}

/// An address behind its family: 1 IPv4, 2 IPv6, 0 none.
fn address(cursor: &mut Cursor<'_>) -> Option<IpAddr> {
    match cursor.u32()? {
        0 => Some(FlowRecord::NOBODY),
        1 => cursor.array::<4>().map(|&v4| v4.into()),
        2 => cursor.array::<16>().map(|&v6| v6.into()),
        _ => None,
    }
}

/// Reads a datagram.
pub(super) fn read(datagram: &[u8], hand: &mut Hand<'_>) -> Result<(), Refusal> {
    let mut cursor = Cursor::new(datagram);
    let header = header(&mut cursor).ok_or(Refusal::BadLength)?;
    hand.count_gaps(header.agent, header.sequence, 1);
    for _ in 0..header.samples {
        let (kind, sample) = next(&mut cursor).ok_or(Refusal::BadLength)?;
        let expanded = match kind {
            FLOW_SAMPLE => false,
            EXPANDED_FLOW_SAMPLE => true,
            COUNTERS_SAMPLE | EXPANDED_COUNTERS_SAMPLE => {
                hand.refuse(Refusal::CountersSample);
                continue;
            }
            _ => {
                hand.refuse(Refusal::UnknownSample);
                continue;
            }
        };
        let mut record = hand.record(header.agent);
        match flow_sample(sample, expanded, &mut record) {
            Ok(()) => hand.give(&record),
            Err(reason) => hand.refuse(reason),
        }
    }
    Ok(())
}

/// Reads a sample of a packet.
fn flow_sample(mut sample: Cursor<'_>, expanded: bool, record: &mut FlowRecord) -> Result<(), Refusal> {
    let (rate, records) = head(&mut sample, expanded, record).ok_or(Refusal::BadSample)?;
    let mut is_packet = false;
    for _ in 0..records {
        let (kind, bytes) = next(&mut sample).ok_or(Refusal::BadSample)?;
        is_packet |= sampled::read(kind, bytes, record).unwrap_or(false);
        extended::read(kind, bytes, record);
    }
    if !is_packet {
        return Err(Refusal::UnreadablePacket);
    }
    (record.first, record.last) = (record.received, record.received);
    record.packets = 1;
    scale(record, rate);
    Ok(())
}

/// Takes interfaces; gives the rate and the number of records.
fn head(sample: &mut Cursor<'_>, expanded: bool, record: &mut FlowRecord) -> Option<(u32, u32)> {
    let _sequence = sample.u32()?;
    let _source = if expanded { (sample.u32()?, sample.u32()?) } else { (0, sample.u32()?) };
    let rate = sample.u32()?;
    let (_pool, _drops) = (sample.u32()?, sample.u32()?);
    let mut interface = || {
        if expanded {
            sample.u32()?;
        }
        sample.u32().map(|number| number & INTERFACE)
    };
    record.input = interface()?;
    record.output = interface()?;
    sample.u32().map(|records| (rate, records))
}

/// A VLAN's number; 0 is none.
fn vlan(number: u32) -> Vlan {
    match u16::try_from(number) {
        Ok(number @ 1..=4095) => Vlan::from_tci(number),
        _ => Vlan::NONE,
    }
}
