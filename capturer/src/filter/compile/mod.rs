//! Tree → decision graph for one link type, with libpcap's own meaning: which bytes are read, in which order, and what
//! each primitive implies. The reference is what `tcpdump -d` prints; no byte is read that libpcap doesn't read, because
//! a read beyond the captured bytes fails the whole filter.

mod address;
mod arithmetic;
mod fold;
pub(super) mod graph;
mod link;
mod optimise;
mod port;
mod protocol;
mod tunnel;
pub(super) mod value;
mod wireless;

use std::fmt::Display;

use super::error::{FilterError, Span};
use super::tree::{Cast, Expression, Test};
use super::within::Own;
use crate::{LinkType, Mac};
use graph::{Check, Condition, Decision, Graph, Operand};
use link::{Layout, Link, Place};
use value::{Value, ValueId, Values};

/// Why a filter can't be asked of frames of a link type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Where this link type puts the protocol field is unknown, to tcpdump too.
    #[error("frames of link type {} can't be filtered by their bytes", .0.0)]
    Unknown(LinkType),
    /// The link has no such thing, or the file doesn't say.
    #[error("`{asked}` can't be asked of {link} frames: {reason}")]
    Missing {
        /// The question.
        asked: String,
        /// The link it was asked of, after what `vlan`, `mpls`, `pppoes` and `geneve` before it moved to.
        link: &'static str,
        /// What is missing.
        reason: &'static str,
        /// Where the question begins: a byte position in the text that the filter was read from.
        at: usize,
        /// How many bytes it spans.
        len: usize,
    },
    /// The arithmetic divides by a number that is always 0, or shifts by more than 31 bits.
    #[error("the arithmetic divides by zero or shifts by more than 31 bits, always")]
    Arithmetic,
}

impl LinkError {
    /// The message, with a caret line under the question in `text`, from which the filter was read.
    pub fn render(&self, text: &str) -> String {
        let Self::Missing { link, at, len, .. } = self else { return self.to_string() };
        let expected = format!("a question that {link} frames can answer");
        FilterError::new(Span { at: *at, len: *len }, self.to_string(), expected).render(text)
    }
}

/// A tree's graph, and what is asked of decoded packets in the order of its numbers; `spans` are the
/// places of its questions.
pub(super) fn compile<U: Clone + Display>(
    tree: &Expression<U>,
    spans: &[Span],
    link: LinkType,
) -> Result<(Graph, Vec<Own<U>>), LinkError> {
    let mut values = Values::default();
    let layout = Layout::new(link, &mut values).ok_or(LinkError::Unknown(link))?;
    let mut compiler = Compiler { values, layout, own: Vec::new(), spans: spans.iter() };
    let decision = match tree {
        Expression::Everything => None,
        _ => Some(compiler.expression(tree)?),
    };
    let mut graph = Graph::new(compiler.values, decision.as_ref());
    simplify(&mut graph).ok_or(LinkError::Arithmetic)?;
    Ok((graph, compiler.own))
}

/// Asks nothing twice and computes what is known; `None` when the arithmetic can only fail. Accepts no frame less.
pub(super) fn simplify(graph: &mut Graph) -> Option<()> {
    optimise::optimise(graph);
    fold::fold(graph)
}

struct Compiler<'a, U> {
    values: Values,
    layout: Layout,
    own: Vec<Own<U>>,
    /// Those of the questions that are still to come.
    spans: std::slice::Iter<'a, Span>,
}

/// A question's parts, or what is missing for it.
type Compiled = Result<Decision, &'static str>;

