//! The Host field of an HTTP/1 request (RFC 9112 §3.2) in the first segment of it. A request to a proxy, known by its
//! target in absolute or authority form, names somebody else than the address it goes to and is not read.

use super::Name;

/// Methods of the IANA registry that one meets, with the blank after them.
const METHODS: [&[u8]; 9] =
    [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"PROPFIND ", b"REPORT "];

const FIELD: &[u8] = b"host:";

/// Whether a payload begins as a request to the server itself does.
#[inline]
pub(super) fn begins(payload: &[u8]) -> bool {
    payload.first().is_some_and(u8::is_ascii_uppercase)
        && METHODS.iter().any(|method| {
            payload.strip_prefix(*method).is_some_and(|rest| matches!(rest.first(), Some(b'/' | b'*')))
        })
}

/// The host it names.
pub(super) fn host(payload: &[u8]) -> Option<Name> {
    let mut lines = payload.split(|&byte| byte == b'\n').skip(1);
    // A line that ends with the payload is cut.
    let whole = payload.iter().filter(|&&byte| byte == b'\n').count().checked_sub(1)?;
    let line = lines
        .by_ref()
        .take(whole)
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .find(|line| line.get(..FIELD.len()).is_some_and(|name| name.eq_ignore_ascii_case(FIELD)))?;
    Name::parse(without_port(line.get(FIELD.len()..)?.trim_ascii()))
}

fn without_port(value: &[u8]) -> &[u8] {
    match value.iter().rposition(|&byte| byte == b':') {
        Some(colon) if value[colon + 1..].iter().all(u8::is_ascii_digit) => &value[..colon],
        _ => value,
    }
}
