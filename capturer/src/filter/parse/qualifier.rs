//! What stands before an identifier: protocol, end and type (`tcp src port`).

use super::super::error::{FilterError, Span};
use super::super::keyword::Protocol;
use super::super::link_names::WirelessEnd;
use super::super::token::Token;
use super::super::tree::{Expression, Side};
use super::super::words::{Operand, Word};
use super::operand::IDENTIFIER;
use super::{Parsed, Parser};
use crate::decode::Counted;

/// The qualifiers of an identifier, which the next one takes if it has none of its own.
#[derive(Debug)]
pub(super) struct Qualifier<U: 'static> {
    /// The protocol's word, as typed, and what it means.
    pub(super) protocol: Option<(&'static str, Protocol)>,
    pub(super) side: Side,
    pub(super) kind: Kind<U>,
    /// The layer that was asked.
    pub(super) layer: Option<Counted>,
}

impl<U> Clone for Qualifier<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Qualifier<U> {}

/// What kind of thing an identifier is.
#[derive(Debug)]
pub(super) enum Kind<U: 'static> {
    Host,
    Net,
    Port,
    PortRange,
    Protocol,
    ProtocolChain,
    /// The hardware address in a field of an IEEE 802.11 header.
    Wireless(WirelessEnd),
    /// A word of the caller's.
    Upper(&'static Word<U>),
}

impl<U> Clone for Kind<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Kind<U> {}

impl<U> Parser<'_, U> {
    /// Side, type and identifier, after an optional protocol; `None` when neither side nor type follows.
    pub(super) fn qualified(
        &mut self,
        start: Span,
        protocol: Option<(&'static str, Protocol)>,
    ) -> Result<Option<Parsed<U>>, FilterError> {
        let end = self.wireless_end();
        let side = if end.is_some() { None } else { self.side() };
        let kind = match (self.kind(), end) {
            (kind, Some(end)) => self.wireless_type(start, end, kind)?,
            (Some(kind), None) => kind,
            (None, None) if side.is_some() => Kind::Host,
            (None, None) => return Ok(None),
        };
        self.check_side(start, side.is_some(), protocol, kind)?;
        let qualifier = Qualifier { protocol, side: side.unwrap_or_default(), kind, layer: None };
        Ok(Some(self.identifiers(start, qualifier)))
    }

    fn side(&mut self) -> Option<Side> {
        let of = |token| match token {
            Token::Word("src") => Some(Side::Source),
            Token::Word("dst") => Some(Side::Destination),
            _ => None,
        };
        let side = of(self.token())?;
        let joined = match self.peek(1) {
            Token::Or => Some(Side::Either),
            Token::And => Some(Side::Both),
            _ => None,
        };
        self.advance();
        let other = of(self.peek(1)).filter(|other| *other != side);
        let (Some(joined), Some(_)) = (joined, other) else { return Some(side) };
        self.advance();
        self.advance();
        Some(joined)
    }

    fn kind(&mut self) -> Option<Kind<U>> {
        let Token::Word(word) = self.token() else { return None };
        let kind = match word {
            "host" => Kind::Host,
            "net" => Kind::Net,
            "port" => Kind::Port,
            "portrange" => Kind::PortRange,
            "proto" => Kind::Protocol,
            "protochain" => Kind::ProtocolChain,
            _ => Kind::Upper(self.words.iter().find(|known| known.name == word)?),
        };
        self.advance();
        Some(kind)
    }

    fn check_side(
        &self,
        start: Span,
        sided: bool,
        protocol: Option<(&str, Protocol)>,
        kind: Kind<U>,
    ) -> Result<(), FilterError> {
        let span = self.since(start);
        match kind {
            Kind::Protocol | Kind::ProtocolChain if sided => Err(FilterError::new(
                span,
                "a protocol has no source or destination",
                "`proto` without `src` or `dst`",
            )),
            Kind::Upper(word) if sided && !word.sided => {
                let message = format!("`{}` has no source or destination", word.name);
                Err(FilterError::new(span, message, format!("`{}` without `src` or `dst`", word.name)))
            }
            Kind::Upper(word) if protocol.is_some() => {
                let name = protocol.map_or("", |(name, _)| name);
                let message = format!("`{name}` doesn't qualify `{}`", word.name);
                let error = FilterError::new(span, message, format!("`and` before `{}`", word.name));
                Err(error.hint(format!("write `{name} and {} …`", word.name)))
            }
            _ => Ok(()),
        }
    }

    /// The identifier after its qualifiers, or several in parentheses: `port (80 or 443)`.
    fn identifiers(&mut self, start: Span, qualifier: Qualifier<U>) -> Parsed<U> {
        if let Kind::Upper(Word { operand: Operand::Comparison(_), .. }) = qualifier.kind {
            return Ok((self.identifier(start, qualifier)?, None));
        }
        let expression = self.identifier_or_group(start, qualifier)?;
        Ok((expression, Some(qualifier)))
    }

    fn identifier_or_group(
        &mut self,
        start: Span,
        qualifier: Qualifier<U>,
    ) -> Result<Expression<U>, FilterError> {
        match self.token() {
            Token::Open => self.nested(|parser| parser.group(qualifier)),
            Token::Not => self.nested(|parser| {
                parser.advance();
                let inner = parser.identifier_or_group(parser.span(), qualifier)?;
                Ok(Expression::Not(Box::new(inner)))
            }),
            _ => self.identifier(start, qualifier),
        }
    }

    fn group(&mut self, qualifier: Qualifier<U>) -> Result<Expression<U>, FilterError> {
        self.advance();
        let mut left = self.identifier_or_group(self.span(), qualifier)?;
        loop {
            let operator = self.token();
            self.advance();
            match operator {
                Token::Close => return Ok(left),
                Token::And | Token::Or => {}
                _ => {
                    self.position -= 1;
                    return Err(self.unexpected(&format!("`)`, or `and` or `or` and {IDENTIFIER}")));
                }
            }
            let right = Box::new(self.identifier_or_group(self.span(), qualifier)?);
            left = match operator {
                Token::And => Expression::And(Box::new(left), right),
                _ => Expression::Or(Box::new(left), right),
            };
        }
    }
}
