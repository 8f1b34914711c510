//! The part of a filter that a kernel can ask. Words that need knowledge or loops are taken out so that nothing that
//! would pass is lost; user space asks the rest again.
//!
//! Where such a word only narrows (`tcp and country NL`), it is led past. Where it decides between two questions, it
//! counts as answered in the filter's favour; then a read beyond the end might fail what the real answer had let pass, so
//! frames too short for every read are kept, and if that length is unknown, all are.

use std::fmt::Display;

use super::compile::graph::{Block, Check, Condition, Graph, Operand, Target};
use super::compile::value::{Value, ValueId, Values};
use super::compile::{compile, simplify};
use super::tree::{Expression, Test};
use crate::LinkType;

/// The longest IPv4 header in bytes.
const LONGEST_HEADER: u32 = 60;

/// A graph without words that only user space can ask, which accepts whatever the filter would; `None` when it would
/// accept everything.
pub(super) fn widened<U: Clone + Display>(
    graph: &Graph,
    tree: &Expression<U>,
    link: LinkType,
) -> Option<Graph> {
    let (mut led_past, exact) = lead_past(graph);
    if !exact
        && let Ok((mut favoured, _)) = compile(&favour(tree, true), &[], link)
        && let Some(length) = longest_read(&favoured)
    {
        guard(&mut favoured, length);
        led_past = favoured;
    }
    simplify(&mut led_past)?;
    (led_past.entry != Target::Accept).then_some(led_past)
}

/// Leads past what the kernel can't ask, and says whether no question was lost by it.
fn lead_past(graph: &Graph) -> (Graph, bool) {
    let mut out = graph.clone();
    let mut exact = true;
    let mut instead: Vec<Option<Target>> = vec![None; graph.blocks.len()];
    for at in graph.order().into_iter().rev().filter_map(Target::block) {
        let resolve = |target: Target| target.block().and_then(|next| instead[next]).unwrap_or(target);
        let Block { check, yes, no } = graph.blocks[at];
        let (yes, no) = (resolve(yes), resolve(no));
        out.blocks[at] = Block { check, yes, no };
        if matches!(check, Check::Compare { .. }) {
            continue;
        }
        exact &= yes.block().is_none() || no.block().is_none();
        instead[at] = Some(match (yes, no) {
            (Target::Reject, other) | (other, Target::Reject) => other,
            (yes, no) if yes == no => yes,
            _ => Target::Accept,
        });
    }
    out.entry = graph.entry.block().and_then(|at| instead[at]).unwrap_or(graph.entry);
    (out, exact)
}

/// The tree with each such word answered so that more passes.
fn favour<U: Clone>(tree: &Expression<U>, pass: bool) -> Expression<U> {
    let both = |left, right| (Box::new(favour(left, pass)), Box::new(favour(right, pass)));
    match tree {
        Expression::Test(Test::Upper(_) | Test::Within(..) | Test::ProtocolChain(..)) => match pass {
            true => Expression::Everything,
            false => Expression::Not(Box::new(Expression::Everything)),
        },
        Expression::Not(inner) => Expression::Not(Box::new(favour(inner, !pass))),
        Expression::And(left, right) => {
            let (left, right) = both(left, right);
            Expression::And(left, right)
        }
        Expression::Or(left, right) => {
            let (left, right) = both(left, right);
            Expression::Or(left, right)
        }
        other => other.clone(),
    }
}

/// Keeps every frame shorter than `length`.
fn guard(graph: &mut Graph, length: u32) {
    let value = graph.values.add(Value::Length);
    let check = Check::Compare { value, condition: Condition::AtLeast, operand: Operand::Constant(length) };
    graph.blocks.push(Block { check, yes: graph.entry, no: Target::Accept });
    graph.entry = Target::Block(graph.blocks.len() - 1);
}

/// How many bytes a frame must have for no read to fail; `None` when that depends on more than an IPv4 header's length.
fn longest_read(graph: &Graph) -> Option<u32> {
    let mut longest = 0;
    for at in graph.order().into_iter().filter_map(Target::block) {
        let Check::Compare { value, operand, .. } = graph.blocks[at].check else { return None };
        longest = longest.max(reads(&graph.values, value)?);
        if let Operand::Value(other) = operand {
            longest = longest.max(reads(&graph.values, other)?);
        }
    }
    Some(longest)
}

fn reads(values: &Values, id: ValueId) -> Option<u32> {
    let both = |left, right| Some(reads(values, left)?.max(reads(values, right)?));
    match values.get(id) {
        Value::Constant(_) | Value::Length | Value::Ancillary(_) => Some(0),
        Value::HeaderLength { at } => at.checked_add(1),
        Value::Bytes { at, size, index: None } => at.checked_add(size.into()),
        Value::Bytes { at, size, index: Some(index) } => match values.get(index) {
            Value::HeaderLength { .. } => at.checked_add(LONGEST_HEADER + u32::from(size)),
            _ => None,
        },
        Value::Masked { of, .. } | Value::Negate(of) => reads(values, of),
        Value::Difference(left, right) => both(left, right),
        // A division by zero fails a filter, too.
        Value::Binary(super::tree::Operator::Divide | super::tree::Operator::Modulo, left, right) => {
            values.as_constant(right).and_then(|_| reads(values, left))
        }
        Value::Binary(_, left, right) => both(left, right),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Extended;
    use super::super::words::{Operand as Follows, Scopes, Word};
    use super::*;
    use crate::filter::Scope;

    const WORDS: &[Word<String>] = &[Word {
        name: "country",
        sided: true,
        expected: "a country",
        scopes: Scopes::ALL,
        operand: Follows::Value(|text| Some(text.to_owned())),
    }];

    fn kernel(text: &str) -> (Option<String>, bool) {
        let filter = Extended::parse(text, WORDS, Scope::Frame).unwrap();
        let (program, again) = filter.kernel(LinkType::ETHERNET);
        (program.map(|program| program.to_string()), again)
    }

    fn plain(text: &str) -> Option<String> {
        kernel(text).0
    }

    #[test]
    fn a_word_that_narrows_is_led_past() {
        for (asked, program) in [
            ("tcp port 80 and country NL", "tcp port 80"),
            ("country NL and tcp port 80", "tcp port 80"),
            ("tcp and not country NL and port 80", "tcp and port 80"),
            ("ip and ip protochain 6", "ip"),
        ] {
            assert_eq!(kernel(asked), (plain(program), true), "{asked}");
        }
    }

    #[test]
    fn a_word_alone_leaves_the_kernel_nothing_to_ask() {
        for text in ["country NL", "not country NL", "tcp or country NL", "country NL or ip[ip[8]] = 0"] {
            assert_eq!(kernel(text), (None, true), "{text}");
        }
    }

    #[test]
    fn a_word_between_two_questions_keeps_both_and_every_short_frame() {
        let (program, again) = kernel("(country NL and tcp port 80) or udp port 53");
        let program = program.unwrap();
        assert!(again && program.contains("#pktlen"), "{program}");
        assert!(program.contains("#0x50") && program.contains("#0x35"), "{program}");
    }

    #[test]
    fn tcpdumps_own_words_are_asked_only_there() {
        let (program, again) = kernel("tcp port 80");
        assert!(program.is_some() && !again);
    }
}
