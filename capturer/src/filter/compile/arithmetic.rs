//! Comparisons of numbers. A byte access implies the header it reads: `tcp[13]` asks for IPv4, TCP and the first
//! fragment before it reads, `ip6[6]` for IPv6.

use std::fmt::Display;

use super::super::tree::{Comparison, Family, Layer, Load, Relation, Value as Typed, ethertype};
use super::graph::{Check, Condition, Decision, Operand};
use super::link::Place;
use super::value::{Value, ValueId};
use super::{Compiled, Compiler};

/// A value, and what must hold before it can be computed.
type Guarded = (ValueId, Option<Decision>);

impl<U: Clone + Display> Compiler<'_, U> {
    pub(super) fn relation(&mut self, relation: &Relation) -> Compiled {
        let (left, before) = self.value(&relation.left)?;
        let (right, also) = self.value(&relation.right)?;
        let difference = |compiler: &mut Self| compiler.values.add(Value::Difference(left, right));
        let (value, condition, operand) = match relation.comparison {
            Comparison::Equal | Comparison::NotEqual => {
                (difference(self), Condition::Equal, Operand::Constant(0))
            }
            Comparison::Greater | Comparison::AtMost => (left, Condition::Greater, Operand::Value(right)),
            Comparison::AtLeast | Comparison::Less => (left, Condition::AtLeast, Operand::Value(right)),
        };
        let asked = Decision::Check(Check::Compare { value, condition, operand });
        let asked = match relation.comparison {
            Comparison::NotEqual | Comparison::AtMost | Comparison::Less => asked.not(),
            _ => asked,
        };
        Ok(join(join(before, also), Some(asked)).unwrap_or_else(|| self.always(true)))
    }

    fn value(&mut self, typed: &Typed) -> Result<Guarded, &'static str> {
        Ok(match typed {
            Typed::Number(number) => (self.values.constant(*number), None),
            Typed::Length => (self.values.add(Value::Length), None),
            Typed::Load(load) => self.load(load)?,
            Typed::Negate(inner) => {
                let (inner, before) = self.value(inner)?;
                (self.values.add(Value::Negate(inner)), before)
            }
            Typed::Binary(left, operator, right) => {
                let (left, before) = self.value(left)?;
                let (right, also) = self.value(right)?;
                // libpcap forgets what the right operand implies when the left one implies nothing; so does this.
                let both = before.and_then(|before| join(Some(before), also));
                (self.values.binary(*operator, left, right), both)
            }
        })
    }

    fn load(&mut self, load: &Load) -> Result<Guarded, &'static str> {
        let (offset, inner) = self.value(&load.offset)?;
        let (base, guard) = self.base(load.layer)?;
        let index = match base.index {
            None => offset,
            Some(index) => self.values.binary(super::super::tree::Operator::Add, offset, index),
        };
        let bytes = self.values.add(Value::Bytes { at: base.at, size: load.size, index: Some(index) });
        Ok((bytes, join(inner, guard)))
    }

    /// Where a header begins, and what must hold for it to be there.
    fn base(&mut self, layer: Layer) -> Result<(Place, Option<Decision>), &'static str> {
        let network = self.layout.network();
        Ok(match layer {
            Layer::Link => (self.layout.header, None),
            Layer::Network(number) => (network, Some(self.link_protocol(number)?)),
            Layer::Transport(Family::Ipv6, number) => {
                let carried = self.link_protocol(ethertype::IPV6)?;
                let next = self.equals(network.plus(6), 1, number.into());
                (network.plus(40), Some(carried.and(next)))
            }
            Layer::Transport(family, number) => {
                let ip = self.link_protocol(ethertype::IPV4)?;
                let protocol = self.protocol(family, number)?;
                let first = self.first_fragment();
                (self.ipv4_payload(), Some(ip.and(protocol.and(first))))
            }
        })
    }
}

fn join(first: Option<Decision>, second: Option<Decision>) -> Option<Decision> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.and(second)),
        (first, second) => first.or(second),
    }
}
