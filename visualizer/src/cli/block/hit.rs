//! Which networks of a list there is traffic with.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use ahash::RandomState;
use analyzer::{Network, Volume};
use capturer::decode::Skip;
use capturer::{Frame, Packet};

use super::list::List;
use crate::cli::Failure;
use crate::cli::offline::{self, Hand};
use crate::settings::Settings;
use crate::sources;

/// Finds the longest network of a list that holds an address.
pub(super) struct Matcher {
    networks: HashMap<Network, usize, RandomState>,
    /// Lengths that occur, longest first: of IPv4, of IPv6.
    lengths: [Vec<u8>; 2],
}

impl Matcher {
    pub(super) fn new(networks: &[Network]) -> Self {
        let mut lengths = [Vec::new(), Vec::new()];
        for network in networks {
            lengths[usize::from(network.is_ipv6())].push(network.prefix_len());
        }
        for family in &mut lengths {
            family.sort_unstable_by(|a, b| b.cmp(a));
            family.dedup();
        }
        Self { networks: networks.iter().copied().zip(0..).collect(), lengths }
    }

    /// Its place in the list.
    pub(super) fn find(&self, address: IpAddr) -> Option<usize> {
        let lengths = &self.lengths[usize::from(address.is_ipv6())];
        lengths.iter().find_map(|len| self.networks.get(&Network::new(address, *len)).copied())
    }
}

/// What a list hits, packet by packet.
pub(super) struct Hits {
    matcher: Matcher,
    /// Whether there is traffic with each network.
    pub(super) networks: Vec<bool>,
    /// From and to listed addresses; a packet between two of them is in both.
    pub(super) from: Volume,
    pub(super) to: Volume,
    /// Each packet once.
    pub(super) either: Volume,
}

impl Hits {
    pub(super) fn new(networks: &[Network]) -> Self {
        Self {
            matcher: Matcher::new(networks),
            networks: vec![false; networks.len()],
            from: Volume::default(),
            to: Volume::default(),
            either: Volume::default(),
        }
    }

    pub(super) fn count(&mut self, packet: &Packet) {
        if !packet.is_ip() {
            return;
        }
        let ends = [packet.source, packet.destination].map(|address| self.matcher.find(address));
        for (found, volume) in ends.iter().zip([&mut self.from, &mut self.to]) {
            if let Some(index) = found {
                self.networks[*index] = true;
                volume.add(packet.wire_len);
            }
        }
        if ends.iter().any(Option::is_some) {
            self.either.add(packet.wire_len);
        }
    }

    /// The listed network of an address.
    pub(super) fn find(&self, address: IpAddr) -> Option<usize> {
        self.matcher.find(address)
    }
}

/// Takes packets for their hits alone.
struct Counter {
    packet: Packet,
    hits: Hits,
}

impl Hand for Counter {
    fn slot(&mut self) -> &mut Packet {
        &mut self.packet
    }

    fn take(&mut self, _: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if skip.is_none() {
            self.hits.count(&self.packet);
        }
        Ok(())
    }
}

/// Keeps of a list the longest networks that there is traffic with.
pub(super) fn keep(list: &mut List, read: &[PathBuf], settings: &Settings) -> Result<ExitCode, Failure> {
    let mut counter = Counter { packet: Packet::empty(), hits: Hits::new(&list.networks) };
    let reading = offline::Reading { decode: settings.decode.settings(), ..offline::Reading::default() };
    let outcome = offline::read(&mut *sources::files(read)?, reading, &mut counter)?.or_failure()?;
    let mut hit = counter.hits.networks.into_iter();
    list.networks.retain(|_| hit.next().unwrap_or(false));
    Ok(outcome.exit_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_network_is_found() {
        let networks: Vec<Network> = ["10.0.0.0/8", "10.1.0.0/16", "::/0", "0.0.0.0/1"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let matcher = Matcher::new(&networks);
        let find = |address: &str| matcher.find(address.parse().unwrap());
        assert_eq!(find("10.1.2.3"), Some(1));
        assert_eq!(find("10.2.2.3"), Some(0));
        assert_eq!(find("9.0.0.1"), Some(3));
        assert_eq!(find("192.0.2.1"), None);
        assert_eq!(find("2001:db8::1"), Some(2));
    }
}
