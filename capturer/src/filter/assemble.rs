//! Decision graph → classic BPF. Blocks are laid out so that jumps go forward and the yes side comes first, as libpcap
//! does; what a register holds on every way to a block is not loaded again; jumps over more than 255 instructions go
//! through an unconditional one.

use super::bpf::{Instruction, MEMORY_WORDS, Program, WHOLE, code};
use super::compile::graph::{Check, Condition, Graph, Operand, Target};
use super::compile::value::{Value, ValueId, Values};
use super::tree::Operator;

/// Why a filter has no BPF program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncompilable {
    /// A word that needs a loop or knowledge that the kernel has not.
    #[error("`{0}` can't be asked in the kernel")]
    Word(String),
    /// Arithmetic that needs more scratch memory than there is.
    #[error("the arithmetic nests too deep for the kernel's scratch memory")]
    Depth,
    /// More than 4096 instructions.
    #[error("{0} instructions are more than the kernel takes (4096)")]
    Length(usize),
}

/// `word` names what only user space can ask, by its number.
pub(super) fn assemble(graph: &Graph, word: impl Fn(usize) -> String) -> Result<Program, Uncompilable> {
    let order = graph.order();
    let states = usize::max(graph.blocks.len() + 2, 1);
    let mut entering: Vec<Option<Registers>> = vec![None; states];
    let mut codes = Vec::with_capacity(order.len());
    for target in &order {
        let held = entering[graph.place(*target)].unwrap_or_default();
        let mut code = Code { values: &graph.values, held, out: Vec::new(), scratch: 0 };
        match *target {
            Target::Accept => code.push(code::RET | code::K, WHOLE),
            Target::Reject => code.push(code::RET | code::K, 0),
            Target::Block(at) => {
                let block = &graph.blocks[at];
                code.check(block.check, &word)?;
                for next in [block.yes, block.no] {
                    let place = &mut entering[graph.place(next)];
                    *place = Some(place.map_or(code.held, |other| other.common(code.held)));
                }
            }
        }
        codes.push(code.out);
    }
    link(graph, &order, codes)
}

/// What the registers are known to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Registers {
    a: Option<ValueId>,
    x: Option<ValueId>,
}

impl Registers {
    fn common(self, other: Self) -> Self {
        Self { a: self.a.filter(|a| other.a == Some(*a)), x: self.x.filter(|x| other.x == Some(*x)) }
    }
}

struct Code<'a> {
    values: &'a Values,
    held: Registers,
    out: Vec<Instruction>,
    scratch: u32,
}

impl Code<'_> {
    fn push(&mut self, code: u16, k: u32) {
        self.out.push(Instruction { code, jt: 0, jf: 0, k });
    }

    fn check(&mut self, check: Check, word: &impl Fn(usize) -> String) -> Result<(), Uncompilable> {
        let (value, condition, operand) = match check {
            Check::Compare { value, condition, operand } => (value, condition, operand),
            Check::Chain { .. } => return Err(Uncompilable::Word("protochain".to_owned())),
            Check::Own(number) => return Err(Uncompilable::Word(word(number))),
        };
        let (source, k) = match operand {
            Operand::Constant(number) => {
                self.accumulate(value)?;
                (code::K, number)
            }
            Operand::Value(right) => {
                self.pair(value, right)?;
                (code::X, 0)
            }
        };
        self.push(code::JMP | jump(condition) | source, k);
        Ok(())
    }

    /// Computes a value into A; may overwrite X.
    fn accumulate(&mut self, id: ValueId) -> Result<(), Uncompilable> {
        if self.held.a == Some(id) {
            return Ok(());
        }
        match self.values.get(id) {
            Value::Constant(number) => self.push(code::LD | code::IMM, number),
            Value::Length => self.push(code::LD | code::LEN, 0),
            Value::Ancillary(offset) => self.push(code::LD | code::ABS | code::BYTE, offset),
            Value::Bytes { at, size, index: None } => self.push(code::LD | code::ABS | width(size), at),
            Value::Bytes { at, size, index: Some(index) } => {
                self.index(index)?;
                self.push(code::LD | code::IND | width(size), at);
            }
            Value::HeaderLength { .. } => {
                self.index(id)?;
                self.push(code::MISC | code::TXA, 0);
            }
            Value::Masked { of, mask } => {
                self.accumulate(of)?;
                self.push(code::ALU | code::AND | code::K, mask);
            }
            Value::Difference(left, right) => self.calculate(code::SUB, left, right)?,
            Value::Binary(operator, left, right) => self.calculate(operation(operator), left, right)?,
            Value::Negate(inner) => {
                self.accumulate(inner)?;
                self.push(code::ALU | code::NEG, 0);
            }
        }
        self.held.a = Some(id);
        Ok(())
    }

    fn calculate(&mut self, operation: u16, left: ValueId, right: ValueId) -> Result<(), Uncompilable> {
        if let Some(number) = self.values.as_constant(right) {
            self.accumulate(left)?;
            self.push(code::ALU | operation | code::K, number);
        } else {
            self.pair(left, right)?;
            self.push(code::ALU | operation | code::X, 0);
        }
        Ok(())
    }

    /// Computes one value into A and another into X.
    fn pair(&mut self, left: ValueId, right: ValueId) -> Result<(), Uncompilable> {
        if matches!(self.values.get(right), Value::HeaderLength { .. } | Value::Constant(_)) {
            self.accumulate(left)?;
            return self.index(right);
        }
        if self.scratch >= MEMORY_WORDS {
            return Err(Uncompilable::Depth);
        }
        self.accumulate(right)?;
        let word = self.scratch;
        self.push(code::ST, word);
        self.scratch += 1;
        self.accumulate(left)?;
        self.scratch -= 1;
        self.push(code::LDX | code::MEM, word);
        self.held.x = Some(right);
        Ok(())
    }

    /// Computes a value into X. An IPv4 header's length and a number leave A as it is.
    fn index(&mut self, id: ValueId) -> Result<(), Uncompilable> {
        if self.held.x == Some(id) {
            return Ok(());
        }
        match self.values.get(id) {
            Value::HeaderLength { at } => self.push(code::LDX | code::BYTE | code::MSH, at),
            Value::Constant(number) => self.push(code::LDX | code::IMM, number),
            _ => {
                self.accumulate(id)?;
                self.push(code::MISC | code::TAX, 0);
            }
        }
        self.held.x = Some(id);
        Ok(())
    }
}

