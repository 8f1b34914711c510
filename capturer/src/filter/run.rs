//! The decision graph as it runs here: blocks in one array in the order of their execution, each with the place and
//! size of what it reads decoded beforehand. No recursion but in arithmetic, no allocation; a read beyond the captured
//! bytes rejects the frame, as in BPF.

use super::compile::graph::{Check, Condition, Graph, Operand, Target};
use super::compile::value::{Value, ValueId, Values};
use super::tree::{Family, Operator};

const ACCEPT: u32 = u32::MAX;
const REJECT: u32 = u32::MAX - 1;

/// Headers that a `protochain` follows; a loop of them can only be hostile.
const MOST_HEADERS: usize = 64;

/// What a block compares.
#[derive(Clone, Debug)]
enum Ask {
    Byte(u32),
    Half(u32),
    Word(u32),
    /// Two bytes behind an IPv4 header of the length that another byte says.
    HalfBehind {
        header: u32,
        at: u32,
    },
    /// Any other expression.
    Value(Box<Computed>),
    /// Two expressions with each other.
    Values(Box<(Computed, Computed)>),
    Chain {
        family: Family,
        network: u32,
        number: u8,
    },
    Upper(usize),
}

#[derive(Clone, Debug)]
struct Step {
    ask: Ask,
    mask: u32,
    condition: Condition,
    number: u32,
    yes: u32,
    no: u32,
}

/// An expression without shared parts.
#[derive(Clone, Debug)]
enum Computed {
    Constant(u32),
    Length,
    Bytes { at: u32, size: u8, index: Option<Box<Self>> },
    HeaderLength(u32),
    Masked(Box<Self>, u32),
    Binary(Operator, Box<Self>, Box<Self>),
    Negate(Box<Self>),
}

/// A frame's captured bytes and its length on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a> {
    pub(super) captured: &'a [u8],
    pub(super) wire_len: u32,
}

/// A graph ready to run.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    steps: Box<[Step]>,
    entry: u32,
}

impl Machine {
    pub(super) fn new(graph: &Graph) -> Self {
        let order: Vec<usize> = graph.order().into_iter().filter_map(Target::block).collect();
        let mut places = vec![REJECT; graph.blocks.len()];
        for (place, block) in order.iter().enumerate() {
            places[*block] = u32::try_from(place).unwrap_or(REJECT);
        }
        let place = |target| match target {
            Target::Accept => ACCEPT,
            Target::Reject => REJECT,
            Target::Block(at) => places[at],
        };
        let step = |block: &usize| {
            let block = graph.blocks[*block];
            let (ask, mask, condition, number) = ask(&graph.values, block.check);
            Step { ask, mask, condition, number, yes: place(block.yes), no: place(block.no) }
        };
        Self { steps: order.iter().map(step).collect(), entry: place(graph.entry) }
    }

    /// Whether the frame passes; `upper` answers the caller's words.
    #[inline]
    pub(super) fn run(&self, frame: Bytes<'_>, mut upper: impl FnMut(usize) -> bool) -> bool {
        let mut at = self.entry;
        while let Some(step) = self.steps.get(at as usize) {
            let value = match &step.ask {
                Ask::Byte(at) => byte(frame, *at),
                Ask::Half(at) => half(frame, *at),
                Ask::Word(at) => word(frame, *at),
                Ask::HalfBehind { header, at } => behind(frame, *header, *at),
                Ask::Upper(number) => Some(u32::from(upper(*number))),
                other => other.rare(frame, step.condition),
            };
            let Some(value) = value else { return false };
            at = if step.condition.holds(value & step.mask, step.number) { step.yes } else { step.no };
        }
        at == ACCEPT
    }
}

impl Ask {
    /// What is asked seldom; 1 or 0 where the answer is a yes or no.
    #[inline(never)]
    fn rare(&self, frame: Bytes<'_>, condition: Condition) -> Option<u32> {
        match self {
            Self::Value(value) => value.compute(frame),
            Self::Values(pair) => {
                let (left, right) = (pair.0.compute(frame)?, pair.1.compute(frame)?);
                // The step compares with what is never below: yes is "at least 1", whatever was asked here.
                let holds = condition.holds(left, right);
                Some(yes_as(condition, holds))
            }
            Self::Chain { family, network, number } => {
                let found = chain(frame, *family, (*network, *number))?;
                Some(u32::from(found))
            }
            _ => None,
        }
    }
}

/// A number that compares with [`YES`] as asked exactly when `holds`.
const fn yes_as(condition: Condition, holds: bool) -> u32 {
    match (condition, holds) {
        (_, false) => 0,
        (Condition::Greater, true) => YES + 1,
        (_, true) => YES,
    }
}

/// What yes is compared with; 0 is no to all four comparisons.
const YES: u32 = 1;

