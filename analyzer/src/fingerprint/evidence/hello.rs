//! A TLS ClientHello (RFC 8446 §4.1.2), as much of it as its fingerprints need: versions, cipher suites, extensions with groups,
//! point formats, signature algorithms and the first protocol. Values that are there only to keep servers tolerant (RFC 8701,
//! GREASE) are left out.

use crate::names::{Fields, begins_hello, hello_goes_on};

/// Suites, extensions, groups or algorithms that are read; browsers send less than twenty.
const MOST: usize = 128;

/// Extensions of IANA's registry that are looked into.
pub const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
pub const PROTOCOLS: u16 = 16;
const VERSIONS: u16 = 43;

/// Numbers in their order.
#[derive(Clone, Copy)]
pub struct Numbers {
    all: [u16; MOST],
    len: usize,
}

impl Numbers {
    const NONE: Self = Self { all: [0; MOST], len: 0 };

    fn push(&mut self, number: u16) {
        if let Some(place) = self.all.get_mut(self.len).filter(|_| !is_grease(number)) {
            *place = number;
            self.len += 1;
        }
    }

    fn of(mut fields: Fields<'_>) -> Self {
        let mut numbers = Self::NONE;
        while let Some(number) = fields.number() {
            numbers.push(number);
        }
        numbers
    }

    /// Each of them.
    pub fn as_slice(&self) -> &[u16] {
        &self.all[..self.len]
    }

    /// From the least on.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.all[..self.len].sort_unstable();
        self
    }

    /// Those but some.
    #[must_use]
    pub fn without(self, left_out: &[u16]) -> Self {
        let mut rest = Self::NONE;
        self.as_slice()
            .iter()
            .filter(|number| !left_out.contains(number))
            .for_each(|number| rest.push(*number));
        rest
    }
}

/// What a client says first.
pub struct Hello<'a> {
    /// Of the handshake itself: at most 0x0303.
    pub legacy: u16,
    pub suites: Numbers,
    pub extensions: Numbers,
    pub groups: Numbers,
    pub points: Numbers,
    pub algorithms: Numbers,
    /// The newest that it offers.
    pub version: u16,
    /// The name of the first protocol that it would speak (RFC 7301).
    pub protocol: &'a [u8],
    /// The name of the server, if it is whole.
    pub name: &'a [u8],
}

const fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

impl<'a> Hello<'a> {
    /// A hello that is wholly there.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        (begins_hello(payload) && hello_goes_on(payload).is_none()).then_some(())?;
        // Behind the header of the record and that of the message.
        let mut fields = Fields(payload.get(5 + 4..)?);
        let legacy = fields.number()?;
        fields.take(32)?;
        let session = fields.byte()?;
        fields.take(usize::from(session))?;
        let suites = list(&mut fields)?;
        let methods = fields.byte()?;
        fields.take(usize::from(methods))?;
        let none = Numbers::NONE;
        let mut hello = Self {
            legacy,
            suites: Numbers::of(suites),
            extensions: none,
            groups: none,
            points: none,
            algorithms: none,
            version: legacy,
            protocol: &[],
            name: &[],
        };
        // A hello of old has no extensions at all.
        if let Some(mut extensions) = list(&mut fields) {
            while let Some(kind) = extensions.number() {
                hello.take(kind, list(&mut extensions)?);
            }
        }
        Some(hello)
    }

    fn take(&mut self, kind: u16, mut value: Fields<'a>) {
        self.extensions.push(kind);
        match kind {
            SERVER_NAME => self.name = value.0.get(5..).unwrap_or_default(),
            GROUPS => self.groups = list(&mut value).map_or(Numbers::NONE, Numbers::of),
            SIGNATURE_ALGORITHMS => self.algorithms = list(&mut value).map_or(Numbers::NONE, Numbers::of),
            POINT_FORMATS => {
                value.byte();
                value.0.iter().for_each(|point| self.points.push(u16::from(*point)));
            }
            PROTOCOLS => {
                let first = list(&mut value)
                    .and_then(|mut names| names.byte().and_then(|len| names.take(len.into())));
                self.protocol = first.unwrap_or_default();
            }
            VERSIONS => {
                value.byte();
                let newest = Numbers::of(value).as_slice().iter().copied().max();
                self.version = newest.unwrap_or(self.legacy);
            }
            _ => {}
        }
    }
}

/// A part with its length in front.
fn list<'a>(fields: &mut Fields<'a>) -> Option<Fields<'a>> {
    let length = fields.number()?;
    Some(Fields(fields.take(usize::from(length))?))
}
