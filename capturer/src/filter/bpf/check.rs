//! The checks of the kernel's `bpf_check_classic` (net/core/filter.c): known codes, jumps that stay inside, no
//! division by zero, scratch words that exist and were written, and a return at the end.

use super::code::{
    A, ABS, ADD, ALU, AND, BYTE, DIV, HALF, IMM, IND, JA, JEQ, JGE, JGT, JMP, JSET, K, LD, LDX, LEN, LSH,
    MEM, MISC, MOD, MSH, MUL, NEG, OR, RET, RSH, ST, STX, SUB, TAX, TXA, WORD, X, XOR,
};
use super::{Instruction, MAX_INSTRUCTIONS, MEMORY_WORDS, ancillary};

/// Why a kernel would refuse a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No instruction at all, or more than [`MAX_INSTRUCTIONS`].
    #[error("{0} instructions; a program has 1 to {MAX_INSTRUCTIONS}")]
    Length(usize),
    /// No such instruction.
    #[error("instruction {0} is unknown")]
    Code(usize),
    /// Its operand divides by zero, shifts everything out, or asks what no frame has.
    #[error("instruction {0} has an operand out of range")]
    Operand(usize),
    /// It jumps beyond the end.
    #[error("instruction {0} jumps out of the program")]
    Jump(usize),
    /// It reads a scratch word that may not have been written.
    #[error("instruction {0} reads scratch memory before it is written")]
    Unwritten(usize),
    /// The last instruction returns nothing.
    #[error("the program does not end in a return")]
    End,
}

pub(super) fn check(instructions: &[Instruction]) -> Result<(), Invalid> {
    if instructions.is_empty() || instructions.len() > MAX_INSTRUCTIONS {
        return Err(Invalid::Length(instructions.len()));
    }
    for (at, instruction) in instructions.iter().enumerate() {
        known(at, *instruction)?;
        jump(at, *instruction, instructions.len())?;
    }
    match instructions.last().map(|last| last.code) {
        Some(RETURN_K | RETURN_A) => memory(instructions),
        _ => Err(Invalid::End),
    }
}

const RETURN_K: u16 = RET | K;
const RETURN_A: u16 = RET | A;

fn known(at: usize, instruction: Instruction) -> Result<(), Invalid> {
    let Instruction { code, k, .. } = instruction;
    let fits = match code & 7 {
        _ if code > 0xff => None,
        LD => load(code, k),
        LDX => (code == LDX | BYTE | MSH || code == LDX | IMM || code == LDX | LEN)
            .then_some(true)
            .or_else(|| (code == LDX | MEM).then_some(k < MEMORY_WORDS)),
        ST | STX => (code == ST || code == STX).then_some(k < MEMORY_WORDS),
        ALU => calculation(code, k),
        JMP => matches!(code & !(7 | X), JEQ | JGT | JGE | JSET)
            .then_some(true)
            .or((code == JMP | JA).then_some(true)),
        RET => matches!(code, RETURN_K | RETURN_A).then_some(true),
        _ => (code == MISC | TAX || code == MISC | TXA).then_some(true),
    };
    match fits {
        Some(true) => Ok(()),
        Some(false) => Err(Invalid::Operand(at)),
        None => Err(Invalid::Code(at)),
    }
}

/// Absolute offsets from `ancillary::BASE` on are facts beside the bytes; the kernel refuses unknown ones.
fn load(code: u16, k: u32) -> Option<bool> {
    let sized = matches!(code & 0x18, WORD | HALF | BYTE);
    match code & 0xe0 {
        ABS if sized => Some(k < ancillary::BASE || (k < ancillary::END && k.is_multiple_of(4))),
        IND if sized => Some(true),
        IMM | LEN if code & 0x18 == WORD => Some(true),
        MEM if code & 0x18 == WORD => Some(k < MEMORY_WORDS),
        _ => None,
    }
}

