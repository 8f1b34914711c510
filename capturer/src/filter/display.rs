//! Tree → canonical text: every qualifier written out, names as numbers, one spelling for one meaning. Reading it
//! again gives the same tree, so it serves as a key. (The text of a filter at the limits of length or depth may
//! exceed them.)

use std::fmt::{self, Display, Formatter, Write as _};
use std::net::Ipv4Addr;

use super::keyword::{Protocol, protocol_name};
use super::link_names::{Bits, DIRECTIONS, ENDS, LLC, SUBTYPE, SUBTYPES, TYPE, TYPES, name_of};
use super::parse::binding;
use super::tree::{
    Carrier, Cast, Expression, Family, Ipv4Net, Layer, Operator, PortRange, Ported, Relation, Side, Test,
    Upper, Value,
};
use super::within;

impl<U: Display> Display for Expression<U> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => Ok(()),
            Self::Test(test) => test.fmt(f),
            Self::Not(inner) => {
                f.write_str("not ")?;
                grouped(f, inner, matches!(**inner, Self::And(..) | Self::Or(..)))
            }
            Self::And(left, right) => {
                grouped(f, left, matches!(**left, Self::Or(..)))?;
                f.write_str(" and ")?;
                grouped(f, right, matches!(**right, Self::And(..) | Self::Or(..)))
            }
            Self::Or(left, right) => {
                grouped(f, left, matches!(**left, Self::And(..)))?;
                f.write_str(" or ")?;
                grouped(f, right, matches!(**right, Self::And(..) | Self::Or(..)))
            }
        }
    }
}

impl<U: Display> Expression<U> {
    /// The tree as lines, one question or joining word a line, each two blanks further in than what it belongs to.
    /// Joins of the same kind stand side by side.
    pub fn outline(&self) -> String {
        let mut out = String::new();
        self.lines(&mut out, 0);
        out
    }

    fn lines(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, text: &dyn Display| {
            let _ = writeln!(out, "{:1$}{text}", "", depth * 2);
        };
        match self {
            Self::Everything => line(out, &"everything"),
            Self::Test(Test::Within(counted, asked)) => {
                line(out, &within::word(*counted));
                asked.lines(out, depth + 1);
            }
            Self::Test(test) => line(out, test),
            Self::Not(inner) => {
                line(out, &"not");
                inner.lines(out, depth + 1);
            }
            Self::And(..) | Self::Or(..) => {
                line(out, if matches!(self, Self::And(..)) { &"and" } else { &"or" });
                self.members().into_iter().for_each(|member| member.lines(out, depth + 1));
            }
        }
    }

    /// What a row of the same joins joins, from left to right.
    fn members(&self) -> Vec<&Self> {
        let (mut members, mut rest) = (Vec::new(), self);
        loop {
            rest = match (self, rest) {
                (Self::And(..), Self::And(left, right)) | (Self::Or(..), Self::Or(left, right)) => {
                    members.push(&**right);
                    left
                }
                _ => break,
            };
        }
        members.push(rest);
        members.reverse();
        members
    }
}

fn grouped(f: &mut Formatter<'_>, inner: &impl Display, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({inner})") } else { inner.fmt(f) }
}

impl<U: Display> Display for Test<U> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::EtherProtocol(number) => match protocol_name(Protocol::Network(*number)) {
                Some(name) => f.write_str(name),
                None => write!(f, "ether proto {number:#06x}"),
            },
            Self::Protocol(family, number) => match protocol_name(Protocol::Transport(*family, *number)) {
                Some(name) => f.write_str(name),
                None => write!(f, "{}proto {number}", family_prefix(*family)),
            },
            Self::ProtocolChain(family, number) => write!(f, "{}protochain {number}", family_prefix(*family)),
            Self::Iso(number) => match protocol_name(Protocol::Iso(*number)) {
                Some(name) => f.write_str(name),
                None => write!(f, "iso proto {number:#04x}"),
            },
            Self::Ipv4(carrier, side, net) => {
                let kind = if net.mask == Ipv4Addr::BROADCAST { "host" } else { "net" };
                write!(f, "{}{}{kind} {}", carrier_prefix(*carrier), side_prefix(*side), ipv4_net(*net))
            }
            Self::Ipv6(side, net) if net.length == 128 => {
                write!(f, "{}host {}", side_prefix(*side), net.address)
            }
            Self::Ipv6(side, net) => write!(f, "{}net {}/{}", side_prefix(*side), net.address, net.length),
            Self::Ether(side, mac) => write!(f, "ether {}host {mac}", side_prefix(*side)),
            Self::Port(ported, side, range) => port(f, *ported, *side, *range),
            Self::Relation(relation) => relation.fmt(f),
            Self::Upper(upper) => upper.fmt(f),
            Self::Within(counted, asked) => within::within(f, *counted, &**asked),
            _ => self.fmt_frame(f),
        }
    }
}

