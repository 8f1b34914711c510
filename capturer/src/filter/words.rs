//! Words a caller adds to the language: the upper floors know geography and hosts, this one does not. One word is one
//! line in the caller's table: its name, what follows it, how that is read, and what it can be asked of.

use super::tree::Comparison;

/// What a question is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// A frame with its bytes.
    Frame,
    /// A flow's record.
    Flow,
    /// A host's row.
    Host,
    /// An alert.
    Alert,
}

impl Scope {
    pub(super) const ALL: [Self; 4] = [Self::Frame, Self::Flow, Self::Host, Self::Alert];

    /// In the plural, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frames",
            Self::Flow => "flows",
            Self::Host => "hosts",
            Self::Alert => "alerts",
        }
    }
}

/// A set of [`Scope`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self::of(&Scope::ALL);

    /// These.
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < scopes.len() {
            bits |= 1 << scopes[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// Whether `scope` is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// "frames and flows".
    pub(super) fn names(self) -> String {
        let names: Vec<&str> = Scope::ALL.into_iter().filter(|s| self.has(*s)).map(Scope::name).collect();
        names.join(" and ")
    }
}

/// One word of a caller's; `U` is what it asks.
#[derive(Clone, Copy, Debug)]
pub struct Word<U: 'static> {
    /// The word, lower case.
    pub name: &'static str,
    /// Whether `src` and `dst` may stand before it.
    pub sided: bool,
    /// What follows it, for messages: "a two-letter country code such as NL".
    pub expected: &'static str,
    /// What it can be asked of.
    pub scopes: Scopes,
    /// How what follows it is read.
    pub operand: Operand<U>,
}

/// What follows a word.
#[derive(Clone, Copy, Debug)]
pub enum Operand<U: 'static> {
    /// A value: `country NL`. `None` = no such value.
    Value(fn(&str) -> Option<U>),
    /// A comparison with a number, with an optional unit k, M, G or T (powers of 1000): `bytes > 1M`.
    Comparison(fn(Comparison, u64) -> U),
}
