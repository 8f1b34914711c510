//! A record of layout 2 (`V3Record`): a header of twelve bytes, then elements that say what they are and how long. One
//! line of [`ELEMENTS`] for each.

use super::exporters::Exporters;
use super::fields::Fields;
use crate::flow::{EndReason, Exporter, FlowRecord};
use crate::{Mac, Ports, Protocol, TcpFlags, Vlan};

/// `V3Record`.
pub(super) const RECORD: u16 = 11;

/// Type, size, number of elements, engine, exporter, flags, version.
const HEADER: usize = 12;

/// `V3_FLAG_SAMPLED`.
const SAMPLED: u8 = 2;

/// What an element tells a record.
type Fill = fn(Fields<'_>, &mut FlowRecord);

/// By their numbers, from 0: what no record has a place for is passed over, as is what comes after the last.
static ELEMENTS: [Fill; 17] = [
    |_, _| {},
    generic,
    ipv4,
    ipv6,
    misc,
    counters,
    |fields, record| record.vlan = vlan(fields.u32(0)),
    routing,
    |fields, record| tell(&mut record.bgp_next_hop, fields.ipv4(0)),
    |fields, record| tell(&mut record.bgp_next_hop, fields.ipv6(0)),
    |fields, record| tell(&mut record.next_hop, fields.ipv4(0)),
    |fields, record| tell(&mut record.next_hop, fields.ipv6(0)),
    |fields, record| tell(&mut record.exporter.address, fields.ipv4(0)),
    |fields, record| tell(&mut record.exporter.address, fields.ipv6(0)),
    |_, _| {},
    hardware,
    adjacent,
];

/// The flow of a whole record, which begins at its type; or where and what of its elements is wrong.
pub(super) fn flow(fields: Fields<'_>, exporters: &Exporters) -> Result<FlowRecord, (usize, String)> {
    let mut record = FlowRecord::empty();
    let number = fields.u16(8);
    let engine = u32::from(fields.u8(6)) << 8 | u32::from(fields.u8(7));
    record.exporter = exporters.get(number).unwrap_or(Exporter { domain: engine, ..Exporter::OURS });
    if fields.u8(10) & SAMPLED != 0 {
        record.sampling = exporters.rate(number);
    }
    let mut at = HEADER;
    for _ in 0..fields.u16(4) {
        let element = fields.from(at);
        let length = usize::from(element.u16(2));
        if length < 4 || length > element.bytes.len() {
            return Err((at, format!("an element of {length} bytes")));
        }
        if let Some(fill) = ELEMENTS.get(usize::from(element.u16(0))) {
            fill(element.first(length).from(4), &mut record);
        }
        at += length;
    }
    Ok(record)
}

fn generic(fields: Fields<'_>, record: &mut FlowRecord) {
    record.first = fields.millis(0);
    record.last = fields.millis(8);
    record.received = fields.millis(16);
    record.packets = fields.u64(24);
    record.bytes = fields.u64(32);
    record.ports = Ports { source: fields.u16(40), destination: fields.u16(42) };
    record.protocol = Protocol(fields.u8(44));
    record.tcp_flags = TcpFlags(fields.u8(45).into());
    record.traffic_class = fields.u8(47);
}

fn ipv4(fields: Fields<'_>, record: &mut FlowRecord) {
    tell(&mut record.source, fields.ipv4(0));
    tell(&mut record.destination, fields.ipv4(4));
}

fn ipv6(fields: Fields<'_>, record: &mut FlowRecord) {
    let (source, destination) = (fields.ipv6(0), fields.ipv6(16));
    let is_empty = source.is_unspecified() && destination.is_unspecified();
    if !is_empty || record.source == FlowRecord::NOBODY && record.destination == FlowRecord::NOBODY {
        (record.source, record.destination) = (source, destination);
    }
}

fn misc(fields: Fields<'_>, record: &mut FlowRecord) {
    record.input = fields.u32(0);
    record.output = fields.u32(4);
    record.source_mask = fields.u8(8);
    record.destination_mask = fields.u8(9);
    record.end = EndReason::of(fields.u8(13));
}

/// Flows of an aggregate, and what went the other way.
fn counters(fields: Fields<'_>, record: &mut FlowRecord) {
    record.flows = fields.u64(0).max(1);
    record.reverse_packets = fields.u64(8);
    record.reverse_bytes = fields.u64(16);
}

fn routing(fields: Fields<'_>, record: &mut FlowRecord) {
    record.source_as = fields.u32(0);
    record.destination_as = fields.u32(4);
}

/// As the flow came in, else as it left.
fn hardware(fields: Fields<'_>, record: &mut FlowRecord) {
    record.source_mac = either(fields.mac(0), fields.mac(24));
    record.destination_mac = either(fields.mac(16), fields.mac(8));
}

fn adjacent(fields: Fields<'_>, record: &mut FlowRecord) {
    record.next_as = fields.u32(0);
    record.previous_as = fields.u32(4);
}

/// The first address that is none of zeros.
pub(super) fn either(first: Mac, second: Mac) -> Mac {
    if first == Mac::default() { second } else { first }
}

/// Exporters may send an empty address of the other family beside the one they mean.
pub(super) fn tell(place: &mut std::net::IpAddr, address: std::net::IpAddr) {
    if !address.is_unspecified() {
        *place = address;
    }
}

/// A VLAN as flow records tell it: 0 is none.
pub(super) fn vlan(number: u32) -> Vlan {
    if number == 0 { Vlan::NONE } else { Vlan::from_tci(number as u16) }
}