impl<U: Clone + Display> Compiler<'_, U> {
    /// From left to right: what stands left moves the offsets of what stands right.
    fn expression(&mut self, tree: &Expression<U>) -> Result<Decision, LinkError> {
        match tree {
            Expression::Everything => Ok(self.always(true)),
            Expression::Test(test) => self.test(test),
            Expression::Not(inner) => Ok(self.expression(inner)?.not()),
            Expression::And(left, right) => Ok(self.expression(left)?.and(self.expression(right)?)),
            Expression::Or(left, right) => Ok(self.expression(left)?.or(self.expression(right)?)),
        }
    }

    fn test(&mut self, test: &Test<U>) -> Result<Decision, LinkError> {
        let link = self.layout.link.name();
        let Span { at, len } = self.spans.next().copied().unwrap_or(Span { at: 0, len: 0 });
        let own = match test {
            Test::Upper(upper) => Some(Own::Upper(upper.clone())),
            Test::Within(counted, asked) => Some(Own::Within(*counted, Expression::clone(asked))),
            _ => None,
        };
        if let Some(own) = own {
            self.own.push(own);
            return Ok(Decision::Check(Check::Own(self.own.len() - 1)));
        }
        let missing = |reason| LinkError::Missing { asked: test.to_string(), link, reason, at, len };
        self.question(test).map_err(missing)
    }

    fn question(&mut self, test: &Test<U>) -> Compiled {
        match test {
            Test::EtherProtocol(number) => self.link_protocol(*number),
            Test::Protocol(family, number) => self.protocol(*family, *number),
            Test::ProtocolChain(family, number) => self.protocol_chain(*family, *number),
            Test::Iso(number) => self.iso(*number),
            Test::Ipv4(carrier, side, net) => self.ipv4(*carrier, *side, *net),
            Test::Ipv6(side, net) => self.ipv6(*side, *net),
            Test::Ether(side, mac) => self.ether(*side, *mac),
            Test::Port(ported, side, range) => self.port(*ported, *side, *range),
            Test::Cast(cast) => self.cast(*cast),
            Test::Vlan(id) => self.vlan(*id),
            Test::Mpls(label) => self.mpls(*label),
            Test::PppoeSession(id) => self.pppoe_session(*id),
            Test::Geneve(vni) => self.geneve(*vni),
            Test::Outbound(outbound) => self.outbound(*outbound),
            Test::InterfaceIndex(index) => self.interface(*index),
            Test::WirelessKind(bits) => self.wireless_kind(*bits),
            Test::WirelessDirection(direction) => self.wireless_direction(*direction),
            Test::WirelessAddress(end, mac) => self.wireless_address(*end, *mac),
            Test::Llc(kind) => self.llc(*kind),
            Test::Relation(relation) => self.relation(relation),
            Test::Upper(_) | Test::Within(..) => Ok(self.always(false)),
        }
    }

    /// libpcap's own way to say yes or no: a number compared with 0.
    fn always(&mut self, yes: bool) -> Decision {
        let value = self.values.constant(u32::from(!yes));
        compare(value, Condition::Equal, 0)
    }

    /// `size` bytes at a place are this number.
    fn equals(&mut self, place: Place, size: u8, number: u32) -> Decision {
        let value = place.bytes(&mut self.values, size);
        compare(value, Condition::Equal, number)
    }

    /// The same for some of their bits.
    fn equals_masked(&mut self, place: Place, size: u8, (number, mask): (u32, u32)) -> Decision {
        let of = place.bytes(&mut self.values, size);
        let value = if mask == u32::MAX { of } else { self.values.add(Value::Masked { of, mask }) };
        compare(value, Condition::Equal, number)
    }

    /// Where the data of an IPv4 packet begin.
    fn ipv4_payload(&mut self) -> Place {
        let network = self.layout.network();
        let Some(index) = network.index else {
            let length = self.values.add(Value::HeaderLength { at: network.at });
            return Place { at: network.at, index: Some(length) };
        };
        let first = network.bytes(&mut self.values, 1);
        let words = self.values.add(Value::Masked { of: first, mask: 0xf });
        let two = self.values.constant(2);
        let length = self.values.binary(super::tree::Operator::ShiftLeft, words, two);
        Place { at: network.at, index: Some(self.values.binary(super::tree::Operator::Add, length, index)) }
    }

    fn cast(&mut self, cast: Cast) -> Compiled {
        let network = self.layout.network();
        let (protocol, group) = match cast {
            Cast::EtherBroadcast => return self.ether_broadcast(),
            Cast::EtherMulticast => return self.ether_multicast(),
            Cast::IpBroadcast => {
                let carried = self.link_protocol(super::tree::ethertype::IPV4)?;
                let zero = self.equals(network.plus(16), 4, 0);
                let ones = self.equals(network.plus(16), 4, u32::MAX);
                return Ok(carried.and(zero.or(ones)));
            }
            Cast::IpMulticast => {
                let first = network.plus(16).bytes(&mut self.values, 1);
                (super::tree::ethertype::IPV4, compare(first, Condition::AtLeast, 224))
            }
            Cast::Ip6Multicast => (super::tree::ethertype::IPV6, self.equals(network.plus(24), 1, 255)),
        };
        Ok(self.link_protocol(protocol)?.and(group))
    }

    /// Linux cooked frames say whether the host sent them (packet type 4).
    fn outbound(&mut self, outbound: bool) -> Compiled {
        let header = self.layout.header;
        let sent = match self.layout.link {
            Link::CookedV1 => self.equals(header, 2, 4),
            Link::CookedV2 => self.equals(header.plus(10), 1, 4),
            _ => return Err("they don't say who sent them"),
        };
        Ok(if outbound { sent } else { sent.not() })
    }

    fn interface(&mut self, index: u32) -> Compiled {
        match self.layout.link {
            Link::CookedV2 => Ok(self.equals(self.layout.header.plus(4), 4, index)),
            _ => Err("they don't say which interface they came from"),
        }
    }
}

const fn compare(value: ValueId, condition: Condition, number: u32) -> Decision {
    Decision::Check(Check::Compare { value, condition, operand: Operand::Constant(number) })
}
