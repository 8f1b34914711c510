//! The words that need geography, direction and what was learned of hosts. A new word is a variant, a line in [`WORDS`], a line in
//! [`Fact::holds`] and a line for its text.

use std::fmt;

use capturer::Protocol;
use capturer::filter::{Operand, Ported, Scope, Scopes, Side, Word, service};

use super::record::{self, RecordFact};
use crate::aggregate::{SERVICES, service_label};
use crate::detect::is_of;
use crate::fingerprint::{Families, Family};
use crate::geo::{Asn, Category, Continent, CountryCode, Place};
use crate::inventory::Knowledge;
use crate::names::Name;
use crate::network::Network;
use crate::observation::{Direction, End, Observation};

/// What one of the words asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An address in this country.
    Country(CountryCode),
    /// An address in a country of this continent.
    Continent(Continent),
    /// An address of this autonomous system.
    Asn(Asn),
    /// An address in this network.
    Prefix(Network),
    /// An address of this kind.
    Place(Category),
    /// A public address without a country.
    PlaceUnknown,
    /// Which way the packet goes.
    Direction(Direction),
    /// A service's port at the answering end.
    Service(NamedService),
    /// An address of which a name in this domain is known.
    Domain(Box<str>),
    /// An address that looks like this.
    System(System),
    /// An alert of this rule or family of rules.
    Alert(Box<str>),
    /// What a flow record says of itself.
    Record(RecordFact),
}

/// What an address may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// One of these families.
    Of(Families),
    /// Nothing that is known.
    Unknown,
}

/// A service by its name, and the transports and ports that it is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedService {
    name: Box<str>,
    ports: Box<[(Protocol, u16)]>,
}

const ENDS_AND_FLOWS: Scopes = Scopes::of(&[Scope::Frame, Scope::Flow, Scope::Record]);

/// Flow records carry no names.
const NAMED: Scopes = Scopes::of(&[Scope::Frame, Scope::Flow, Scope::Host, Scope::Alert]);

/// An alert is kept longer than what its parties looked like is known.
const PACKETS_AND_HOSTS: Scopes = Scopes::of(&[Scope::Frame, Scope::Flow, Scope::Host]);

const TRANSPORTS: [(&str, char, Protocol, Ported); 3] = [
    ("tcp", 't', Protocol::TCP, Ported::Tcp),
    ("udp", 'u', Protocol::UDP, Ported::Udp),
    ("sctp", 's', Protocol::SCTP, Ported::Sctp),
];

/// The table: these, and those of flow records.
pub(super) const WORDS: &[Word<Fact>] = &joined();

const fn joined() -> [Word<Fact>; OURS.len() + record::WORDS.len()] {
    let mut words = [OURS[0]; OURS.len() + record::WORDS.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = if at < OURS.len() { OURS[at] } else { record::WORDS[at - OURS.len()] };
        at += 1;
    }
    words
}

const OURS: &[Word<Fact>] = &[
    Word {
        name: "country",
        sided: true,
        expected: "a country's two letters (ISO 3166-1), such as NL",
        scopes: Scopes::ALL,
        operand: Operand::Value(|text| CountryCode::new(text).map(Fact::Country)),
    },
    Word {
        name: "continent",
        sided: true,
        expected: "AF, AN, AS, EU, NA, OC or SA",
        scopes: Scopes::ALL,
        operand: Operand::Value(|text| Continent::named(text).map(Fact::Continent)),
    },
    Word {
        name: "asn",
        sided: true,
        expected: "the number of an autonomous system, such as 1136 or AS1136",
        scopes: Scopes::ALL,
        operand: Operand::Value(asn),
    },
    Word {
        name: "prefix",
        sided: true,
        expected: "a network such as 192.0.2.0/24 or 2001:db8::/32",
        scopes: Scopes::ALL,
        operand: Operand::Value(prefix),
    },
    Word {
        name: "place",
        sided: true,
        expected: "private, cgnat, link_local, loopback, multicast, broadcast, bogon, unknown or global",
        scopes: Scopes::ALL,
        operand: Operand::Value(place),
    },
    Word {
        name: "direction",
        sided: false,
        expected: "in, out, internal or transit",
        scopes: ENDS_AND_FLOWS,
        operand: Operand::Value(direction),
    },
    Word {
        name: "service",
        sided: false,
        expected: "a service's name such as https or dns, or a port such as tcp/8443",
        scopes: ENDS_AND_FLOWS,
        operand: Operand::Value(|text| named_service(text).map(Fact::Service)),
    },
    Word {
        name: "domain",
        sided: true,
        expected: "a domain such as example.org; names below it are meant, too",
        scopes: NAMED,
        operand: Operand::Value(domain),
    },
    Word {
        name: "os",
        sided: true,
        expected: "windows, macos, ios, apple, android, linux, bsd, solaris, unix, network or unknown: what a host looks like",
        scopes: PACKETS_AND_HOSTS,
        operand: Operand::Value(system),
    },
    Word {
        name: "alert",
        sided: false,
        expected: "a rule or a family of rules such as scan.port.tcp_syn, scan.port or scan",
        scopes: Scopes::of(&[Scope::Alert]),
        operand: Operand::Value(rule),
    },
];

