//! SIP messages (RFC 3261): the method or status, the user agent, and the user that is asked for. Fields are those of HTTP.

use super::http::Fields;

/// Methods of the IANA registry, with the blank after them.
const METHODS: [&[u8]; 8] =
    [b"REGISTER ", b"INVITE ", b"OPTIONS ", b"ACK ", b"BYE ", b"CANCEL ", b"SUBSCRIBE ", b"NOTIFY "];

const VERSION: &[u8] = b"SIP/2.0 ";

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A request with its method.
    Request(&'a [u8]),
    /// An answer with its status and the method it answers.
    Answer(u16, &'a [u8]),
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Request or answer.
    pub kind: Kind<'a>,
    /// Its fields.
    pub fields: Fields<'a>,
}

impl<'a> Message<'a> {
    /// The address in the To field, such as `sip:100@192.0.2.1`.
    pub fn to(&self) -> Option<&'a [u8]> {
        let value = self.fields.get("to").or_else(|| self.fields.get("t"))?;
        let begin = find(value, b"sip:")?;
        let rest = &value[begin..];
        let end = rest.iter().position(|byte| matches!(byte, b'>' | b';' | b' ')).unwrap_or(rest.len());
        Some(&rest[..end])
    }
}

/// Whether a payload begins as a message does. Most don't, and two bytes tell.
#[inline]
pub fn begins(payload: &[u8]) -> bool {
    may_begin(payload) && (payload.starts_with(VERSION) || method(payload).is_some())
}

/// Whether the first two letters are those of the version or of a method.
#[inline]
const fn may_begin(payload: &[u8]) -> bool {
    let [first, second, ..] = *payload else { return false };
    match first {
        b'A' => second == b'C',
        b'B' => second == b'Y',
        b'C' => second == b'A',
        b'I' | b'N' => matches!(second, b'N' | b'O'),
        b'O' => second == b'P',
        b'R' => second == b'E',
        b'S' => matches!(second, b'I' | b'U'),
        _ => false,
    }
}

/// Reads a message.
pub fn read(bytes: &[u8]) -> Option<Message<'_>> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let fields = Fields(&bytes[end + 1..]);
    if let Some(rest) = bytes.strip_prefix(VERSION) {
        let status = std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()?;
        let answers = fields.get("cseq").unwrap_or_default();
        let blank = answers.iter().rposition(|&byte| byte == b' ').map_or(0, |place| place + 1);
        return Some(Message { kind: Kind::Answer(status, &answers[blank..]), fields });
    }
    Some(Message { kind: Kind::Request(method(bytes)?), fields })
}

/// The method of a request line whose address is one of SIP.
fn method(bytes: &[u8]) -> Option<&[u8]> {
    let method = METHODS.iter().find(|method| bytes.starts_with(method))?;
    let rest = &bytes[method.len()..];
    let is_sip = rest.starts_with(b"sip:") || rest.starts_with(b"sips:") || rest.starts_with(b"tel:");
    is_sip.then(|| &bytes[..method.len() - 1])
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_method_and_answer_is_a_beginning() {
        let requests = METHODS.iter().map(|method| [method, &b"sip:a@192.0.2.1"[..]].concat());
        assert!(requests.chain([VERSION.to_vec()]).all(|first| begins(&first)));
        assert!(!begins(b"INVITE") && !begins(b"I") && !begins(b""));
    }

    #[test]
    fn requests_and_answers_say_what_they_are_about() {
        let message =
            read(b"REGISTER sip:example.org SIP/2.0\r\nTo: <sip:100@example.org>;x\r\n\r\n").unwrap();
        assert_eq!(
            (message.kind, message.to()),
            (Kind::Request(b"REGISTER"), Some(&b"sip:100@example.org"[..]))
        );
        let message = read(b"SIP/2.0 401 Unauthorized\r\nCSeq: 1 REGISTER\r\n\r\n").unwrap();
        assert_eq!(message.kind, Kind::Answer(401, b"REGISTER"));
        assert!(!begins(b"OPTIONS /index.html HTTP/1.1\r\n"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), place in 0usize..9) {
            let start = METHODS.get(place).copied().unwrap_or(VERSION);
            for bytes in [&bytes[..], &[start, b"sip:", &bytes].concat()] {
                begins(bytes);
                if let Some(message) = read(bytes) {
                    message.to();
                }
            }
        }
    }
}
