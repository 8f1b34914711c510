//! What a person is told about a filter that can't be used: where, what, what was expected, and how to mend it.

use std::fmt::Write as _;

use serde::Serialize;

/// Columns of an expression that are shown around a fault; a longer one is cut with `…` on either side.
const SHOWN_COLUMNS: usize = 96;

/// Why a filter was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Where the fault begins: a byte position in the text, at a character's boundary.
    pub at: usize,
    /// How many bytes it spans; 0 at the end of the text.
    pub len: usize,
    /// What is wrong.
    pub message: String,
    /// What would have been right there.
    pub expected: String,
    /// What to type instead, when that can be told.
    pub hint: Option<String>,
}

impl FilterError {
    pub(super) fn new(span: Span, message: impl Into<String>, expected: impl Into<String>) -> Self {
        let (message, expected) = (printed(message), printed(expected));
        Self { at: span.at, len: span.len, message, expected, hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(printed(hint));
        self
    }

    /// The expression with a caret line under the fault, what was expected and the hint; ends without a line break.
    pub fn render(&self, text: &str) -> String {
        let (shown, column, width) = self.window(text);
        let mut out = format!(
            "{}\n  {shown}\n  {:column$}{:^<width$}\nexpected {}",
            self.message, "", "", self.expected
        );
        if let Some(hint) = &self.hint {
            let _ = write!(out, "\nhint: {hint}");
        }
        out
    }

    /// The part of the text to show, the caret's column in it and how many carets; all in characters.
    fn window(&self, text: &str) -> (String, usize, usize) {
        let cut = |at: usize| text.get(..at).unwrap_or(text).chars().count();
        let (start, end) = (cut(self.at), cut(self.at + self.len));
        let first = if end > SHOWN_COLUMNS { start.saturating_sub(SHOWN_COLUMNS / 2) } else { 0 };
        let more = text.chars().count() > first + SHOWN_COLUMNS;
        let mut shown = String::from(if first > 0 { "…" } else { "" });
        shown.extend(text.chars().skip(first).take(SHOWN_COLUMNS).map(printable));
        shown.push_str(if more { "…" } else { "" });
        let column = start - first + usize::from(first > 0);
        (shown, column, (end - start).clamp(1, SHOWN_COLUMNS))
    }
}

/// Control characters take one blank column, so that nothing reaches the terminal and the caret stays in place.
fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// What is said may quote the filter's text.
fn printed(words: impl Into<String>) -> String {
    words.into().chars().map(printable).collect()
}

/// A stretch of the filter's text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: usize,
    pub(super) len: usize,
}

impl Span {
    pub(super) const fn end(self) -> usize {
        self.at + self.len
    }

    /// From the beginning of this one to the end of `other`.
    pub(super) const fn to(self, other: Self) -> Self {
        Self { at: self.at, len: other.end().saturating_sub(self.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_fault_after_wide_text() {
        let text = "é\ttcp prt 80";
        let at = text.find("prt").unwrap();
        let error =
            FilterError::new(Span { at, len: 3 }, "unknown word `prt`", "a primitive").hint("try `port`");
        assert_eq!(
            error.render(text),
            "unknown word `prt`\n  é tcp prt 80\n        ^^^\nexpected a primitive\nhint: try `port`"
        );
    }

    #[test]
    fn a_quoted_word_brings_nothing_to_the_terminal() {
        let error =
            FilterError::new(Span { at: 0, len: 3 }, "unknown word `a\u{1b}[2J\n`", "b\0").hint("c\r");
        assert_eq!((&*error.message, &*error.expected), ("unknown word `a [2J `", "b "));
        assert_eq!(error.hint.as_deref(), Some("c "));
    }

    #[test]
    fn a_long_expression_is_cut_around_the_fault() {
        let text = format!("{}oops{}", "tcp or ".repeat(50), " or udp".repeat(50));
        let error = FilterError::new(Span { at: 350, len: 4 }, "m", "e");
        let rendered = error.render(&text);
        let lines: Vec<&str> = rendered.lines().collect();
        let column = lines[2].find('^').unwrap();
        assert_eq!(lines[1].chars().skip(column).take(4).collect::<String>(), "oops");
        assert!(lines[1].chars().count() < 110);
    }
}
