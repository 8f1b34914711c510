//! Ports, as libpcap looks for them: in IPv6 right behind the fixed header, in IPv4 behind its options and only where
//! the fragment offset is 0; SCTP, TCP, UDP in this order.

use std::fmt::Display;

use super::super::tree::{PortRange, Ported, Side, ethertype};
use super::graph::{Condition, Decision};
use super::link::Place;
use super::{Compiled, Compiler, compare};

const SCTP: u8 = 132;
const TCP: u8 = 6;
const UDP: u8 = 17;

impl<U: Clone + Display> Compiler<'_, U> {
    pub(super) fn port(&mut self, ported: Ported, side: Side, range: PortRange) -> Compiled {
        let transports: &[u8] = match ported {
            Ported::Any => &[SCTP, TCP, UDP],
            Ported::Tcp => &[TCP],
            Ported::Udp => &[UDP],
            Ported::Sctp => &[SCTP],
        };
        let ip6 = self.link_protocol(ethertype::IPV6)?;
        let inside6 = self.transports(transports, |compiler, number| compiler.port_ipv6(number, side, range));
        let ip = self.link_protocol(ethertype::IPV4)?;
        let inside = self.transports(transports, |compiler, number| compiler.port_ipv4(number, side, range));
        Ok(ip6.and(inside6).or(ip.and(inside)))
    }

    fn transports(&mut self, numbers: &[u8], mut ask: impl FnMut(&mut Self, u8) -> Decision) -> Decision {
        let all: Vec<Decision> = numbers.iter().map(|number| ask(self, *number)).collect();
        all.into_iter().rev().reduce(|rest, one| one.or(rest)).unwrap_or_else(|| self.always(false))
    }

    fn port_ipv6(&mut self, number: u8, side: Side, range: PortRange) -> Decision {
        let network = self.layout.network();
        let protocol = self.equals(network.plus(6), 1, number.into());
        protocol.and(self.ports(network.plus(40), side, range))
    }

    fn port_ipv4(&mut self, number: u8, side: Side, range: PortRange) -> Decision {
        let protocol = self.equals(self.layout.network().plus(9), 1, number.into());
        let first = self.first_fragment();
        let payload = self.ipv4_payload();
        protocol.and(first.and(self.ports(payload, side, range)))
    }

    /// Fragment offset 0, RFC 791.
    pub(super) fn first_fragment(&mut self) -> Decision {
        let fragment = self.layout.network().plus(6).bytes(&mut self.values, 2);
        compare(fragment, Condition::AnyBit, 0x1fff).not()
    }

    fn ports(&mut self, transport: Place, side: Side, range: PortRange) -> Decision {
        match side {
            Side::Source => self.in_range(transport, range),
            Side::Destination => self.in_range(transport.plus(2), range),
            Side::Either => self.in_range(transport, range).or(self.in_range(transport.plus(2), range)),
            Side::Both => self.in_range(transport, range).and(self.in_range(transport.plus(2), range)),
        }
    }

    fn in_range(&mut self, place: Place, range: PortRange) -> Decision {
        let port = place.bytes(&mut self.values, 2);
        if range.low == range.high {
            return compare(port, Condition::Equal, range.low.into());
        }
        let above = compare(port, Condition::Greater, range.high.into());
        compare(port, Condition::AtLeast, range.low.into()).and(above.not())
    }
}
