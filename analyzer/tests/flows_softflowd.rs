//! Packets to flows, twice: what softflowd makes of a capture's packets, sends as NetFlow v9 to nfcapd and nfdump prints, are the
//! packets and bytes that our flows carry between the same ends, each way. Skipped, with a word, where one of the three or the
//! collection is absent.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test says so by failing"
)]

mod metered;

use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use capturer::Packet;
use metered::{Conversations, Ends, captures, ours};

/// Captures that are compared; each takes a second or two.
const COMPARED: usize = 12;

/// Flows of a capture at most: softflowd follows 8192, and sends all at once when the capture ends.
const MOST: usize = 1000;

/// Bytes from the IP header to the end of the frame, which is what softflowd counts: what fills a short frame up is in it.
fn from_ip(packet: &Packet) -> u32 {
    packet.wire_len - u32::from(packet.network_offset)
}

/// A folder of a collector of theirs, gone with the test.
struct Collector {
    folder: PathBuf,
    port: u16,
    process: Child,
}

impl Collector {
    fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("wireglobe-softflowd-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // A port that was free a moment ago.
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("nfcapd")
            .args(["-b", "127.0.0.1", "-p", &port.to_string(), "-t", "3600", "-w"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let collector = Self { folder, port, process };
        collector.wait("the collector listens", || UdpSocket::bind(("127.0.0.1", port)).is_err());
        collector
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < end, "{what}: not within a minute");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Has a capture's packets made flows and sent here; nothing of one that softflowd can not read.
    fn take(&self, capture: &Path) -> Option<()> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let to = format!("127.0.0.1:{}", self.port);
        let (pid, control) = (file("pid"), file("control"));
        let output = Command::new("softflowd")
            .args(["-d", "-6", "-v", "9", "-n", &to, "-p", &pid, "-c", &control, "-r"])
            .arg(capture)
            .output()
            .unwrap();
        output.status.success().then_some(())
    }

    /// Ends the collector, which writes its file then, and asks what is in it.
    fn tell(mut self) -> Conversations {
        // What was sent last is read before the signal is looked at only if it is given the time.
        std::thread::sleep(Duration::from_millis(500));
        Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        self.process.wait().unwrap();
        let output = Command::new("nfdump")
            .args(["-q", "-6", "-N", "-o", "fmt:%pr,%sa,%sp,%da,%dp,%pkt,%byt", "-R"])
            .arg(&self.folder)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut all = Conversations::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split(',').map(str::trim).collect();
            let protocol = match words[0] {
                "TCP" | "6" => 6,
                "UDP" | "17" => 17,
                _ => continue,
            };
            let end = |address: usize| {
                (words[address].parse::<IpAddr>().unwrap(), words[address + 1].parse::<u16>().unwrap())
            };
            let (source, destination) = (end(1), end(3));
            let low = source <= destination;
            let key: Ends =
                if low { (protocol, source, destination) } else { (protocol, destination, source) };
            let way = if low { 0 } else { 2 };
            let sums = all.entry(key).or_default();
            sums[way] += words[5].parse::<u64>().unwrap();
            sums[way + 1] += words[6].parse::<u64>().unwrap();
        }
        all
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn flows_carry_the_packets_and_bytes_that_softflowd_and_nfdump_count() {
    let there = |tool: &str| Command::new(tool).arg("-h").output().is_ok();
    if !["softflowd", "nfcapd", "nfdump"].into_iter().all(there) || captures().is_empty() {
        println!("skipped: needs softflowd, nfcapd, nfdump and the captures");
        return;
    }
    let (mut compared, mut pairs) = (0, 0);
    for path in captures() {
        if compared == COMPARED {
            break;
        }
        let Some(ours) = ours(&path, from_ip).filter(|ours| (5..MOST).contains(&ours.len())) else {
            continue;
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let collector = Collector::start(&name);
        // It reads Ethernet and raw IP alone.
        if collector.take(&path).is_none() {
            continue;
        }
        let theirs = collector.tell();
        for (key, sums) in &ours {
            assert_eq!(theirs.get(key), Some(sums), "{name}: packets and bytes, there and back, of {key:?}");
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
        compared += 1;
        pairs += ours.len();
    }
    println!("{compared} captures, {pairs} pairs of ends");
    assert_eq!(compared, COMPARED);
}
