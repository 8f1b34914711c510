//! What the tests of the binary share: running it, and a server on a free port.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

pub mod client;
pub mod receivers;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The binary under test.
pub fn wireglobe() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireglobe"));
    // A folder without a settings file.
    command.current_dir(std::env::temp_dir()).env_remove("RUST_LOG");
    // No test leaves alerts and history where a user's are.
    command.env("WIREGLOBE__ALERTS__KEEP", "false").env("WIREGLOBE__HISTORY__KEEP", "false");
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Output {
    wireglobe().args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Its standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Its standard output as a JSON document.
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// A little-endian pcap of Ethernet frames, one a second.
pub fn pcap(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(field.to_le_bytes());
    }
    for (index, frame) in frames.iter().enumerate() {
        for field in [1_700_000_000 + index as u32, 0, frame.len() as u32, frame.len() as u32] {
            file.extend(field.to_le_bytes());
        }
        file.extend(frame);
    }
    file
}

/// An Ethernet frame with a UDP datagram from 192.168.1.2 to `destination`, port 53.
pub fn udp(destination: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 192, 168, 1, 2]);
    frame.extend(destination);
    frame.extend([0xc0, 0, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]);
    frame
}

/// Runs a tool in a network namespace of its own; `None`, with a word, where that can't be.
pub fn alone(script: &str, tool: &str) -> Option<String> {
    let usable = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    if !usable("unshare", &["-n", "true"]) || !usable("sh", &["-c", &format!("command -v {tool}")]) {
        eprintln!("skipped: needs {tool} and root");
        return None;
    }
    let output = Command::new("unshare").args(["-n", "sh", "-c", script]).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert!(output.status.success(), "{tool}: {text}");
    Some(text)
}

/// A file in a folder of its own, gone with the test.
pub struct TempFile(pub std::path::PathBuf);

impl TempFile {
    /// With these bytes.
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let folder = std::env::temp_dir().join(format!("wireglobe-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        Self(path)
    }

    /// A folder that is not there yet.
    pub fn folder(name: &str) -> Self {
        let file = Self::new(name, b"");
        std::fs::remove_file(&file.0).unwrap();
        file
    }

    /// Its path as text.
    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// A running server that replays something on a free port.
pub struct Server {
    pub child: Child,
    pub address: String,
}

impl Server {
    /// `wireglobe run` with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same with variables of the environment.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::spawn(wireglobe(), arguments, variables)
    }

    /// The same, started by a program that becomes it, such as `nsenter`.
    pub fn start_under(
        program: &str,
        before: &[&str],
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let own = wireglobe();
        let mut command = Command::new(program);
        command.args(before).arg(own.get_program()).current_dir(std::env::temp_dir()).env_remove("RUST_LOG");
        Self::spawn(command, arguments, variables)
    }

    fn spawn(mut command: Command, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = command
            .args(["run", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("WIREGLOBE__HISTORY__KEEP", "false")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_else(|| {
                let mut text = String::new();
                child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
                panic!("no start line: {line}{text}")
            });
        Self { address: address.to_owned(), child }
    }

    /// A raw request; status line, headers and body as they come.
    pub fn raw(&self, request: &str) -> String {
        String::from_utf8_lossy(&self.bytes(request)).into_owned()
    }

    /// `GET` of a file: its bytes.
    pub fn download(&self, path: &str) -> Vec<u8> {
        let answer = self
            .bytes(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address));
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("an answer with a head");
        answer[head + 4..].to_vec()
    }

    fn bytes(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A refused connection is reset after the answer; what came before counts.
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A question that changes something: method, path, JSON or nothing; status and body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let answer = self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ));
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// `GET`; status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let answer =
            self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address));
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        (status, if chunked { unchunk(body) } else { body.to_owned() })
    }

    /// `GET` of a JSON document.
    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Asks until `done`, or a minute is over.
    pub fn wait_for(&self, path: &str, done: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let document = self.json(path);
            if done(&document) {
                return document;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{path} stays {document}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn unchunk(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            break;
        }
        text += &rest[..length];
        body = rest[length..].trim_start_matches("\r\n");
    }
    text
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A TCP segment over Ethernet and IPv4, without options.
fn segment(from: [u8; 4], to: [u8; 4], port: u16, flags: u8) -> Vec<u8> {
    let (source, destination) = if flags & 4 == 0 { (50_000, port) } else { (port, 50_000) };
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    frame.extend(u16::to_be_bytes(source));
    frame.extend(u16::to_be_bytes(destination));
    frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 4, 0, 0, 0, 0, 0]);
    frame
}

/// One host tries `ports` ports of another, which refuses.
pub fn scan(ports: u16) -> TempFile {
    scans(1, ports)
}

/// The same by so many hosts, one after the other.
pub fn scans(scanners: u8, ports: u16) -> TempFile {
    scans_by(0..scanners, ports)
}

/// The same by these hosts.
pub fn scans_by(scanners: std::ops::Range<u8>, ports: u16) -> TempFile {
    let victim = [192, 0, 2, 1];
    let probe = |scanner, port| [segment(scanner, victim, port, 2), segment(victim, scanner, port, 0x14)];
    let probes = |scanner: u8| (1..=ports).flat_map(move |port| probe([203, 0, 113, 5 + scanner], port));
    let frames: Vec<Vec<u8>> = scanners.flat_map(probes).collect();
    TempFile::new("scan.pcap", &pcap(&frames))
}
