//! What a payload is, told once for all rules: by its first bytes where a protocol has some, else by its port. A rule that
//! reads payloads asks for the moment of its protocol, so bulk data costs one look and reaches none of them.

use capturer::{Packet, Transport};

use super::event::Moments;
use super::readers::{http, sip};

/// First words of services that are known by them on any port: SSH, VNC, RDP (TPKT with an X.224 connection request or
/// confirm), SMB behind its NetBIOS length.
const BANNERS: [&[u8]; 2] = [b"SSH-", b"RFB "];

/// The moments of what begins in a payload; none if it is nothing that a rule reads.
#[inline]
pub fn of(packet: &Packet, payload: &[u8]) -> Moments {
    match &packet.transport {
        Transport::Tcp(tcp) => tcp_payload((tcp.ports.source, tcp.ports.destination), payload),
        Transport::Udp(ports) => udp_payload((ports.source, ports.destination), payload),
        _ => Moments::NONE,
    }
}

fn udp_payload(ports: (u16, u16), payload: &[u8]) -> Moments {
    match ports {
        (53, _) | (_, 53) => Moments::DNS,
        (67 | 68, 67 | 68) => Moments::DHCP,
        (88, _) | (_, 88) => Moments::KERBEROS,
        (5060, _) | (_, 5060) => Moments::SIP,
        _ if sip::begins(payload) => Moments::SIP,
        _ => Moments::NONE,
    }
}

fn tcp_payload((source, destination): (u16, u16), payload: &[u8]) -> Moments {
    let by_bytes = match payload {
        [20..=24, 3, 0..=4, ..] => Moments::TLS,
        [b'{', ..] => Moments::JSON,
        [b'A'..=b'Z', ..] => words(payload),
        [3, 0, _, _, _, 0xe0 | 0xd0, ..] | [0, _, _, _, 0xfc | 0xfe | 0xff, b'S', b'M', b'B', ..] => {
            Moments::BANNER
        }
        _ => Moments::NONE,
    };
    if !by_bytes.is_none() {
        return by_bytes;
    }
    let by_port = spoken_at(source) | spoken_at(destination);
    match () {
        () if by_port.any(Moments::DNS) => Moments::DNS,
        () if by_port.any(Moments::KERBEROS) => Moments::KERBEROS,
        () => by_port | Moments::LINES.when(is_answer(payload)),
    }
}

/// What begins with a capital letter.
fn words(payload: &[u8]) -> Moments {
    match () {
        () if sip::begins(payload) => Moments::SIP,
        () if http::begins(payload) => Moments::HTTP,
        () => Moments::BANNER.when(BANNERS.iter().any(|banner| payload.starts_with(banner))),
    }
}

/// What is spoken over TCP at a port, whatever it begins with, SSH's banners aside. Lines: FTP, Telnet, SMTP and submission, POP3, IMAP.
const fn spoken_at(port: u16) -> Moments {
    match port {
        53 => Moments::DNS,
        88 => Moments::KERBEROS,
        22 | 2222 => Moments::SSH,
        21 | 23 | 25 | 110 | 143 | 587 | 2323 | 2525 => Moments::LINES,
        _ => Moments::NONE,
    }
}

/// Answers of FTP and SMTP that refuse a password (RFC 959 §4.2, RFC 4954 §6), or of POP3 (RFC 1939 §9), on any port.
#[inline]
fn is_answer(payload: &[u8]) -> bool {
    matches!(payload, [b'5', b'3', b'0' | b'5', b' ', ..] | [b'-', b'E', b'R', b'R', ..])
}