fn calculation(code: u16, k: u32) -> Option<bool> {
    let constant = code & X == 0;
    match code & 0xf0 {
        ADD | SUB | MUL | OR | AND | XOR => Some(true),
        DIV | MOD => Some(!constant || k != 0),
        LSH | RSH => Some(!constant || k < 32),
        NEG if constant => Some(true),
        _ => None,
    }
}

fn jump(at: usize, instruction: Instruction, length: usize) -> Result<(), Invalid> {
    if instruction.code & 7 != JMP {
        return Ok(());
    }
    let left = length - at - 1;
    let farthest = match instruction.code {
        code if code == JMP | JA => usize::try_from(instruction.k).unwrap_or(usize::MAX),
        _ => usize::from(instruction.jt.max(instruction.jf)),
    };
    if farthest < left { Ok(()) } else { Err(Invalid::Jump(at)) }
}

/// Every scratch word read was written on every way to the read (`check_load_and_stores`).
fn memory(instructions: &[Instruction]) -> Result<(), Invalid> {
    let mut written = vec![u16::MAX; instructions.len()];
    let mut now: u16 = 0;
    for (at, instruction) in instructions.iter().enumerate() {
        now &= written[at];
        let mut reaches = |ahead: usize| {
            if let Some(there) = written.get_mut(at + 1 + ahead) {
                *there &= now;
            }
        };
        match instruction.code {
            code if code == ST || code == STX => now |= 1 << instruction.k,
            code if (code == LD | MEM || code == LDX | MEM) && now & (1 << instruction.k) == 0 => {
                return Err(Invalid::Unwritten(at));
            }
            code if code == JMP | JA => {
                reaches(usize::try_from(instruction.k).unwrap_or(usize::MAX - at - 1));
                now = u16::MAX;
            }
            code if code & 7 == JMP => {
                reaches(usize::from(instruction.jt));
                reaches(usize::from(instruction.jf));
                now = u16::MAX;
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Program;
    use super::*;

    const fn plain(code: u16, k: u32) -> Instruction {
        Instruction { code, jt: 0, jf: 0, k }
    }

    #[test]
    fn what_a_kernel_refuses_is_refused() {
        let keep = plain(RETURN_K, 1);
        for (instructions, fault) in [
            (vec![], Invalid::Length(0)),
            (vec![keep; 4097], Invalid::Length(4097)),
            (vec![plain(0xff, 0), keep], Invalid::Code(0)),
            (vec![plain(0x0100 | LD | ABS, 0), keep], Invalid::Code(0)),
            (vec![plain(0x8000 | ALU | NEG, 0), keep], Invalid::Code(0)),
            (vec![plain(ALU | DIV, 0), keep], Invalid::Operand(0)),
            (vec![plain(ALU | LSH, 32), keep], Invalid::Operand(0)),
            (vec![plain(ST, 16), keep], Invalid::Operand(0)),
            (vec![plain(LD | ABS, ancillary::BASE + 1), keep], Invalid::Operand(0)),
            (vec![plain(JMP | JA, 1), keep], Invalid::Jump(0)),
            (vec![Instruction { code: JMP | JEQ, jt: 1, jf: 0, k: 0 }, keep], Invalid::Jump(0)),
            (vec![plain(LD | MEM, 3), keep], Invalid::Unwritten(0)),
            (vec![keep, plain(LD | LEN, 0)], Invalid::End),
        ] {
            assert_eq!(Program::from_instructions(instructions), Err(fault));
        }
    }

    #[test]
    fn a_scratch_word_written_on_one_way_only_counts_as_unwritten() {
        let store_on_one_way = [
            Instruction { code: JMP | JEQ, jt: 0, jf: 1, k: 0 },
            plain(ST, 0),
            plain(LD | MEM, 0),
            plain(RETURN_A, 0),
        ];
        assert_eq!(check(&store_on_one_way), Err(Invalid::Unwritten(2)));
    }
}
