//! What the inventory hears of: flows tell at their first packet each way who lives where on the captured link and who
//! answers at which port.

use capturer::{Network, Packet, PacketFacts, Protocol};

use super::Analyzer;
use crate::capped::Slot;
use crate::inventory::{Inventory, Knowledge, OpenPort};
use crate::names::Names;

/// Times to live and hop limits that stacks begin with: who sends with one of these is no hop away.
const INITIAL: [u8; 3] = [64, 128, 255];

impl Analyzer {
    /// The first packet of a flow's end; `answered`: of its second.
    pub(super) fn take_stock(&mut self, packet: &Packet, slot: Slot, answered: bool) {
        let Self { inventory: Some(inventory), flows, .. } = self else { return };
        let Some(flow) = flows.rest(slot) else { return };
        let ends = [&flow.opener.end, &flow.answerer.end];
        let local = ends.iter().any(|end| end.local && end.address == packet.source);
        if local && INITIAL.contains(&packet.ttl) && !packet.facts.has(PacketFacts::TUNNELLED) {
            inventory.contacts.lives_at(packet.source, packet.source_mac);
        }
        match packet.tcp() {
            Some(tcp) if tcp.flags.is_syn_ack() => {
                let port = OpenPort::new(Protocol::TCP, tcp.ports.source);
                inventory.contacts.answers_at(packet.source, port);
            }
            None if answered && flow.protocol == Protocol::UDP && flow.has_ports => {
                let port = OpenPort::new(Protocol::UDP, flow.answerer.port);
                inventory.contacts.answers_at(flow.answerer.end.address, port);
            }
            _ => {}
        }
    }

    /// An ARP message: its sender is on the captured link.
    pub(super) fn take_stock_of_link(&mut self, packet: &Packet) {
        if let (Some(inventory), Network::Arp) = (&mut self.inventory, packet.network) {
            inventory.contacts.lives_at(packet.source, packet.source_mac);
        }
    }
}

/// What was learned of addresses.
pub(super) fn knowledge<'a>(names: &'a Names, inventory: Option<&'a Inventory>) -> Knowledge<'a> {
    match inventory {
        Some(inventory) => Knowledge { names, systems: inventory.fingerprints() },
        None => names.into(),
    }
}
