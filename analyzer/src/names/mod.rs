//! Names of addresses, learned from what passes by: answers of name servers, host names of leases, and what clients say
//! they want (TLS server names, HTTP hosts). Each reader is a checked reader of the bytes kept of one packet; which one is
//! asked, ports and first bytes decide, so that a packet without names costs a comparison or two and no allocation.
//!
//! Nothing here is proof: an answer may be forged, and a client may ask any server for any name. So every name is kept
//! with its source and time.

mod dhcp;
mod dns;
mod domain;
mod domains;
mod hellos;
mod http;
mod name;
mod store;
mod tls;

use std::net::IpAddr;

use capturer::{Packet, Timestamp, Transport};

pub(crate) use dhcp::lease_request;
pub use dns::{Message, Record, messages};
pub use domain::{is_within, registered};
pub use domains::DomainId;
pub(crate) use hellos::Next;
pub use hellos::{HelloCounts, Watch};
pub use name::Name;
pub use store::{Known, Names, NamesCounts};
pub(crate) use tls::{Fields, begins as begins_hello, goes_on as hello_goes_on};

/// Bytes of a frame that should be kept for the readers where [`Watch::may_name`] says so.
pub const NAMING_BYTES: usize = 2048;

/// Where a name was learned; the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An answer of a name server: the name that was asked for.
    Dns,
    /// The server name a TLS client asked the address for.
    Tls,
    /// The host an HTTP client asked the address for.
    Http,
    /// The host's own multicast DNS answer.
    Mdns,
    /// The host's own link-local answer (LLMNR).
    Llmnr,
    /// What the host called itself when it asked for its lease.
    Dhcp,
    /// A further name in the chain of aliases between the name that was asked for and the address.
    Alias,
}

impl Source {
    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::Dhcp => "dhcp",
            Self::Alias => "alias",
        }
    }

    /// Whether domains from both sources may be aliases: both of name servers, or both of what clients ask for.
    const fn is_like(self, other: Self) -> bool {
        matches!((self, other), (Self::Dns, Self::Dns) | (Self::Tls | Self::Http, Self::Tls | Self::Http))
    }

    /// Whether the host says it of itself: then the newest name is right, else the first stays.
    const fn is_own(self) -> bool {
        matches!(self, Self::Mdns | Self::Llmnr | Self::Dhcp)
    }
}

/// A name of an address, as one packet told it.
#[derive(Clone, Copy, Debug)]
pub struct Learned<'a> {
    /// Whose name.
    pub address: IpAddr,
    /// The name, checked.
    pub name: &'a Name,
    /// Who said so.
    pub source: Source,
    /// When the packet was captured.
    pub at: Timestamp,
}

/// A reader of one kind of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// A message, whose names come from this source.
    Dns(Source),
    /// The same with its length in front.
    DnsOverTcp(Source),
    Dhcp,
    Tls,
    Http,
}

/// Reads packets for names; it remembers the beginnings of hellos that go on in a further segment.
#[derive(Default)]
pub struct Learner {
    hellos: hellos::Hellos,
}

impl Learner {
    /// Tells what names a packet gives; `bytes` is what was kept of its frame, from the link header on. The packets of a
    /// connection should come in order.
    #[inline]
    pub fn learn(&mut self, packet: &Packet, bytes: &[u8], mut tell: impl FnMut(Learned<'_>)) {
        if self.hellos.wait() {
            self.go_on(packet, bytes, &mut tell);
        }
        if let Some(reader) = reader(packet, bytes) {
            self.read(reader, packet, payload(packet, bytes), &mut tell);
        }
    }

    /// What became of hellos in several segments.
    pub const fn hellos(&self) -> HelloCounts {
        self.hellos.counts()
    }

    #[cold]
    fn go_on(&mut self, packet: &Packet, bytes: &[u8], tell: &mut dyn FnMut(Learned<'_>)) {
        let name = self.hellos.go_on(packet, payload(packet, bytes));
        if let Some(name) = name.filter(|_| is_nameable(packet.destination)) {
            let (address, at) = (packet.destination, packet.at);
            tell(Learned { address, name: &name, source: Source::Tls, at });
        }
    }

    #[cold]
    fn read(&mut self, reader: Reader, packet: &Packet, payload: &[u8], tell: &mut dyn FnMut(Learned<'_>)) {
        if reader == Reader::Tls && tls::server_name(payload).is_none() {
            self.hellos.begin(packet, payload);
        }
        read(reader, packet, payload, tell);
    }
}

fn read(reader: Reader, packet: &Packet, payload: &[u8], tell: &mut dyn FnMut(Learned<'_>)) {
    let at = packet.at;
    let mut found = |address: IpAddr, name: &Name, source: Source| {
        if is_nameable(address) {
            tell(Learned { address, name, source, at });
        }
    };
    let mut asked_of = |name: Option<Name>, source| {
        if let Some(name) = name {
            found(packet.destination, &name, source);
        }
    };
    match reader {
        Reader::Tls => asked_of(tls::server_name(payload), Source::Tls),
        Reader::Http => asked_of(http::host(payload), Source::Http),
        Reader::Dhcp => {
            if let Some((address, name)) = dhcp::lease(payload) {
                found(address, &name, Source::Dhcp);
            }
        }
        Reader::Dns(source) => dns::answers(payload, source, &mut found),
        Reader::DnsOverTcp(source) => {
            for message in messages(payload) {
                dns::answers(message, source, &mut found);
            }
        }
    }
}

/// The reader to ask, by port and first bytes.
#[inline]
fn reader(packet: &Packet, bytes: &[u8]) -> Option<Reader> {
    match &packet.transport {
        Transport::Udp(ports) => match (ports.source, ports.destination) {
            (53, _) => Some(Reader::Dns(Source::Dns)),
            (5353, _) => Some(Reader::Dns(Source::Mdns)),
            (5355, _) => Some(Reader::Dns(Source::Llmnr)),
            (67 | 68, 67 | 68) => Some(Reader::Dhcp),
            _ => None,
        },
        Transport::Tcp(tcp) if packet.payload_len > 5 => {
            let start = payload(packet, bytes);
            match tcp.ports.source {
                53 => Some(Reader::DnsOverTcp(Source::Dns)),
                5355 => Some(Reader::DnsOverTcp(Source::Llmnr)),
                _ if tls::begins(start) => Some(Reader::Tls),
                _ if http::begins(start) => Some(Reader::Http),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The transport payload, as far as there are bytes of it.
#[inline]
pub(crate) fn payload<'a>(packet: &Packet, bytes: &'a [u8]) -> &'a [u8] {
    let rest = bytes.get(usize::from(packet.payload_offset)..).unwrap_or_default();
    rest.get(..packet.payload_len as usize).unwrap_or(rest)
}

/// Whether an address may have a name of its own: blockers answer with 0.0.0.0 or 127.0.0.1 for thousands of names.
fn is_nameable(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast)
}

#[cfg(test)]
mod tests;
