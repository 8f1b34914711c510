//! Servers that notifications go to: HTTP, SMTP and syslog on loopback, with certificates of an authority of our own where TLS is spoken.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::TempFile;

/// Longer than any machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server got, in the order of its coming.
pub struct Got<T> {
    pub address: SocketAddr,
    items: Receiver<T>,
}

impl<T> Got<T> {
    /// The next.
    pub fn next(&self) -> T {
        self.items.recv_timeout(PATIENCE).unwrap()
    }

    /// That nothing came so far.
    pub fn is_empty(&self) -> bool {
        matches!(self.items.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout))
    }

    /// What came so far.
    pub fn rest(&self) -> Vec<T> {
        self.items.try_iter().collect()
    }
}

/// A request: first line with headers, and body.
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// An HTTP server that gives these answers in turn, and then 200 for ever. An answer is a status line and headers.
pub fn http(answers: &[&str]) -> Got<Request> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut answers: Vec<String> = answers.iter().rev().map(ToString::to_string).collect();
    let (sender, items) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let Some(request) = request(&mut reader) else { continue };
            let _ = sender.send(request);
            let answer = answers.pop().unwrap_or_else(|| "200 OK".to_owned());
            let text = format!("HTTP/1.1 {answer}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            let _ = reader.get_mut().write_all(text.as_bytes());
        }
    });
    Got { address, items }
}

fn request(reader: &mut impl BufRead) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8(body).unwrap() })
}

/// An authority, and a certificate of it for `localhost`.
pub struct Authority(TempFile);

const MAKE: &str = "set -e
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
key ca; openssl req -x509 -new -key ca.key -subj /CN=authority -days 2 -out ca.pem
key right; echo subjectAltName=DNS:localhost,IP:127.0.0.1 > right.ext
openssl req -new -key right.key -subj /CN=localhost -out right.csr
openssl x509 -req -in right.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile right.ext -out right.pem";

impl Authority {
    /// `None`, with a word, without openssl or a processor for our TLS.
    pub fn new() -> Option<Self> {
        let file = TempFile::new("made", b"");
        let folder = file.0.parent().unwrap();
        let made = Command::new("sh").args(["-c", MAKE]).current_dir(folder).output().unwrap();
        let can = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
        if !made.status.success() || !can {
            println!("skipped: needs openssl and a processor that our TLS runs on");
            return None;
        }
        Some(Self(file))
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> String {
        self.0.0.with_file_name(name).to_str().unwrap().to_owned()
    }

    fn config(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(self.path("right.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.path("right.key")).unwrap();
        let provider = Arc::new(rustls_graviola::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
    }
}

fn encrypted(socket: TcpStream, config: &Arc<ServerConfig>) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), socket)
}

/// How an SMTP server encrypts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Smtp {
    Starttls,
    Implicit,
}

/// A mail: what was said before DATA, and what after.
pub struct Mail {
    pub commands: Vec<String>,
    pub data: String,
}

/// An SMTP server.
pub fn smtp(authority: &Authority, how: Smtp) -> Got<Mail> {
    let (config, listener) = (authority.config(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let (sender, items) = channel();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mail = match how {
                Smtp::Implicit => converse(encrypted(socket, &config), true),
                Smtp::Starttls => {
                    if before_tls(&mut socket).is_none() {
                        continue;
                    }
                    converse(encrypted(socket, &config), false)
                }
            };
            if let Some(mail) = mail {
                let _ = sender.send(mail);
            }
        }
    });
    Got { address, items }
}

/// Until STARTTLS; byte by byte, so that nothing of TLS is read.
fn before_tls(socket: &mut TcpStream) -> Option<()> {
    socket.write_all(b"220 localhost\r\n").ok()?;
    loop {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while byte != *b"\n" {
            socket.read_exact(&mut byte).ok()?;
            line.push(byte[0]);
        }
        if line.starts_with(b"EHLO") {
            socket.write_all(b"250-localhost\r\n250 STARTTLS\r\n").ok()?;
        } else if line.starts_with(b"STARTTLS") {
            return socket.write_all(b"220 go\r\n").ok();
        } else {
            return None;
        }
    }
}

fn converse(stream: impl Read + Write, greets: bool) -> Option<Mail> {
    let mut reader = BufReader::new(stream);
    if greets {
        reader.get_mut().write_all(b"220 localhost\r\n").ok()?;
    }
    let mut mail = Mail { commands: Vec::new(), data: String::new() };
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-localhost\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 welcome",
            "DATA" => {
                reader.get_mut().write_all(b"354 go on\r\n").ok()?;
                while !mail.data.ends_with("\r\n.\r\n") {
                    if reader.read_line(&mut mail.data).ok()? == 0 {
                        return None;
                    }
                }
                "250 2.0.0 queued as 4711"
            }
            _ => "250 fine",
        };
        mail.commands.push(line.trim().to_owned());
        reader.get_mut().write_all(format!("{answer}\r\n").as_bytes()).ok()?;
        reader.get_mut().flush().ok()?;
        if !mail.data.is_empty() {
            return Some(mail);
        }
    }
}

/// A syslog server over UDP.
pub fn syslog_udp() -> Got<String> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let (sender, items) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(length) = socket.recv(&mut bytes) {
            let _ = sender.send(String::from_utf8(bytes[..length].to_vec()).unwrap());
        }
    });
    Got { address, items }
}

/// A syslog server over TCP, or TLS with an authority, that hangs up after so many messages of a connection.
pub fn syslog_tcp(authority: Option<&Authority>, most: usize) -> Got<String> {
    let (config, listener) = (authority.map(Authority::config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let (sender, items) = channel();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let mut stream: Box<dyn BufRead> = match &config {
                Some(config) => Box::new(BufReader::new(encrypted(socket, config))),
                None => Box::new(BufReader::new(socket)),
            };
            for _ in 0..most {
                let Some(message) = counted(&mut stream) else { break };
                let _ = sender.send(message);
            }
        }
    });
    Got { address, items }
}

/// Octet counting of RFC 6587 §3.4.1: a length, a space, so many bytes.
fn counted(reader: &mut impl BufRead) -> Option<String> {
    let mut length = Vec::new();
    reader.read_until(b' ', &mut length).ok()?;
    let length: usize = std::str::from_utf8(&length).ok()?.trim().parse().ok()?;
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(String::from_utf8(bytes).unwrap())
}
