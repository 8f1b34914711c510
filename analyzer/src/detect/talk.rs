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
    let port = |is: fn(u16) -> bool| is(source) || is(destination);
    match payload {
        [20..=24, 3, 0..=4, ..] => Moments::TLS,
        [b'{', ..] => Moments::JSON,
        [b'A'..=b'Z', ..] if sip::begins(payload) => Moments::SIP,
        [b'A'..=b'Z', ..] if http::begins(payload) => Moments::HTTP,
        [3, 0, _, _, _, 0xe0 | 0xd0, ..] | [0, _, _, _, 0xfc | 0xfe | 0xff, b'S', b'M', b'B', ..] => {
            Moments::BANNER
        }
        _ if BANNERS.iter().any(|banner| payload.starts_with(banner)) => Moments::BANNER,
        _ if port(|port| port == 53) => Moments::DNS,
        _ if port(|port| port == 88) => Moments::KERBEROS,
        _ if port(talks_in_lines) || is_answer(payload) => Moments::LINES,
        _ => Moments::NONE,
    }
}

/// Ports of services that talk in lines: FTP, Telnet, SMTP and submission, POP3, IMAP.
const fn talks_in_lines(port: u16) -> bool {
    matches!(port, 21 | 23 | 25 | 110 | 143 | 587 | 2323 | 2525)
}

/// Answers of FTP and SMTP that refuse a password (RFC 959 §4.2, RFC 4954 §6), or of POP3 (RFC 1939 §9), on any port.
fn is_answer(payload: &[u8]) -> bool {
    payload.starts_with(b"530 ") || payload.starts_with(b"535 ") || payload.starts_with(b"-ERR")
}
