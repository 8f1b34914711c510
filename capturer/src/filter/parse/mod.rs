//! Tokens → checked tree. The grammar is libpcap's: `and` and `or` bind equally and to the left, `not` binds tighter,
//! and an identifier without qualifier takes those of the primitive before it (`port 80 or 443`). After a closing
//! parenthesis the qualifiers from before the opening one hold again, as in libpcap.

mod address;
mod arithmetic;
mod link;
mod operand;
mod primitive;
mod qualifier;
mod within;

use super::error::{FilterError, Span};
use super::keyword;
use super::token::{Spanned, Token, tokens};
use super::tree::{Expression, Test};
use super::words::{Scope, Word};
pub(super) use arithmetic::binding;
use qualifier::Qualifier;

/// How deep parentheses, `not` and arithmetic may nest, and how often `and` and `or` may alternate.
const MAX_DEPTH: usize = 100;

const PRIMITIVE: &str = "a question such as `tcp`, `port 443`, `host 192.0.2.1` or `net 10.0.0.0/8`";

/// An expression, and the qualifiers that an identifier after it takes.
type Parsed<U> = Result<(Expression<U>, Option<Qualifier<U>>), FilterError>;

/// Reads and checks a whole filter; with it come the places of its questions, from left to right.
pub(super) fn parse<U>(
    text: &str,
    words: &'static [Word<U>],
    scope: Scope,
) -> Result<(Expression<U>, Vec<Span>), FilterError> {
    let tokens = tokens(text)?;
    let closing = closing(&tokens)?;
    let mut parser = Parser {
        text,
        tokens,
        closing,
        position: 0,
        depth: 0,
        within: false,
        asked: Vec::new(),
        words,
        scope,
    };
    if parser.token() == Token::End {
        return Ok((Expression::Everything, Vec::new()));
    }
    let (expression, _) = parser.expression(None)?;
    match parser.token() {
        Token::End => Ok((expression, parser.asked)),
        _ => Err(parser.leftover()),
    }
}

