//! The server name of a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3), as far as there are bytes of it; `hellos` joins
//! those that go on in further segments. QUIC's hello, which is encrypted, is not read.

use super::Name;

/// Record type: handshake. Message type: ClientHello.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// The extension and the kind of name.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;

/// Whether a payload begins as a ClientHello does.
#[inline]
pub(crate) fn begins(payload: &[u8]) -> bool {
    matches!(payload, [HANDSHAKE, 3, _, _, _, CLIENT_HELLO, ..])
}

/// How many bytes its record has, when it goes on behind this payload.
pub(crate) fn goes_on(payload: &[u8]) -> Option<usize> {
    let length = payload.get(3..5)?.first_chunk().map(|octets| u16::from_be_bytes(*octets))?;
    let whole = 5 + usize::from(length);
    (begins(payload) && whole > payload.len()).then_some(whole)
}

/// The name in it.
pub(super) fn server_name(payload: &[u8]) -> Option<Name> {
    if !begins(payload) {
        return None;
    }
    // Record header 5, message header 4, version 2, random 32.
    let mut hello = Fields(payload.get(5 + 4 + 2 + 32..)?);
    let session = hello.byte()?;
    hello.take(usize::from(session))?;
    let ciphers = hello.number()?;
    hello.take(usize::from(ciphers))?;
    let methods = hello.byte()?;
    hello.take(usize::from(methods))?;
    let length = hello.number()?;
    let mut extensions = Fields(hello.up_to(usize::from(length)));
    loop {
        let kind = extensions.number()?;
        let length = extensions.number()?;
        if kind == SERVER_NAME {
            return host_name(extensions.take(usize::from(length))?);
        }
        extensions.take(usize::from(length))?;
    }
}

/// The first host name of a ServerNameList.
fn host_name(list: &[u8]) -> Option<Name> {
    let mut list = Fields(list);
    list.number()?;
    loop {
        let kind = list.byte()?;
        let length = list.number()?;
        let name = list.take(usize::from(length))?;
        if kind == HOST_NAME {
            return Name::parse(name);
        }
    }
}

/// What is left of a structure.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// So many, or as many as there are.
    pub(crate) fn up_to(&self, count: usize) -> &'a [u8] {
        self.0.get(..count).unwrap_or(self.0)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn number(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|octets| u16::from_be_bytes(*octets))
    }
}
