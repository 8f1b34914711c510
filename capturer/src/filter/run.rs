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

/// A question as numbers, so that nearly all are asked by the same few instructions: four bytes, some of
/// their bits, and whether they are within a range.
#[derive(Clone, Copy, Debug)]
struct Step {
    begin: u32,
    /// Where the IPv4 header is whose length is added; [`NOTHING`] for none, [`RARE`] for another question.
    header: u32,
    mask: u32,
    low: u32,
    span: u32,
    yes: u32,
    no: u32,
    /// That question's place in [`Machine::rare`].
    rare: u32,
}

const NOTHING: u32 = u32::MAX;
const RARE: u32 = u32::MAX - 1;

/// What four bytes and a nibble don't answer.
#[derive(Clone, Debug)]
enum Rare {
    /// Any other expression.
    Value(Computed),
    /// Two expressions with each other.
    Values(Computed, Condition, Computed),
    Chain {
        family: Family,
        network: u32,
        number: u8,
    },
    Own(usize),
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
    rare: Box<[Rare]>,
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
        let mut rare = Vec::new();
        let step = |block: &usize| {
            let block = graph.blocks[*block];
            let step = Step { yes: place(block.yes), no: place(block.no), ..Step::within(u32::MAX, (1, 0)) };
            step.asking(&graph.values, block.check, &mut rare)
        };
        Self { steps: order.iter().map(step).collect(), rare: rare.into(), entry: place(graph.entry) }
    }

    /// Whether the frame passes; `own` answers what is asked of the decoded packet, `None` fails the filter.
    ///
    /// The inner loop goes along the no sides: two loops are two jumps that the processor predicts, where one with a
    /// computed next step would wait for each answer.
    #[inline]
    pub(super) fn run(&self, frame: Bytes<'_>, mut own: impl FnMut(usize) -> Option<bool>) -> bool {
        let mut at = self.entry;
        loop {
            let yes = loop {
                let Some(step) = self.steps.get(at as usize) else { return at == ACCEPT };
                let value = match step.header {
                    NOTHING => step.load(frame.captured),
                    RARE => self.seldom(step.rare, frame, &mut own),
                    _ => step.load_behind(frame.captured),
                };
                let Some(value) = value else { return false };
                if (value & step.mask).wrapping_sub(step.low) <= step.span {
                    break step.yes;
                }
                at = step.no;
            };
            at = yes;
        }
    }

    fn seldom(
        &self,
        rare: u32,
        frame: Bytes<'_>,
        own: &mut impl FnMut(usize) -> Option<bool>,
    ) -> Option<u32> {
        match self.rare.get(rare as usize)? {
            Rare::Own(number) => own(*number).map(u32::from),
            other => other.answer(frame),
        }
    }
}

impl Step {
    const fn within(mask: u32, (low, span): (u32, u32)) -> Self {
        Self { begin: 0, header: NOTHING, mask, low, span, yes: REJECT, no: REJECT, rare: NOTHING }
    }

    #[inline]
    fn load(&self, bytes: &[u8]) -> Option<u32> {
        let begin = self.begin as usize;
        four(bytes, begin)
    }

    #[inline]
    fn load_behind(&self, bytes: &[u8]) -> Option<u32> {
        let length = usize::from(bytes.get(self.header as usize)? & 0xf) * 4;
        four(bytes, self.begin as usize + length)
    }

    fn asking(self, values: &Values, check: Check, rare: &mut Vec<Rare>) -> Self {
        let mut seldom = |step: Self, asked| {
            rare.push(asked);
            Self { header: RARE, rare: u32::try_from(rare.len() - 1).unwrap_or(NOTHING), ..step }
        };
        match check {
            Check::Own(number) => seldom(self, Rare::Own(number)),
            Check::Chain { family, network, number } => seldom(self, Rare::Chain { family, network, number }),
            Check::Compare { value, condition, operand: Operand::Value(right) } => {
                let pair = Rare::Values(computed(values, value), condition, computed(values, right));
                seldom(self, pair)
            }
            Check::Compare { value, condition, operand: Operand::Constant(number) } => {
                let (of, bits) = masked(values, value);
                let (mask, (low, span)) = range(condition, number, bits);
                let step = Self { mask, low, span, ..self };
                match step.reading(values, of) {
                    Some(step) => step,
                    None => seldom(step, Rare::Value(computed(values, of))),
                }
            }
        }
    }

    /// The same for bytes at a fixed place, or behind an IPv4 header; `None` for anything else, and for the first
    /// three bytes of a frame, before which there is nothing to read with them.
    fn reading(self, values: &Values, value: ValueId) -> Option<Self> {
        let Value::Bytes { at, size, index } = values.get(value) else { return None };
        let begin = at.checked_add(size.into())?.checked_sub(4)?;
        let size_mask = u32::MAX >> (32 - 8 * u32::from(size));
        let step = Self { begin, mask: self.mask & size_mask, ..self };
        match index.map(|index| values.get(index)) {
            None => Some(step),
            Some(Value::HeaderLength { at: header }) => Some(Self { header, ..step }),
            Some(_) => None,
        }
    }
}

/// A value as some of another's bits.
fn masked(values: &Values, value: ValueId) -> (ValueId, u32) {
    match values.get(value) {
        Value::Masked { of, mask } => (of, mask),
        Value::Binary(Operator::And, of, bits) => match values.as_constant(bits) {
            Some(mask) => (of, mask),
            None => (value, u32::MAX),
        },
        _ => (value, u32::MAX),
    }
}

/// A comparison as a mask and a range: its lowest number and how many follow it.
const fn range(condition: Condition, number: u32, bits: u32) -> (u32, (u32, u32)) {
    match condition {
        Condition::Equal => (bits, (number, 0)),
        Condition::AtLeast => (bits, (number, u32::MAX - number)),
        // Nothing is greater than the greatest: no bits, and a range without 0.
        Condition::Greater if number == u32::MAX => (0, (1, 0)),
        Condition::Greater => (bits, (number + 1, u32::MAX - number - 1)),
        Condition::AnyBit => (bits & number, (1, u32::MAX - 1)),
    }
}

impl Rare {
    /// The value, or 1 or 0 where the answer is yes or no.
    #[inline(never)]
    fn answer(&self, frame: Bytes<'_>) -> Option<u32> {
        match self {
            Self::Value(value) => value.compute(frame),
            Self::Values(left, condition, right) => {
                Some(u32::from(condition.holds(left.compute(frame)?, right.compute(frame)?)))
            }
            Self::Chain { family, network, number } => {
                chain(frame, *family, (*network, *number)).map(u32::from)
            }
            Self::Own(_) => None,
        }
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
fn four(bytes: &[u8], begin: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(begin..begin + 4)?.first_chunk()?))
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
