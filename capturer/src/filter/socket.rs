//! The decision graph as the kernel must ask it at a socket.
//!
//! Linux takes the outermost VLAN tag out of an Ethernet frame and keeps it beside the bytes; who reads the frame puts it
//! back. So that the kernel selects the very frames that pass here, its program first asks whether a tag was taken out,
//! and then asks either the frame as it is or the frame with the tag thought in: four bytes at 12, everything behind
//! them four bytes farther on.

use super::assemble::Uncompilable;
use super::bpf::ancillary;
use super::compile::graph::{Block, Check, Condition, Graph, Operand, Target};
use super::compile::value::{Value, ValueId, Values};
use super::tree::Operator;
use crate::LinkType;

/// Where the tag lies in the frame.
const TAG: u32 = 12;
const TAG_END: u32 = 16;

/// The EtherTypes of tags that Linux takes out: IEEE 802.1Q and 802.1ad.
const TAKEN_OUT: [u32; 2] = [0x8100, 0x88a8];

/// The graph for a socket on a link of this type.
pub(super) fn at_socket(graph: &Graph, link: LinkType) -> Result<Graph, Uncompilable> {
    if link != LinkType::ETHERNET {
        return Ok(graph.clone());
    }
    let mut out = graph.clone();
    let entry = Tagged { graph, out: &mut out, changed: false }.copy()?;
    if let Some(entry) = entry {
        let value = out.values.add(Value::Ancillary(ancillary::VLAN_TAG_PRESENT));
        let check = Check::Compare { value, condition: Condition::Equal, operand: Operand::Constant(1) };
        out.blocks.push(Block { check, yes: entry, no: graph.entry });
        out.entry = Target::Block(out.blocks.len() - 1);
    }
    Ok(out)
}

struct Tagged<'a> {
    graph: &'a Graph,
    out: &'a mut Graph,
    changed: bool,
}

/// A block of the copy: not reached, decided beforehand, or asked.
#[derive(Clone, Copy)]
enum Copied {
    No,
    Decided(Target),
    Asked(Check),
}

impl Tagged<'_> {
    /// Appends a copy that thinks the tag in, and gives its entry; `None` when the tag makes no difference.
    fn copy(mut self) -> Result<Option<Target>, Uncompilable> {
        let size = self.graph.blocks.len();
        let mut reached = vec![false; size];
        let mut copied = vec![Copied::No; size];
        if let Target::Block(entry) = self.graph.entry {
            reached[entry] = true;
        }
        for at in self.graph.order().into_iter().filter_map(Target::block) {
            if !reached[at] {
                continue;
            }
            let block = self.graph.blocks[at];
            let check = self.check(block.check)?;
            let sides = match decided(&self.out.values, check) {
                Some(holds) => vec![if holds { block.yes } else { block.no }],
                None => vec![block.yes, block.no],
            };
            copied[at] = if let [only] = sides[..] { Copied::Decided(only) } else { Copied::Asked(check) };
            self.changed |= check != block.check || sides.len() == 1;
            sides.into_iter().filter_map(Target::block).for_each(|next| reached[next] = true);
        }
        Ok(self.changed.then(|| self.append(&copied)))
    }

    fn append(&mut self, copied: &[Copied]) -> Target {
        let begin = self.out.blocks.len();
        let resolve = |mut target: Target| {
            while let Target::Block(at) = target {
                match copied[at] {
                    Copied::Decided(next) => target = next,
                    _ => return Target::Block(begin + at),
                }
            }
            target
        };
        for (at, block) in self.graph.blocks.iter().enumerate() {
            let check = if let Copied::Asked(check) = copied[at] { check } else { block.check };
            self.out.blocks.push(Block { check, yes: resolve(block.yes), no: resolve(block.no) });
        }
        resolve(self.graph.entry)
    }

    fn check(&mut self, check: Check) -> Result<Check, Uncompilable> {
        let Check::Compare { value, condition, operand } = check else { return Ok(check) };
        let operand = match operand {
            Operand::Constant(number) => Operand::Constant(number),
            Operand::Value(id) => Operand::Value(self.value(id)?),
        };
        Ok(Check::Compare { value: self.value(value)?, condition, operand })
    }

    fn value(&mut self, id: ValueId) -> Result<ValueId, Uncompilable> {
        let value = match self.out.values.get(id) {
            Value::Length => {
                let tag = self.out.values.constant(TAG_END - TAG);
                Value::Binary(Operator::Add, id, tag)
            }
            Value::Bytes { at, size, index: None } => return Ok(self.bytes(at, size)),
            Value::Bytes { at, size, index: Some(index) } if at >= TAG_END => {
                Value::Bytes { at: at - 4, size, index: Some(self.value(index)?) }
            }
            Value::HeaderLength { at } if at >= TAG_END => Value::HeaderLength { at: at - 4 },
            Value::Bytes { .. } | Value::HeaderLength { .. } => {
                return Err(Uncompilable::Word(
                    "a byte at a computed place before or in a VLAN tag".to_owned(),
                ));
            }
            Value::Masked { of, mask } => Value::Masked { of: self.value(of)?, mask },
            Value::Difference(left, right) => Value::Difference(self.value(left)?, self.value(right)?),
            Value::Binary(operator, left, right) => {
                Value::Binary(operator, self.value(left)?, self.value(right)?)
            }
            Value::Negate(inner) => Value::Negate(self.value(inner)?),
            other @ (Value::Constant(_) | Value::Ancillary(_)) => other,
        };
        Ok(self.out.values.add(value))
    }

    fn bytes(&mut self, at: u32, size: u8) -> ValueId {
        let end = at.saturating_add(size.into());
        let values = &mut self.out.values;
        if end <= TAG {
            return values.add(Value::Bytes { at, size, index: None });
        }
        if at >= TAG_END {
            return values.add(Value::Bytes { at: at - 4, size, index: None });
        }
        match (at, size) {
            (12, 2) => values.add(Value::Ancillary(ancillary::VLAN_TPID)),
            (14, 2) => values.add(Value::Ancillary(ancillary::VLAN_TAG)),
            _ => (at..end)
                .fold(None, |before, at| Some(append_byte(values, before, at)))
                .unwrap_or_else(|| values.constant(0)),
        }
    }
}

