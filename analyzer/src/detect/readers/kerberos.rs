//! Kerberos messages (RFC 4120 §5.4, §5.9): who asks for a ticket, and why he does not get one. DER is read as far as these
//! need it: definite lengths, the fields by their tags.

/// Tags of applications: AS-REQ, AS-REP, KRB-ERROR.
const AS_REQ: u8 = 0x6a;
const AS_REP: u8 = 0x6b;
const ERROR: u8 = 0x7e;
const SEQUENCE: u8 = 0x30;
const CONTEXT: u8 = 0xa0;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A user asks for a ticket.
    Asks(&'a [u8]),
    /// He gets one.
    Granted,
    /// He does not, for this reason (RFC 4120 §7.5.9).
    Refused(u32),
}

/// No such user; revoked; wrong password.
pub const FAILURES: [u32; 3] = [6, 18, 24];

/// Reads a message; over TCP a length of four bytes comes first.
pub fn read(payload: &[u8], is_tcp: bool) -> Option<Message<'_>> {
    let payload = if is_tcp { payload.get(4..)? } else { payload };
    let (tag, content, _) = element(payload)?;
    let fields = inside(content, SEQUENCE)?;
    match tag {
        AS_REP => Some(Message::Granted),
        ERROR => number(inside(field(fields, 6)?, 2)?).map(Message::Refused),
        AS_REQ => {
            let body = inside(field(fields, 4)?, SEQUENCE)?;
            let name = inside(field(body, 1)?, SEQUENCE)?;
            let (_, first, _) = element(inside(field(name, 1)?, SEQUENCE)?)?;
            Some(Message::Asks(first))
        }
        _ => None,
    }
}

/// The content of a field by its number.
fn field(mut fields: &[u8], number: u8) -> Option<&[u8]> {
    // Fields are in order, so there are no more of them than numbers.
    for _ in 0..=number {
        let (tag, content, rest) = element(fields)?;
        if tag == CONTEXT | number {
            return Some(content);
        }
        fields = rest;
    }
    None
}

/// The content of an element that has to have this tag.
fn inside(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    element(bytes).filter(|(tag, ..)| *tag == wanted).map(|(_, content, _)| content)
}

/// Tag, content and what follows. A content that is cut is what is there of it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at(length.min(rest.len()));
    Some((tag, content, rest))
}

fn number(digits: &[u8]) -> Option<u32> {
    (digits.len() <= 4).then(|| digits.iter().fold(0, |sum, digit| sum << 8 | u32::from(*digit)))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x81, content.len() as u8], content].concat()
    }

    /// An AS-REQ of a user.
    pub(crate) fn request(user: &str) -> Vec<u8> {
        let names = wrap(SEQUENCE, &wrap(0x1b, user.as_bytes()));
        let name = wrap(SEQUENCE, &[wrap(0xa0, &[2, 1, 1]), wrap(0xa1, &names)].concat());
        let body = wrap(SEQUENCE, &[wrap(0xa0, &[3, 1, 0]), wrap(0xa1, &name)].concat());
        let fields = [wrap(0xa1, &[2, 1, 5]), wrap(0xa2, &[2, 1, 10]), wrap(0xa4, &body)].concat();
        wrap(AS_REQ, &wrap(SEQUENCE, &fields))
    }

    /// A KRB-ERROR with a reason.
    pub(crate) fn error(code: u8) -> Vec<u8> {
        let fields = [wrap(0xa0, &[2, 1, 5]), wrap(0xa1, &[2, 1, 30]), wrap(0xa6, &[2, 1, code])].concat();
        wrap(ERROR, &wrap(SEQUENCE, &fields))
    }

    #[test]
    fn messages_say_who_asks_and_why_not() {
        assert_eq!(read(&request("ann"), false), Some(Message::Asks(b"ann")));
        assert_eq!(read(&[&[0, 0, 0, 9], &error(24)[..]].concat(), true), Some(Message::Refused(24)));
        assert_eq!(read(b"hello", false), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..80) {
            let mut changed = request("somebody");
            let at = at.min(changed.len());
            changed.splice(at.., bytes.iter().copied());
            for bytes in [&bytes, &changed] {
                read(bytes, false);
                read(bytes, true);
            }
        }
    }
}
