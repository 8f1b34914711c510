//! A plain interpreter of classic BPF: what the compiled programs are tested against, and what runs a program that
//! came from elsewhere. It never panics: whatever is out of range drops the frame.

use super::code::{
    A, ABS, ADD, ALU, AND, BYTE, DIV, HALF, IMM, IND, JA, JEQ, JGE, JGT, JMP, JSET, LD, LDX, LEN, LSH, MEM,
    MISC, MOD, MSH, MUL, NEG, OR, RET, RSH, ST, STX, SUB, TAX, WORD, X, XOR,
};
use super::{Instruction, ancillary};

#[derive(Default)]
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; super::MEMORY_WORDS as usize],
}

/// Jumps only go forward, so each instruction runs at most once.
pub(super) fn run(instructions: &[Instruction], bytes: &[u8], wire_len: u32) -> u32 {
    let mut machine = Machine::default();
    let mut at = 0;
    while let Some(instruction) = instructions.get(at) {
        at += 1;
        match instruction.code & 7 {
            RET => return if instruction.code & A != 0 { machine.a } else { instruction.k },
            JMP => at = at.saturating_add(machine.jump(*instruction)),
            _ => match machine.step(*instruction, bytes, wire_len) {
                Some(()) => {}
                None => return 0,
            },
        }
    }
    0
}

impl Machine {
    fn jump(&self, instruction: Instruction) -> usize {
        let operand = if instruction.code & X != 0 { self.x } else { instruction.k };
        let holds = match instruction.code & 0xf0 {
            JEQ => self.a == operand,
            JGT => self.a > operand,
            JGE => self.a >= operand,
            JSET => self.a & operand != 0,
            JA => return usize::try_from(instruction.k).unwrap_or(usize::MAX),
            _ => return usize::MAX,
        };
        usize::from(if holds { instruction.jt } else { instruction.jf })
    }

    fn step(&mut self, instruction: Instruction, bytes: &[u8], wire_len: u32) -> Option<()> {
        let Instruction { code, k, .. } = instruction;
        match code & 7 {
            LD => self.a = self.load(code, k, bytes, wire_len)?,
            LDX if code == LDX | BYTE | MSH => self.x = (read(bytes, k, BYTE)? & 0xf) << 2,
            LDX => self.x = self.load(code, k, bytes, wire_len)?,
            ST => *self.memory.get_mut(usize::try_from(k).ok()?)? = self.a,
            STX => *self.memory.get_mut(usize::try_from(k).ok()?)? = self.x,
            ALU => self.a = calculate(code & 0xf0, self.a, if code & X != 0 { self.x } else { k })?,
            MISC if code == MISC | TAX => self.x = self.a,
            _ => self.a = self.x,
        }
        Some(())
    }

    fn load(&self, code: u16, k: u32, bytes: &[u8], wire_len: u32) -> Option<u32> {
        match code & 0xe0 {
            IMM => Some(k),
            LEN => Some(wire_len),
            MEM => self.memory.get(usize::try_from(k).ok()?).copied(),
            ABS if (ancillary::BASE..ancillary::END).contains(&k) => Some(0),
            ABS => read(bytes, k, code & 0x18),
            IND => read(bytes, k.checked_add(self.x)?, code & 0x18),
            _ => None,
        }
    }
}

fn read(bytes: &[u8], at: u32, size: u16) -> Option<u32> {
    let at = usize::try_from(at).ok()?;
    let rest = bytes.get(at..)?;
    Some(match size {
        WORD => u32::from_be_bytes(*rest.first_chunk()?),
        HALF => u16::from_be_bytes(*rest.first_chunk()?).into(),
        _ => u32::from(*rest.first()?),
    })
}

fn calculate(operation: u16, a: u32, operand: u32) -> Option<u32> {
    Some(match operation {
        ADD => a.wrapping_add(operand),
        SUB => a.wrapping_sub(operand),
        MUL => a.wrapping_mul(operand),
        DIV => a.checked_div(operand)?,
        MOD => a.checked_rem(operand)?,
        OR => a | operand,
        AND => a & operand,
        XOR => a ^ operand,
        LSH => a.checked_shl(operand).unwrap_or(0),
        RSH => a.checked_shr(operand).unwrap_or(0),
        NEG => a.wrapping_neg(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Program;
    use super::*;

    const fn plain(code: u16, k: u32) -> Instruction {
        Instruction { code, jt: 0, jf: 0, k }
    }

    #[test]
    fn a_read_beyond_the_frame_and_a_division_by_zero_drop_it() {
        for body in [
            vec![plain(LD | ABS | HALF, 3)],
            vec![plain(LDX | IMM, u32::MAX), plain(LD | IND | BYTE, 2)],
            vec![plain(ALU | DIV | X, 0)],
        ] {
            let instructions = [body, vec![plain(RET, 7)]].concat();
            let program = Program::from_instructions(instructions).unwrap();
            assert_eq!(program.run(&[1, 2, 3, 4], 4), 0);
        }
    }

    #[test]
    fn arithmetic_is_the_kernels() {
        for (operation, a, operand, result) in [
            (SUB, 1, 2, u32::MAX),
            (LSH, 1, 40, 0),
            (RSH, 8, 2, 2),
            (MOD, 7, 4, 3),
            (NEG, 1, 0, u32::MAX),
            (XOR, 6, 3, 5),
        ] {
            assert_eq!(calculate(operation, a, operand), Some(result));
        }
    }
}
