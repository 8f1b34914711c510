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
    /// A flow that somebody counted, with all that an exporter tells of it.
    Record,
}

impl Scope {
    pub(super) const ALL: [Self; 5] = [Self::Frame, Self::Flow, Self::Host, Self::Alert, Self::Record];

    /// In the plural, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frames",
            Self::Flow => "flows",
            Self::Host => "hosts",
            Self::Alert => "alerts",
            Self::Record => "flow records",
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

    /// Where people ask these.
    pub(super) const fn place(self) -> &'static str {
        if self.has(Scope::Frame) {
            "in the packet list, or with `wireglobe packets --filter`"
        } else if self.has(Scope::Record) {
            "on the Explore page, or with `wireglobe query --filter`"
        } else if self.has(Scope::Alert) {
            "in the list of alerts"
        } else {
            "in the list of hosts"
        }
    }
}

/// One word of a caller's; `U` is what it asks.
#[derive(Debug)]
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
#[derive(Debug)]
pub enum Operand<U: 'static> {
    /// A value: `country NL`. `None` = no such value.
    Value(fn(&str) -> Option<U>),
    /// A comparison with a number, with an optional unit k, M, G or T (powers of 1000): `bytes > 1M`.
    Comparison(fn(Comparison, u64) -> U),
}

// Neither holds a `U`, so both may be copied whatever that is.
impl<U> Clone for Word<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Word<U> {}

impl<U> Clone for Operand<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Operand<U> {}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::super::{Extended, FilterError};
    use super::*;
    use crate::Packet;

    #[derive(Clone, Debug, PartialEq, Eq)]
    enum Asked {
        System(String),
        Bytes(Comparison, u64),
    }

    impl fmt::Display for Asked {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::System(name) => f.write_str(name),
                Self::Bytes(comparison, bytes) => write!(f, "{} {bytes}", comparison.symbol()),
            }
        }
    }

    const WORDS: &[Word<Asked>] = &[
        Word {
            name: "os",
            sided: true,
            expected: "the name of an operating system",
            scopes: Scopes::of(&[Scope::Frame, Scope::Host]),
            operand: Operand::Value(|text| (text != "none").then(|| Asked::System(text.to_owned()))),
        },
        Word {
            name: "bytes",
            sided: false,
            expected: "a number such as 1500 or 1M",
            scopes: Scopes::of(&[Scope::Flow, Scope::Host]),
            operand: Operand::Comparison(Asked::Bytes),
        },
    ];

    fn read(text: &str, scope: Scope) -> Result<Extended<Asked>, FilterError> {
        Extended::parse(text, WORDS, scope)
    }

    #[test]
    fn a_table_of_words_extends_the_language() {
        for (text, canonical) in [
            ("src os linux or windows", "src os linux or src os windows"),
            ("os \"Windows 10\" and host 192.0.2.1", "os \"Windows 10\" and host 192.0.2.1"),
            ("bytes > 1M", "bytes > 1000000"),
            ("not bytes <= 2k", "not bytes <= 2000"),
            ("bytes==3", "bytes = 3"),
        ] {
            let filter = read(text, Scope::Host).unwrap();
            assert_eq!(filter.to_string(), canonical);
            assert_eq!(read(canonical, Scope::Host).unwrap(), filter);
        }
    }

    #[test]
    fn a_callers_words_are_not_asked_of_one_layer() {
        for text in ["inner os linux", "inner (tcp and os linux)", "outer (os linux or windows)"] {
            let error = read(text, Scope::Frame).unwrap_err();
            assert_eq!(error.at, text.find("os").unwrap(), "{}", error.render(text));
            assert!(error.hint.unwrap().contains("and os"), "{text}");
        }
        assert!(read("os linux or inner windows", Scope::Frame).is_err());
        assert!(read("inner (tcp) and os linux", Scope::Frame).is_ok());
    }

    #[test]
    fn the_caller_answers_its_words() {
        let filter = read("os linux and not tcp", Scope::Frame).unwrap();
        let passes = |name: &str| {
            filter.matches(&Packet::empty(), &[], |upper| upper.value == Asked::System(name.to_owned()))
        };
        assert!(passes("linux") && !passes("windows"));
    }

    #[test]
    fn faults_of_operands_point_at_them() {
        for (text, at) in
            [("bytes 5", 6), ("bytes > 5X", 8), ("bytes >", 7), ("os none", 3), ("tcp or bytes > 1", 0)]
        {
            let error = read(text, Scope::Host).unwrap_err();
            assert_eq!(error.at, at, "{}", error.render(text));
        }
        let error = read("bytes > 1", Scope::Frame).unwrap_err();
        assert!(error.message.contains("works on flows and hosts, not on frames"), "{}", error.message);
    }
}
