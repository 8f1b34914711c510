//! What can be said of a packet without having seen others: places and direction.

use std::net::IpAddr;

use capturer::{Packet, Protocol};

use crate::aggregate::service_name;
use crate::geo::{Category, Geo, Place};
use crate::inventory::Knowledge;
use crate::local::LocalNetworks;
use crate::observation::{End, Observation, Service};
use crate::query::Query;

/// Databases and local networks.
#[derive(Clone)]
pub struct Facts {
    /// Databases.
    pub geo: Geo,
    /// Which addresses are ours.
    pub local: LocalNetworks,
}

impl Facts {
    /// The facts of an address.
    pub fn end(&self, address: IpAddr) -> End {
        let place = self.geo.place(address);
        End { address, place, local: self.local.contains(address, place.category) }
    }

    /// A packet with its facts.
    pub fn observation(&self, packet: &Packet) -> Observation {
        if !packet.is_ip() {
            return Observation::of(packet, arp_end(packet.source), arp_end(packet.destination));
        }
        let mut seen = Observation::of(packet, self.end(packet.source), self.end(packet.destination));
        seen.service = packet.ports().map(|ports| {
            let answers = answers(packet);
            let port = if answers { ports.source } else { ports.destination };
            Service { protocol: packet.protocol, port, sent: answers }
        });
        seen
    }

    /// Whether a filter lets a packet through, by what is known of its ends by now.
    pub fn lets_through(
        &self,
        query: &Query,
        (packet, bytes): (&Packet, &[u8]),
        known: Knowledge<'_>,
    ) -> bool {
        query.matches(packet, bytes, (&self.observation(packet), known))
    }
}

/// An end of an ARP message: its address has a category but is not looked up, since no host row counts it.
pub(crate) fn arp_end(address: IpAddr) -> End {
    End {
        address,
        place: Place { category: Category::of(address), country: None, asn: None, cell: None },
        local: true,
    }
}

/// Whether a packet comes from the end that answers: a SYN+ACK, or a packet from a service's port to one that is none,
/// when the capture began in the middle.
pub(crate) fn answers(packet: &Packet) -> bool {
    if let Some(tcp) = packet.tcp()
        && tcp.flags.has(capturer::TcpFlags::SYN)
    {
        return tcp.flags.is_syn_ack();
    }
    let Some(ports) = packet.ports() else { return false };
    let transport = match packet.protocol {
        Protocol::TCP => "tcp",
        Protocol::SCTP => "sctp",
        _ => "udp",
    };
    service_name(transport, ports.source).is_some() && service_name(transport, ports.destination).is_none()
}
