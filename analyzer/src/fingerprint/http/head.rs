//! From the first bytes of a direction to its head (RFC 9112 §2 to §5), with the bounds within which p0f reads one: requests
//! are GET and HEAD, the first line at most 1 KiB, at most 32 headers, names of 32 and values of 1024 bytes, 8 KiB in all.

use super::{HttpPrint, Role};

/// Bytes of a head that are waited for.
pub const LONGEST: usize = 8192;

const LONGEST_LINE: usize = 1024;
const LONGEST_NAME: usize = 32;
const LONGEST_VALUE: usize = 1024;
const MOST_HEADERS: usize = 32;

/// The shortest first lines: `GET / HTTP/1.0`, `HTTP/1.1 200`.
const LEAST_REQUEST: usize = 14;
const LEAST_RESPONSE: usize = 13;

/// What the first bytes of a direction are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// No head that is read.
    Nothing,
    /// The beginning of one.
    Unfinished,
    /// A whole one.
    Head(HttpPrint),
}

/// Whether bytes may begin a request that is read.
#[inline]
pub fn begins_request(bytes: &[u8]) -> bool {
    begins(bytes, b"GET /") || begins(bytes, b"HEAD /")
}

/// Whether bytes may begin an answer.
#[inline]
pub fn begins_response(bytes: &[u8]) -> bool {
    begins(bytes, b"HTTP/1.")
}

/// Whether one is the beginning of the other.
fn begins(bytes: &[u8], word: &[u8]) -> bool {
    bytes.iter().zip(word).all(|(byte, wanted)| byte == wanted)
}

/// Whether a head's empty line is there; looks from `known` bytes on, before which there was none.
pub fn is_whole(bytes: &[u8], known: usize) -> bool {
    let from = known.saturating_sub(2);
    let ends = memchr::memchr_iter(b'\n', bytes.get(from..).unwrap_or_default());
    ends.into_iter().any(|at| matches!(bytes.get(from + at + 1), Some(b'\r' | b'\n')))
}

/// The head of a request.
pub fn request(bytes: &[u8]) -> Reading {
    if !begins_request(bytes) {
        return Reading::Nothing;
    }
    first_line(bytes, LEAST_REQUEST, |line| {
        let version = line.get(line.len().checked_sub(8)?..)?.strip_prefix(b"HTTP/1.")?;
        Some(u8::from(version == b"1"))
    })
    .read(Role::Request)
}

/// The head of an answer.
pub fn response(bytes: &[u8]) -> Reading {
    if !begins_response(bytes) {
        return Reading::Nothing;
    }
    first_line(bytes, LEAST_RESPONSE, |line| Some(u8::from(line.get(7) == Some(&b'1')))).read(Role::Response)
}

/// A first line and what follows it.
enum Line<'a> {
    Bad,
    Unfinished,
    Good { version: u8, rest: &'a [u8] },
}

fn first_line(bytes: &[u8], least: usize, version: impl Fn(&[u8]) -> Option<u8>) -> Line<'_> {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let is_text = |byte: &u8| matches!(byte, b'\r' | 0x20..=0x7f);
    if end >= LONGEST_LINE || !bytes[..end].iter().all(is_text) {
        return Line::Bad;
    }
    if end == bytes.len() {
        return Line::Unfinished;
    }
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    match version(line).filter(|_| end >= least) {
        Some(version) => Line::Good { version, rest: &bytes[end + 1..] },
        None => Line::Bad,
    }
}

impl Line<'_> {
    fn read(self, role: Role) -> Reading {
        let Self::Good { version, mut rest } = self else {
            return if matches!(self, Self::Bad) { Reading::Nothing } else { Reading::Unfinished };
        };
        let mut headers = Vec::with_capacity(16);
        loop {
            if matches!(rest.first(), Some(b'\r' | b'\n')) {
                return Reading::Head(HttpPrint { role, version, headers });
            }
            match header(rest) {
                Header::Good(name, value, behind) if headers.len() < MOST_HEADERS => {
                    headers.push((text(name), text(value)));
                    rest = behind;
                }
                Header::Unfinished => return Reading::Unfinished,
                Header::Bad | Header::Good(..) => return Reading::Nothing,
            }
        }
    }
}

/// One character a byte, so that nothing of the wire is lost.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

enum Header<'a> {
    Bad,
    Unfinished,
    Good(&'a [u8], &'a [u8], &'a [u8]),
}

/// The first header and what is behind it.
fn header(bytes: &[u8]) -> Header<'_> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let name = bytes.iter().position(|byte| !is_name(byte)).unwrap_or(bytes.len());
    if name > LONGEST_NAME {
        return Header::Bad;
    }
    match bytes.get(name) {
        None => return Header::Unfinished,
        Some(b':') if name > 0 => {}
        Some(_) => return Header::Bad,
    }
    let value = &bytes[name + 1..];
    let value = value.strip_prefix(b" ").or_else(|| value.strip_prefix(b"\t")).unwrap_or(value);
    match memchr::memchr(b'\n', value) {
        Some(end) if end <= LONGEST_VALUE => {
            let one = value[..end].strip_suffix(b"\r").unwrap_or(&value[..end]);
            Header::Good(&bytes[..name], one, &value[end + 1..])
        }
        None if value.len() <= LONGEST_VALUE => Header::Unfinished,
        _ => Header::Bad,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nX:  b \r\nUser-Agent: c]|d\r\nCookie: e\r\n\r\n";

    #[test]
    fn a_request_is_its_headers_in_order_and_those_it_lacks() {
        let Reading::Head(print) = request(REQUEST) else { panic!("no head") };
        assert_eq!(
            print.to_string(),
            "1:Host,X=[ b ],User-Agent,?Cookie:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:c"
        );
    }

    #[test]
    fn an_answer_names_its_program() {
        let bytes = b"HTTP/1.0 200 OK\nServer: x/1\nDate: now\nKeep-Alive: a\nConnection: b\nContent-Type: c\nAccept-Ranges: d\n\n";
        let Reading::Head(print) = response(bytes) else { panic!("no head") };
        let signature = "0:Server,Date,Keep-Alive=[a],Connection=[b],Content-Type,Accept-Ranges=[d]::x/1";
        assert_eq!(print.to_string(), signature);
    }

    #[test]
    fn a_beginning_is_unfinished_and_what_is_no_head_is_nothing() {
        for end in 0..REQUEST.len() - 2 {
            assert_eq!(request(&REQUEST[..end]), Reading::Unfinished, "{end}");
            assert!(!is_whole(&REQUEST[..end], 0));
        }
        assert!(is_whole(REQUEST, 0) && is_whole(REQUEST, REQUEST.len() - 1));
        for bytes in [
            &b"POST / HTTP/1.1\r\n\r\n"[..],
            b"GET / HTTP/2.1\r\n\r\n",
            b"GET /\x01",
            b"GET / HTTP/1.1\r\n: a\r\n\r\n",
        ] {
            assert_eq!(request(bytes), Reading::Nothing);
        }
        assert_eq!(response(b"HTTP/2 200 OK, then"), Reading::Nothing);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_the_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..500), at in 0usize..500) {
            let mut all = REQUEST.to_vec();
            all.splice(at.min(REQUEST.len())..at.min(REQUEST.len()), bytes);
            if let Reading::Head(print) = request(&all) {
                prop_assert!(print.headers.len() <= MOST_HEADERS);
                prop_assert!(is_whole(&all, 0));
            }
        }
    }
}
