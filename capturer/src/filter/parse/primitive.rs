//! One question: what its first word says about the rest.

use super::super::error::{FilterError, Span};
use super::super::keyword::{self, Protocol};
use super::super::names;
use super::super::number::{dotted, is_numeric, mac_from_text, number};
use super::super::token::Token;
use super::super::tree::{Cast, Comparison, Family, Layer, Load, Relation, Test, Value, ethertype};
use super::super::words::Operand;
use super::qualifier::Qualifier;
use super::{PRIMITIVE, Parsed, Parser};

const MAX_VLAN: u32 = 0xfff;
const MAX_MPLS: u32 = 0xf_ffff;
const MAX_GENEVE: u32 = 0xff_ffff;

impl<U> Parser<'_, U> {
    pub(super) fn primitive(&mut self, inherited: Option<Qualifier<U>>) -> Parsed<U> {
        let start = self.span();
        let word = match self.token() {
            Token::Word(word) => word,
            Token::Name(_) | Token::Ipv6(_) | Token::Mac(_) => return self.bare(inherited),
            _ => return Err(self.unexpected(PRIMITIVE)),
        };
        if let Some(parsed) = self.qualified(start, None)? {
            return parsed;
        }
        if let Some(found) = keyword::PROTOCOLS.iter().find(|(name, _)| *name == word) {
            return self.protocol(start, *found);
        }
        if let Some(refusal) = keyword::refusal(word) {
            let message = format!("`{word}` {}", refusal.reason);
            return Err(FilterError::new(start, message, PRIMITIVE).hint(refusal.hint));
        }
        match self.special(start, word)? {
            Some(test) => Ok((self.test(self.since(start), test)?, None)),
            None => self.bare(inherited),
        }
    }

    /// A protocol's word: alone, or before `broadcast`, `multicast` or a type and an identifier.
    fn protocol(&mut self, start: Span, (name, protocol): (&'static str, Protocol)) -> Parsed<U> {
        self.advance();
        if let Some(parsed) = self.qualified(start, Some((name, protocol)))? {
            return parsed;
        }
        let test = match self.token() {
            Token::Word(word @ ("broadcast" | "multicast")) => {
                self.advance();
                self.cast(self.since(start), Some(protocol), word)?
            }
            Token::Word(word @ ("type" | "subtype")) => self.wireless_kind(word)?,
            Token::Word("dir") => self.wireless_direction()?,
            Token::Word(word) if keyword::refusal(word).is_some() => return self.primitive(None),
            _ => self.alone(start, name, protocol)?,
        };
        Ok((self.test(self.since(start), test)?, None))
    }

    fn alone(&self, start: Span, name: &str, protocol: Protocol) -> Result<Test<U>, FilterError> {
        match protocol {
            Protocol::Network(number) => Ok(Test::EtherProtocol(number)),
            Protocol::Transport(family, number) => Ok(Test::Protocol(family, number)),
            Protocol::Iso(number) => Ok(Test::Iso(number)),
            Protocol::Link => {
                let error = FilterError::new(
                    start,
                    format!("`{name}` alone asks nothing"),
                    format!(
                        "`{name} host`, `{name} proto`, `{name} broadcast`, `{name} multicast` or `{name}[…]`"
                    ),
                );
                let country = self.words.iter().any(|word| word.name == "country") && name == "tr";
                Err(if country { error.hint("write `country TR`") } else { error })
            }
        }
    }

    fn cast(&self, span: Span, protocol: Option<Protocol>, word: &str) -> Result<Test<U>, FilterError> {
        let cast = match (protocol, word) {
            (None | Some(Protocol::Link), "broadcast") => Cast::EtherBroadcast,
            (None | Some(Protocol::Link), _) => Cast::EtherMulticast,
            (Some(Protocol::Network(ethertype::IPV4)), "broadcast") => Cast::IpBroadcast,
            (Some(Protocol::Network(ethertype::IPV4)), _) => Cast::IpMulticast,
            (Some(Protocol::Network(ethertype::IPV6)), "multicast") => Cast::Ip6Multicast,
            (Some(Protocol::Network(ethertype::IPV6)), _) => {
                let error = FilterError::new(
                    span,
                    "IPv6 has no broadcast",
                    "`ip6 multicast`, `ip broadcast` or `broadcast`",
                );
                return Err(error.hint("`ip6 host ff02::1` asks for all nodes"));
            }
            _ => {
                let message = format!("only links and IP know `{word}`");
                return Err(FilterError::new(
                    span,
                    message,
                    format!("`ether {word}`, `ip {word}`, or `{word}` alone"),
                ));
            }
        };
        Ok(Test::Cast(cast))
    }

    /// Words with a grammar of their own; `None` when `word` is none of them.
    fn special(&mut self, start: Span, word: &str) -> Result<Option<Test<U>>, FilterError> {
        let test = match word {
            "broadcast" | "multicast" => self.cast(start, None, word)?,
            "inbound" => Test::Outbound(false),
            "outbound" => Test::Outbound(true),
            "type" | "subtype" => self.wireless_kind(word)?,
            "dir" => self.wireless_direction()?,
            "llc" => self.llc()?,
            "less" | "greater" | "ifindex" | "byte" => return self.with_number(word).map(Some),
            "vlan" => Test::Vlan(self.optional_number(word, MAX_VLAN)?.and_then(|id| u16::try_from(id).ok())),
            "mpls" => Test::Mpls(self.optional_number(word, MAX_MPLS)?),
            "geneve" => Test::Geneve(self.optional_number(word, MAX_GENEVE)?),
            "pppoes" => {
                let id = self.optional_number(word, u16::MAX.into())?;
                Test::PppoeSession(id.and_then(|id| u16::try_from(id).ok()))
            }
            _ => return Ok(None),
        };
        if matches!(word, "broadcast" | "multicast" | "inbound" | "outbound") {
            self.advance();
        }
        Ok(Some(test))
    }

    fn with_number(&mut self, word: &str) -> Result<Test<U>, FilterError> {
        self.advance();
        let number = self.number("a number")?;
        Ok(match word {
            "less" => length(Comparison::AtMost, number),
            "greater" => length(Comparison::AtLeast, number),
            "ifindex" => Test::InterfaceIndex(number),
            _ => self.byte(number)?,
        })
    }

    /// `byte 12 = 8`, an old spelling of `ether[12] = 8`.
    fn byte(&mut self, offset: u32) -> Result<Test<U>, FilterError> {
        let Token::Operator(symbol @ ("=" | "<" | ">" | "&" | "|")) = self.token() else {
            return Err(self.unexpected("`=`, `<`, `>`, `&` or `|`"));
        };
        self.advance();
        let operand = self.number("a number")?;
        let load = Value::Load(Box::new(Load { layer: Layer::Link, offset: Value::Number(offset), size: 1 }));
        let comparison = Comparison::ALL.iter().find(|(_, known)| *known == symbol);
        Ok(match (comparison, super::arithmetic::operator(symbol)) {
            (None, Some(operator)) => {
                let left = Value::Binary(Box::new(load), operator, Box::new(Value::Number(operand)));
                relation(left, Comparison::NotEqual, 0)
            }
            (found, _) => {
                relation(load, found.map_or(Comparison::Equal, |(comparison, _)| *comparison), operand)
            }
        })
    }

    fn optional_number(&mut self, word: &str, most: u32) -> Result<Option<u32>, FilterError> {
        self.advance();
        let Token::Word(text) = self.token() else { return Ok(None) };
        if !is_numeric(text) {
            return Ok(None);
        }
        let span = self.span();
        let value = self.number("a number")?;
        if value > most {
            let message = format!("{value} is no `{word}` identifier");
            return Err(FilterError::new(span, message, format!("a number from 0 to {most}")));
        }
        Ok(Some(value))
    }

    pub(super) fn number(&mut self, expected: &str) -> Result<u32, FilterError> {
        let Token::Word(text) = self.token() else { return Err(self.unexpected(expected)) };
        if let Some(value) = names::constant(text).or_else(|| number(text)) {
            self.advance();
            return Ok(value);
        }
        if is_numeric(text) {
            let message = format!("`{text}` is no 32-bit number");
            return Err(FilterError::new(
                self.span(),
                message,
                "0 to 4294967295 in decimal, 0x… or octal 0…",
            ));
        }
        Err(self.unexpected(expected))
    }

    /// An identifier without qualifiers of its own.
    fn bare(&mut self, inherited: Option<Qualifier<U>>) -> Parsed<U> {
        let unknown = matches!(self.token(), Token::Word(word) if self.is_keyword(word));
        match inherited {
            Some(qualifier) if !unknown => {
                let start = self.span();
                let asked = self.identifier(start, qualifier)?;
                Ok((self.of_layer(start, qualifier.layer, asked)?, inherited))
            }
            _ => Err(self.lonely()),
        }
    }

    /// There is nothing before this identifier that says what it is.
    fn lonely(&self) -> FilterError {
        let error = self.unexpected(PRIMITIVE);
        let span = self.span();
        let text = &self.text[span.at..span.end()];
        let guess = match self.token() {
            Token::Ipv6(_) => Some(format!("host {text}")),
            Token::Mac(_) => Some(format!("ether host {text}")),
            Token::Word(word) => self.guess(word),
            _ => None,
        };
        match guess {
            Some(guess) => FilterError {
                message: format!("nothing says what `{text}` is"),
                hint: Some(format!("did you mean `{guess}`?")),
                ..error
            },
            None => error,
        }
    }

    fn guess(&self, word: &str) -> Option<String> {
        if self.is_keyword(word) || self.suggestion(word).is_some() {
            return None;
        }
        if is_numeric(word) {
            return number(word).filter(|n| u16::try_from(*n).is_ok()).map(|_| format!("port {word}"));
        }
        if let Some((_, bits)) = dotted(word) {
            return Some(format!("{} {word}", if bits == 32 { "host" } else { "net" }));
        }
        if mac_from_text(word).is_some() {
            return Some(format!("ether host {word}"));
        }
        let reads = self
            .words
            .iter()
            .find(|known| matches!(known.operand, Operand::Value(read) if read(word).is_some()));
        let service = names::service(word).map(|_| format!("port {word}"));
        let protocol = names::protocol(word).map(|_| format!("proto \\{word}"));
        service.or(protocol).or_else(|| reads.map(|known| format!("{} {word}", known.name)))
    }
}

fn length<U>(comparison: Comparison, number: u32) -> Test<U> {
    relation(Value::Length, comparison, number)
}

fn relation<U>(left: Value, comparison: Comparison, number: u32) -> Test<U> {
    Test::Relation(Box::new(Relation { left, comparison, right: Value::Number(number) }))
}

/// The versions of IP that a protocol's word restricts `proto` to.
pub(super) const fn family(protocol: Option<Protocol>) -> Option<Family> {
    match protocol {
        None => Some(Family::Any),
        Some(Protocol::Network(ethertype::IPV4)) => Some(Family::Ipv4),
        Some(Protocol::Network(ethertype::IPV6)) => Some(Family::Ipv6),
        _ => None,
    }
}

/// `left comparison right` of two whole values.
pub(super) fn compare<U>(left: Value, comparison: Comparison, right: Value) -> Test<U> {
    Test::Relation(Box::new(Relation { left, comparison, right }))
}
