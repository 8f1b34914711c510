//! Oddities of IP and TCP headers that tell stacks apart, under the names that p0f gave them (README of p0f 3, section 5).

use std::fmt;
use std::str::FromStr;

use super::error::Unexpected;

/// A set of quirks, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quirks(u32);

/// All quirks in the order in which they are written.
const NAMES: [(Quirks, &str); 17] = [
    (Quirks::DF, "df"),
    (Quirks::ID_NOT_ZERO, "id+"),
    (Quirks::ID_ZERO, "id-"),
    (Quirks::ECN, "ecn"),
    (Quirks::RESERVED, "0+"),
    (Quirks::FLOW, "flow"),
    (Quirks::SEQUENCE_ZERO, "seq-"),
    (Quirks::ACK_NOT_ZERO, "ack+"),
    (Quirks::ACK_ZERO, "ack-"),
    (Quirks::URGENT_POINTER, "uptr+"),
    (Quirks::URGENT_FLAG, "urgf+"),
    (Quirks::PUSH_FLAG, "pushf+"),
    (Quirks::TIMESTAMP_ZERO, "ts1-"),
    (Quirks::PEER_TIMESTAMP, "ts2+"),
    (Quirks::OPTIONS_TRAIL, "opt+"),
    (Quirks::EXCESSIVE_SCALE, "exws"),
    (Quirks::BAD_OPTIONS, "bad"),
];

impl Quirks {
    /// Nothing odd.
    pub const NONE: Self = Self(0);
    /// IPv4: "do not fragment" is set.
    pub const DF: Self = Self(1);
    /// IPv4: the identification is not zero although "do not fragment" is set.
    pub const ID_NOT_ZERO: Self = Self(1 << 1);
    /// IPv4: the identification is zero although the packet may be fragmented.
    pub const ID_ZERO: Self = Self(1 << 2);
    /// Explicit congestion notification in the IP or the TCP header.
    pub const ECN: Self = Self(1 << 3);
    /// IPv4: the reserved flag is set.
    pub const RESERVED: Self = Self(1 << 4);
    /// IPv6: the flow label is not zero.
    pub const FLOW: Self = Self(1 << 5);
    /// The sequence number is zero.
    pub const SEQUENCE_ZERO: Self = Self(1 << 6);
    /// The acknowledgment number is not zero, but the ACK flag is not set.
    pub const ACK_NOT_ZERO: Self = Self(1 << 7);
    /// The acknowledgment number is zero, but the ACK flag is set.
    pub const ACK_ZERO: Self = Self(1 << 8);
    /// The urgent pointer is not zero, but the URG flag is not set.
    pub const URGENT_POINTER: Self = Self(1 << 9);
    /// The URG flag is set.
    pub const URGENT_FLAG: Self = Self(1 << 10);
    /// The PSH flag is set.
    pub const PUSH_FLAG: Self = Self(1 << 11);
    /// The sender's own timestamp is zero.
    pub const TIMESTAMP_ZERO: Self = Self(1 << 12);
    /// A SYN echoes a timestamp.
    pub const PEER_TIMESTAMP: Self = Self(1 << 13);
    /// What follows the end of the options is not zero.
    pub const OPTIONS_TRAIL: Self = Self(1 << 14);
    /// The window scale is above 14.
    pub const EXCESSIVE_SCALE: Self = Self(1 << 15);
    /// The options are malformed.
    pub const BAD_OPTIONS: Self = Self(1 << 16);

    /// Whether every quirk of `other` is there.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that `other` has not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    #[cfg(test)]
    pub(super) const fn bit(bit: u32) -> Self {
        Self(1 << bit)
    }

    /// These if a condition holds, else none.
    pub(super) const fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::NONE }
    }
}

impl fmt::Display for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (_, name) in NAMES.iter().filter(|(quirk, _)| self.has(*quirk)) {
            write!(f, "{comma}{name}")?;
            comma = ",";
        }
        Ok(())
    }
}

impl FromStr for Quirks {
    type Err = Unexpected;

    fn from_str(text: &str) -> Result<Self, Unexpected> {
        let named = |name: &str| NAMES.iter().find(|(_, known)| *known == name).map(|(quirk, _)| *quirk);
        text.split(',').filter(|name| !name.is_empty()).try_fold(Self::NONE, |all, name| {
            let quirk = named(name).ok_or_else(|| {
                Unexpected::at(
                    name,
                    "a quirk: df, id+, id-, ecn, 0+, flow, seq-, ack+, ack-, uptr+, urgf+, pushf+, ts1-, ts2+, opt+, exws, bad",
                )
            })?;
            Ok(all.and(quirk))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quirk_has_a_bit_and_a_name_of_its_own() {
        for (n, (quirk, name)) in NAMES.into_iter().enumerate() {
            assert_eq!((quirk.0, quirk.to_string()), (1 << n, name.to_owned()));
            assert_eq!(name.parse(), Ok(quirk));
        }
    }

    #[test]
    fn a_quirk_nobody_knows_is_an_error_that_lists_them() {
        assert!("df,odd".parse::<Quirks>().unwrap_err().to_string().contains("`odd`: expected a quirk: df,"));
        assert_eq!("".parse(), Ok(Quirks::NONE));
    }
}
