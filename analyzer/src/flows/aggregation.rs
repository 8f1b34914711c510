//! What flows can be asked by: the nineteen aggregations of FlowGraph under their ids, and the dimensions of reports. One
//! line of [`AGGREGATIONS`] each.

use std::net::IpAddr;

use capturer::Vlan;
use capturer::flow::{Exporter, FlowRecord};

use super::key::Key;
use super::names::Naming;
use crate::aggregate::is_public;
use crate::geo::{Asn, Continent, Geo, Needs};
use crate::network::Network;
use crate::observation::{End, Observation};

/// One way to tell flows apart.
pub struct Aggregation {
    /// Its name in options, parameters and documents.
    pub id: &'static str,
    /// What its keys are.
    pub title: &'static str,
    /// The usual and the longest prefix length, where keys are networks of a length.
    pub lengths: Option<(u8, u8)>,
    /// The tables it asks.
    pub needs: Needs,
    pub(super) keys: Keys,
    pub(super) naming: Naming,
    /// What is to be said of the answer.
    pub(super) note: Option<&'static str>,
}

/// How a record gets its keys.
pub(super) enum Keys {
    /// One key for each record.
    One(fn(&Asked<'_>, &mut Told) -> Key),
    /// A key for each end that has one; the flag says whether the source is meant.
    Ends(fn(&Asked<'_>, bool) -> Option<Key>),
}

/// A record with what is known of it.
pub(super) struct Asked<'a> {
    pub(super) record: &'a FlowRecord,
    pub(super) seen: &'a Observation,
    pub(super) geo: &'a Geo,
    /// The length of networks.
    pub(super) length: u8,
}

/// How much keys rely on what exporters say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// Records without such a field.
    pub(super) without: u64,
    /// Records whose key was looked up instead.
    pub(super) looked_up: u64,
}

const NOTHING: Needs = Needs { country: false, asn: false };
const COUNTRY: Needs = Needs { country: true, asn: false };
const ASN: Needs = Needs { country: false, asn: true };

const fn one(id: &'static str, title: &'static str, keys: fn(&Asked<'_>, &mut Told) -> Key) -> Aggregation {
    Aggregation {
        id,
        title,
        lengths: None,
        needs: NOTHING,
        keys: Keys::One(keys),
        naming: Naming::None,
        note: None,
    }
}

const fn ends(
    id: &'static str,
    title: &'static str,
    keys: fn(&Asked<'_>, bool) -> Option<Key>,
) -> Aggregation {
    Aggregation {
        id,
        title,
        lengths: None,
        needs: NOTHING,
        keys: Keys::Ends(keys),
        naming: Naming::None,
        note: None,
    }
}

impl std::fmt::Debug for Aggregation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

impl Aggregation {
    const fn named_by(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    const fn of_length(self, usual: u8, longest: u8) -> Self {
        Self { lengths: Some((usual, longest)), ..self }
    }

    const fn saying(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }

    /// By its id.
    pub fn named(id: &str) -> Option<&'static Self> {
        AGGREGATIONS.iter().find(|aggregation| aggregation.id == id)
    }

    /// Whether a record counts at one end, the other or both, as is asked.
    pub const fn is_sided(&self) -> bool {
        matches!(self.keys, Keys::Ends(_))
    }
}

/// Every aggregation there is.
pub static AGGREGATIONS: &[Aggregation] = &[
    one("pr", "protocols, by number", |asked, _| Key::Number(asked.record.protocol.0.into()))
        .named_by(Naming::Protocol),
    one("exp", "exporters, by address and domain", exporter),
    one("sa", "source addresses", |asked, _| Key::Address(asked.record.source)),
    one("da", "destination addresses", |asked, _| Key::Address(asked.record.destination)),
    one("sp", "source ports", |asked, _| Key::Number(asked.record.ports.source.into())),
    one("dp", "destination ports", |asked, _| Key::Number(asked.record.ports.destination.into())),
    one("nh", "next hops", |asked, told| address(asked.record.next_hop, told)),
    one("nhb", "BGP next hops", |asked, told| address(asked.record.bgp_next_hop, told)),
    one("ra", "routers: the addresses of exporters", |asked, told| {
        address(asked.record.exporter.address, told)
    }),
    one("sas", "source AS: as exporters say, else looked up", |asked, told| {
        system(asked.record.source_as, &asked.seen.source, told)
    })
    .needing(ASN)
    .named_by(Naming::Asn),
    one("das", "destination AS: as exporters say, else looked up", |asked, told| {
        system(asked.record.destination_as, &asked.seen.destination, told)
    })
    .needing(ASN)
    .named_by(Naming::Asn),
    one("nas", "next AS: the neighbours that flows go to", |asked, told| number(asked.record.next_as, told))
        .needing(ASN)
        .named_by(Naming::Asn),
    one("pas", "previous AS: the neighbours that flows come from", |asked, told| {
        number(asked.record.previous_as, told)
    })
    .needing(ASN)
    .named_by(Naming::Asn),
    one("in", "input interfaces, by SNMP index", |asked, told| number(asked.record.input, told)),
    one("out", "output interfaces, by SNMP index", |asked, told| number(asked.record.output, told)),
    one("sn4", "IPv4 networks of sources, by prefix length", |asked, _| {
        network(asked.record.source, asked.length, false)
    })
    .of_length(24, 32),
    one("sn6", "IPv6 networks of sources, by prefix length", |asked, _| {
        network(asked.record.source, asked.length, true)
    })
    .of_length(48, 128),
    one("dn4", "IPv4 networks of destinations, by prefix length", |asked, _| {
        network(asked.record.destination, asked.length, false)
    })
    .of_length(24, 32),
    one("dn6", "IPv6 networks of destinations, by prefix length", |asked, _| {
        network(asked.record.destination, asked.length, true)
    })
    .of_length(48, 128),
    ends("country", "countries of public addresses", |asked, source| {
        public(end(asked, source), |end| end.place.country.map(Key::Country))
    })
    .needing(COUNTRY)
    .named_by(Naming::Country),
    ends("continent", "continents of public addresses", |asked, source| {
        public(end(asked, source), |end| {
            end.place.country.and_then(Continent::of).map(|continent| Key::Word(continent.code()))
        })
    })
    .needing(COUNTRY)
    .named_by(Naming::Continent),
    ends("asn", "autonomous systems that announce public addresses", |asked, source| {
        public(end(asked, source), |end| end.place.asn.map(|Asn(number)| Key::Number(number)))
    })
    .needing(ASN)
    .named_by(Naming::Asn),
    ends("prefix", "announced prefixes, or blocks that cover public addresses", |asked, source| {
        public(end(asked, source), |end| {
            asked.geo.prefix(end.address).map(|prefix| Key::Network(prefix.network))
        })
    })
    .needing(Needs::ALL)
    .named_by(Naming::Prefix),
    ends("place", "kinds of address: private, cgnat, multicast …, unknown, global", |asked, source| {
        let end = end(asked, source);
        let is_unknown = is_public(end.address) && end.place.country.is_none();
        Some(if is_unknown { Key::UNKNOWN } else { Key::Word(end.place.category.name()) })
    })
    .needing(COUNTRY),
    ends("host", "addresses", |asked, source| Some(Key::Address(end(asked, source).address))),
    one("pair", "who sends to whom", |asked, _| Key::Pair(asked.record.source, asked.record.destination)),
    one("domain", "registered domains", |_, _| Key::UNKNOWN).saying(UNNAMED),
    one("service", "services by the port of the answering end", |asked, _| match asked.seen.service {
        Some(service) => Key::Service(service.protocol.0, service.port),
        None => Key::UNKNOWN,
    }),
    one("protocol", "upper-layer protocols, by name", |asked, _| Key::Protocol(asked.record.protocol.0)),
    ends("port", "ports by transport", |asked, source| {
        let ports = asked.seen.ports?;
        let port = if source { ports.source } else { ports.destination };
        Some(Key::Port(asked.record.protocol.0, port))
    })
    .named_by(Naming::Port),
    ends("mac", "hardware addresses", |asked, source| {
        let mac = if source { asked.record.source_mac } else { asked.record.destination_mac };
        (mac != capturer::Mac::default()).then_some(Key::Mac(mac))
    })
    .named_by(Naming::Vendor),
    one("vlan", "VLANs", |asked, _| match Vlan::id(asked.record.vlan) {
        Some(id) => Key::Number(id.into()),
        None => Key::Word("untagged"),
    }),
    one("os", "what hosts look like", |_, _| Key::UNKNOWN).saying(UNSEEN),
];

const UNNAMED: &str = "flow records carry no names: everything is under unknown";
const UNSEEN: &str = "flow records do not tell what hosts look like: everything is under unknown";

fn end<'a>(asked: &Asked<'a>, source: bool) -> &'a End {
    if source { &asked.seen.source } else { &asked.seen.destination }
}

/// The key of a public address, or that it is not known; nothing of another, as in reports.
fn public(end: &End, key: impl Fn(&End) -> Option<Key>) -> Option<Key> {
    is_public(end.address).then(|| key(end).unwrap_or(Key::UNKNOWN))
}

fn exporter(asked: &Asked<'_>, told: &mut Told) -> Key {
    told.without += u64::from(asked.record.exporter == Exporter::OURS);
    Key::Exporter(asked.record.exporter)
}

fn address(address: IpAddr, told: &mut Told) -> Key {
    told.without += u64::from(address.is_unspecified());
    Key::Address(if address.is_unspecified() { FlowRecord::NOBODY } else { address })
}

fn number(number: u32, told: &mut Told) -> Key {
    told.without += u64::from(number == 0);
    Key::Number(number)
}

fn system(said: u32, end: &End, told: &mut Told) -> Key {
    match (said, end.place.asn) {
        (0, Some(Asn(found))) => {
            told.looked_up += 1;
            Key::Number(found)
        }
        _ => number(said, told),
    }
}

/// The network of an address of the family that is asked; 0 of the other.
fn network(address: IpAddr, length: u8, is_v6: bool) -> Key {
    if address.is_ipv6() == is_v6 { Key::Network(Network::new(address, length)) } else { Key::Number(0) }
}
