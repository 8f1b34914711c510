//! A filter as a decision graph: each block compares one value and says where to go on yes and on no. The graph has
//! no cycles; it is what both executions, our own and classic BPF, are made of.

use super::super::tree::Family;
use super::value::{ValueId, Values};

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Target {
    Accept,
    Reject,
    Block(usize),
}

impl Target {
    pub(in super::super) const fn block(self) -> Option<usize> {
        match self {
            Self::Block(at) => Some(at),
            Self::Accept | Self::Reject => None,
        }
    }
}

/// How a value is compared; the comparisons of BPF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Condition {
    Equal,
    Greater,
    AtLeast,
    /// Any of the bits is set.
    AnyBit,
}

impl Condition {
    #[inline]
    pub(in super::super) const fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            Self::AnyBit => left & right != 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Operand {
    Constant(u32),
    Value(ValueId),
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Check {
    Compare {
        value: ValueId,
        condition: Condition,
        operand: Operand,
    },
    /// Whether a protocol is in the chain of headers of the IP header at `network`: a loop, so no BPF.
    Chain {
        family: Family,
        network: u32,
        number: u8,
    },
    /// What only the decoded packet answers, by its place in the filter's list.
    Own(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct Block {
    pub(in super::super) check: Check,
    pub(in super::super) yes: Target,
    pub(in super::super) no: Target,
}

/// Questions joined by `and`, `or`, `not`, before they are laid out.
#[derive(Clone, Debug)]
pub(super) enum Decision {
    Check(Check),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Decision {
    pub(super) fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }

    pub(super) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// A compiled filter.
#[derive(Clone, Debug)]
pub(in super::super) struct Graph {
    pub(in super::super) values: Values,
    pub(in super::super) blocks: Vec<Block>,
    pub(in super::super) entry: Target,
}

impl Graph {
    /// Lays a decision out; `None` accepts everything.
    pub(super) fn new(values: Values, decision: Option<&Decision>) -> Self {
        let mut graph = Self { values, blocks: Vec::new(), entry: Target::Accept };
        if let Some(decision) = decision {
            graph.entry = graph.lay(decision, Target::Accept, Target::Reject);
        }
        graph
    }

    fn lay(&mut self, decision: &Decision, yes: Target, no: Target) -> Target {
        match decision {
            Decision::Check(check) => {
                self.blocks.push(Block { check: *check, yes, no });
                Target::Block(self.blocks.len() - 1)
            }
            Decision::Not(inner) => self.lay(inner, no, yes),
            Decision::And(left, right) => {
                let right = self.lay(right, yes, no);
                self.lay(left, right, no)
            }
            Decision::Or(left, right) => {
                let right = self.lay(right, yes, no);
                self.lay(left, yes, right)
            }
        }
    }

    /// What can be reached, each before what it leads to; a block's yes side comes before its no side.
    pub(in super::super) fn order(&self) -> Vec<Target> {
        let mut order = Vec::with_capacity(self.blocks.len() + 2);
        let mut seen = vec![false; self.blocks.len() + 2];
        let mut stack = vec![(self.entry, false)];
        while let Some((target, done)) = stack.pop() {
            if done {
                order.push(target);
                continue;
            }
            let place = self.place(target);
            if std::mem::replace(&mut seen[place], true) {
                continue;
            }
            stack.push((target, true));
            if let Target::Block(at) = target {
                stack.push((self.blocks[at].yes, false));
                stack.push((self.blocks[at].no, false));
            }
        }
        order.reverse();
        order
    }

    /// A target as a number: blocks first, then the two ends.
    pub(in super::super) const fn place(&self, target: Target) -> usize {
        match target {
            Target::Block(at) => at,
            Target::Accept => self.blocks.len(),
            Target::Reject => self.blocks.len() + 1,
        }
    }
}
