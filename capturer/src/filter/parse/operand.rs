//! The identifier itself: a port, a protocol, or what follows a caller's word, read as its
//! qualifiers say.

use super::super::error::{FilterError, Span};
use super::super::keyword::Protocol;
use super::super::names;
use super::super::number::{is_numeric, number};
use super::super::token::Token;
use super::super::tree::{Expression, Family, PortRange, Ported, Side, Test, Upper};
use super::super::words::{Operand, Word};
use super::Parser;
use super::primitive::family;
use super::qualifier::{Kind, Qualifier};

pub(super) const IDENTIFIER: &str = "an address, a network, a port or a name";

impl<U> Parser<'_, U> {
    pub(super) fn identifier(
        &mut self,
        start: Span,
        qualifier: Qualifier<U>,
    ) -> Result<Expression<U>, FilterError> {
        let test = match qualifier.kind {
            Kind::Host | Kind::Net => self.address(start, qualifier)?,
            Kind::Wireless(end) => self.wireless_address(start, qualifier, end)?,
            Kind::Port => self.port(start, qualifier)?,
            Kind::PortRange => self.port_range(start, qualifier)?,
            Kind::Protocol | Kind::ProtocolChain => self.protocol_number(start, qualifier)?,
            Kind::Upper(word) if self.within || qualifier.layer.is_some() => {
                return Err(self.not_of_a_layer(start, word.name));
            }
            Kind::Upper(word) => self.upper(qualifier.side, word)?,
        };
        self.test(self.since(start), test)
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
        if let Some(port) = number(text).and_then(|port| u16::try_from(port).ok()) {
            return Ok((port, Ported::Any));
        }
        if let Some(found) = names::service(text) {
            return Ok(found);
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
        let compared = matches!(word.operand, Operand::Comparison(_));
        Ok(Test::Upper(Upper { word: word.name, side, value, scopes: word.scopes, compared }))
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
