//! `inner` and `outer`: before one question, or several in parentheses, that are asked of one layer.

use super::super::error::{FilterError, Span};
use super::super::token::Token;
use super::super::tree::{Expression, Test};
use super::qualifier::Qualifier;
use super::{Parsed, Parser};
use crate::decode::Counted;

const ASKED: &str = "a question, or several in parentheses";

impl<U> Parser<'_, U> {
    pub(super) fn within(&mut self, word: &str, inherited: Option<Qualifier<U>>) -> Parsed<U> {
        let start = self.span();
        if self.within {
            let error = FilterError::new(start, "a layer has no layers of its own", ASKED);
            return Err(error.hint(format!("`{word}` stands before or after the other layer's parentheses")));
        }
        let counted = if word == "inner" { Counted::Innermost } else { Counted::Outermost };
        self.advance();
        let group = self.token() == Token::Open && !self.starts_relation();
        self.within = true;
        let parsed = self.layered(word, inherited.map(|qualifier| Qualifier { layer: None, ..qualifier }));
        self.within = false;
        let (asked, qualifier) = parsed?;
        let asked = self.of_layer(start, Some(counted), asked)?;
        let layered = qualifier.map(|qualifier| Qualifier { layer: Some(counted), ..qualifier });
        Ok((asked, if group { inherited } else { layered }))
    }

    fn layered(&mut self, word: &str, inherited: Option<Qualifier<U>>) -> Parsed<U> {
        match self.token() {
            Token::Not => {
                let error = self.unexpected(ASKED);
                Err(error.hint(format!("write `not {word} …`, or `{word} (not …)`")))
            }
            Token::End | Token::And | Token::Or | Token::Close => Err(self.unexpected(ASKED)),
            _ => self.term(inherited),
        }
    }

    /// What was asked, of that layer: one question instead of those in it.
    pub(super) fn of_layer(
        &mut self,
        start: Span,
        layer: Option<Counted>,
        asked: Expression<U>,
    ) -> Result<Expression<U>, FilterError> {
        match layer {
            Some(counted) => {
                self.asked.retain(|inside| inside.at < start.at);
                self.test(self.since(start), Test::Within(counted, Box::new(asked)))
            }
            None => Ok(asked),
        }
    }

    /// What the caller knows is known of the counted packet only.
    pub(super) fn not_of_a_layer(&self, start: Span, word: &str) -> FilterError {
        let message = format!("`{word}` is known of the counted packet only, not of one layer");
        let error = FilterError::new(self.since(start), message, "a question in tcpdump's language");
        error.hint(format!("put it outside: `inner (…) and {word} …`; the layer that counts is a setting"))
    }
}
