//! A record of layout 1: a common record of 28 or 32 bytes, addresses and counters in the size that its flags tell, then
//! the extensions that a map lists, in its order. One line of [`EXTENSIONS`] each.

use std::collections::HashMap;

use super::elements::{either, tell, vlan};
use super::exporters::Exporters;
use super::fields::{Fields, millis};
use crate::flow::FlowRecord;
use crate::{Ports, Protocol, TcpFlags, Timestamp};

/// `CommonRecordV0Type`, with eight bits for flags and exporter.
pub(super) const COMMON_BEFORE: u16 = 1;

/// `CommonRecordType`.
pub(super) const COMMON: u16 = 10;

/// `ExtensionMapType`.
pub(super) const MAP: u16 = 2;

/// The most maps of a file and the most extensions of a map: there are some 40 of these.
const MAX_MAPS: usize = 4096;
const MAX_EXTENSIONS: usize = 64;

/// `FLAG_IPV6_ADDR`, `FLAG_PKG_64`, `FLAG_BYTES_64`, `FLAG_SAMPLED`.
const IPV6: u16 = 1;
const PACKETS_64: u16 = 2;
const BYTES_64: u16 = 4;
const SAMPLED: u16 = 128;

/// An extension: its size, and what it tells a record.
struct Extension {
    number: u16,
    size: usize,
    fill: fn(Fields<'_>, &mut FlowRecord),
}

/// Nothing that a record has a place for.
fn pass(_: Fields<'_>, _: &mut FlowRecord) {}

/// A line of [`EXTENSIONS`].
const fn line(number: u16, size: usize, fill: fn(Fields<'_>, &mut FlowRecord)) -> Extension {
    Extension { number, size, fill }
}

/// Every extension of layout 1, by its number.
static EXTENSIONS: &[Extension] = &[
    line(4, 4, |fields, record| (record.input, record.output) = (fields.u16(0).into(), fields.u16(2).into())),
    line(5, 8, |fields, record| (record.input, record.output) = (fields.u32(0), fields.u32(4))),
    line(6, 4, |fields, record| {
        (record.source_as, record.destination_as) = (fields.u16(0).into(), fields.u16(2).into());
    }),
    line(7, 8, |fields, record| (record.source_as, record.destination_as) = (fields.u32(0), fields.u32(4))),
    line(8, 4, |fields, record| (record.source_mask, record.destination_mask) = (fields.u8(2), fields.u8(3))),
    line(9, 4, |fields, record| tell(&mut record.next_hop, fields.ipv4(0))),
    line(10, 16, |fields, record| tell(&mut record.next_hop, fields.ipv6(0))),
    line(11, 4, |fields, record| tell(&mut record.bgp_next_hop, fields.ipv4(0))),
    line(12, 16, |fields, record| tell(&mut record.bgp_next_hop, fields.ipv6(0))),
    line(13, 4, |fields, record| record.vlan = vlan(fields.u16(0).into())),
    line(14, 4, |fields, record| record.reverse_packets = fields.u32(0).into()),
    line(15, 8, |fields, record| record.reverse_packets = fields.u64(0)),
    line(16, 4, |fields, record| record.reverse_bytes = fields.u32(0).into()),
    line(17, 8, |fields, record| record.reverse_bytes = fields.u64(0)),
    line(18, 4, |fields, record| record.flows = u64::from(fields.u32(0)).max(1)),
    line(19, 8, |fields, record| record.flows = fields.u64(0).max(1)),
    line(20, 16, |fields, record| {
        record.source_mac = either(fields.mac(0), record.source_mac);
        record.destination_mac = either(record.destination_mac, fields.mac(8));
    }),
    line(21, 16, |fields, record| {
        record.destination_mac = either(fields.mac(0), record.destination_mac);
        record.source_mac = either(record.source_mac, fields.mac(8));
    }),
    line(22, 40, pass),
    line(23, 4, |fields, record| tell(&mut record.exporter.address, fields.ipv4(0))),
    line(24, 16, |fields, record| tell(&mut record.exporter.address, fields.ipv6(0))),
    line(25, 4, |fields, record| {
        record.exporter.domain = u32::from(fields.u8(2)) << 8 | u32::from(fields.u8(3));
    }),
    line(26, 8, |fields, record| (record.next_as, record.previous_as) = (fields.u32(0), fields.u32(4))),
    line(27, 8, |fields, record| record.received = millis(fields.u64(0))),
    line(37, 20, pass),
    line(38, 4, pass),
    line(39, 8, pass),
    line(40, 32, pass),
    line(41, 24, pass),
    line(42, 24, pass),
    line(43, 72, pass),
    line(45, 24, pass),
    line(46, 12, pass),
    line(47, 8, pass),
    line(48, 8, pass),
];

/// The maps of a file, by their numbers.
#[derive(Default)]
pub(super) struct Maps(HashMap<u16, Vec<&'static Extension>>);

impl Maps {
    /// Takes a map, which begins at its type; what of it is not known ends it, as its size is not known either.
    pub(super) fn learn(&mut self, fields: Fields<'_>) -> Result<(), String> {
        let number = fields.u16(4);
        if self.0.len() >= MAX_MAPS && !self.0.contains_key(&number) {
            return Err(format!("more than {MAX_MAPS}"));
        }
        let ids = fields.from(8);
        let listed = (0..MAX_EXTENSIONS).map(|at| ids.u16(2 * at)).take_while(|id| *id != 0);
        let known = |id| EXTENSIONS.iter().find(|extension| extension.number == id);
        self.0.insert(number, listed.map_while(known).collect());
        Ok(())
    }
}

/// The flow of a whole common record, which begins at its type.
pub(super) fn flow(fields: Fields<'_>, maps: &Maps, exporters: &Exporters) -> Result<FlowRecord, String> {
    let is_before = fields.u16(0) == COMMON_BEFORE;
    let (flags, number, header) = if is_before {
        (u16::from(fields.u8(4)), u16::from(fields.u8(5)), 28)
    } else {
        (fields.u16(4), fields.u16(28), 32)
    };
    let map = maps.0.get(&fields.u16(6)).ok_or_else(|| format!("map {}", fields.u16(6)))?;
    let mut record = common(fields);
    if let Some(exporter) = exporters.get(number) {
        record.exporter = exporter;
    }
    if flags & SAMPLED != 0 {
        record.sampling = exporters.rate(number);
    }
    let mut rest = required(fields.from(header), flags, &mut record);
    for extension in map {
        (extension.fill)(rest.first(extension.size), &mut record);
        rest = rest.from(extension.size);
    }
    Ok(record)
}

/// What stands at the same place in both forms.
fn common(fields: Fields<'_>) -> FlowRecord {
    let time = |seconds, millis| {
        Timestamp::from_parts(fields.u32(seconds).into(), i64::from(fields.u16(millis)) * 1_000_000)
    };
    FlowRecord {
        first: time(12, 8),
        last: time(16, 10),
        tcp_flags: TcpFlags(fields.u8(21).into()),
        protocol: Protocol(fields.u8(22)),
        traffic_class: fields.u8(23),
        ports: Ports { source: fields.u16(24), destination: fields.u16(26) },
        ..FlowRecord::empty()
    }
}

/// The extensions that no map lists: addresses, packets, bytes. What follows them.
fn required<'a>(fields: Fields<'a>, flags: u16, record: &mut FlowRecord) -> Fields<'a> {
    let addresses = if flags & IPV6 != 0 {
        (record.source, record.destination) = (fields.ipv6(0), fields.ipv6(16));
        32
    } else {
        (record.source, record.destination) = (fields.ipv4(0), fields.ipv4(4));
        8
    };
    let (packets, rest) = counter(fields.from(addresses), flags & PACKETS_64 != 0);
    let (bytes, rest) = counter(rest, flags & BYTES_64 != 0);
    (record.packets, record.bytes) = (packets, bytes);
    rest
}

/// A count of 32 or 64 bits, and what follows it.
fn counter(fields: Fields<'_>, is_wide: bool) -> (u64, Fields<'_>) {
    if is_wide { (fields.u64(0), fields.from(8)) } else { (fields.u32(0).into(), fields.from(4)) }
}
