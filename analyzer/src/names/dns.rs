//! DNS messages (RFC 1035): addresses that answers give to names, with the chain of CNAME records between, and the
//! address hints of HTTPS and SVCB records (RFC 9460). Multicast DNS (RFC 6762) and LLMNR (RFC 4795) are the same message.
//!
//! A message that is cut is read to the cut. Compression pointers must lead strictly backwards, so no chain of them is
//! longer than the message. The same reader serves our own resolver.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Name, Source};

/// Record types (IANA DNS parameters).
const A: u16 = 1;
const CNAME: u16 = 5;
const PTR: u16 = 12;
const AAAA: u16 = 28;
const SVCB: u16 = 64;
const HTTPS: u16 = 65;

/// The Internet's class; multicast DNS uses the upper bit for something else.
const CLASS_IN: u16 = 1;
const CLASS_MASK: u16 = 0x7fff;

/// Keys of SVCB parameters that hold addresses.
const IPV4_HINT: u16 = 4;
const IPV6_HINT: u16 = 6;

/// Records looked at in one message.
const MOST_RECORDS: usize = 512;

/// Aliases followed from the name that was asked for.
const MOST_ALIASES: usize = 8;

/// A message with a whole header.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// Where its first record begins.
    records: usize,
}

/// A resource record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where its owner's name is.
    owner: usize,
    kind: u16,
    class: u16,
    /// Where its data is.
    at: usize,
    data: &'a [u8],
}

impl<'a> Message<'a> {
    /// An answer without an error (QR set, opcode QUERY, RCODE 0), with its questions stepped over.
    pub fn answer(bytes: &'a [u8]) -> Option<Self> {
        let message = Self::response(bytes)?;
        (bytes.get(3)? & 0x0f == 0).then_some(message)
    }

    /// An answer with or without an error.
    pub fn response(bytes: &'a [u8]) -> Option<Self> {
        let head: &[u8; 12] = bytes.first_chunk()?;
        if head[2] & 0xf8 != 0x80 {
            return None;
        }
        Self::behind_questions(bytes, head)
    }

    /// A query or an answer (opcode QUERY), with its questions stepped over.
    pub fn any(bytes: &'a [u8]) -> Option<Self> {
        let head: &[u8; 12] = bytes.first_chunk()?;
        if head[2] & 0x78 != 0 {
            return None;
        }
        Self::behind_questions(bytes, head)
    }

    fn behind_questions(bytes: &'a [u8], head: &[u8; 12]) -> Option<Self> {
        let mut at = head.len();
        for _ in 0..u16::from_be_bytes([head[4], head[5]]) {
            at = after_name(bytes, at)?.checked_add(4)?;
        }
        Some(Self { bytes, records: at })
    }

    /// Whether it is an answer.
    pub fn is_answer(&self) -> bool {
        self.bytes.get(2).is_some_and(|byte| byte & 0x80 != 0)
    }

    /// What the first question asks for: 1 A, 16 TXT, 252 a whole zone.
    pub fn asked_for(&self) -> Option<u16> {
        number(self.bytes, after_name(self.bytes, 12)?).filter(|_| number(self.bytes, 4) != Some(0))
    }

    /// The labels of the first question's name, as they came; those of a name that is pointed to are left out.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut at = 12;
        std::iter::from_fn(move || {
            let length = usize::from(*bytes.get(at)?);
            let label = bytes.get(at + 1..at + 1 + length).filter(|_| (1..=63).contains(&length))?;
            at += 1 + length;
            Some(label)
        })
    }

    /// The transaction's identifier.
    pub fn id(&self) -> u16 {
        number(self.bytes, 0).unwrap_or(0)
    }

    /// RCODE: 0 no error, 3 no such name.
    pub fn code(&self) -> u8 {
        self.bytes.get(3).map_or(0, |byte| byte & 0x0f)
    }

    /// Whether the answer is cut and should be asked again over TCP.
    pub fn is_truncated(&self) -> bool {
        self.bytes.get(2).is_some_and(|byte| byte & 2 != 0)
    }

    /// The name of the first question.
    pub fn question(&self) -> Option<Name> {
        if number(self.bytes, 4)? == 0 { None } else { name_at(self.bytes, 12) }
    }

    /// Records of all sections, as far as they are whole.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let Self { bytes, records } = *self;
        let count = |at| usize::from(number(bytes, at).unwrap_or(0));
        let mut at = records;
        let mut left = (count(6) + count(8) + count(10)).min(MOST_RECORDS);
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let (record, next) = record_at(bytes, at)?;
            at = next;
            Some(record)
        })
    }

    /// The owner of a record.
    pub fn owner(&self, record: &Record<'_>) -> Option<Name> {
        name_at(self.bytes, record.owner)
    }

    /// The name a PTR record points to.
    pub fn pointer(&self, record: &Record<'_>) -> Option<Name> {
        (record.kind == PTR && record.is_internet()).then(|| name_at(self.bytes, record.at)).flatten()
    }

    /// The name that was asked for and its aliases, in their order; none without a question that can be read.
    fn chain(&self) -> ([Name; MOST_ALIASES], usize) {
        let mut chain = [Name::empty(); MOST_ALIASES];
        let Some(question) = self.question() else { return (chain, 0) };
        chain[0] = question;
        let mut len = 1;
        while len < MOST_ALIASES {
            let last = chain[len - 1];
            let alias = self
                .records()
                .filter(|record| record.kind == CNAME && record.is_internet())
                .filter(|record| self.owner(record).is_some_and(|owner| owner == last))
                .find_map(|record| name_at(self.bytes, record.at));
            match alias {
                Some(alias) if !chain[..len].contains(&alias) => chain[len] = alias,
                _ => break,
            }
            len += 1;
        }
        (chain, len)
    }
}

