//! Evidence of what a host runs: what one reader made of what the host sent. Each reader says which families it fits, what
//! it was, and of what version; `fusion` adds them up.
//!
//! Readers are small and checked: bytes in, a clue of fixed size out, whatever the bytes (docs/FUZZING.md, target `evidence`,
//! which calls [`read`]). Which one is asked, the carrier and the first bytes decide.

mod agent;
mod apple;
mod clue;
mod dhcp;
mod echo;
mod hello;
mod hints;
mod http;
mod kind;
pub(super) mod layout;
mod mdns;
mod netbios;
mod ntlm;
mod server;
mod smb;
mod ssdp;
mod ssh;
mod store;
mod tls;
mod windows;
mod words;

use std::net::IpAddr;

use capturer::{Packet, Timestamp, Transport};

pub use clue::{Clue, Force, Text};
pub(super) use http::fields;
pub use kind::EvidenceKind;
pub(super) use store::{Clues, Kept, Noted};

use super::family::Family;
use crate::detect::readers::http as messages;
use crate::names::{begins_hello, payload};

/// A piece of evidence, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it comes from.
    pub kind: EvidenceKind,
    /// What was seen: a signature, or the words that told; text of the wire, to be escaped.
    pub signature: String,
    /// What it looks like.
    pub label: String,
    /// The line of the signature file that says so: `own:123`.
    pub line: Option<String>,
    /// The family, where it speaks for one alone.
    pub family: Option<Family>,
    /// When it was last seen.
    pub at: Timestamp,
}

/// What bytes came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A TCP segment of who opened the connection.
    Client,
    /// A TCP segment of who answered.
    Server,
    /// A UDP datagram, with the ports it came from and goes to.
    Udp(u16, u16),
    /// The data of an echo request of ICMP or ICMPv6.
    Ping,
}

/// What bytes say of whom: of an address that they name, or else of their sender.
pub fn read(carrier: Carrier, bytes: &[u8], tell: &mut dyn FnMut(Option<IpAddr>, Clue)) {
    let mut of_sender = |clue: Option<Clue>| clue.into_iter().for_each(|clue| tell(None, clue));
    match carrier {
        Carrier::Client if begins_hello(bytes) => of_sender(tls::read(bytes)),
        Carrier::Client | Carrier::Server if bytes.starts_with(b"SSH-") => of_sender(ssh::read(bytes)),
        Carrier::Client | Carrier::Server if smb::begins(bytes) => of_sender(smb::read(bytes)),
        Carrier::Client | Carrier::Server if messages::begins(bytes) => {
            http::read(bytes, &mut |clue| of_sender(Some(clue)));
        }
        Carrier::Server => of_sender(server::greeting(bytes).or_else(|| ntlm::within(bytes))),
        Carrier::Client => of_sender(ntlm::within(bytes)),
        Carrier::Ping => of_sender(echo::read(bytes)),
        Carrier::Udp(68, 67) => {
            if let Some((address, clue)) = dhcp::read(bytes) {
                tell(Some(address), clue);
            }
        }
        Carrier::Udp(5353, _) => of_sender(mdns::read(bytes)),
        Carrier::Udp(138, _) => of_sender(netbios::read(bytes)),
        Carrier::Udp(..) => of_sender(ssdp::read(bytes)),
    }
}

/// Whether a packet's payload may be evidence that is longer than the start of a frame, so that more of it should be kept;
/// `bytes` is what there is of its frame.
#[inline]
pub fn may_tell(packet: &Packet, bytes: &[u8]) -> bool {
    match packet.transport {
        Transport::Udp(ports) => is_read(ports.source, ports.destination),
        Transport::Tcp(_) if packet.payload_len > 5 => {
            let start = payload(packet, bytes);
            start.starts_with(b"HTTP/1.") || smb::begins(start) && smb::logs_in(start)
        }
        _ => false,
    }
}

/// Whether a segment begins as those of a protocol do that says more later.
pub(super) fn goes_on(bytes: &[u8]) -> bool {
    smb::begins(bytes) || messages::begins(bytes)
}

/// Whether datagrams between these ports are read: DHCP, multicast DNS, SSDP, NetBIOS.
#[inline]
pub(super) const fn is_read(source: u16, destination: u16) -> bool {
    matches!((source, destination), (68, 67) | (5353, _) | (138, 138) | (1900, _) | (_, 1900))
}
