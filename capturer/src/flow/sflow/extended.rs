//! What an agent knows of a sampled packet besides: VLANs, next hops, masks, autonomous systems.

use super::super::cursor::Cursor;
use super::super::record::FlowRecord;
use super::{address, vlan};

/// Kinds of records: enterprise 0, format.
const SWITCH: u32 = 1001;
const ROUTER: u32 = 1002;
const GATEWAY: u32 = 1003;

/// Most segments of a path that are looked at.
const MOST_SEGMENTS: u32 = 64;

/// Reads a record as far as it is one that is known and whole.
pub(super) fn read(kind: u32, mut bytes: Cursor<'_>, record: &mut FlowRecord) {
    let _ = match kind {
        SWITCH => switch(&mut bytes, record),
        ROUTER => router(&mut bytes, record),
        GATEWAY => gateway(&mut bytes, record),
        _ => None,
    };
}

fn switch(bytes: &mut Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    let came_by = vlan(bytes.u32()?);
    if came_by.id().is_some() {
        record.vlan = came_by;
    }
    Some(())
}

fn router(bytes: &mut Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    record.next_hop = address(bytes)?;
    record.source_mask = bytes.u32()? as u8;
    record.destination_mask = bytes.u32()? as u8;
    Some(())
}

fn gateway(bytes: &mut Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    record.bgp_next_hop = address(bytes)?;
    let _own = bytes.u32()?;
    record.source_as = bytes.u32()?;
    record.previous_as = bytes.u32()?;
    path(bytes, record)
}

/// The way to the destination: the first system of it is the next, the last the destination's.
fn path(bytes: &mut Cursor<'_>, record: &mut FlowRecord) -> Option<()> {
    for _ in 0..bytes.u32()?.min(MOST_SEGMENTS) {
        let (_kind, count) = (bytes.u32()?, bytes.u32()?);
        let systems = bytes.bytes(usize::try_from(count).ok()?.checked_mul(4)?)?;
        for system in systems.chunks_exact(4) {
            let system = super::super::cursor::number(system) as u32;
            if record.next_as == 0 {
                record.next_as = system;
            }
            record.destination_as = system;
        }
    }
    Some(())
}