/// For each opening bracket the position of its closing one.
fn closing(tokens: &[Spanned<'_>]) -> Result<Vec<usize>, FilterError> {
    let mut closing = vec![0; tokens.len()];
    let mut open = Vec::new();
    for (i, (token, span)) in tokens.iter().enumerate() {
        match token {
            Token::Open | Token::OpenIndex => open.push((i, *token, *span)),
            Token::Close | Token::CloseIndex => match open.pop() {
                Some((at, Token::Open, _)) if *token == Token::Close => closing[at] = i,
                Some((at, Token::OpenIndex, _)) if *token == Token::CloseIndex => closing[at] = i,
                Some((_, Token::Open, _)) => {
                    return Err(FilterError::new(*span, "`]` closes nothing", "a `)` first"));
                }
                Some(_) => return Err(FilterError::new(*span, "`)` comes before the `]`", "a `]` first")),
                None => {
                    return Err(FilterError::new(
                        *span,
                        "this bracket closes nothing",
                        "nothing, or an opening one",
                    ));
                }
            },
            _ => {}
        }
    }
    match open.pop() {
        Some((_, Token::Open, span)) => {
            Err(FilterError::new(span, "this `(` is never closed", "a `)` further on"))
        }
        Some((.., span)) => Err(FilterError::new(span, "this `[` is never closed", "a `]` further on")),
        None => Ok(closing),
    }
}

struct Parser<'a, U: 'static> {
    text: &'a str,
    tokens: Vec<Spanned<'a>>,
    closing: Vec<usize>,
    position: usize,
    depth: usize,
    /// Whether what is read is asked of one layer.
    within: bool,
    /// Where the questions stand that were read.
    asked: Vec<Span>,
    words: &'static [Word<U>],
    scope: Scope,
}

impl<'a, U> Parser<'a, U> {
    fn expression(&mut self, inherited: Option<Qualifier<U>>) -> Parsed<U> {
        let (mut left, mut qualifier) = self.term(inherited)?;
        let (mut last, mut alternations) = (None, 0);
        while matches!(self.token(), Token::And | Token::Or) {
            let operator = self.token();
            alternations += usize::from(last.is_some_and(|last| last != operator));
            last = Some(operator);
            if alternations > MAX_DEPTH / 2 {
                return Err(self.too_deep());
            }
            self.advance();
            let (right, next) = self.term(qualifier)?;
            qualifier = next;
            left = match operator {
                Token::And => Expression::And(Box::new(left), Box::new(right)),
                _ => Expression::Or(Box::new(left), Box::new(right)),
            };
        }
        Ok((left, qualifier))
    }

    fn term(&mut self, inherited: Option<Qualifier<U>>) -> Parsed<U> {
        self.nested(|parser| match parser.token() {
            Token::Not => {
                parser.advance();
                let (inner, qualifier) = parser.term(inherited)?;
                Ok((Expression::Not(Box::new(inner)), qualifier))
            }
            _ if parser.starts_relation() => Ok((parser.relation()?, None)),
            Token::Word(word @ ("inner" | "outer")) => parser.within(word, inherited),
            Token::Open => {
                parser.advance();
                let (inner, _) = parser.expression(inherited)?;
                parser.expect(Token::Close, "`)`, `and` or `or`")?;
                Ok((inner, inherited))
            }
            _ => parser.primitive(inherited),
        })
    }

    /// Runs `inner` one level deeper.
    fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let out = inner(self);
        self.depth -= 1;
        out
    }

    /// A question, refused when what the filter is for can't answer it.
    fn test(&mut self, span: Span, test: Test<U>) -> Result<Expression<U>, FilterError> {
        let scopes = test.scopes();
        if scopes.has(self.scope) {
            self.asked.push(span);
            return Ok(Expression::Test(test));
        }
        let (asked, here) = (&self.text[span.at..span.end()], self.scope.name());
        let message = format!("`{asked}` works on {}, not on {here}", scopes.names());
        let error = FilterError::new(span, message, format!("a question that {here} can answer"));
        Err(error.hint(format!("ask it of {}: {}", scopes.names(), scopes.place())))
    }

    fn token(&self) -> Token<'a> {
        self.peek(0)
    }

    fn peek(&self, ahead: usize) -> Token<'a> {
        self.tokens.get(self.position + ahead).map_or(Token::End, |(token, _)| *token)
    }

    fn span(&self) -> Span {
        let end = Span { at: self.text.len(), len: 0 };
        self.tokens.get(self.position).map_or(end, |(_, span)| *span)
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: Span) -> Span {
        let last = self.position.checked_sub(1).and_then(|i| self.tokens.get(i));
        last.map_or(start, |(_, span)| start.to(*span))
    }

    fn advance(&mut self) {
        self.position = (self.position + 1).min(self.tokens.len() - 1);
    }

    fn expect(&mut self, token: Token<'_>, expected: &str) -> Result<(), FilterError> {
        if self.token() != token {
            return Err(self.unexpected(expected));
        }
        self.advance();
        Ok(())
    }

    /// Words that mean something by themselves; all others are names or numbers.
    fn is_keyword(&self, word: &str) -> bool {
        keyword::is_keyword(word) || self.words.iter().any(|known| known.name == word)
    }

    /// The known word nearest to a typo.
    fn suggestion(&self, word: &str) -> Option<String> {
        let known = keyword::all().chain(self.words.iter().map(|word| word.name));
        super::suggest::nearest(word, known).map(|near| format!("did you mean `{near}`?"))
    }

    fn unexpected(&self, expected: &str) -> FilterError {
        let span = self.span();
        let message = match self.token() {
            Token::End => "the filter ends too early".to_owned(),
            Token::Word(word)
                if !self.is_keyword(word) && word.starts_with(|c: char| c.is_ascii_alphabetic()) =>
            {
                format!("unknown word `{word}`")
            }
            _ => format!("`{}` can't stand here", &self.text[span.at..span.end()]),
        };
        let error = FilterError::new(span, message, expected);
        match self.token() {
            Token::Word(word) => {
                FilterError { hint: self.suggestion(word).filter(|_| !self.is_keyword(word)), ..error }
            }
            _ => error,
        }
    }

    /// Something follows a whole expression.
    fn leftover(&self) -> FilterError {
        let error = self.unexpected("`and`, `or`, or the end");
        match self.token() {
            Token::Operator("&") => error.hint("did you mean `&&`?"),
            Token::Operator("|") => error.hint("did you mean `||`?"),
            Token::Word(word) if self.is_keyword(word) => {
                error.hint(format!("join questions: `… and {word} …`"))
            }
            _ => error,
        }
    }

    fn too_deep(&self) -> FilterError {
        let message = format!("the filter nests deeper than {MAX_DEPTH} levels");
        FilterError::new(self.span(), message, "fewer parentheses, `not`s and changes between `and` and `or`")
    }
}
