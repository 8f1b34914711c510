//! Clients that mean harm: broken WebSocket frames, requests that never end, readers that never read. Whoever means well is
//! served all the while.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Server, TempFile, pcap, udp};
use serde_json::json;
use socket2::{Domain, Type};

/// How long a connection may take to be closed: far more than it needs, as machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings that let one address open so many connections.
const CROWD: [(&str, &str); 2] = [
    ("WIREGLOBE__SERVER__MAX_CONNECTIONS", "1000"),
    ("WIREGLOBE__SERVER__MAX_CONNECTIONS_PER_ADDRESS", "1000"),
];

/// A connection that has become a WebSocket.
fn upgraded(server: &Server) -> TcpStream {
    upgrade(server, TcpStream::connect(&server.address).unwrap())
}

fn upgrade(server: &Server, mut stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET /api/v1/ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wireglobe.v1\r\n\r\n",
        server.address
    )
    .unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// A frame as a client sends it (RFC 6455 section 5.2), masked with zeros: first byte, payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend((long as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn text(message: &serde_json::Value) -> Vec<u8> {
    frame(0x81, message.to_string().as_bytes())
}

/// Reads until the other side has closed; `false` if it has not in time.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut waste = [0; 4096];
    loop {
        match stream.read(&mut waste) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

fn resident_kilobytes(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn ws_frames_hostile() {
    let server = Server::start(&[]);
    let mut fragments = frame(0x01, b"x");
    (0..200_000).for_each(|_| fragments.extend(frame(0x00, b"x")));
    let cases: [(&str, Vec<u8>); 9] = [
        ("no mask", vec![0x81, 2, b'{', b'}']),
        ("a length of 2^63", [&[0x81, 0xff][..], &(1u64 << 63).to_be_bytes(), &[0; 4]].concat()),
        ("a length of 1 MiB", [&[0x81, 0xff][..], &(1u64 << 20).to_be_bytes(), &[0; 4]].concat()),
        ("reserved bits", frame(0xf1, b"{}")),
        ("a reserved opcode", frame(0x83, b"{}")),
        ("a continuation of nothing", frame(0x80, b"{}")),
        ("a ping of 200 bytes", frame(0x89, &[0; 200])),
        ("text that is not UTF-8", frame(0x81, &[0xff, 0xfe])),
        ("200 000 fragments of a byte", fragments),
    ];
    for (case, bytes) in cases {
        let mut stream = upgraded(&server);
        // It may be closed before everything is written.
        let _ = stream.write_all(&bytes);
        assert!(is_closed(&mut stream), "{case}");
    }
    let mut stream = upgraded(&server);
    let pings: Vec<u8> = (0..50_000).flat_map(|_| frame(0x89, b"hello")).collect();
    let _ = stream.write_all(&pings);
    assert_eq!(server.json("/api/v1/status")["state"], "replay");
}

#[test]
fn half_open_requests_keep_nobody_out_and_are_closed() {
    const HALF_OPEN: usize = 400;
    let server = Server::start_with(&[], &CROWD);
    let mut held: Vec<TcpStream> = (0..HALF_OPEN)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.write_all(b"GET / HT").unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream
        })
        .collect();
    assert_eq!(server.json("/api/v1/status")["state"], "replay");
    for stream in &mut held {
        assert!(is_closed(stream), "a request that never ends is closed");
    }
}

#[test]
fn who_never_reads_takes_nothing_from_who_does() {
    const SILENT: usize = 200;
    let server = Server::start_with(&[], &CROWD);
    let silent: Vec<TcpStream> = (0..SILENT)
        .map(|_| {
            let mut stream = upgraded(&server);
            stream.write_all(&text(&json!({"type": "hello", "v": 1}))).unwrap();
            for (id, topic) in ["countries", "hosts", "arcs", "feed"].iter().enumerate() {
                let sub = json!({"type": "sub", "id": id + 1, "topic": topic, "k": 300});
                // One that is refused ends the connection, which counts as well.
                let _ = stream.write_all(&text(&sub));
            }
            stream
        })
        .collect();
    let seen = |server: &Server| server.json("/api/v1/status")["packets"].as_u64().unwrap();
    let before = seen(&server);
    server.wait_for("/api/v1/status", |status| status["packets"].as_u64().unwrap() > before + 200);
    assert_eq!(server.json("/api/v1/status")["lost_ring"], 0);
    let kilobytes = resident_kilobytes(&server);
    assert!(kilobytes < 400 << 10, "{SILENT} who never read take {kilobytes} kB");
    drop(silent);
}

/// Of a tick that it asked for it takes the beginning, and then nothing more.
#[test]
fn who_stops_reading_within_a_tick_is_let_go() {
    let frames: Vec<_> = (0..1000u32).map(|n| udp((0x0b00_0000 + n).to_be_bytes())).collect();
    let file = TempFile::new("hosts.pcap", &pcap(&frames));
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    let rows = |topic: &serde_json::Value| topic["keys"].as_array().map_or(0, Vec::len);
    server.wait_for("/api/v1/topics/hosts?k=300", |topic| rows(topic) == 300);
    let until_clients = |wanted: &str| {
        let line = format!("wireglobe_server_clients {wanted}");
        let began = Instant::now();
        while !server.get("/metrics").1.lines().any(|told| told == line) {
            assert!(began.elapsed() < PATIENCE, "never {line}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&server.address.parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let mut stream = upgrade(&server, socket.into());
    let subs = (1..=20).map(|id| text(&json!({"type": "sub", "id": id, "topic": "hosts", "k": 300})));
    let said: Vec<u8> =
        std::iter::once(text(&json!({"type": "hello", "v": 1}))).chain(subs).flatten().collect();
    stream.write_all(&said).unwrap();
    until_clients("1.0");
    until_clients("0.0");
    let mut came = Vec::new();
    // It may be reset behind what came.
    let _ = stream.read_to_end(&mut came);
    let came = String::from_utf8_lossy(&came);
    assert!(came.contains(r#""type":"snap""#), "{} bytes", came.len());
    assert!(!came.contains(r#""type":"tick""#), "the tick was cut off, as nobody took it");
}