const fn width(size: u8) -> u16 {
    match size {
        1 => code::BYTE,
        2 => code::HALF,
        _ => code::WORD,
    }
}

const fn jump(condition: Condition) -> u16 {
    match condition {
        Condition::Equal => code::JEQ,
        Condition::Greater => code::JGT,
        Condition::AtLeast => code::JGE,
        Condition::AnyBit => code::JSET,
    }
}

const fn operation(operator: Operator) -> u16 {
    match operator {
        Operator::Add => code::ADD,
        Operator::Subtract => code::SUB,
        Operator::Multiply => code::MUL,
        Operator::Divide => code::DIV,
        Operator::Modulo => code::MOD,
        Operator::And => code::AND,
        Operator::Or => code::OR,
        Operator::Xor => code::XOR,
        Operator::ShiftLeft => code::LSH,
        Operator::ShiftRight => code::RSH,
    }
}

/// Places all code from the end to the beginning, so that every jump's distance is known when it is placed.
fn link(graph: &Graph, order: &[Target], codes: Vec<Vec<Instruction>>) -> Result<Program, Uncompilable> {
    let mut backwards: Vec<Instruction> = Vec::new();
    let mut begins = vec![0; graph.blocks.len() + 2];
    for (target, code) in order.iter().zip(codes).rev() {
        match target.block().map(|at| graph.blocks[at]) {
            Some(block) => {
                let (yes, no) = (begins[graph.place(block.yes)], begins[graph.place(block.no)]);
                branch(&mut backwards, code, (yes, no));
            }
            None => backwards.extend(code.into_iter().rev()),
        }
        begins[graph.place(*target)] = backwards.len();
    }
    backwards.reverse();
    let length = backwards.len();
    Program::from_instructions(backwards).map_err(|_| Uncompilable::Length(length))
}

/// Appends a block, last instruction first. Places are counted from the end: what was `n` long when a target was
/// placed begins `n` instructions before the end.
fn branch(backwards: &mut Vec<Instruction>, code: Vec<Instruction>, (yes, no): (usize, usize)) {
    let far = |backwards: &mut Vec<Instruction>, there: usize| {
        let distance = backwards.len() - there;
        let k = u32::try_from(distance).unwrap_or(u32::MAX);
        backwards.push(Instruction { code: code::JMP | code::JA, jt: 0, jf: 0, k });
        backwards.len()
    };
    let is_far = |backwards: &Vec<Instruction>, there: usize| backwards.len() - there > 254;
    let no = if is_far(backwards, no) { far(backwards, no) } else { no };
    let yes = if is_far(backwards, yes) { far(backwards, yes) } else { yes };
    let near = |there: usize| u8::try_from(backwards.len() - there).unwrap_or(u8::MAX);
    let (jt, jf) = (near(yes), near(no));
    let last = code.len().saturating_sub(1);
    backwards.extend(
        code.into_iter().enumerate().rev().map(|(i, instruction)| {
            if i == last { Instruction { jt, jf, ..instruction } } else { instruction }
        }),
    );
}
