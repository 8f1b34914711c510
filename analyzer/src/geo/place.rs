//! The answer to "whose is this address, and where?": small, `Copy`, kept in the host's row.

use super::{Asn, Cell, CountryCode};

/// Where an address belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// What kind of address it is; only [`Category::Global`] ones have a country or an AS.
    pub category: Category,
    /// The country the database names, an estimate.
    pub country: Option<CountryCode>,
    /// The autonomous system that announces it.
    pub asn: Option<Asn>,
    /// Where its city is, to a tenth of a degree, when the city table is read and agrees on the country.
    pub cell: Option<Cell>,
}

impl serde::Serialize for CountryCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for CountryCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = || {
            serde::de::Error::custom(format!("expected a country of two letters such as NL, found {text:?}"))
        };
        Self::new(&text).ok_or_else(expected)
    }
}

/// What kind of address it is, from the IANA special-purpose registries (RFC 6890) and the multicast ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Category {
    /// Globally reachable unicast.
    #[default]
    Global,
    /// RFC 1918, unique local (RFC 4193).
    Private,
    /// Shared address space, RFC 6598.
    Cgnat,
    /// RFC 3927, RFC 4291 §2.5.6.
    LinkLocal,
    /// RFC 1122 §3.2.1.3, RFC 4291 §2.5.3.
    Loopback,
    /// RFC 5771, RFC 4291 §2.7.
    Multicast,
    /// The limited broadcast address, RFC 919.
    Broadcast,
    /// Documentation, benchmarking, reserved, unspecified and unallocated: not to be seen on the open network.
    Bogon,
}

impl Category {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Global,
        Self::Private,
        Self::Cgnat,
        Self::LinkLocal,
        Self::Loopback,
        Self::Multicast,
        Self::Broadcast,
        Self::Bogon,
    ];

    /// The name in filters, reports and the live protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Private => "private",
            Self::Cgnat => "cgnat",
            Self::LinkLocal => "link_local",
            Self::Loopback => "loopback",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Bogon => "bogon",
        }
    }
}
