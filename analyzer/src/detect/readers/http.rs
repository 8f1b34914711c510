//! Requests and answers of HTTP/1 (RFC 9112): the first line, the fields, and the body as far as it is there.

/// Bytes of a message that are looked at.
pub const LONGEST: usize = 8192;

/// Fields looked at in one message.
const MOST_FIELDS: usize = 128;

/// Methods of the IANA registry and of WebDAV that one meets, with the blank after them.
const METHODS: [&[u8]; 17] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"PATCH ",
    b"TRACE ",
    b"CONNECT ",
    b"PROPFIND ",
    b"REPORT ",
    b"SEARCH ",
    b"MOVE ",
    b"COPY ",
    b"MKCOL ",
    b"TRACK ",
    b"DEBUG ",
];

const VERSION: &[u8] = b"HTTP/1.";

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A request.
    Request(Request<'a>),
    /// An answer.
    Answer(Answer<'a>),
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// `GET`, `POST` and the like.
    pub method: &'a [u8],
    /// Path and query, as they came.
    pub target: &'a [u8],
    /// The lines of fields.
    pub fields: Fields<'a>,
    /// What is there of the body.
    pub body: &'a [u8],
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status code, 100 to 999.
    pub status: u16,
    /// The lines of fields.
    pub fields: Fields<'a>,
    /// What is there of the body.
    pub body: &'a [u8],
}

/// The lines between the first one and the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// Names and values, the first 128.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.0.split(|&byte| byte == b'\n').take(MOST_FIELDS).filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
        })
    }

    /// The value of a field; names have no case.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

impl<'a> Request<'a> {
    /// The target without its query.
    pub fn path(&self) -> &'a [u8] {
        let end =
            self.target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(self.target.len());
        &self.target[..end]
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> &'a [u8] {
        self.target.get(self.path().len() + 1..).unwrap_or_default()
    }
}

/// Whether a payload begins as a message does. Most don't, and two bytes tell.
#[inline]
pub fn begins(payload: &[u8]) -> bool {
    may_begin(payload)
        && (payload.starts_with(VERSION) || METHODS.iter().any(|method| payload.starts_with(method)))
}

/// Whether the first two letters are those of the version or of a method.
#[inline]
const fn may_begin(payload: &[u8]) -> bool {
    let [first, second, ..] = *payload else { return false };
    match first {
        b'C' | b'M' => matches!(second, b'O' | b'K'),
        b'D' | b'G' | b'R' | b'S' => second == b'E',
        b'H' => matches!(second, b'T' | b'E'),
        b'O' => second == b'P',
        b'P' => matches!(second, b'A' | b'O' | b'R' | b'U'),
        b'T' => second == b'R',
        _ => false,
    }
}

/// Whether nothing more has to be waited for: the fields have ended and the body is there, or as much as is looked at. Of
/// an answer the fields that are there are enough.
pub fn is_whole(bytes: &[u8]) -> bool {
    if bytes.len() >= LONGEST || bytes.starts_with(VERSION) {
        return true;
    }
    let Some(end) = end_of_fields(bytes) else { return false };
    let length = Fields(&bytes[..end]).get("content-length").and_then(number).unwrap_or(0);
    bytes.len() >= end.saturating_add(length).min(LONGEST)
}

/// Reads a message from its first byte on.
pub fn read(bytes: &[u8]) -> Option<Message<'_>> {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |place| place + 1);
    let (line, rest) = bytes.split_at(end);
    let (fields, body) = match end_of_fields(rest) {
        // No fields at all: the body follows the first line's empty successor.
        _ if rest.starts_with(b"\r\n") => (Fields(&[]), &rest[2..]),
        Some(end) => (Fields(&rest[..end]), &rest[end..]),
        None => (Fields(rest), &rest[rest.len()..]),
    };
    if let Some(line) = line.strip_prefix(VERSION) {
        let status = number(line.get(2..5)?).filter(|status| *status >= 100)?;
        return Some(Message::Answer(Answer { status: status as u16, fields, body }));
    }
    let method = METHODS.iter().find(|method| line.starts_with(method))?;
    let (method, target) = line.split_at(method.len() - 1);
    Some(Message::Request(Request { method, target: without_version(target), fields, body }))
}

/// The request's target: some attacks have blanks in it.
fn without_version(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    match line.iter().rposition(|&byte| byte == b' ') {
        Some(blank) if line[blank + 1..].starts_with(b"HTTP/") => line[..blank].trim_ascii(),
        _ if line.starts_with(b"HTTP/") => b"",
        _ => line,
    }
}

/// Where the body begins.
fn end_of_fields(bytes: &[u8]) -> Option<usize> {
    let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place);
    let mut last = ends.next()?;
    for end in ends {
        match &bytes[last + 1..end] {
            [] | [b'\r'] => return Some(end + 1),
            _ => last = end,
        }
    }
    None
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(bytes: &[u8]) -> Request<'_> {
        match read(bytes) {
            Some(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_method_and_answer_is_a_beginning() {
        assert!(METHODS.iter().chain([&VERSION]).all(|first| begins(first)));
        assert!(!begins(b"GE") && !begins(b"G") && !begins(b"") && !begins(b"get "));
    }

    #[test]
    fn a_request_is_its_line_its_fields_and_its_body() {
        let all = b"POST /a/b?c=d e HTTP/1.1\r\nHost: x\r\nUser-AGENT:  y \r\n\r\nbody\r\n\r\n";
        let read = request(all);
        assert_eq!((read.method, read.path(), read.query()), (&b"POST"[..], &b"/a/b"[..], &b"c=d e"[..]));
        assert_eq!(read.fields.get("user-agent"), Some(&b"y"[..]));
        assert_eq!(read.body, b"body\r\n\r\n");
        assert_eq!(request(b"GET /a HTTP/1.0\r\n\r\nrest").body, b"rest");
        assert_eq!(request(b"GET /cut").target, b"/cut");
        assert_eq!(read_status(b"HTTP/1.1 404 Not Found\r\n\r\n"), Some(404));
        assert_eq!(read_status(b"HTTP/1.1 abc"), None);
    }

    fn read_status(bytes: &[u8]) -> Option<u16> {
        match read(bytes)? {
            Message::Answer(answer) => Some(answer.status),
            Message::Request(_) => None,
        }
    }

    #[test]
    fn what_is_whole_is_not_waited_for() {
        assert!(is_whole(b"GET / HTTP/1.1\r\n\r\n") && is_whole(b"GET / HTTP/1.1\n\n"));
        assert!(!is_whole(b"GET / HTTP/1.1\r\nHost: a\r\n"));
        assert!(!is_whole(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"));
        assert!(is_whole(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\n"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_themselves(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut all = b"GET ".to_vec();
            all.extend(&bytes);
            for bytes in [&bytes, &all] {
                is_whole(bytes);
                if let Some(Message::Request(request)) = read(bytes) {
                    prop_assert!(request.path().len() + request.query().len() <= request.target.len());
                    prop_assert!(request.fields.iter().count() <= MOST_FIELDS);
                }
            }
        }
    }
}
