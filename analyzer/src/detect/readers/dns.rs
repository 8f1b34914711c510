//! A query or an answer of a name server as the rules want it: the name with all its bytes, since tunnels send what is no
//! host name, what is asked for, and how much comes back. The message itself is read by `names::Message`.

use std::net::IpAddr;

use crate::names::{Message, messages, registered};

/// Record types (IANA DNS parameters) in which tunnels carry data: CNAME, NULL, MX, TXT, SRV, and PRIVATE, which iodine uses.
const CARRIERS: [u16; 5] = [5, 10, 16, 33, 65399];

/// A whole zone.
pub const AXFR: u16 = 252;

/// Longest name in dotted form.
const LONGEST: usize = 255;

/// What a message says.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    message: Message<'a>,
    text: [u8; LONGEST],
    len: usize,
    /// What is asked for.
    pub kind: u16,
}

impl<'a> Question<'a> {
    /// Reads the message's first question.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let message = Message::any(bytes)?;
        let (mut text, mut len) = ([0; LONGEST], 0);
        for (place, label) in message.labels().enumerate() {
            let begin = if place == 0 { 0 } else { len + 1 };
            let room = text.get_mut(begin..begin + label.len())?;
            room.copy_from_slice(label);
            // Dots within a label are none between labels.
            room.iter_mut()
                .filter(|byte| !byte.is_ascii_graphic() || **byte == b'.')
                .for_each(|byte| *byte = b'?');
            len = begin + label.len();
            if place > 0 {
                text[begin - 1] = b'.';
            }
        }
        Some(Self { message, text, len, kind: message.asked_for()? })
    }

    /// The first question of a payload; over TCP a length comes first.
    pub fn in_payload(payload: &'a [u8], is_tcp: bool) -> Option<Self> {
        if is_tcp { Self::read(messages(payload).next()?) } else { Self::read(payload) }
    }

    /// Whether it is an answer.
    pub fn is_answer(&self) -> bool {
        self.message.is_answer()
    }

    /// 0 no error, 3 no such name.
    pub fn code(&self) -> u8 {
        self.message.code()
    }

    /// The name in dotted form, in the case it came in; what can't be shown is a question mark.
    pub fn name(&self) -> &str {
        self.text.get(..self.len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// The domain that somebody registered, or what comes nearest, and what stands before it. Names of dnscat2 that go
    /// straight to its server have none: they are one domain.
    pub fn split(&self) -> (&str, &str) {
        let name = self.name();
        let domain = registered(name).unwrap_or_else(|| {
            let last = name.rsplit('.').next().unwrap_or_default();
            let is_data = name.starts_with("dnscat.") || last.len() > 16;
            if is_data { "" } else { last }
        });
        let rest = name.len() - domain.len();
        (domain, name.get(..rest).unwrap_or_default().trim_end_matches('.'))
    }

    /// Whether it asks for a type that tunnels use.
    pub fn is_carrier(&self) -> bool {
        CARRIERS.contains(&self.kind)
    }

    /// Bytes of data that come back in such types.
    pub fn carried(&self) -> usize {
        self.message
            .records()
            .filter(|record| CARRIERS.contains(&record.kind()))
            .map(|record| record.len())
            .sum()
    }

    /// Records that came.
    pub fn records(&self) -> usize {
        self.message.records().count()
    }

    /// Addresses that came.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.message.records().filter_map(|record| record.address())
    }
}

/// Shannon entropy of a text's bytes, in hundredths of a bit for each byte.
pub fn entropy(text: &str) -> u32 {
    let mut counts = [0u16; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = text.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum();
    (bits * 100.0) as u32
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message with one question, and records of a type with data.
    pub(crate) fn message(name: &str, (kind, flags): (u16, u16), records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0, 7];
        bytes.extend(flags.to_be_bytes());
        bytes.extend([0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
        for label in name.split('.') {
            bytes.push(label.len() as u8);
            bytes.extend(label.bytes());
        }
        bytes.push(0);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1]);
        for (kind, data) in records {
            bytes.extend([0xc0, 12]);
            bytes.extend(kind.to_be_bytes());
            bytes.extend([0, 1, 0, 0, 0, 9]);
            bytes.extend((data.len() as u16).to_be_bytes());
            bytes.extend(*data);
        }
        bytes
    }

    #[test]
    fn names_are_split_at_what_somebody_registered() {
        for (name, split) in [
            ("a+b/.x.example.org", ("example.org", "a+b/.x")),
            ("example.co.uk", ("example.co.uk", "")),
            ("dnscat.05e100a621", ("", "dnscat.05e100a621")),
            ("abc.printer.local", ("local", "abc.printer")),
            ("aabbccddeeff00112233.aabbccddeeff00112233", ("", "aabbccddeeff00112233.aabbccddeeff00112233")),
        ] {
            let bytes = message(name, (1, 0x0100), &[]);
            assert_eq!(Question::read(&bytes).unwrap().split(), split);
        }
    }

    #[test]
    fn what_comes_back_is_measured() {
        let bytes = message("a.example.org", (16, 0x8180), &[(16, &[3; 100]), (1, &[192, 0, 2, 1])]);
        let read = Question::read(&bytes).unwrap();
        assert_eq!((read.carried(), read.records(), read.addresses().count()), (100, 2, 1));
        assert!(read.is_answer() && read.is_carrier() && read.code() == 0);
        assert_eq!((entropy(""), entropy("aaaa"), entropy("abcd")), (0, 0, 200));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..60) {
            let mut changed = message("a.b.example.org", (16, 0x8180), &[(16, b"text")]);
            let at = at.min(changed.len());
            changed.splice(at.., bytes.iter().copied());
            for bytes in [&bytes, &changed] {
                for is_tcp in [false, true] {
                    if let Some(read) = Question::in_payload(bytes, is_tcp) {
                        let (domain, rest) = read.split();
                        prop_assert!(domain.len() + rest.len() <= read.name().len() && read.name().is_ascii());
                        read.carried();
                        prop_assert!(read.addresses().count() <= read.records());
                        entropy(read.name());
                    }
                }
            }
        }
    }
}