/// One more byte of the frame with its tag, behind those before it.
fn append_byte(values: &mut Values, before: Option<ValueId>, at: u32) -> ValueId {
    let field = if at < 14 { ancillary::VLAN_TPID } else { ancillary::VLAN_TAG };
    let byte = match at {
        0..TAG => values.add(Value::Bytes { at, size: 1, index: None }),
        12 | 14 => {
            let (field, eight) = (values.add(Value::Ancillary(field)), values.constant(8));
            values.binary(Operator::ShiftRight, field, eight)
        }
        13 | 15 => {
            let of = values.add(Value::Ancillary(field));
            values.add(Value::Masked { of, mask: 0xff })
        }
        _ => values.add(Value::Bytes { at: at - 4, size: 1, index: None }),
    };
    let Some(before) = before else { return byte };
    let eight = values.constant(8);
    let before = values.binary(Operator::ShiftLeft, before, eight);
    values.binary(Operator::Or, before, byte)
}

/// The answer, when it is the same for every tag that is taken out.
fn decided(values: &Values, check: Check) -> Option<bool> {
    let Check::Compare { value, condition, operand: Operand::Constant(number) } = check else { return None };
    if values.get(value) != Value::Ancillary(ancillary::VLAN_TPID) {
        return None;
    }
    let [first, second] = TAKEN_OUT.map(|kind| condition.holds(kind, number));
    (first == second).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::Filter;
    use super::*;

    #[test]
    fn untagged_questions_reject_frames_whose_tag_was_taken_out() {
        let filter = Filter::parse("tcp port 80").unwrap().frame(LinkType::ETHERNET).unwrap();
        let program = filter.socket_program().unwrap().to_string();
        assert!(program.starts_with("(000) ldb      [vlanp]\n(001) jeq      #0x1"), "{program}");
        assert_eq!(program.matches("vlan").count(), 1, "{program}");
    }

    #[test]
    fn tagged_questions_ask_the_tag_and_then_the_bytes_where_they_are_without_it() {
        let filter = Filter::parse("vlan 100 and tcp").unwrap().frame(LinkType::ETHERNET).unwrap();
        let program = filter.socket_program().unwrap().to_string();
        for part in ["[vlan_tpid]", "[vlan_tci]", "ldb      [23]", "ldb      [27]"] {
            assert!(program.contains(part), "{part} in\n{program}");
        }
    }

    #[test]
    fn what_no_tag_changes_is_the_same_program() {
        let filter = Filter::parse("ether dst ff:ff:ff:ff:ff:ff").unwrap().frame(LinkType::ETHERNET).unwrap();
        assert_eq!(filter.socket_program().unwrap(), filter.program().unwrap());
    }
}
