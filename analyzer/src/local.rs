//! Which addresses are ours: given by settings, known from the interface, or guessed from a file's traffic.

use std::collections::HashMap;
use std::net::IpAddr;

use ahash::RandomState;
use capturer::Packet;

use crate::geo::Category;
use crate::network::Network;

/// An address (IPv4) or /64 (IPv6) that is an end of at least this share of its family's packets is taken for local.
const SHARE: f64 = 0.6;

/// Private addresses count as local when they are an end of at least this share of the packets.
const PRIVATE_SHARE: f64 = 0.05;

/// Addresses whose packets are counted for a guess; beyond that, new ones are not.
const CAP: usize = 16_384;

/// Who said which networks are local.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The settings.
    Settings,
    /// The addresses of the interface.
    Interface,
    /// The traffic of the file itself.
    Traffic,
    /// Nobody: private, link-local and loopback addresses are taken for local.
    #[default]
    Assumed,
}

impl Origin {
    /// The name in reports and the live protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Interface => "interface",
            Self::Traffic => "traffic",
            Self::Assumed => "assumed",
        }
    }
}

/// The local networks.
#[derive(Clone, Debug, Default)]
pub struct LocalNetworks {
    networks: Vec<Network>,
    private: bool,
    /// Who said so.
    pub origin: Origin,
}

impl LocalNetworks {
    /// Exactly these networks (and this machine's loopback).
    pub const fn new(networks: Vec<Network>, origin: Origin) -> Self {
        Self { networks, private: false, origin }
    }

    /// All private and link-local addresses, and these networks besides.
    pub const fn private_and(networks: Vec<Network>, origin: Origin) -> Self {
        Self { networks, private: true, origin }
    }

    /// Whether an address of that category is local.
    pub fn contains(&self, address: IpAddr, category: Category) -> bool {
        match category {
            Category::Loopback => true,
            Category::Private | Category::LinkLocal if self.private => true,
            Category::Multicast | Category::Broadcast => false,
            _ => self.networks.iter().any(|network| network.contains(address)),
        }
    }

    /// The networks, besides the private ones.
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// In words, for status lines.
    pub fn describe(&self) -> String {
        let named = self.networks.iter().map(Network::to_string);
        let all: Vec<String> =
            self.private.then(|| "private addresses".to_owned()).into_iter().chain(named).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }
}

/// Watches the first packets of a file to guess which networks are local.
#[derive(Debug, Default)]
pub struct Guess {
    packets: [u64; 2],
    private: u64,
    ends: HashMap<Network, End, RandomState>,
}

#[derive(Debug, Default)]
struct End {
    packets: u64,
    /// A small sketch of how many peers it has: one bit a hash of the peer.
    peers: u64,
    first: u64,
}

impl Guess {
    /// Takes one packet.
    pub fn observe(&mut self, packet: &Packet) {
        if !packet.is_ip() {
            return;
        }
        self.packets[usize::from(packet.source.is_ipv6())] += 1;
        let categories = [packet.source, packet.destination].map(Category::of);
        self.private +=
            u64::from(categories.iter().any(|c| matches!(c, Category::Private | Category::LinkLocal)));
        for (end, peer, category) in [
            (packet.source, packet.destination, categories[0]),
            (packet.destination, packet.source, categories[1]),
        ] {
            if matches!(category, Category::Global | Category::Bogon | Category::Cgnat) {
                self.count(end, peer);
            }
        }
    }

    /// The best guess so far.
    pub fn networks(&self) -> LocalNetworks {
        let all = self.packets[0] + self.packets[1];
        let private = all > 0 && self.private as f64 >= PRIVATE_SHARE * all as f64;
        let mut networks = Vec::new();
        for (family, &packets) in self.packets.iter().enumerate() {
            if (family == 1 || !private) && packets > 0 {
                networks.extend(self.busiest(family == 1, packets));
            }
        }
        if private || networks.is_empty() {
            return LocalNetworks::private_and(networks, Origin::Traffic);
        }
        LocalNetworks::new(networks, Origin::Traffic)
    }

    fn count(&mut self, end: IpAddr, peer: IpAddr) {
        let key = Network::new(end, if end.is_ipv6() { 64 } else { 32 });
        if self.ends.len() >= CAP && !self.ends.contains_key(&key) {
            return;
        }
        let order = self.ends.len() as u64;
        let peer = self.ends.hasher().hash_one(peer);
        let row = self.ends.entry(key).or_insert_with(|| End { first: order, ..End::default() });
        row.packets += 1;
        row.peers |= 1 << (peer & 63);
    }

    /// The network of a family that most packets have at an end; of equals the one with more peers, then the first.
    fn busiest(&self, ipv6: bool, packets: u64) -> Option<Network> {
        self.ends
            .iter()
            .filter(|(network, end)| {
                network.is_ipv6() == ipv6 && end.packets as f64 >= SHARE * packets as f64
            })
            .max_by_key(|(_, end)| (end.packets, end.peers.count_ones(), std::cmp::Reverse(end.first)))
            .map(|(network, _)| *network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(source: &str, destination: &str) -> Packet {
        let mut packet = Packet::empty();
        packet.source = source.parse().unwrap();
        packet.destination = destination.parse().unwrap();
        packet
    }

    fn guess(pairs: &[(&str, &str)]) -> LocalNetworks {
        let mut guess = Guess::default();
        pairs.iter().for_each(|(a, b)| guess.observe(&packet(a, b)));
        guess.networks()
    }

    #[test]
    fn a_home_network_is_its_private_addresses() {
        let local = guess(&[("192.168.1.5", "8.8.8.8"), ("8.8.8.8", "192.168.1.5")]);
        assert_eq!(local.describe(), "private addresses");
        assert_eq!(local.origin, Origin::Traffic);
    }

    #[test]
    fn a_public_server_is_the_end_all_packets_share() {
        let local = guess(&[("8.8.8.8", "5.9.1.1"), ("9.9.9.9", "5.9.1.1"), ("5.9.1.1", "1.1.1.1")]);
        assert_eq!(local.describe(), "5.9.1.1/32");
        assert!(!local.contains("192.168.1.1".parse().unwrap(), Category::Private));
    }

    #[test]
    fn a_delegated_ipv6_prefix_joins_the_private_addresses() {
        let local = guess(&[
            ("192.168.1.5", "8.8.8.8"),
            ("2a02:8071:1:2::5", "2606:4700::1111"),
            ("2a02:8071:1:2::6", "2a00:1450::1"),
        ]);
        assert_eq!(local.describe(), "private addresses, 2a02:8071:1:2::/64");
    }
}
