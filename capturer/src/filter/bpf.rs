//! Classic BPF as Linux sockets take it (`struct sock_filter`, RFC 9669's ancestor; McCanne and Jacobson, USENIX 1993).

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
    /// Its instructions in order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }
}
