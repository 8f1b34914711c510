//! The words of the language: protocols that qualify or stand alone, words with a grammar of their own, and words of
//! pcap-filter(7) that are known but refused, each with its reason.

use super::link_names::ENDS;
use super::names;
use super::tree::{Family, Layer, ethertype};

/// A protocol's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `ether` and its aliases: the link layer, whatever it is.
    Link,
    /// What the link carries, by EtherType or LLC service access point.
    Network(u16),
    /// What IP carries.
    Transport(Family, u8),
    /// What OSI's network layer carries.
    Iso(u8),
}

impl Protocol {
    /// What byte access counts from; `None` where libpcap allows none.
    pub(super) const fn layer(self) -> Option<Layer> {
        match self {
            Self::Link => Some(Layer::Link),
            Self::Network(number) if number > 1500 => Some(Layer::Network(number)),
            Self::Transport(_, AH | ESP) | Self::Network(_) | Self::Iso(_) => None,
            Self::Transport(family, number) => Some(Layer::Transport(family, number)),
        }
    }
}

const ESP: u8 = 50;
const AH: u8 = 51;

/// The first word of a meaning is the one that canonical text uses.
pub(super) const PROTOCOLS: &[(&str, Protocol)] = &[
    ("ether", Protocol::Link),
    ("link", Protocol::Link),
    ("ppp", Protocol::Link),
    ("slip", Protocol::Link),
    ("fddi", Protocol::Link),
    ("tr", Protocol::Link),
    ("wlan", Protocol::Link),
    ("ip", Protocol::Network(ethertype::IPV4)),
    ("ip6", Protocol::Network(ethertype::IPV6)),
    ("arp", Protocol::Network(ethertype::ARP)),
    ("rarp", Protocol::Network(ethertype::RARP)),
    ("pppoed", Protocol::Network(ethertype::PPPOE_DISCOVERY)),
    ("atalk", Protocol::Network(0x809b)),
    ("aarp", Protocol::Network(0x80f3)),
    ("decnet", Protocol::Network(0x6003)),
    ("lat", Protocol::Network(0x6004)),
    ("mopdl", Protocol::Network(0x6001)),
    ("moprc", Protocol::Network(0x6002)),
    ("sca", Protocol::Network(0x6007)),
    ("stp", Protocol::Network(0x42)),
    ("ipx", Protocol::Network(0xe0)),
    ("netbeui", Protocol::Network(0xf0)),
    ("iso", Protocol::Network(0xfe)),
    ("tcp", Protocol::Transport(Family::Any, 6)),
    ("udp", Protocol::Transport(Family::Any, 17)),
    ("sctp", Protocol::Transport(Family::Any, 132)),
    ("icmp", Protocol::Transport(Family::Ipv4, 1)),
    ("icmp6", Protocol::Transport(Family::Ipv6, 58)),
    ("igmp", Protocol::Transport(Family::Ipv4, 2)),
    ("igrp", Protocol::Transport(Family::Ipv4, 9)),
    ("pim", Protocol::Transport(Family::Any, 103)),
    ("vrrp", Protocol::Transport(Family::Ipv4, 112)),
    ("carp", Protocol::Transport(Family::Ipv4, 112)),
    ("ah", Protocol::Transport(Family::Any, AH)),
    ("esp", Protocol::Transport(Family::Any, ESP)),
    ("clnp", Protocol::Iso(0x81)),
    ("esis", Protocol::Iso(0x82)),
    ("es-is", Protocol::Iso(0x82)),
    ("isis", Protocol::Iso(0x83)),
    ("is-is", Protocol::Iso(0x83)),
];

/// Words with a grammar of their own.
pub(super) const PLAIN: &[&str] = &[
    "src",
    "dst",
    "host",
    "net",
    "mask",
    "port",
    "portrange",
    "proto",
    "protochain",
    "less",
    "greater",
    "len",
    "length",
    "byte",
    "broadcast",
    "multicast",
    "inbound",
    "outbound",
    "ifindex",
    "vlan",
    "mpls",
    "pppoes",
    "geneve",
    "inner",
    "outer",
    "type",
    "subtype",
    "dir",
    "llc",
];

/// Why a group of words is refused, and what to do instead.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) words: &'static [&'static str],
    pub(super) reason: &'static str,
    pub(super) hint: &'static str,
}

pub(super) const REFUSED: &[Refusal] = &[
    Refusal {
        words: &["gateway"],
        reason: "needs host names resolved to both an IP and a hardware address, and nothing is resolved here",
        hint: "write `ether host MAC and not host ADDRESS`",
    },
    Refusal {
        words: &["radio"],
        reason: "asks the bytes of the radio header, which aren't read as one",
        hint: "ask the IEEE 802.11 header behind it: `type mgt`, `wlan addr1 MAC`, `ether[0] = 0x80`",
    },
    Refusal {
        words: &[
            "lane",
            "metac",
            "bcc",
            "oam",
            "oamf4",
            "oamf4ec",
            "oamf4sc",
            "sc",
            "ilmic",
            "vpi",
            "vci",
            "connectmsg",
            "metaconnect",
        ],
        reason: "asks ATM headers of SunATM captures, which aren't read",
        hint: "leave it out",
    },
    Refusal {
        words: &[
            "ifname",
            "on",
            "rnr",
            "rulenum",
            "reason",
            "rset",
            "ruleset",
            "srnr",
            "subrulenum",
            "action",
        ],
        reason: "asks the log header of OpenBSD's pf, which isn't read",
        hint: "leave it out",
    },
    Refusal {
        words: &["fisu", "lssu", "lsu", "msu", "hfisu", "hlssu", "hmsu", "sio", "opc", "dpc", "sls", "hsio"],
        reason: "asks SS7 headers, which aren't read",
        hint: "leave it out",
    },
    Refusal {
        words: &["l1", "l2", "iih", "lsp", "snp", "csnp", "psnp"],
        reason: "asks for a kind of IS-IS message, which isn't read",
        hint: "`isis` finds all of them",
    },
];

pub(super) fn protocol(word: &str) -> Option<Protocol> {
    PROTOCOLS.iter().find(|(name, _)| *name == word).map(|(_, protocol)| *protocol)
}

/// The word for a protocol in canonical text.
pub(super) fn protocol_name(protocol: Protocol) -> Option<&'static str> {
    PROTOCOLS.iter().find(|(_, known)| *known == protocol).map(|(name, _)| *name)
}

pub(super) fn refusal(word: &str) -> Option<&'static Refusal> {
    REFUSED.iter().find(|refusal| refusal.words.contains(&word))
}

/// Whether a word means something by itself, so that it can't be a name.
pub(super) fn is_keyword(word: &str) -> bool {
    protocol(word).is_some()
        || PLAIN.contains(&word)
        || ENDS.iter().any(|(end, _)| *end == word)
        || names::constant(word).is_some()
        || refusal(word).is_some()
}

/// Everything a typo may have meant.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let protocols = PROTOCOLS.iter().map(|(name, _)| *name);
    let ends = ENDS.iter().map(|(name, _)| *name);
    PLAIN.iter().copied().chain(ends).chain(protocols).chain(["and", "or", "not"])
}
