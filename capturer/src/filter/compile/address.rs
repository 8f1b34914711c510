//! Addresses: IPv4 in IP, ARP and RARP, IPv6, hardware addresses. Each end is asked with the protocol before it, as
//! libpcap does; the optimiser takes out what is asked twice.

use std::fmt::Display;

use super::super::tree::{Carrier, Ipv4Net, Ipv6Net, Side, ethertype};
use super::graph::{Condition, Decision};
use super::link::{Link, Place};
use super::{Compiled, Compiler, compare};
use crate::Mac;

/// Where source and destination are in the header.
type Ends = (u32, u32);

const IPV4_ENDS: Ends = (12, 16);
const IPV6_ENDS: Ends = (8, 24);
/// Sender's and target's protocol address of ARP for Ethernet and IPv4 (RFC 826).
const ARP_ENDS: Ends = (14, 24);
const ETHERNET_ENDS: Ends = (6, 0);

pub(super) const NO_HARDWARE: &str = "they have no hardware addresses of 6 bytes";

impl<U: Clone + Display> Compiler<'_, U> {
    pub(super) fn ipv4(&mut self, carrier: Carrier, side: Side, net: Ipv4Net) -> Compiled {
        let (ip, arp, rarp) =
            ((ethertype::IPV4, IPV4_ENDS), (ethertype::ARP, ARP_ENDS), (ethertype::RARP, ARP_ENDS));
        match carrier {
            Carrier::Ip => self.ipv4_in(ip, side, net),
            Carrier::Arp => self.ipv4_in(arp, side, net),
            Carrier::Rarp => self.ipv4_in(rarp, side, net),
            Carrier::Any if self.layout.labels > 0 => self.ipv4_in(ip, side, net),
            Carrier::Any => {
                let (ip, arp) = (self.ipv4_in(ip, side, net)?, self.ipv4_in(arp, side, net)?);
                Ok(ip.or(arp.or(self.ipv4_in(rarp, side, net)?)))
            }
        }
    }

    fn ipv4_in(&mut self, (protocol, ends): (u16, Ends), side: Side, net: Ipv4Net) -> Compiled {
        let network = self.layout.network();
        self.either(side, ends, |compiler, at| {
            let carried = compiler.link_protocol(protocol)?;
            let asked = (net.address.to_bits(), net.mask.to_bits());
            Ok(carried.and(compiler.equals_masked(network.plus(at), 4, asked)))
        })
    }

    pub(super) fn ipv6(&mut self, side: Side, net: Ipv6Net) -> Compiled {
        let network = self.layout.network();
        self.either(side, IPV6_ENDS, |compiler, at| {
            let carried = compiler.link_protocol(ethertype::IPV6)?;
            Ok(carried.and(compiler.ipv6_words(network.plus(at), net)))
        })
    }

    fn ipv6_words(&mut self, place: Place, net: Ipv6Net) -> Decision {
        let word = |bits: u128, i: u32| (bits >> (96 - 32 * i)) as u32;
        let (address, mask) = (net.address.to_bits(), net.mask());
        let mut one = |i| self.equals_masked(place.plus(4 * i), 4, (word(address, i), word(mask, i)));
        one(0).and(one(1).and(one(2).and(one(3))))
    }

    fn either(
        &mut self,
        side: Side,
        (source, destination): Ends,
        mut ask: impl FnMut(&mut Self, u32) -> Compiled,
    ) -> Compiled {
        Ok(match side {
            Side::Source => ask(self, source)?,
            Side::Destination => ask(self, destination)?,
            Side::Either => ask(self, source)?.or(ask(self, destination)?),
            Side::Both => ask(self, source)?.and(ask(self, destination)?),
        })
    }

    pub(super) fn ether(&mut self, side: Side, mac: Mac) -> Compiled {
        let header = self.layout.header;
        match self.layout.link {
            Link::Ethernet => {
                let asked = self.either(side, ETHERNET_ENDS, |compiler, at| {
                    Ok(compiler.hardware(header.plus(at), mac))
                })?;
                Ok(self.inner_ethernet(asked))
            }
            Link::Wireless => Ok(match side {
                Side::Source => self.wireless_source(mac),
                Side::Destination => self.wireless_destination(mac),
                Side::Either => self.wireless_source(mac).or(self.wireless_destination(mac)),
                Side::Both => self.wireless_source(mac).and(self.wireless_destination(mac)),
            }),
            _ => Err(NO_HARDWARE),
        }
    }

    /// The last four bytes first: they differ most.
    pub(super) fn hardware(&mut self, place: Place, Mac([a, b, c, d, e, f]): Mac) -> Decision {
        let low = self.equals(place.plus(2), 4, u32::from_be_bytes([c, d, e, f]));
        low.and(self.equals(place, 2, u16::from_be_bytes([a, b]).into()))
    }

    /// Inside Geneve there may be no Ethernet header to ask.
    fn inner_ethernet(&mut self, asked: Decision) -> Decision {
        match self.layout.not_ethernet {
            Some(not_ethernet) => compare(not_ethernet, Condition::Equal, 0).and(asked),
            None => asked,
        }
    }

    pub(super) fn ether_broadcast(&mut self) -> Compiled {
        let everyone = Mac([0xff; 6]);
        match self.layout.link {
            Link::Ethernet => {
                let asked = self.hardware(self.layout.header, everyone);
                Ok(self.inner_ethernet(asked))
            }
            Link::Wireless => Ok(self.wireless_destination(everyone)),
            _ => Err("the link has no broadcast"),
        }
    }

    /// The group bit is the lowest bit of the first byte.
    pub(super) fn ether_multicast(&mut self) -> Compiled {
        match self.layout.link {
            Link::Ethernet => {
                let asked = self.any_bit(self.layout.header, 1);
                Ok(self.inner_ethernet(asked))
            }
            Link::Wireless => Ok(self.wireless_multicast()),
            _ => Err("the link has no multicast"),
        }
    }

    /// Any of some bits of a byte is set.
    pub(super) fn any_bit(&mut self, place: Place, bits: u32) -> Decision {
        let byte = place.bytes(&mut self.values, 1);
        compare(byte, Condition::AnyBit, bits)
    }
}
