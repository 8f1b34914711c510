//! The words that only a flow record answers: what its exporter says of it. A new word is a line in [`WORDS`] and a line
//! in [`RecordFact::holds`].

use std::fmt;
use std::net::IpAddr;

use capturer::Protocol;
use capturer::filter::{Comparison, Operand, Scope, Scopes, Side, Word};
use capturer::flow::FlowRecord;

use super::words::Fact;
use crate::geo::Asn;
use crate::observation::{End, Observation};

/// What one of these words asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordFact {
    /// An AS, as the exporter says, else as it is looked up.
    As(u32),
    /// The interface it came in by.
    Input(u32),
    /// The interface it left by.
    Output(u32),
    /// Either.
    Interface(u32),
    /// The next hop.
    NextHop(IpAddr),
    /// The BGP next hop.
    BgpNextHop(IpAddr),
    /// The exporter's address.
    Router(IpAddr),
    /// The source's address.
    Source(IpAddr),
    /// The destination's.
    Destination(IpAddr),
    /// The neighbour it goes to.
    NextAs(u32),
    /// The neighbour it came from.
    PreviousAs(u32),
    /// The exporter's domain.
    Exporter(u32),
    /// All of these TCP flags.
    Flags(Flags),
    /// The type of service.
    Tos(u8),
    /// A figure compared with a number.
    Figure(Figure, Comparison, u64),
}

/// Figures of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Packets.
    Packets,
    /// Bytes.
    Bytes,
    /// Flows it stands for.
    Flows,
    /// Packets a second.
    Pps,
    /// Bits a second.
    Bps,
    /// Bytes a packet.
    Bpp,
    /// Milliseconds from its first packet to its last.
    Duration,
}

/// TCP flags by their letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u16);

/// Letters of TCP flags, as nfdump writes them; X is all of the first six.
const LETTERS: [(char, u16); 9] =
    [('X', 0x3f), ('F', 1), ('S', 2), ('R', 4), ('P', 8), ('A', 0x10), ('U', 0x20), ('E', 0x40), ('C', 0x80)];

const fn word(name: &'static str, expected: &'static str, operand: Operand<Fact>) -> Word<Fact> {
    Word { name, sided: false, expected, scopes: Scopes::of(&[Scope::Record]), operand }
}

const NUMBER: &str = "a number such as 1500 or 1M, after >, <, =, >=, <= or !=";
const INTERFACE: &str = "the number of an interface (SNMP index)";
const ADDRESS: &str = "an address";
const SYSTEM: &str = "the number of an autonomous system, such as 64496 or AS64496";
const DOMAIN: &str = "the number of an exporter's source id or observation domain";

/// A word that is followed by a comparison of a figure.
macro_rules! figure {
    ($name:literal, $figure:ident) => {
        word(
            $name,
            NUMBER,
            Operand::Comparison(|comparison, number| {
                Fact::Record(RecordFact::Figure(Figure::$figure, comparison, number))
            }),
        )
    };
}

/// A word that is followed by a value.
macro_rules! value {
    ($name:literal, $expected:expr, $read:expr, $fact:ident) => {
        word(
            $name,
            $expected,
            Operand::Value(|text| $read(text).map(|value| Fact::Record(RecordFact::$fact(value)))),
        )
    };
}

/// The table.
pub(super) const WORDS: &[Word<Fact>] = &[
    Word { sided: true, ..value!("as", SYSTEM, system, As) },
    value!("inif", INTERFACE, number, Input),
    value!("outif", INTERFACE, number, Output),
    value!("if", INTERFACE, number, Interface),
    value!("nextip", ADDRESS, address, NextHop),
    value!("bgpnextip", ADDRESS, address, BgpNextHop),
    value!("routerip", ADDRESS, address, Router),
    value!("srcip", ADDRESS, address, Source),
    value!("dstip", ADDRESS, address, Destination),
    value!("nextas", SYSTEM, system, NextAs),
    value!("prevas", SYSTEM, system, PreviousAs),
    value!("exporter", DOMAIN, number, Exporter),
    value!("sysid", DOMAIN, number, Exporter),
    value!("flags", "letters of TCP flags: S, SA, FPU … (F S R P A U E C)", flags, Flags),
    value!("tos", "a type of service: 0 to 255", tos, Tos),
    figure!("packets", Packets),
    figure!("bytes", Bytes),
    figure!("flows", Flows),
    figure!("pps", Pps),
    figure!("bps", Bps),
    figure!("bpp", Bpp),
    figure!("duration", Duration),
];

