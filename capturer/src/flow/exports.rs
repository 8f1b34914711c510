//! Exports inside captures: datagrams that are exports by their content, on whatever port.

use super::collector::Collector;
use super::record::FlowRecord;
use super::sniff::is_export;
use crate::{Packet, Transport};

/// What of a frame is an export: the whole payload of a UDP datagram. One in fragments, or cut by the snap length, is none.
pub fn export_of<'a>(packet: &Packet, frame: &'a [u8]) -> Option<&'a [u8]> {
    if !matches!(packet.transport, Transport::Udp(_)) || packet.fragment.is_fragment() {
        return None;
    }
    let begin = usize::from(packet.payload_offset);
    let payload = frame.get(begin..begin.checked_add(packet.payload_len as usize)?)?;
    is_export(payload).then_some(payload)
}

impl Collector {
    /// Reads the export that a captured frame carries, if it does; says whether it did.
    pub fn read_frame(&mut self, packet: &Packet, frame: &[u8], take: &mut dyn FnMut(&FlowRecord)) -> bool {
        let Some(datagram) = export_of(packet, frame) else { return false };
        self.read(packet.source, packet.at, datagram, take);
        true
    }
}
