//! The identifier itself: an address, a network, a port, a protocol, or what follows a caller's word, read as its
//! qualifiers say.

use super::super::error::{FilterError, Span};
use super::super::keyword::Protocol;
use super::super::names;
use super::super::number::{dotted, is_numeric, mac_from_text, number};
use super::super::token::Token;
use super::super::tree::{
    Carrier, Expression, Family, Ipv4Net, Ipv6Net, PortRange, Ported, Side, Test, Upper, ethertype,
};
use super::super::words::{Operand, Word};
use super::Parser;
use super::primitive::family;
use super::qualifier::{Kind, Qualifier};
use crate::Mac;
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) const IDENTIFIER: &str = "an address, a network, a port or a name";
const ADDRESS: &str = "an IPv4 or IPv6 address";
const NETWORK: &str = "a network such as 10.0.0.0/8, 192.168 or 2001:db8::/32";
const MAC: &str = "a hardware address such as 00:00:5e:00:53:01";

impl<U> Parser<'_, U> {
    pub(super) fn identifier(
        &mut self,
        start: Span,
        qualifier: Qualifier<U>,
    ) -> Result<Expression<U>, FilterError> {
        let test = match qualifier.kind {
            Kind::Host | Kind::Net => self.address(start, qualifier)?,
            Kind::Port => self.port(start, qualifier)?,
            Kind::PortRange => self.port_range(start, qualifier)?,
            Kind::Protocol | Kind::ProtocolChain => self.protocol_number(start, qualifier)?,
            Kind::Upper(word) => self.upper(qualifier.side, word)?,
        };
        self.test(self.since(start), test)
    }

    fn address(&mut self, start: Span, qualifier: Qualifier<U>) -> Result<Test<U>, FilterError> {
        if let Some((name, Protocol::Link)) = qualifier.protocol {
            return self.ether(start, qualifier, name);
        }
        let expected = if matches!(qualifier.kind, Kind::Net) { NETWORK } else { ADDRESS };
        let span = self.span();
        match self.token() {
            Token::Ipv6(address) => {
                self.advance();
                let net = self.ipv6_net(span, address)?;
                self.ipv6_family(start, qualifier)?;
                Ok(Test::Ipv6(qualifier.side, net))
            }
            Token::Word(word) if dotted(word).is_some() || number(word).is_some() => {
                let net = self.ipv4_net(word, matches!(qualifier.kind, Kind::Net))?;
                Ok(Test::Ipv4(self.carrier(start, qualifier)?, qualifier.side, net))
            }
            Token::Mac(_) => Err(self.mac_without_ether()),
            Token::Word(word) if !self.is_keyword(word) => Err(self.unresolved(word, expected)),
            Token::Name(name) => Err(self.unresolved(name, expected)),
            _ => Err(self.unexpected(expected)),
        }
    }

    fn unresolved(&self, name: &str, expected: &str) -> FilterError {
        let digits = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let message = match digits {
            true => format!("`{name}` is no IPv4 address"),
            false => format!("`{name}` is a name, and names aren't looked up here"),
        };
        let error = FilterError::new(self.span(), message, expected);
        match (mac_from_text(name), digits) {
            (Some(_), _) => error.hint(format!("a hardware address is asked with `ether host {name}`")),
            (None, true) => error,
            (None, false) => error.hint(
                self.suggestion(name)
                    .unwrap_or_else(|| format!("`getent ahosts {name}` prints its addresses")),
            ),
        }
    }

    fn mac_without_ether(&self) -> FilterError {
        let span = self.span();
        let text = &self.text[span.at..span.end()];
        let error = FilterError::new(span, format!("`{text}` is a hardware address"), ADDRESS);
        error.hint(format!("did you mean `ether host {text}`?"))
    }

    fn ether(&mut self, start: Span, qualifier: Qualifier<U>, name: &str) -> Result<Test<U>, FilterError> {
        if matches!(qualifier.kind, Kind::Net) {
            let error =
                FilterError::new(self.since(start), "hardware addresses have no networks", "`ether host`");
            return Err(error.hint("ask their bytes: `ether[6:2] = 0x0000 and ether[8] = 0x5e`"));
        }
        let mac: Option<Mac> = match self.token() {
            Token::Mac(mac) => Some(mac),
            Token::Word(word) => mac_from_text(word),
            _ => None,
        };
        let Some(mac) = mac else {
            let error = self.unexpected(MAC);
            return Err(match self.token() {
                Token::Ipv6(_) => error.hint(format!("leave out `{name}`")),
                Token::Word(word) if dotted(word).is_some() => error.hint(format!("leave out `{name}`")),
                _ => error,
            });
        };
        self.advance();
        Ok(Test::Ether(qualifier.side, mac))
    }

    fn carrier(&self, start: Span, qualifier: Qualifier<U>) -> Result<Carrier, FilterError> {
        match qualifier.protocol {
            None => Ok(Carrier::Any),
            Some((_, Protocol::Network(ethertype::IPV4))) => Ok(Carrier::Ip),
            Some((_, Protocol::Network(ethertype::ARP))) => Ok(Carrier::Arp),
            Some((_, Protocol::Network(ethertype::RARP))) => Ok(Carrier::Rarp),
            Some((name, _)) => Err(self.no_addresses(start, name, "`ip`, `arp` or `rarp`")),
        }
    }

    fn ipv6_family(&self, start: Span, qualifier: Qualifier<U>) -> Result<(), FilterError> {
        match qualifier.protocol {
            None | Some((_, Protocol::Network(ethertype::IPV6))) => Ok(()),
            Some((name, _)) => Err(self.no_addresses(start, name, "`ip6`")),
        }
    }

    fn no_addresses(&self, start: Span, name: &str, right: &str) -> FilterError {
        let span = self.since(start);
        let message = format!("`{name}` doesn't qualify this address");
        let error = FilterError::new(span, message, format!("{right}, or nothing, before it"));
        match name {
            "tcp" | "udp" | "sctp" => {
                error.hint(format!("did you mean `{name} and …`, or `{name} port …` for a port?"))
            }
            "ip" | "ip6" => error.hint(format!("leave out `{name}`")),
            _ => error.hint(format!("write `{name} and …`")),
        }
    }

    /// `192.168`, `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`; in `host`, a short address stands for its network too.
    fn ipv4_net(&mut self, word: &str, net: bool) -> Result<Ipv4Net, FilterError> {
        let span = self.span();
        self.advance();
        let prefixed = self.token() == Token::Operator("/");
        let masked = self.token() == Token::Word("mask");
        if (prefixed || masked) && !net {
            let error =
                FilterError::new(self.span(), "a mask belongs to a network", "`net` instead of `host`");
            self.advance();
            self.advance();
            return Err(error.hint(format!("write `net {}`", &self.text[span.at..self.since(span).end()])));
        }
        let (address, own) = match (dotted(word), number(word)) {
            (Some((address, bits)), _) if word.contains('.') || prefixed || masked => (address, mask(bits)),
            (_, Some(plain)) => plain_number(plain, net),
            (found, None) => found.map_or((0, 0), |(address, bits)| (address, mask(bits))),
        };
        let bits = if prefixed {
            mask(self.prefix_length(32)?)
        } else if masked {
            self.mask()?
        } else {
            own
        };
        self.whole_network(span, (address, bits))
    }

    fn whole_network(&self, span: Span, (address, mask): (u32, u32)) -> Result<Ipv4Net, FilterError> {
        let net = Ipv4Net { address: Ipv4Addr::from_bits(address & mask), mask: Ipv4Addr::from_bits(mask) };
        if address & !mask == 0 {
            return Ok(net);
        }
        let message = format!("{} has bits set outside its mask", Ipv4Addr::from_bits(address));
        let error = FilterError::new(self.since(span), message, "the network's first address");
        let shown = super::super::display::ipv4_net(net);
        Err(error.hint(format!("did you mean `{shown}`?")))
    }

    fn prefix_length(&mut self, most: u8) -> Result<u8, FilterError> {
        self.advance();
        let span = self.span();
        let length = self.number("a prefix length")?;
        match u8::try_from(length) {
            Ok(length) if length <= most => Ok(length),
            _ => {
                let message = format!("a prefix length of {length} bits is too long");
                Err(FilterError::new(span, message, format!("0 to {most}")))
            }
        }
    }

    fn mask(&mut self) -> Result<u32, FilterError> {
        self.advance();
        let found = match self.token() {
            Token::Word(word) => dotted(word),
            _ => None,
        };
        let Some((mask, _)) = found else { return Err(self.unexpected("a mask such as 255.255.0.0")) };
        self.advance();
        Ok(mask)
    }

    fn ipv6_net(&mut self, span: Span, address: Ipv6Addr) -> Result<Ipv6Net, FilterError> {
        let length = if self.token() == Token::Operator("/") { self.prefix_length(128)? } else { 128 };
        let net = Ipv6Net { address, length };
        let first = Ipv6Addr::from_bits(address.to_bits() & net.mask());
        if first == address {
            return Ok(net);
        }
        let message = format!("{address} has bits set beyond its prefix");
        let error = FilterError::new(self.since(span), message, "the network's first address");
        Err(error.hint(format!("did you mean `{first}/{length}`?")))
    }

    fn ported(&self, start: Span, qualifier: Qualifier<U>) -> Result<Ported, FilterError> {
        match qualifier.protocol {
            None => Ok(Ported::Any),
            Some((_, Protocol::Transport(Family::Any, 6))) => Ok(Ported::Tcp),
            Some((_, Protocol::Transport(Family::Any, 17))) => Ok(Ported::Udp),
            Some((_, Protocol::Transport(Family::Any, 132))) => Ok(Ported::Sctp),
            Some((name, _)) => {
                let error = FilterError::new(
                    self.since(start),
                    format!("`{name}` has no ports"),
                    "`tcp`, `udp`, `sctp`, or nothing, before `port`",
                );
                Err(error.hint(format!("write `{name} and port …`")))
            }
        }
    }

    fn port(&mut self, start: Span, qualifier: Qualifier<U>) -> Result<Test<U>, FilterError> {
        let ported = self.ported(start, qualifier)?;
        let text = match self.token() {
            Token::Word(word) if !self.is_keyword(word) || names::service(word).is_some() => word,
            Token::Name(name) => name,
            _ => return Err(self.unexpected("a port number or a service name")),
        };
        let span = self.span();
        let (port, known) = self.port_of(span, text)?;
        self.advance();
        let ported =
            restrict(ported, known).ok_or_else(|| self.other_transport(span, text, ported, known))?;
        Ok(Test::Port(ported, qualifier.side, PortRange { low: port, high: port }))
    }

    fn port_of(&self, span: Span, text: &str) -> Result<(u16, Ported), FilterError> {
        if let Some(found) = names::service(text) {
            return Ok(found);
        }
        if let Some(port) = number(text).and_then(|port| u16::try_from(port).ok()) {
            return Ok((port, Ported::Any));
        }
        if is_numeric(text) {
            return Err(FilterError::new(span, format!("{text} is no port"), "a port from 0 to 65535"));
        }
        let known = names::services().map(|(name, ..)| name);
        let near = super::super::suggest::nearest(text, known);
        let error =
            FilterError::new(span, format!("unknown service `{text}`"), "a port number or a service name");
        Err(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None if text.contains('-') => error.hint("a range is `portrange 80-443`"),
            None => error,
        })
    }

    fn other_transport(&self, span: Span, text: &str, asked: Ported, known: Ported) -> FilterError {
        let (asked, known) = (ported_name(asked), ported_name(known));
        let error = FilterError::new(
            span,
            format!("service `{text}` is a {known} service"),
            format!("a {asked} service"),
        );
        let port = names::service(text).map_or(0, |(port, _)| port);
        error.hint(format!("write `{asked} port {port}`"))
    }

    fn port_range(&mut self, start: Span, qualifier: Qualifier<U>) -> Result<Test<U>, FilterError> {
        const EXPECTED: &str = "a range such as 6000-6008";
        let ported = self.ported(start, qualifier)?;
        let text = match self.token() {
            Token::Word(word) if !self.is_keyword(word) => word,
            Token::Name(name) => name,
            _ => return Err(self.unexpected(EXPECTED)),
        };
        let span = self.span();
        self.advance();
        let splits = text.match_indices('-').map(|(i, _)| (&text[..i], &text[i + 1..])).chain([(text, text)]);
        let read = |(low, high)| Some((self.port_of(span, low).ok()?, self.port_of(span, high).ok()?));
        let Some(((low, first), (high, second))) = splits.into_iter().find_map(read) else {
            let error = FilterError::new(span, format!("`{text}` is no range of ports"), EXPECTED);
            return Err(error.hint("ports go from 0 to 65535, with `-` and no blanks between"));
        };
        let known = if first == second { first } else { Ported::Any };
        let ported =
            restrict(ported, known).ok_or_else(|| self.other_transport(span, text, ported, known))?;
        let range = PortRange { low: low.min(high), high: low.max(high) };
        Ok(Test::Port(ported, qualifier.side, range))
    }

    fn protocol_number(&mut self, start: Span, qualifier: Qualifier<U>) -> Result<Test<U>, FilterError> {
        let chain = matches!(qualifier.kind, Kind::ProtocolChain);
        let protocol = qualifier.protocol.map(|(_, protocol)| protocol);
        let test = match (protocol, family(protocol)) {
            (_, Some(family)) if chain => Test::ProtocolChain(family, self.numbered(255, names::protocol)?),
            (_, Some(family)) => Test::Protocol(family, self.numbered(255, names::protocol)?),
            (Some(Protocol::Link), _) if !chain => {
                Test::EtherProtocol(self.numbered(0xffff, names::ether_protocol)?)
            }
            (Some(Protocol::Network(0xfe)), _) if !chain => {
                Test::Iso(self.numbered(255, names::iso_protocol)?)
            }
            _ => {
                let name = qualifier.protocol.map_or("", |(name, _)| name);
                let word = if chain { "protochain" } else { "proto" };
                let message = format!("`{name} {word}` asks nothing");
                let expected = format!("`ip {word}`, `ip6 {word}`, or `{word}` alone");
                return Err(FilterError::new(self.since(start), message, expected));
            }
        };
        Ok(test)
    }

    /// A protocol by number or name; after `proto` a keyword needs no `\`, though tcpdump wants one.
    fn numbered<N: TryFrom<u32>>(
        &mut self,
        most: u32,
        named: fn(&str) -> Option<N>,
    ) -> Result<N, FilterError> {
        let expected = format!("a protocol's number from 0 to {most}, or its name such as \\tcp or \\arp");
        let text = match self.token() {
            Token::Word(word) => word,
            Token::Name(name) => name,
            _ => return Err(self.unexpected(&expected)),
        };
        let value = number(text).filter(|value| *value <= most).and_then(|value| N::try_from(value).ok());
        match value.or_else(|| named(text)) {
            Some(value) => {
                self.advance();
                Ok(value)
            }
            None if is_numeric(text) => {
                Err(FilterError::new(self.span(), format!("{text} is no protocol's number"), expected))
            }
            None => Err(FilterError::new(self.span(), format!("unknown protocol `{text}`"), expected)),
        }
    }

    fn upper(&mut self, side: Side, word: &'static Word<U>) -> Result<Test<U>, FilterError> {
        let value = match word.operand {
            Operand::Value(read) => {
                let (text, span) = self.upper_text(word)?;
                read(text).ok_or_else(|| {
                    FilterError::new(span, format!("`{text}` doesn't suit `{}`", word.name), word.expected)
                })?
            }
            Operand::Comparison(make) => {
                let Some(comparison) = self.comparison() else {
                    return Err(self.unexpected("`=`, `!=`, `<`, `<=`, `>` or `>=`"));
                };
                make(comparison, self.quantity(word)?)
            }
        };
        Ok(Test::Upper(Upper { word: word.name, side, value, scopes: word.scopes }))
    }

    /// Everything up to the next blank or parenthesis, whatever it would mean elsewhere: `country IN`, `os linux`.
    fn upper_text(&mut self, word: &Word<U>) -> Result<(&str, Span), FilterError> {
        let start = self.span();
        if let Token::Name(name) = self.token() {
            self.advance();
            return Ok((name, start));
        }
        let mut end = start;
        while !matches!(
            self.token(),
            Token::Open | Token::Close | Token::And | Token::Or | Token::Not | Token::End
        ) && (end == start || self.span().at == end.end())
        {
            end = self.span();
            self.advance();
            if self.span().at != end.end() {
                break;
            }
        }
        let span = self.since(start);
        if self.span() == start {
            return Err(self.unexpected(word.expected));
        }
        Ok((&self.text[span.at..span.end()], span))
    }

    fn quantity(&mut self, word: &Word<U>) -> Result<u64, FilterError> {
        let Token::Word(text) = self.token() else { return Err(self.unexpected(word.expected)) };
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let scale: u64 = match &text[digits.len()..] {
            "" => 1,
            "k" | "K" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            _ => return Err(self.unexpected(word.expected).hint("units are k, M, G and T")),
        };
        let value = digits.parse::<u64>().ok().and_then(|value| value.checked_mul(scale));
        let value = value.ok_or_else(|| self.unexpected(word.expected))?;
        self.advance();
        Ok(value)
    }
}

const fn mask(bits: u8) -> u32 {
    if bits == 0 { 0 } else { u32::MAX << (32 - bits as u32) }
}

/// A number without dots: in `net` its leading zero bytes are dropped (`net 10` is 10.0.0.0/8), in `host` it is an
/// address. So libpcap has it.
const fn plain_number(mut number: u32, net: bool) -> (u32, u32) {
    let mut mask = u32::MAX;
    while net && number != 0 && number & 0xff00_0000 == 0 {
        number <<= 8;
        mask <<= 8;
    }
    (number, mask)
}

/// The transports of a qualifier and of a service's name together; `None` when they exclude each other.
fn restrict(asked: Ported, known: Ported) -> Option<Ported> {
    match (asked, known) {
        (Ported::Any, known) => Some(known),
        (asked, Ported::Any) => Some(asked),
        (asked, known) => (asked == known).then_some(asked),
    }
}

const fn ported_name(ported: Ported) -> &'static str {
    match ported {
        Ported::Any => "tcp, udp or sctp",
        Ported::Tcp => "tcp",
        Ported::Udp => "udp",
        Ported::Sctp => "sctp",
    }
}
