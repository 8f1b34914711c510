//! What a compiled question computes from a frame, as an expression without side effects. Equal expressions have equal
//! ids, so "was this loaded before?" is a comparison of numbers.

use std::collections::HashMap;

use super::super::tree::Operator;

/// An expression in [`Values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct ValueId(u32);

/// A 32-bit number computed from a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Value {
    /// A number.
    Constant(u32),
    /// The frame's length on the wire.
    Length,
    /// `size` bytes at `at` plus `index`, big endian.
    Bytes { at: u32, size: u8, index: Option<ValueId> },
    /// An IPv4 header's length as the byte at `at` says: 4 * its lower nibble.
    HeaderLength { at: u32 },
    /// Some of the bits of a value.
    Masked { of: ValueId, mask: u32 },
    /// The difference that a comparison for equality computes; kept apart from a subtraction that was typed.
    Difference(ValueId, ValueId),
    /// Arithmetic as typed.
    Binary(Operator, ValueId, ValueId),
    /// Two's complement.
    Negate(ValueId),
    /// A fact that the kernel keeps beside the frame ([`super::super::bpf::ancillary`]).
    Ancillary(u32),
}

/// All expressions of one filter.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Values {
    list: Vec<Value>,
    known: HashMap<Value, ValueId>,
}

impl Values {
    pub(in super::super) fn add(&mut self, value: Value) -> ValueId {
        let next = ValueId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let list = &mut self.list;
        *self.known.entry(value).or_insert_with(|| {
            list.push(value);
            next
        })
    }

    pub(in super::super) fn constant(&mut self, number: u32) -> ValueId {
        self.add(Value::Constant(number))
    }

    pub(in super::super) fn binary(&mut self, operator: Operator, left: ValueId, right: ValueId) -> ValueId {
        self.add(Value::Binary(operator, left, right))
    }

    pub(in super::super) fn get(&self, id: ValueId) -> Value {
        self.list[id.0 as usize]
    }

    pub(in super::super) fn as_constant(&self, id: ValueId) -> Option<u32> {
        match self.get(id) {
            Value::Constant(number) => Some(number),
            _ => None,
        }
    }
}
