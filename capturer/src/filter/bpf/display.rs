//! A program as `tcpdump -d` prints it: one line an instruction, number, operation, operand, and where jumps go.

use std::fmt::{self, Display, Formatter};

use super::code::{
    A, ABS, ADD, ALU, AND, BYTE, DIV, HALF, IMM, IND, JA, JEQ, JGE, JGT, JMP, JSET, LD, LDX, LEN, LSH, MEM,
    MOD, MSH, MUL, NEG, OR, RET, RSH, ST, STX, SUB, TAX, WORD, X, XOR,
};
use super::{Instruction, Program, ancillary};

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, instruction) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            let (name, operand) = words(*instruction);
            let code = instruction.code;
            if code & 7 == JMP && code & 0xf0 != JA {
                let (yes, no) = (usize::from(instruction.jt), usize::from(instruction.jf));
                write!(f, "({at:03}) {name:<8} {operand:<16} jt {}\tjf {}", at + 1 + yes, at + 1 + no)?;
            } else if code == JMP | JA {
                write!(f, "({at:03}) {name:<8} {}", u64::from(instruction.k) + at as u64 + 1)?;
            } else {
                write!(f, "({at:03}) {name:<8} {operand}")?;
            }
        }
        Ok(())
    }
}

fn words(instruction: Instruction) -> (&'static str, String) {
    let Instruction { code, k, .. } = instruction;
    let operand = if code & X != 0 { "x".to_owned() } else { format!("#{k:#x}") };
    match code & 7 {
        LD => (sized(["ld", "ldh", "ldb"], code), load(code, k)),
        LDX if code == LDX | BYTE | MSH => ("ldxb", format!("4*([{k}]&0xf)")),
        LDX => ("ldx", load(code, k)),
        ST => ("st", format!("M[{k}]")),
        STX => ("stx", format!("M[{k}]")),
        ALU => (
            name(&CALCULATIONS, code),
            if code & 0xf0 == NEG { String::new() } else { calculation(code, k, operand) },
        ),
        JMP => (name(&JUMPS, code), operand),
        RET if code & A != 0 => ("ret", String::new()),
        RET => ("ret", format!("#{k}")),
        _ if code & 0xf8 == TAX => ("tax", String::new()),
        _ => ("txa", String::new()),
    }
}

/// Plain decimal where a number is counted in, hexadecimal where bits are looked at.
fn calculation(code: u16, k: u32, operand: String) -> String {
    match code & 0xf0 {
        AND | OR | XOR => operand,
        _ if code & X != 0 => operand,
        _ => format!("#{k}"),
    }
}

fn load(code: u16, k: u32) -> String {
    match code & 0xe0 {
        IMM => format!("#{k:#x}"),
        LEN => "#pktlen".to_owned(),
        MEM => format!("M[{k}]"),
        IND => format!("[x + {k}]"),
        ABS => ANCILLARY
            .iter()
            .find(|(at, _)| *at == k)
            .map_or_else(|| format!("[{k}]"), |(_, name)| format!("[{name}]")),
        _ => format!("{k}"),
    }
}

const ANCILLARY: [(u32, &str); 3] = [
    (ancillary::VLAN_TAG, "vlan_tci"),
    (ancillary::VLAN_TAG_PRESENT, "vlanp"),
    (ancillary::VLAN_TPID, "vlan_tpid"),
];

const CALCULATIONS: [(u16, &str); 11] = [
    (ADD, "add"),
    (SUB, "sub"),
    (MUL, "mul"),
    (DIV, "div"),
    (MOD, "mod"),
    (AND, "and"),
    (OR, "or"),
    (XOR, "xor"),
    (LSH, "lsh"),
    (RSH, "rsh"),
    (NEG, "neg"),
];

const JUMPS: [(u16, &str); 5] = [(JA, "ja"), (JEQ, "jeq"), (JGT, "jgt"), (JGE, "jge"), (JSET, "jset")];

fn name(table: &[(u16, &'static str)], code: u16) -> &'static str {
    table.iter().find(|(known, _)| *known == code & 0xf0).map_or("?", |(_, name)| name)
}

fn sized(names: [&'static str; 3], code: u16) -> &'static str {
    match code & 0x18 {
        WORD => names[0],
        HALF => names[1],
        _ => names[2],
    }
}