impl RecordFact {
    /// Whether only exporters tell it: flows that were seen here know nothing of it.
    pub(super) const fn is_of_exporters(&self) -> bool {
        matches!(
            self,
            Self::Input(_)
                | Self::Output(_)
                | Self::Interface(_)
                | Self::NextHop(_)
                | Self::BgpNextHop(_)
                | Self::Router(_)
                | Self::NextAs(_)
                | Self::PreviousAs(_)
                | Self::Exporter(_)
                | Self::Tos(_)
        )
    }

    /// Whether it holds for a record, asked of the ends that `side` names where it is about ends.
    pub(super) fn holds(&self, side: Side, record: &FlowRecord, seen: &Observation) -> bool {
        match self {
            Self::As(asked) => side.ask(
                || system_of(record.source_as, &seen.source) == *asked,
                || system_of(record.destination_as, &seen.destination) == *asked,
            ),
            Self::Input(asked) => record.input == *asked,
            Self::Output(asked) => record.output == *asked,
            Self::Interface(asked) => record.input == *asked || record.output == *asked,
            Self::NextHop(asked) => record.next_hop == *asked,
            Self::BgpNextHop(asked) => record.bgp_next_hop == *asked,
            Self::Router(asked) => record.exporter.address == *asked,
            Self::Source(asked) => record.source == *asked,
            Self::Destination(asked) => record.destination == *asked,
            Self::NextAs(asked) => record.next_as == *asked,
            Self::PreviousAs(asked) => record.previous_as == *asked,
            Self::Exporter(asked) => record.exporter.domain == *asked,
            // Some exporters fill the field of other protocols, too.
            Self::Flags(asked) => record.protocol == Protocol::TCP && record.tcp_flags.0 & asked.0 == asked.0,
            Self::Tos(asked) => record.traffic_class == *asked,
            Self::Figure(figure, comparison, number) => comparison.holds(figure.of(record), *number),
        }
    }
}

fn system_of(said: u32, end: &End) -> u32 {
    if said != 0 { said } else { end.place.asn.map_or(0, |Asn(found)| found) }
}

impl Figure {
    /// Rates are over the time from the first packet to the last, 0 where that is none, and rounded down.
    fn of(self, record: &FlowRecord) -> u64 {
        let millis = (record.last.since(record.first).as_millis() as u64).min(u64::from(u32::MAX));
        let rate = |all: u64| all.saturating_mul(1000).checked_div(millis).unwrap_or(0);
        match self {
            Self::Packets => record.all_packets(),
            Self::Bytes => record.all_bytes(),
            Self::Flows => record.flows,
            Self::Pps => rate(record.all_packets()),
            Self::Bps => rate(record.all_bytes().saturating_mul(8)),
            Self::Bpp => record.all_bytes().checked_div(record.all_packets()).unwrap_or(0),
            Self::Duration => millis,
        }
    }
}

impl fmt::Display for RecordFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::As(number)
            | Self::Input(number)
            | Self::Output(number)
            | Self::Interface(number)
            | Self::NextAs(number)
            | Self::PreviousAs(number)
            | Self::Exporter(number) => number.fmt(f),
            Self::NextHop(address)
            | Self::BgpNextHop(address)
            | Self::Router(address)
            | Self::Source(address)
            | Self::Destination(address) => address.fmt(f),
            Self::Flags(flags) => flags.fmt(f),
            Self::Tos(tos) => tos.fmt(f),
            Self::Figure(_, comparison, number) => write!(f, "{} {number}", comparison.symbol()),
        }
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LETTERS[1..]
            .iter()
            .filter(|(_, bit)| self.0 & bit != 0)
            .try_for_each(|(letter, _)| write!(f, "{letter}"))
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn system(text: &str) -> Option<u32> {
    number(text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text))
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

fn tos(text: &str) -> Option<u8> {
    text.parse().ok()
}

fn flags(text: &str) -> Option<Flags> {
    let bit = |letter| LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, bits)| *bits);
    let bits = text.chars().map(bit).try_fold(0, |all, bits| Some(all | bits?))?;
    (bits != 0).then_some(Flags(bits))
}
