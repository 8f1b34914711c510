//! Computes what is known beforehand: arithmetic on constants, reads at a constant distance. An operand that can't
//! change the result is not read at all, as in libpcap.

use std::collections::HashMap;

use super::super::tree::Operator;
use super::graph::{Block, Check, Condition, Graph, Operand, Target};
use super::value::{Value, ValueId, Values};

/// `None` when the arithmetic always divides by zero or shifts everything out.
pub(super) fn fold(graph: &mut Graph) -> Option<()> {
    for at in graph.order() {
        let Target::Block(at) = at else { continue };
        let Check::Compare { value, condition, operand } = graph.blocks[at].check else { continue };
        let value = folded(&mut graph.values, value)?;
        let operand = match operand {
            Operand::Constant(number) => Operand::Constant(number),
            Operand::Value(id) => {
                let id = folded(&mut graph.values, id)?;
                graph.values.as_constant(id).map_or(Operand::Value(id), Operand::Constant)
            }
        };
        set(graph, at, (value, condition, operand));
    }
    skip_known(graph);
    share(graph);
    Some(())
}

/// Makes one of blocks that ask the same and lead to the same.
fn share(graph: &mut Graph) {
    let mut known: HashMap<Block, usize> = HashMap::new();
    let mut instead: Vec<usize> = (0..graph.blocks.len()).collect();
    for at in graph.order().into_iter().rev().filter_map(Target::block) {
        let lead = |target: Target| target.block().map_or(target, |next| Target::Block(instead[next]));
        let Block { check, yes, no } = graph.blocks[at];
        let block = Block { check, yes: lead(yes), no: lead(no) };
        graph.blocks[at] = block;
        instead[at] = *known.entry(block).or_insert(at);
    }
    if let Target::Block(entry) = graph.entry {
        graph.entry = Target::Block(instead[entry]);
    }
}

fn set(graph: &mut Graph, at: usize, (mut value, mut condition, mut operand): (ValueId, Condition, Operand)) {
    let values = &graph.values;
    if let (Value::Difference(left, right), Condition::Equal, Operand::Constant(0)) =
        (values.get(value), condition, operand)
    {
        value = left;
        operand = values.as_constant(right).map_or(Operand::Value(right), Operand::Constant);
    }
    if let (Some(of), Condition::Equal, Operand::Constant(0)) = (masked(values, value), condition, operand) {
        (value, condition, operand) = (of.0, Condition::AnyBit, Operand::Constant(of.1));
        let block = &mut graph.blocks[at];
        (block.yes, block.no) = (block.no, block.yes);
    }
    if let (Value::Binary(Operator::Subtract, left, right), Condition::Equal, Operand::Constant(number)) =
        (values.get(value), condition, operand)
        && let Some(less) = values.as_constant(right)
    {
        (value, operand) = (left, Operand::Constant(number.wrapping_add(less)));
    }
    let block = &mut graph.blocks[at];
    block.check = Check::Compare { value, condition, operand };
    if let (Some(left), Operand::Constant(right)) = (values.as_constant(value), operand) {
        match condition.holds(left, right) {
            true => block.no = block.yes,
            false => block.yes = block.no,
        }
    }
}

fn masked(values: &Values, value: ValueId) -> Option<(ValueId, u32)> {
    match values.get(value) {
        Value::Masked { of, mask } => Some((of, mask)),
        Value::Binary(Operator::And, left, right) => Some((left, values.as_constant(right)?)),
        _ => None,
    }
}

/// Leads past questions about constants.
fn skip_known(graph: &mut Graph) {
    let past = |graph: &Graph, mut target: Target| {
        while let Target::Block(at) = target {
            let block = graph.blocks[at];
            match block.check {
                Check::Compare { value, operand: Operand::Constant(_), .. }
                    if block.yes == block.no && graph.values.as_constant(value).is_some() =>
                {
                    target = block.yes;
                }
                _ => break,
            }
        }
        target
    };
    for at in 0..graph.blocks.len() {
        graph.blocks[at].yes = past(graph, graph.blocks[at].yes);
        graph.blocks[at].no = past(graph, graph.blocks[at].no);
    }
    graph.entry = past(graph, graph.entry);
    skip_first(graph);
}

/// A first question whose answer changes nothing is not asked; but what it reads must be there, as in libpcap, unless
/// nothing is asked after it.
fn skip_first(graph: &mut Graph) {
    let Target::Block(first) = graph.entry else { return };
    let mut target = graph.entry;
    while let Target::Block(at) = target
        && graph.blocks[at].yes == graph.blocks[at].no
    {
        target = graph.blocks[at].yes;
    }
    if target.block().is_none() {
        graph.entry = target;
    } else if target != graph.entry {
        (graph.blocks[first].yes, graph.blocks[first].no) = (target, target);
    }
}

fn folded(values: &mut Values, id: ValueId) -> Option<ValueId> {
    Some(match values.get(id) {
        Value::Bytes { at, size, index: Some(index) } => bytes(values, (at, size, index))?,
        Value::Masked { of, mask } => {
            let of = folded(values, of)?;
            values.add(Value::Masked { of, mask })
        }
        Value::Difference(left, right) => {
            let (left, right) = (folded(values, left)?, folded(values, right)?);
            values.add(Value::Difference(left, right))
        }
        Value::Negate(inner) => {
            let inner = folded(values, inner)?;
            let negated = values.as_constant(inner).map(|n| Value::Constant(n.wrapping_neg()));
            values.add(negated.unwrap_or(Value::Negate(inner)))
        }
        Value::Binary(operator, left, right) => {
            let (left, right) = (folded(values, left)?, folded(values, right)?);
            binary(values, operator, (left, right))?
        }
        _ => id,
    })
}

/// A constant part of the index belongs to the fixed distance.
fn bytes(values: &mut Values, (at, size, index): (u32, u8, ValueId)) -> Option<ValueId> {
    let index = folded(values, index)?;
    let (more, index) = match values.get(index) {
        Value::Constant(more) => (more, None),
        Value::Binary(Operator::Add, left, right) => match (values.as_constant(left), values.get(right)) {
            (Some(more), Value::HeaderLength { .. }) => (more, Some(right)),
            _ => (0, Some(index)),
        },
        _ => (0, Some(index)),
    };
    Some(values.add(Value::Bytes { at: at.wrapping_add(more), size, index }))
}

fn binary(values: &mut Values, operator: Operator, (left, right): (ValueId, ValueId)) -> Option<ValueId> {
    use Operator::{Add, And, Divide, Modulo, Multiply, Or, ShiftLeft, ShiftRight, Xor};
    let zero = values.constant(0);
    match (values.as_constant(left), operator, values.as_constant(right)) {
        (_, Divide | Modulo, Some(0)) | (_, ShiftLeft | ShiftRight, Some(32..)) => return None,
        (Some(a), _, Some(b)) => return operator.apply(a, b).map(|n| values.constant(n)),
        (_, Add | Or | Xor | ShiftLeft | ShiftRight, Some(0)) => return Some(left),
        (_, Multiply | And, Some(0)) => return Some(zero),
        (Some(0), Add | Or | Xor, _) => return Some(right),
        (Some(0), Multiply | Divide | Modulo | And | ShiftLeft | ShiftRight, _) => return Some(zero),
        _ => {}
    }
    Some(values.binary(operator, left, right))
}
