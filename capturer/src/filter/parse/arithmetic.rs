//! Comparisons of numbers: `tcp[13] & 2 != 0`.
//!
//! Operators bind as in libpcap's grammar: `|` weakest, then `&`, shifts, `+ -`, `* /`, each to the left. `%` and `^`
//! have no place in that order: they bind to the operand just before them and take everything that follows
//! (`a * b % c + d` is `a * (b % (c + d))`), which is measured from tcpdump -d. Canonical text adds the parentheses.

use super::super::error::{FilterError, Span};
use super::super::keyword;
use super::super::names;
use super::super::number::is_numeric;
use super::super::token::Token;
use super::super::tree::{Comparison, Expression, Layer, Load, Operator, Value};
use super::Parser;
use super::primitive::compare;

const VALUE: &str = "a number, `len`, or bytes such as `ip[8]` or `tcp[tcpflags]`";

/// How tightly a minus sign binds; only `%` and `^` bind tighter.
const UNARY: u8 = 6;

impl<U> Parser<'_, U> {
    /// Whether a comparison of numbers starts here, rather than a question or a group of questions.
    pub(super) fn starts_relation(&self) -> bool {
        match self.token() {
            Token::Word("len" | "length") | Token::Operator("-") => true,
            Token::Word(word) if keyword::protocol(word).is_some() => self.peek(1) == Token::OpenIndex,
            Token::Word(word) if is_numeric(word) || names::constant(word).is_some() => {
                matches!(self.peek(1), Token::Operator(_))
            }
            Token::Open => {
                let after = self.closing.get(self.position).and_then(|close| self.tokens.get(close + 1));
                matches!(after, Some((Token::Operator(_), _)))
            }
            _ => false,
        }
    }

    pub(super) fn relation(&mut self) -> Result<Expression<U>, FilterError> {
        let start = self.span();
        let left = self.value(0)?;
        let Some(comparison) = self.comparison() else {
            let error = self.unexpected("`=`, `!=`, `<`, `<=`, `>`, `>=` and a number");
            return Err(match self.token() {
                Token::Operator(_) => error,
                _ => error
                    .hint(format!("did you mean `{} != 0`?", &self.text[start.at..self.since(start).end()])),
            });
        };
        let right = self.value(0)?;
        self.test(self.since(start), compare(left, comparison, right))
    }

    pub(super) fn comparison(&mut self) -> Option<Comparison> {
        let Token::Operator(symbol) = self.token() else { return None };
        let found = Comparison::ALL.iter().find(|(_, known)| *known == symbol)?;
        self.advance();
        Some(found.0)
    }

    /// A value whose operators bind at least as tightly as `least`.
    fn value(&mut self, least: u8) -> Result<Value, FilterError> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            while let Token::Operator(symbol) = parser.token() {
                let Some(operator) = operator(symbol) else { break };
                let (binds, right_binds) = binding(operator);
                if binds < least {
                    break;
                }
                parser.advance();
                let start = parser.span();
                let right = parser.value(right_binds)?;
                check(parser.since(start), operator, &right)?;
                left = Value::Binary(Box::new(left), operator, Box::new(right));
            }
            Ok(left)
        })
    }

    fn operand(&mut self) -> Result<Value, FilterError> {
        match self.token() {
            Token::Open => {
                self.advance();
                let inner = self.value(0)?;
                self.expect(Token::Close, "`)` or an arithmetic operator")?;
                Ok(inner)
            }
            Token::Operator("-") => {
                self.advance();
                Ok(Value::Negate(Box::new(self.value(UNARY)?)))
            }
            Token::Word("len" | "length") => {
                self.advance();
                Ok(Value::Length)
            }
            Token::Word(word) if keyword::protocol(word).is_some() => self.load(word),
            Token::Word(word) if word.contains('-') && names::constant(word).is_none() => {
                Err(self.unexpected(VALUE).hint("put blanks around `-`"))
            }
            _ => self.number(VALUE).map(Value::Number),
        }
    }

    fn load(&mut self, word: &str) -> Result<Value, FilterError> {
        let start = self.span();
        let layer = self.layer(word)?;
        self.advance();
        self.expect(Token::OpenIndex, &format!("`{word}[offset]` or `{word}[offset:size]`"))?;
        let offset = self.value(0)?;
        let size = if self.token() == Token::Colon { self.size()? } else { 1 };
        self.expect(Token::CloseIndex, "`]`, `:` and a size, or an arithmetic operator")?;
        self.check_offset(start, &offset)?;
        Ok(Value::Load(Box::new(Load { layer, offset, size })))
    }

    fn layer(&self, word: &str) -> Result<Layer, FilterError> {
        keyword::protocol(word).and_then(keyword::Protocol::layer).ok_or_else(|| {
            let message = format!("the bytes of `{word}` can't be asked");
            FilterError::new(
                self.span(),
                message,
                "`ether[…]`, `ip[…]`, `ip6[…]`, `tcp[…]`, `udp[…]`, `icmp[…]` …",
            )
        })
    }

    fn size(&mut self) -> Result<u8, FilterError> {
        self.advance();
        let span = self.span();
        match self.number("a size of 1, 2 or 4 bytes")? {
            1 => Ok(1),
            2 => Ok(2),
            4 => Ok(4),
            size => {
                let message = format!("{size} bytes can't be read at once");
                Err(FilterError::new(span, message, "a size of 1, 2 or 4 bytes"))
            }
        }
    }

    /// libpcap refuses constant offsets that no frame reaches; so does this.
    fn check_offset(&self, start: Span, offset: &Value) -> Result<(), FilterError> {
        match offset {
            Value::Number(number) if *number > i32::MAX as u32 => {
                let message = format!("no frame has a byte {number}");
                Err(FilterError::new(self.since(start), message, "an offset from 0 to 2147483647"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn operator(symbol: &str) -> Option<Operator> {
    Operator::ALL.iter().find(|(_, known)| *known == symbol).map(|(operator, _)| *operator)
}

/// How tightly an operator holds its left operand, and the least its right operand's operators must bind.
pub(in super::super) const fn binding(operator: Operator) -> (u8, u8) {
    match operator {
        Operator::Or => (1, 2),
        Operator::And => (2, 3),
        Operator::ShiftLeft | Operator::ShiftRight => (3, 4),
        Operator::Add | Operator::Subtract => (4, 5),
        Operator::Multiply | Operator::Divide => (5, UNARY),
        Operator::Modulo | Operator::Xor => (UNARY + 1, 0),
    }
}

fn check(span: Span, operator: Operator, right: &Value) -> Result<(), FilterError> {
    match (operator, right) {
        (Operator::Divide | Operator::Modulo, Value::Number(0)) => {
            Err(FilterError::new(span, "division by zero", "a number other than 0"))
        }
        (Operator::ShiftLeft | Operator::ShiftRight, Value::Number(bits @ 32..)) => Err(FilterError::new(
            span,
            format!("a shift by {bits} bits leaves nothing"),
            "a shift by 0 to 31 bits",
        )),
        _ => Ok(()),
    }
}
