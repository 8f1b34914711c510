//! A stub resolver: one question to one name server over UDP, over TCP when the answer is cut (RFC 1035, RFC 7766). Ports
//! and identifiers are random, the socket is connected, and only the answer to the very question is taken. The answers are
//! read by the same reader as those on the wire.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use analyzer::names::{Message, Name};

/// Record types.
pub(super) const A: u16 = 1;
pub(super) const PTR: u16 = 12;
pub(super) const AAAA: u16 = 28;

/// Where name servers are named.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Name servers asked one after another.
const MOST_SERVERS: usize = 3;

/// Time for one name server.
const PATIENCE: Duration = Duration::from_secs(2);

/// Largest answer over UDP; we promise no more than the 512 bytes everyone can do.
const LARGEST: usize = 4096;

/// Name servers to ask.
#[derive(Clone, Debug)]
pub(super) struct Resolver(Vec<SocketAddr>);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    /// There is no such name, or no record of that kind.
    #[error("no name")]
    Nothing,
    /// The server said it can't.
    #[error("the name server refused with code {0}")]
    Refused(u8),
    /// The answer is not one to our question, or not whole.
    #[error("the name server's answer can't be read")]
    Unreadable,
    /// None came in time, or the network failed.
    #[error("no answer from the name server: {0}")]
    Silent(String),
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Silent(if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            "none in time".to_owned()
        } else {
            error.to_string()
        })
    }
}

impl Resolver {
    /// The server that is set, else those of the system.
    pub(super) fn new(set: Option<&str>) -> Option<Self> {
        let servers = match set {
            Some(set) => server(set).into_iter().collect(),
            None => system(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default()),
        };
        (!servers.is_empty()).then_some(Self(servers))
    }

    /// The message that answers a question, until `deadline`.
    pub(super) fn ask<T>(
        &self,
        (name, kind): (&str, u16),
        deadline: Instant,
        read: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<T, NoAnswer> {
        let question = question(name, kind).ok_or(NoAnswer::Nothing)?;
        let mut last = NoAnswer::Silent("none in time".to_owned());
        for server in &self.0 {
            let left = deadline.saturating_duration_since(Instant::now()).min(PATIENCE);
            if left.is_zero() {
                break;
            }
            let bytes = match exchange(*server, &question, left) {
                Ok(bytes) => bytes,
                Err(error) => {
                    last = error.into();
                    continue;
                }
            };
            match Message::response(&bytes)
                .ok_or(NoAnswer::Unreadable)
                .and_then(|message| taken(&message, &read))
            {
                Err(error @ (NoAnswer::Refused(_) | NoAnswer::Unreadable)) => last = error,
                answer => return answer,
            }
        }
        Err(last)
    }

    /// The addresses of a host.
    pub(super) fn addresses(&self, host: &str, deadline: Instant) -> Result<Vec<IpAddr>, NoAnswer> {
        let of = |kind| {
            self.ask((host, kind), deadline, |message| {
                let all: Vec<IpAddr> =
                    message.records().filter_map(|record| record.address()).take(16).collect();
                (!all.is_empty()).then_some(all)
            })
        };
        match (of(A), of(AAAA)) {
            (Ok(mut v4), v6) => {
                v4.extend(v6.unwrap_or_default());
                Ok(v4)
            }
            (Err(_), Ok(v6)) => Ok(v6),
            (Err(error), Err(_)) => Err(error),
        }
    }
}

fn taken<T>(message: &Message<'_>, read: impl Fn(&Message<'_>) -> Option<T>) -> Result<T, NoAnswer> {
    match message.code() {
        0 => read(message).ok_or(NoAnswer::Nothing),
        3 => Err(NoAnswer::Nothing),
        code => Err(NoAnswer::Refused(code)),
    }
}

/// The name under which an address is asked for (RFC 1035 §3.5, RFC 3596 §2.5).
pub(super) fn reverse_name(address: IpAddr) -> String {
    fn v4(address: Ipv4Addr) -> String {
        let [a, b, c, d] = address.octets();
        format!("{d}.{c}.{b}.{a}.in-addr.arpa")
    }
    fn v6(address: Ipv6Addr) -> String {
        let nibbles = address.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
        nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
    }
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| v6(address), v4),
    }
}

