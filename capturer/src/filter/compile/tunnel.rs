//! `vlan`, `mpls`, `pppoes`, `geneve`: questions that also move the offsets of what is asked after them.

use std::fmt::Display;

use super::super::tree::{Operator, ethertype};
use super::graph::{Condition, Decision};
use super::link::Link;
use super::value::Value;
use super::{Compiled, Compiler, compare};

const UDP: u32 = 17;
/// UDP port of Geneve, RFC 8926.
const GENEVE_PORT: u32 = 6081;
/// The PPP protocol field of MPLS, RFC 3032 §4.3.
const PPP_MPLS: u32 = 0x281;

impl<U: Clone + Display> Compiler<'_, U> {
    pub(super) fn vlan(&mut self, id: Option<u16>) -> Compiled {
        if self.layout.labels > 0 {
            return Err("there are no VLAN tags behind MPLS labels");
        }
        if !matches!(self.layout.link, Link::Ethernet | Link::Wireless) {
            return Err("they have no VLAN tags");
        }
        let tagged = self.link_protocol(ethertype::VLAN)?;
        let service = self.link_protocol(ethertype::SERVICE_VLAN)?;
        let mut asked = tagged.or(service.or(self.link_protocol(ethertype::OLD_QINQ)?));
        if let Some(id) = id {
            asked = asked.and(self.equals_masked(self.layout.payload, 2, (id.into(), 0x0fff)));
        }
        self.layout.enter_vlan();
        Ok(asked)
    }

    /// The label is the upper 20 bits of its entry; bit 8 says that it is the last one (RFC 3032 §2.1).
    pub(super) fn mpls(&mut self, label: Option<u32>) -> Compiled {
        let network = self.layout.network();
        let mut asked = match self.layout.link {
            _ if self.layout.labels > 0 => self.bottom_of_stack(0),
            Link::Ethernet | Link::Hdlc => self.link_protocol(ethertype::MPLS)?,
            Link::Ppp => self.equals(self.layout.kind, 2, PPP_MPLS),
            _ => return Err("they have no MPLS labels"),
        };
        if let Some(label) = label {
            asked = asked.and(self.equals_masked(network, 4, (label << 12, 0xffff_f000)));
        }
        self.layout.enter_mpls();
        Ok(asked)
    }

    fn bottom_of_stack(&mut self, bit: u32) -> Decision {
        let network = self.layout.network();
        let before = super::Place { at: network.at - 2, ..network };
        self.equals_masked(before, 1, (bit, 1))
    }

    /// Behind the last label the first nibble tells IPv4 from IPv6; nothing else is known there.
    pub(super) fn labelled(&mut self, number: u16) -> Compiled {
        let version = match number {
            ethertype::IPV4 => 0x40,
            ethertype::IPV6 => 0x60,
            _ => return Err("behind MPLS labels only `ip` and `ip6` can be told"),
        };
        let last = self.bottom_of_stack(1);
        Ok(last.and(self.equals_masked(self.layout.network(), 1, (version, 0xf0))))
    }

    pub(super) fn pppoe_session(&mut self, id: Option<u16>) -> Compiled {
        let mut asked = self.link_protocol(ethertype::PPPOE_SESSION)?;
        if let Some(id) = id {
            asked = asked.and(self.equals_masked(self.layout.network(), 4, (id.into(), 0xffff)));
        }
        self.layout.enter_pppoe();
        Ok(asked)
    }

    pub(super) fn geneve(&mut self, vni: Option<u32>) -> Compiled {
        if self.layout.payload.index.is_some() {
            return Err("`geneve` needs an IP header at a fixed place");
        }
        let network = self.layout.network();
        let ip = self.link_protocol(ethertype::IPV4)?;
        let udp = self.equals(network.plus(9), 1, UDP);
        let first = self.first_fragment();
        let transport = self.ipv4_payload();
        let inside = self.geneve_header(transport, vni);
        let ip6 = self.link_protocol(ethertype::IPV6)?;
        let udp6 = self.equals(network.plus(6), 1, UDP);
        let inside6 = self.geneve_header(network.plus(40), vni);
        let asked = ip.and(udp.and(first.and(inside))).or(ip6.and(udp6.and(inside6)));
        let geneve = self.geneve_begins();
        self.layout.enter_geneve(&mut self.values, geneve);
        Ok(asked)
    }

    fn geneve_header(&mut self, udp: super::Place, vni: Option<u32>) -> Decision {
        let port = self.equals(udp.plus(2), 2, GENEVE_PORT);
        let version = self.equals_masked(udp.plus(8), 1, (0, 0xc0));
        let header = port.and(version);
        match vni {
            Some(vni) => header.and(self.equals_masked(udp.plus(12), 4, (vni << 8, 0xffff_ff00))),
            None => header,
        }
    }

    /// 8 bytes of UDP behind the IPv4 header with its options, or behind 40 bytes of IPv6: bit 5 of the first byte
    /// tells version 6 from version 4.
    fn geneve_begins(&mut self) -> super::ValueId {
        let network = self.layout.network();
        let length = self.values.add(Value::HeaderLength { at: network.at });
        let first = network.bytes(&mut self.values, 1);
        let five = self.values.constant(5);
        let version = self.values.binary(Operator::ShiftRight, first, five);
        let six = self.values.add(Value::Masked { of: version, mask: 1 });
        let one = self.values.constant(1);
        let four = self.values.binary(Operator::Xor, six, one);
        let (fixed, ahead) = (self.values.constant(40), self.values.constant(network.at + 8));
        let long = self.values.binary(Operator::Multiply, six, fixed);
        let short = self.values.binary(Operator::Multiply, four, length);
        let header = self.values.binary(Operator::Add, long, short);
        self.values.binary(Operator::Add, header, ahead)
    }

    /// Whether a wireless or inner frame is there at all is asked before its parts.
    pub(super) fn none_of_bits(&mut self, place: super::Place, bits: u32) -> Decision {
        let byte = place.bytes(&mut self.values, 1);
        compare(byte, Condition::AnyBit, bits).not()
    }
}
