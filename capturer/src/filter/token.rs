//! Text → tokens. Words follow libpcap's scanner: letters, digits, `.`, `_` and inner `-` are one word, so that
//! `tcp-syn`, `80-443`, `192.168` and `00-11-22-33-44-55` each are one; the parser reads them by their place.

use std::net::Ipv6Addr;

use super::error::{FilterError, Span};
use super::number::mac_from_text;
use crate::Mac;

/// The longest filter that is read, in bytes.
pub const MAX_TEXT: usize = 4096;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a number, a name or a dotted address.
    Word(&'a str),
    /// A name that is no keyword: `\tcp`, `"tcp"`.
    Name(&'a str),
    Ipv6(Ipv6Addr),
    Mac(Mac),
    And,
    Or,
    Not,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Colon,
    /// Arithmetic and relational operators, as written.
    Operator(&'static str),
    End,
}

/// A token and where it stands.
pub(super) type Spanned<'a> = (Token<'a>, Span);

/// Longer ones first: the first that fits is taken.
const SYMBOLS: [(&str, Token<'static>); 25] = [
    ("&&", Token::And),
    ("||", Token::Or),
    ("!=", Token::Operator("!=")),
    ("==", Token::Operator("=")),
    (">=", Token::Operator(">=")),
    ("<=", Token::Operator("<=")),
    ("<<", Token::Operator("<<")),
    (">>", Token::Operator(">>")),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    ("[", Token::OpenIndex),
    ("]", Token::CloseIndex),
    (":", Token::Colon),
    ("=", Token::Operator("=")),
    (">", Token::Operator(">")),
    ("<", Token::Operator("<")),
    ("+", Token::Operator("+")),
    ("-", Token::Operator("-")),
    ("*", Token::Operator("*")),
    ("/", Token::Operator("/")),
    ("%", Token::Operator("%")),
    ("&", Token::Operator("&")),
    ("|", Token::Operator("|")),
    ("^", Token::Operator("^")),
];

/// Cuts `text` into tokens; the last one is always [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned<'_>>, FilterError> {
    if text.len() > MAX_TEXT {
        let span = Span { at: text.floor_char_boundary(MAX_TEXT), len: 0 };
        let message = format!("the filter is {} bytes long", text.len());
        return Err(FilterError::new(span, message, format!("at most {MAX_TEXT} bytes")));
    }
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let (token, len) = next(text, at)?;
        out.push((token, Span { at, len }));
        if token == Token::End {
            return Ok(out);
        }
        at += len;
    }
}

fn next(text: &str, at: usize) -> Result<(Token<'_>, usize), FilterError> {
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else { return Ok((Token::End, 0)) };
    if let Some(found) = address(rest, at)? {
        return Ok(found);
    }
    if first.is_ascii_alphanumeric() {
        return Ok(word(rest));
    }
    match first {
        '\\' => escaped(rest, at),
        '"' | '\'' => quoted(rest, at, first),
        _ => symbol(rest, at, first),
    }
}

/// An IPv6 or colon-separated hardware address: a run of hexadecimal digits, dots and at least two colons.
fn address(rest: &str, at: usize) -> Result<Option<(Token<'_>, usize)>, FilterError> {
    let run = prefix(rest, |c| c.is_ascii_hexdigit() || c == ':' || c == '.');
    if run.bytes().filter(|&b| b == b':').count() < 2 {
        return Ok(None);
    }
    let span = Span { at, len: run.len() };
    if rest[run.len()..].starts_with('%') {
        let error =
            FilterError::new(span, "an address with a zone can't be matched", "an address without `%…`");
        return Err(error.hint(format!("frames carry no zone; write `{run}`")));
    }
    if let Ok(address) = run.parse() {
        return Ok(Some((Token::Ipv6(address), run.len())));
    }
    if let Some(mac) = mac_from_text(run) {
        return Ok(Some((Token::Mac(mac), run.len())));
    }
    let expected = "an IPv6 address such as 2001:db8::1, or a hardware address such as 00:00:5e:00:53:01";
    Err(FilterError::new(span, format!("`{run}` is no address"), expected))
}

fn word(rest: &str) -> (Token<'_>, usize) {
    let run = prefix(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let run = run.trim_end_matches(['-', '_']);
    let token = match run {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        _ => Token::Word(run),
    };
    (token, run.len())
}

fn escaped(rest: &str, at: usize) -> Result<(Token<'_>, usize), FilterError> {
    let name = prefix(&rest[1..], |c| !c.is_whitespace() && !matches!(c, '!' | '(' | ')'));
    if name.is_empty() {
        let error = FilterError::new(Span { at, len: 1 }, "`\\` escapes nothing", "a name right after it");
        return Err(error.hint("`\\` makes a keyword a name: `ip proto \\tcp`"));
    }
    Ok((Token::Name(name), name.len() + 1))
}

fn quoted(rest: &str, at: usize, quote: char) -> Result<(Token<'_>, usize), FilterError> {
    let Some(len) = rest[1..].find(quote) else {
        let span = Span { at, len: rest.len() };
        return Err(FilterError::new(span, "the quote is never closed", format!("a closing {quote}")));
    };
    Ok((Token::Name(&rest[1..=len]), len + 2))
}

fn symbol(rest: &str, at: usize, first: char) -> Result<(Token<'static>, usize), FilterError> {
    if let Some((text, token)) = SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)) {
        return Ok((*token, text.len()));
    }
    if first == '@' {
        let len = prefix(rest, |c| !c.is_whitespace()).len();
        let error =
            FilterError::new(Span { at, len }, "files can't be included here", "a filter without `@`");
        return Err(error
            .hint("paste what the file says, in parentheses; only `wireglobe query --filter` reads files"));
    }
    let span = Span { at, len: first.len_utf8() };
    let message = format!("`{}` means nothing in a filter", first.escape_debug());
    Err(FilterError::new(span, message, "a word, a number, an address or an operator"))
}

fn prefix(text: &str, of: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !of(c)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token<'_>> {
        tokens(text).unwrap().into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn one_colon_slices_and_two_make_an_address() {
        use Token::{CloseIndex, Colon, End, Ipv6, OpenIndex, Word};
        assert_eq!(kinds("ip[2:4]"), [Word("ip"), OpenIndex, Word("2"), Colon, Word("4"), CloseIndex, End]);
        assert_eq!(kinds("::1"), [Ipv6("::1".parse().unwrap()), End]);
        assert_eq!(kinds("1:2:3:4:5:6"), [Token::Mac(Mac([1, 2, 3, 4, 5, 6])), End]);
        assert!(tokens("1:2:3").is_err() && tokens("fe80::1%eth0").is_err());
    }

    #[test]
    fn operators_are_read_longest_first() {
        use Token::{And, End, Not, Operator, Or, Word};
        assert_eq!(kinds("a&&b||!c"), [Word("a"), And, Word("b"), Or, Not, Word("c"), End]);
        assert_eq!(kinds("1<<2>=3"), [Word("1"), Operator("<<"), Word("2"), Operator(">="), Word("3"), End]);
        assert_eq!(kinds("tcp-syn|80-443"), [Word("tcp-syn"), Operator("|"), Word("80-443"), End]);
    }

    #[test]
    fn escapes_and_quotes_make_names() {
        assert_eq!(kinds(r"\tcp"), [Token::Name("tcp"), Token::End]);
        assert_eq!(kinds("\"Windows 10\""), [Token::Name("Windows 10"), Token::End]);
        for bad in ["\\", "\"open", "@include x", "§", "tcp; udp"] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }
}