impl Fact {
    /// Whether it holds for the observation, asked of the ends that `side` names.
    #[inline]
    pub(super) fn holds(&self, side: Side, (seen, known): (&Observation, Knowledge<'_>)) -> bool {
        let ends =
            |asked: &dyn Fn(&End) -> bool| side.ask(|| asked(&seen.source), || asked(&seen.destination));
        match self {
            Self::Country(country) => ends(&|end| end.place.country == Some(*country)),
            Self::Continent(continent) => {
                ends(&|end| end.place.country.and_then(Continent::of) == Some(*continent))
            }
            Self::Asn(asn) => ends(&|end| end.place.asn == Some(*asn)),
            Self::Prefix(network) => ends(&|end| network.contains(end.address)),
            Self::Place(category) => ends(&|end| end.place.category == *category),
            Self::PlaceUnknown => ends(&|end| is_unknown(&end.place)),
            Self::Direction(direction) => seen.direction == *direction,
            Self::Service(service) => service.serves(seen),
            Self::Domain(domain) => ends(&|end| known.names.is_within(end.address, domain)),
            // Hosts are told from IP headers, as their rows are.
            Self::System(system) => {
                seen.is_ip() && ends(&|end| system.holds(known.systems.family(end.address)))
            }
            Self::Alert(wanted) => seen.rule.is_some_and(|rule| is_of(rule, wanted)),
            // Asked of records alone, which answer themselves.
            Self::Record(_) => false,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(country) => country.fmt(f),
            Self::Continent(continent) => f.write_str(continent.code()),
            Self::Asn(asn) => asn.0.fmt(f),
            Self::Prefix(network) => network.fmt(f),
            Self::Place(category) => f.write_str(category.name()),
            Self::PlaceUnknown => f.write_str(UNKNOWN),
            Self::Direction(direction) => f.write_str(direction.name()),
            Self::Service(service) => f.write_str(&service.name),
            Self::Domain(domain) => f.write_str(domain),
            Self::System(system) => system.fmt(f),
            Self::Alert(rule) => f.write_str(rule),
            Self::Record(asked) => asked.fmt(f),
        }
    }
}

impl System {
    fn holds(self, family: Option<Family>) -> bool {
        match (self, family) {
            (Self::Of(families), Some(family)) => families.has(family),
            (Self::Unknown, family) => family.is_none(),
            (Self::Of(_), None) => false,
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Of(families) = self else { return f.write_str(UNKNOWN) };
        match families.single() {
            Some(family) => f.write_str(&word(family)),
            None => f.write_str(if *families == Families::APPLE { "apple" } else { "unix" }),
        }
    }
}

/// A family in filters: its name's first word in small letters.
fn word(family: Family) -> String {
    family.name().split(' ').next().unwrap_or_default().to_ascii_lowercase()
}

impl NamedService {
    /// By the answering end where the observation knows it, else by either port.
    fn serves(&self, seen: &Observation) -> bool {
        if let Some(service) = seen.service {
            return self.ports.contains(&(service.protocol, service.port));
        }
        let has = |port| self.ports.contains(&(seen.protocol, port));
        seen.ports.is_some_and(|ports| has(ports.source) || has(ports.destination))
    }
}

const UNKNOWN: &str = "unknown";

fn is_unknown(place: &Place) -> bool {
    place.category == Category::Global && place.country.is_none()
}

fn asn(text: &str) -> Option<Fact> {
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().map(|number| Fact::Asn(Asn(number)))
}

/// A network by its first address; an address alone is no prefix, so that a bare one is taken for a host.
fn prefix(text: &str) -> Option<Fact> {
    let network: Network = text.parse().ok()?;
    let (address, _) = text.split_once('/')?;
    (address.parse() == Ok(network.address())).then_some(Fact::Prefix(network))
}

/// A name with a dot, so that a bare word is not taken for one.
fn domain(text: &str) -> Option<Fact> {
    let name = Name::parse(text.as_bytes())?;
    name.as_str().contains('.').then(|| Fact::Domain(name.as_str().into()))
}

/// A family, several that have a name together, or none.
fn system(text: &str) -> Option<Fact> {
    let unknown = text.eq_ignore_ascii_case(UNKNOWN).then_some(System::Unknown);
    Families::named(text).map(System::Of).or(unknown).map(Fact::System)
}

/// A rule's id, or the first parts of one.
fn rule(text: &str) -> Option<Fact> {
    crate::detect::rules().any(|rule| is_of(rule.id, text)).then(|| Fact::Alert(text.into()))
}

fn place(text: &str) -> Option<Fact> {
    let category = Category::ALL.into_iter().find(|category| category.name() == text).map(Fact::Place);
    category.or_else(|| (text == UNKNOWN).then_some(Fact::PlaceUnknown))
}

fn direction(text: &str) -> Option<Fact> {
    const ALL: [Direction; 4] = [Direction::In, Direction::Out, Direction::Internal, Direction::Transit];
    ALL.into_iter().find(|direction| direction.name() == text).map(Fact::Direction)
}

/// A name that the tables of services show, `tcp/8443`, or a name of the registry.
fn named_service(text: &str) -> Option<NamedService> {
    let shown = shown_service(text);
    if !shown.is_empty() {
        return Some(NamedService { name: text.into(), ports: shown.into() });
    }
    if let Some((transport, port)) = text.split_once('/') {
        let (.., protocol, _) = TRANSPORTS.into_iter().find(|(name, ..)| *name == transport)?;
        let port = port.parse().ok()?;
        return Some(NamedService {
            name: service_label(protocol, port).into(),
            ports: [(protocol, port)].into(),
        });
    }
    let (port, ported) = service(text)?;
    let known = TRANSPORTS.into_iter().filter(|(.., only)| ported == Ported::Any || ported == *only);
    Some(NamedService { name: text.into(), ports: known.map(|(.., protocol, _)| (protocol, port)).collect() })
}

fn shown_service(text: &str) -> Vec<(Protocol, u16)> {
    let rows = SERVICES.iter().filter(|(name, ..)| *name == text);
    rows.flat_map(|(_, port, letters)| {
        let carried = TRANSPORTS.into_iter().filter(|(_, letter, ..)| letters.contains(*letter));
        carried.map(|(.., protocol, _)| (protocol, *port))
    })
    .collect()
}