struct Question {
    bytes: Vec<u8>,
    name: Name,
}

/// A query for records of the Internet's class, recursion desired.
fn question(name: &str, kind: u16) -> Option<Question> {
    let name = Name::parse(name.as_bytes())?;
    let id = RandomState::new().build_hasher().finish() as u16;
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.as_str().split('.') {
        bytes.push(u8::try_from(label.len()).ok()?);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    Some(Question { bytes, name })
}

impl Question {
    /// Whether a message answers this question.
    fn is_answered_by(&self, bytes: &[u8]) -> bool {
        let same = |message: &Message<'_>| message.question() == Some(self.name);
        bytes.get(..2) == self.bytes.get(..2) && Message::response(bytes).as_ref().is_some_and(same)
    }
}

fn exchange(server: SocketAddr, question: &Question, patience: Duration) -> io::Result<Vec<u8>> {
    let began = Instant::now();
    let left = || patience.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    socket.send(&question.bytes)?;
    let mut buffer = [0; LARGEST];
    loop {
        if began.elapsed() >= patience {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left()))?;
        let length = socket.recv(&mut buffer)?;
        let answer = &buffer[..length];
        // Others may send to this port, too.
        if !question.is_answered_by(answer) {
            continue;
        }
        if Message::response(answer).is_some_and(|message| message.is_truncated()) {
            return over_tcp(server, question, left());
        }
        return Ok(answer.to_vec());
    }
}

fn over_tcp(server: SocketAddr, question: &Question, patience: Duration) -> io::Result<Vec<u8>> {
    let began = Instant::now();
    let mut stream = TcpStream::connect_timeout(&server, patience)?;
    stream.set_write_timeout(Some(patience))?;
    let length = question.bytes.len() as u16;
    stream.write_all(&[&length.to_be_bytes()[..], &question.bytes].concat())?;
    let mut answer = Vec::new();
    let mut buffer = [0; LARGEST];
    loop {
        if let Some((length, rest)) = answer.split_first_chunk::<2>()
            && rest.len() >= usize::from(u16::from_be_bytes(*length))
        {
            let whole = &rest[..usize::from(u16::from_be_bytes(*length))];
            let ours = question.is_answered_by(whole);
            return if ours { Ok(whole.to_vec()) } else { Err(io::ErrorKind::InvalidData.into()) };
        }
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => answer.extend_from_slice(&buffer[..more]),
        }
    }
}

/// `192.0.2.53` or `192.0.2.53:5353`.
pub(crate) fn server(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| SocketAddr::new(address, 53)))
}

fn system(resolv_conf: &str) -> Vec<SocketAddr> {
    let named = resolv_conf.lines().filter_map(|line| line.strip_prefix("nameserver"));
    named.filter_map(|rest| server(rest.trim())).take(MOST_SERVERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_asked_for_backwards() {
        assert_eq!(reverse_name("192.0.2.1".parse().unwrap()), "1.2.0.192.in-addr.arpa");
        assert_eq!(reverse_name("::ffff:192.0.2.1".parse().unwrap()), "1.2.0.192.in-addr.arpa");
        let v6 = reverse_name("2001:db8::1".parse().unwrap());
        assert!(
            v6.starts_with("1.0.0.0.") && v6.ends_with("8.b.d.0.1.0.0.2.ip6.arpa") && v6.len() == 72,
            "{v6}"
        );
    }

    #[test]
    fn the_systems_name_servers_are_read() {
        let text =
            "# comment\nsearch lan\nnameserver 127.0.0.53\nnameserver\t2001:db8::53\nnameserver nonsense\n";
        let expected: Vec<SocketAddr> =
            ["127.0.0.53:53", "[2001:db8::53]:53"].map(|text| text.parse().unwrap()).into();
        assert_eq!(system(text), expected);
        assert_eq!(Resolver::new(Some("not an address")).map(|resolver| resolver.0), None);
    }
}