impl<U> Test<U> {
    /// The questions that only a frame answers.
    fn fmt_frame(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cast(cast) => f.write_str(match cast {
                Cast::EtherBroadcast => "broadcast",
                Cast::EtherMulticast => "multicast",
                Cast::IpBroadcast => "ip broadcast",
                Cast::IpMulticast => "ip multicast",
                Cast::Ip6Multicast => "ip6 multicast",
            }),
            Self::Vlan(id) => optional(f, "vlan", *id),
            Self::Mpls(label) => optional(f, "mpls", *label),
            Self::PppoeSession(id) => optional(f, "pppoes", *id),
            Self::Geneve(vni) => optional(f, "geneve", *vni),
            Self::Outbound(outbound) => f.write_str(if *outbound { "outbound" } else { "inbound" }),
            Self::WirelessKind(bits) => wireless_kind(f, *bits),
            Self::WirelessDirection(direction) => match name_of(DIRECTIONS, *direction) {
                Some(name) => write!(f, "dir {name}"),
                None => write!(f, "dir {direction}"),
            },
            Self::WirelessAddress(end, mac) => {
                write!(f, "wlan {} {mac}", name_of(ENDS, *end).unwrap_or_default())
            }
            Self::Llc(bits) => optional(f, "llc", bits.and_then(|bits| name_of(LLC, bits))),
            Self::InterfaceIndex(index) => write!(f, "ifindex {index}"),
            _ => Ok(()),
        }
    }
}

fn wireless_kind(f: &mut Formatter<'_>, Bits { mask, value }: Bits) -> fmt::Result {
    match name_of(TYPES, value & TYPE) {
        Some(name) => write!(f, "type {name}")?,
        None => write!(f, "type {}", value & TYPE)?,
    }
    match name_of(SUBTYPES, value) {
        _ if mask & SUBTYPE == 0 => Ok(()),
        Some(name) => write!(f, " subtype {name}"),
        None => write!(f, " subtype {:#04x}", value & SUBTYPE),
    }
}

fn optional(f: &mut Formatter<'_>, word: &str, number: Option<impl Display>) -> fmt::Result {
    f.write_str(word)?;
    number.map_or(Ok(()), |number| write!(f, " {number}"))
}

fn port(f: &mut Formatter<'_>, ported: Ported, side: Side, range: PortRange) -> fmt::Result {
    let prefix = match ported {
        Ported::Any => "",
        Ported::Tcp => "tcp ",
        Ported::Udp => "udp ",
        Ported::Sctp => "sctp ",
    };
    let side = side_prefix(side);
    match range.low == range.high {
        true => write!(f, "{prefix}{side}port {}", range.low),
        false => write!(f, "{prefix}{side}portrange {}-{}", range.low, range.high),
    }
}

const fn side_prefix(side: Side) -> &'static str {
    match side {
        Side::Either => "",
        Side::Source => "src ",
        Side::Destination => "dst ",
        Side::Both => "src and dst ",
    }
}

const fn family_prefix(family: Family) -> &'static str {
    match family {
        Family::Any => "",
        Family::Ipv4 => "ip ",
        Family::Ipv6 => "ip6 ",
    }
}

const fn carrier_prefix(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Any => "",
        Carrier::Ip => "ip ",
        Carrier::Arp => "arp ",
        Carrier::Rarp => "rarp ",
    }
}

pub(super) fn ipv4_net(net: Ipv4Net) -> String {
    match net.length() {
        Some(32) => net.address.to_string(),
        Some(length) => format!("{}/{length}", net.address),
        None => format!("{} mask {}", net.address, net.mask),
    }
}

impl<U: Display> Display for Upper<U> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = self.value.to_string();
        let plain = self.compared
            || value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/'));
        let quote = if plain {
            ""
        } else if value.contains('"') {
            "'"
        } else {
            "\""
        };
        write!(f, "{}{} {quote}{value}{quote}", side_prefix(self.side), self.word)
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.left, self.comparison.symbol(), self.right)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Length => f.write_str("len"),
            Self::Load(load) => {
                let name = match load.layer {
                    Layer::Link => protocol_name(Protocol::Link),
                    Layer::Network(number) => protocol_name(Protocol::Network(number)),
                    Layer::Transport(family, number) => protocol_name(Protocol::Transport(family, number)),
                };
                write!(f, "{}[{}", name.unwrap_or_default(), load.offset)?;
                if load.size > 1 {
                    write!(f, ":{}", load.size)?;
                }
                f.write_char(']')
            }
            Self::Negate(inner) => {
                f.write_char('-')?;
                grouped(f, inner, matches!(**inner, Self::Binary(..)))
            }
            Self::Binary(left, operator, right) => {
                grouped(f, left, left_needs_parentheses(left, *operator))?;
                write!(f, " {} ", operator.symbol())?;
                grouped(f, right, matches!(**right, Self::Binary(..)))
            }
        }
    }
}

/// Parentheses are left out only where an operator of the same kind goes on to the left: `a + b + c`.
fn left_needs_parentheses(left: &Value, operator: Operator) -> bool {
    let greedy = matches!(operator, Operator::Modulo | Operator::Xor);
    match left {
        Value::Binary(_, inner, _) => greedy || binding(*inner).0 != binding(operator).0,
        Value::Negate(_) => greedy,
        _ => false,
    }
}
