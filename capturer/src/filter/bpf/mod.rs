//! Classic BPF as Linux sockets take it (`struct sock_filter`, RFC 9669's ancestor; McCanne and Jacobson, USENIX 1993).
//!
//! A [`Program`] is checked as the kernel's `bpf_check_classic` does, prints as `tcpdump -d` prints it, and runs on a
//! frame's bytes here as the kernel and libpcap run it.

mod check;
mod display;
mod run;

pub use check::Invalid;

/// One instruction, in the field order and meaning of `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Class, size and mode, or operation.
    pub code: u16,
    /// How many instructions to pass over when the comparison holds.
    pub jt: u8,
    /// And when it does not.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

/// A program that a socket accepts: it ends in returns, jumps forward only, and has at most 4096 instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(Vec<Instruction>);

impl Program {
    /// Takes instructions after the checks that the kernel makes.
    ///
    /// # Errors
    /// [`Invalid`] names the first instruction that a kernel would refuse.
    pub fn from_instructions(instructions: Vec<Instruction>) -> Result<Self, Invalid> {
        check::check(&instructions)?;
        Ok(Self(instructions))
    }

    /// Its instructions in order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }

    /// How many bytes of the frame to keep; 0 drops it. `wire_len` is the frame's length before it was cut.
    ///
    /// A read beyond `bytes` or a division by zero drops the frame. Ancillary reads ([`ancillary`]) find nothing
    /// here, because only the kernel knows them, and read as 0.
    pub fn run(&self, bytes: &[u8], wire_len: u32) -> u32 {
        run::run(&self.0, bytes, wire_len)
    }
}

/// Most instructions that the kernel takes (`BPF_MAXINSNS`).
pub const MAX_INSTRUCTIONS: usize = 4096;

/// Words of scratch memory (`BPF_MEMWORDS`).
pub(super) const MEMORY_WORDS: u32 = 16;

/// What a program returns to keep a frame whole, as libpcap writes it.
pub(super) const WHOLE: u32 = 262_144;

/// Operation codes: class, then size and mode of a load, or operation and source of a calculation or jump.
pub(super) mod code {
    pub(in super::super) const LD: u16 = 0x00;
    pub(in super::super) const LDX: u16 = 0x01;
    pub(in super::super) const ST: u16 = 0x02;
    pub(in super::super) const STX: u16 = 0x03;
    pub(in super::super) const ALU: u16 = 0x04;
    pub(in super::super) const JMP: u16 = 0x05;
    pub(in super::super) const RET: u16 = 0x06;
    pub(in super::super) const MISC: u16 = 0x07;

    pub(in super::super) const WORD: u16 = 0x00;
    pub(in super::super) const HALF: u16 = 0x08;
    pub(in super::super) const BYTE: u16 = 0x10;

    pub(in super::super) const IMM: u16 = 0x00;
    pub(in super::super) const ABS: u16 = 0x20;
    pub(in super::super) const IND: u16 = 0x40;
    pub(in super::super) const MEM: u16 = 0x60;
    pub(in super::super) const LEN: u16 = 0x80;
    pub(in super::super) const MSH: u16 = 0xa0;

    pub(in super::super) const ADD: u16 = 0x00;
    pub(in super::super) const SUB: u16 = 0x10;
    pub(in super::super) const MUL: u16 = 0x20;
    pub(in super::super) const DIV: u16 = 0x30;
    pub(in super::super) const OR: u16 = 0x40;
    pub(in super::super) const AND: u16 = 0x50;
    pub(in super::super) const LSH: u16 = 0x60;
    pub(in super::super) const RSH: u16 = 0x70;
    pub(in super::super) const NEG: u16 = 0x80;
    pub(in super::super) const MOD: u16 = 0x90;
    pub(in super::super) const XOR: u16 = 0xa0;

    pub(in super::super) const JA: u16 = 0x00;
    pub(in super::super) const JEQ: u16 = 0x10;
    pub(in super::super) const JGT: u16 = 0x20;
    pub(in super::super) const JGE: u16 = 0x30;
    pub(in super::super) const JSET: u16 = 0x40;

    pub(in super::super) const K: u16 = 0x00;
    pub(in super::super) const X: u16 = 0x08;
    pub(in super::super) const A: u16 = 0x10;

    pub(in super::super) const TAX: u16 = 0x00;
    pub(in super::super) const TXA: u16 = 0x80;
}

/// Facts of a frame that the kernel keeps beside its bytes, read at these offsets (`linux/filter.h`, `SKF_AD_*`).
pub mod ancillary {
    /// Where they begin.
    pub const BASE: u32 = 0xffff_f000;
    /// The tag control information of the VLAN tag that was taken out of the frame.
    pub const VLAN_TAG: u32 = BASE + 44;
    /// 1 when a VLAN tag was taken out.
    pub const VLAN_TAG_PRESENT: u32 = BASE + 48;
    /// The EtherType of that tag (Linux 3.19 and later).
    pub const VLAN_TPID: u32 = BASE + 60;
    /// Behind the last one that exists.
    pub(super) const END: u32 = BASE + 64;
}
