//! A client that speaks the live protocol (docs/PROTOCOL.md) as the page does: it asks for tables, takes ticks, acknowledges each. It looks at
//! the ends of ticks alone, so that a thousand of them cost the machine little.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

/// A table as the page asks for it: topic, rows, times a second (`frontend/src/store.ts`).
pub(crate) type Table = (&'static str, u32, u32);

/// All that the page shows, without what only a selected host or a range of the past needs.
pub(super) const PAGE: [Table; 17] = [
    ("status", 64, 1),
    ("kpi", 32, 4),
    ("series", 900, 2),
    ("countries", 300, 4),
    ("places", 16, 2),
    ("asns", 50, 2),
    ("hosts", 50, 2),
    ("services", 50, 2),
    ("protocols", 50, 2),
    ("arcs", 300, 2),
    ("homes", 16, 1),
    ("continents", 16, 2),
    ("prefixes", 50, 2),
    ("domains", 50, 2),
    ("macs", 50, 2),
    ("alerts", 300, 2),
    ("feed", 50, 4),
];

/// Longer than the server takes between signs of life.
const PATIENCE: Duration = Duration::from_secs(30);

/// The page never says more than this at once; a message of a few numbers.
const SHORT: usize = 126;

/// A connected client.
pub(crate) struct Client {
    stream: TcpStream,
    /// What has come and was not looked at so far.
    buffer: Vec<u8>,
    /// Bytes of the tick that is coming.
    bytes: u64,
}

impl Client {
    /// Connects and asks for tables.
    pub(crate) fn connect(address: &str, tables: &[Table]) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self { stream, buffer: Vec::new(), bytes: 0 };
        client.upgrade(address)?;
        client.say(&json!({"type": "hello", "v": 1, "deflate": true}))?;
        for (id, (topic, k, max_hz)) in tables.iter().enumerate() {
            client.say(&json!({
                "type": "sub", "id": id, "topic": topic, "filter": "", "metric": "bytes", "k": k, "max_hz": max_hz,
            }))?;
        }
        Ok(client)
    }

    fn upgrade(&mut self, address: &str) -> Result<()> {
        write!(
            self.stream,
            "GET /api/v1/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: wireglobe.v1\r\n\r\n"
        )?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Ok(())
    }

    /// A text frame, masked with zeros, as clients must mask (RFC 6455, section 5.3).
    fn say(&mut self, message: &Value) -> Result<()> {
        let text = message.to_string();
        let mut frame = vec![0x81];
        if text.len() < SHORT {
            frame.push(0x80 | text.len() as u8);
        } else {
            frame.push(0x80 | SHORT as u8);
            frame.extend((text.len() as u16).to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        Ok(self.stream.write_all(&frame)?)
    }

    /// From now on nothing is waited for.
    pub(crate) fn never_wait(&self) -> Result<()> {
        Ok(self.stream.set_nonblocking(true)?)
    }

    /// Waits for the next tick; the bytes that it took on the wire, frames' heads included.
    pub(super) fn tick(&mut self) -> Result<u64> {
        loop {
            if let Some(bytes) = self.look()? {
                return Ok(bytes);
            }
        }
    }

    /// Reads what has come, and acknowledges the tick that it ends, if it does.
    pub(crate) fn look(&mut self) -> Result<Option<u64>> {
        let mut chunk = [0; 1 << 14];
        match self.stream.read(&mut chunk) {
            Ok(0) => bail!("the server has gone"),
            Ok(length) => self.buffer.extend(&chunk[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        while let Some((opcode, message)) = frame(&self.buffer) {
            let end = match opcode {
                1 if message.len() < SHORT => end_of_tick(&self.buffer[message.clone()]),
                2 => unpacked_end(&self.buffer[message.clone()])?,
                8 => bail!("the server closed: {}", String::from_utf8_lossy(&self.buffer[message])),
                _ => None,
            };
            self.bytes += message.end as u64;
            self.buffer.drain(..message.end);
            if let Some(seq) = end {
                self.say(&json!({"type": "ack", "seq": seq}))?;
                return Ok(Some(std::mem::take(&mut self.bytes)));
            }
        }
        Ok(None)
    }
}

/// The opcode of the first frame and where its message is, once it is whole. The server sends neither fragments nor masks.
fn frame(buffer: &[u8]) -> Option<(u8, Range<usize>)> {
    let (opcode, short) = (buffer.first()? & 0xf, *buffer.get(1)?);
    let (from, length) = match short {
        126 => (4, u64::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let to = from + usize::try_from(length).ok()?;
    (to <= buffer.len()).then_some((opcode, from..to))
}

/// The number of the tick that this message ends.
fn end_of_tick(message: &[u8]) -> Option<u64> {
    let message: Value = serde_json::from_slice(message).ok()?;
    if message["type"] == "tick" { message["seq"].as_u64() } else { None }
}

/// The same of a packed tick, whose last line it is.
fn unpacked_end(packed: &[u8]) -> Result<Option<u64>> {
    let mut text = String::new();
    DeflateDecoder::new(packed).read_to_string(&mut text).context("a packed tick")?;
    Ok(text.lines().next_back().and_then(|line| end_of_tick(line.as_bytes())))
}