impl Record<'_> {
    /// Its type: 1 A, 5 CNAME, 16 TXT.
    pub const fn kind(&self) -> u16 {
        self.kind
    }

    /// Bytes of its data.
    pub const fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether it has no data.
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The address an A or AAAA record gives.
    pub fn address(&self) -> Option<IpAddr> {
        let whole = matches!((self.kind, self.data.len()), (A, 4) | (AAAA, 16));
        if whole && self.is_internet() { addresses(self.data, self.kind == AAAA).next() } else { None }
    }

    const fn is_internet(&self) -> bool {
        self.class & CLASS_MASK == CLASS_IN
    }
}

/// Tells the addresses that an answer gives to names: first to the name that was asked for, then to its aliases.
pub(super) fn answers(bytes: &[u8], source: Source, found: &mut dyn FnMut(IpAddr, &Name, Source)) {
    let Some(message) = Message::answer(bytes) else { return };
    let mut chain = None;
    for record in message.records().filter(Record::is_internet) {
        let mut tell = |address: IpAddr| {
            let Some(owner) = message.owner(&record) else { return };
            let (names, len) = chain.get_or_insert_with(|| message.chain());
            let names = &names[..*len];
            if !names.contains(&owner) {
                return found(address, &without_service(owner), source);
            }
            for (step, name) in names.iter().enumerate() {
                found(address, &without_service(*name), if step == 0 { source } else { Source::Alias });
            }
        };
        match record.kind {
            A | AAAA => record.address().into_iter().for_each(&mut tell),
            HTTPS | SVCB => hints(bytes, &record, &mut tell),
            _ => {}
        }
    }
}

/// The messages in a segment of a TCP stream that begins with one; the last may be cut.
pub fn messages(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = segment;
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(tail.len());
        let (message, next) = tail.split_at(length);
        rest = next;
        (!message.is_empty()).then_some(message)
    })
}

/// The addresses that an SVCB or HTTPS record hints at (RFC 9460 §7.3); in alias form (priority 0) there are none.
fn hints(bytes: &[u8], record: &Record<'_>, tell: &mut dyn FnMut(IpAddr)) {
    if number(record.data, 0).is_none_or(|priority| priority == 0) {
        return;
    }
    let parameters = record.at.checked_add(2).and_then(|target| after_name(bytes, target));
    let begin = parameters.and_then(|at| at.checked_sub(record.at));
    let mut rest = begin.and_then(|at| record.data.get(at..)).unwrap_or_default();
    while let (Some(key), Some(length)) = (number(rest, 0), number(rest, 2)) {
        let Some(value) = rest.get(4..4 + usize::from(length)) else { return };
        if matches!(key, IPV4_HINT | IPV6_HINT) {
            addresses(value, key == IPV6_HINT).for_each(&mut *tell);
        }
        rest = &rest[4 + value.len()..];
    }
}

/// Addresses one after another.
fn addresses(data: &[u8], ipv6: bool) -> impl Iterator<Item = IpAddr> {
    let mut rest = data;
    std::iter::from_fn(move || {
        if ipv6 {
            let (octets, next) = rest.split_first_chunk::<16>()?;
            rest = next;
            return Some(IpAddr::V6(Ipv6Addr::from(*octets)));
        }
        let (octets, next) = rest.split_first_chunk::<4>()?;
        rest = next;
        Some(IpAddr::V4(Ipv4Addr::from(*octets)))
    })
}

/// A name without what asks for a service in front of it: `_8443._https.example.org` is `example.org`'s.
fn without_service(name: Name) -> Name {
    let text = name.as_str();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('.').filter(|_| rest.starts_with('_')) {
        rest = after;
    }
    if rest.len() == text.len() { name } else { Name::parse(rest.as_bytes()).unwrap_or(name) }
}

fn record_at(bytes: &[u8], owner: usize) -> Option<(Record<'_>, usize)> {
    let at = after_name(bytes, owner)?;
    let (kind, class) = (number(bytes, at)?, number(bytes, at + 2)?);
    let begin = at + 10;
    let end = begin + usize::from(number(bytes, at + 8)?);
    let data = bytes.get(begin..end)?;
    Some((Record { owner, kind, class, at: begin, data }, end))
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|octets| u16::from_be_bytes(*octets))
}

/// Where a name ends that begins at `at`.
fn after_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = *bytes.get(at)?;
        match length {
            0 => return Some(at + 1),
            1..=63 => at += 1 + usize::from(length),
            0xc0.. => return bytes.get(at + 1).map(|_| at + 2),
            _ => return None,
        }
    }
}

/// The name at `at`, its pointers followed.
fn name_at(bytes: &[u8], mut at: usize) -> Option<Name> {
    let mut name = Name::empty();
    // The lowest place a label was read from: pointers lead below it.
    let mut lowest = at;
    loop {
        let length = *bytes.get(at)?;
        match length {
            0 => return name.checked(),
            1..=63 => {
                let begin = at + 1;
                at = begin + usize::from(length);
                name.push(bytes.get(begin..at)?)?;
            }
            0xc0.. => {
                let target = usize::from(number(bytes, at)? & 0x3fff);
                if target >= lowest {
                    return None;
                }
                (at, lowest) = (target, target);
            }
            _ => return None,
        }
    }
}