fn ask(values: &Values, check: Check) -> (Ask, u32, Condition, u32) {
    match check {
        Check::Upper(number) => (Ask::Upper(number), u32::MAX, Condition::Equal, YES),
        Check::Chain { family, network, number } => {
            (Ask::Chain { family, network, number }, u32::MAX, Condition::Equal, YES)
        }
        Check::Compare { value, condition, operand: Operand::Value(right) } => {
            let pair = Box::new((computed(values, value), computed(values, right)));
            (Ask::Values(pair), u32::MAX, condition, YES)
        }
        Check::Compare { value, condition, operand: Operand::Constant(number) } => {
            let (of, mask) = match values.get(value) {
                Value::Masked { of, mask } => (of, mask),
                Value::Binary(Operator::And, of, bits) if values.as_constant(bits).is_some() => {
                    (of, values.as_constant(bits).unwrap_or(u32::MAX))
                }
                _ => (value, u32::MAX),
            };
            (load(values, of), mask, condition, number)
        }
    }
}

fn load(values: &Values, value: ValueId) -> Ask {
    match values.get(value) {
        Value::Bytes { at, size: 1, index: None } => Ask::Byte(at),
        Value::Bytes { at, size: 2, index: None } => Ask::Half(at),
        Value::Bytes { at, size: 4, index: None } => Ask::Word(at),
        Value::Bytes { at, size: 2, index: Some(index) } => match values.get(index) {
            Value::HeaderLength { at: header } => Ask::HalfBehind { header, at },
            _ => Ask::Value(Box::new(computed(values, value))),
        },
        _ => Ask::Value(Box::new(computed(values, value))),
    }
}

fn computed(values: &Values, id: ValueId) -> Computed {
    let boxed = |id| Box::new(computed(values, id));
    match values.get(id) {
        Value::Constant(number) => Computed::Constant(number),
        Value::Length => Computed::Length,
        Value::Bytes { at, size, index } => Computed::Bytes { at, size, index: index.map(boxed) },
        Value::HeaderLength { at } => Computed::HeaderLength(at),
        Value::Masked { of, mask } => Computed::Masked(boxed(of), mask),
        Value::Difference(left, right) => Computed::Binary(Operator::Subtract, boxed(left), boxed(right)),
        Value::Binary(operator, left, right) => Computed::Binary(operator, boxed(left), boxed(right)),
        Value::Negate(inner) => Computed::Negate(boxed(inner)),
        // Only programs for sockets ask it, and they don't run here.
        Value::Ancillary(_) => Computed::Constant(0),
    }
}

impl Computed {
    fn compute(&self, frame: Bytes<'_>) -> Option<u32> {
        Some(match self {
            Self::Constant(number) => *number,
            Self::Length => frame.wire_len,
            Self::Bytes { at, size, index } => {
                let index = index.as_ref().map_or(Some(0), |index| index.compute(frame))?;
                let at = at.checked_add(index)?;
                match size {
                    1 => byte(frame, at)?,
                    2 => half(frame, at)?,
                    _ => word(frame, at)?,
                }
            }
            Self::HeaderLength(at) => (byte(frame, *at)? & 0xf) << 2,
            Self::Masked(of, mask) => of.compute(frame)? & mask,
            Self::Binary(operator, left, right) => {
                operator.apply(left.compute(frame)?, right.compute(frame)?)?
            }
            Self::Negate(inner) => inner.compute(frame)?.wrapping_neg(),
        })
    }
}

#[inline]
fn byte(frame: Bytes<'_>, at: u32) -> Option<u32> {
    frame.captured.get(at as usize).map(|byte| u32::from(*byte))
}

#[inline]
fn half(frame: Bytes<'_>, at: u32) -> Option<u32> {
    Some(u16::from_be_bytes(*frame.captured.get(at as usize..)?.first_chunk()?).into())
}

#[inline]
fn word(frame: Bytes<'_>, at: u32) -> Option<u32> {
    Some(u32::from_be_bytes(*frame.captured.get(at as usize..)?.first_chunk()?))
}

#[inline]
fn behind(frame: Bytes<'_>, header: u32, at: u32) -> Option<u32> {
    half(frame, at.checked_add((byte(frame, header)? & 0xf) << 2)?)
}

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const NO_NEXT: u8 = 59;
const DESTINATION: u8 = 60;

/// Follows headers as libpcap's loop does, to the letter: behind an authentication header it goes on at that header's
/// own length, not behind it. `None` when a header is cut off.
fn chain(frame: Bytes<'_>, family: Family, (network, number): (u32, u8)) -> Option<bool> {
    let at = |place: u32| u8::try_from(byte(frame, place)?).ok();
    let (mut header, mut ahead) = match family {
        Family::Ipv4 => (at(network.checked_add(9)?)?, (byte(frame, network)? & 0xf) << 2),
        _ => (at(network.checked_add(6)?)?, 40),
    };
    for _ in 0..MOST_HEADERS {
        if header == number || header == NO_NEXT {
            break;
        }
        let place = network.checked_add(ahead)?;
        match (family, header) {
            (Family::Ipv6, HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION) => {
                header = at(place)?;
                ahead += (byte(frame, place.checked_add(1)?)? + 1) * 8;
            }
            (_, AUTHENTICATION) => {
                header = at(place)?;
                ahead = (byte(frame, place.checked_add(1)?)? + 2) * 4;
            }
            _ => break,
        }
    }
    Some(header == number)
}
