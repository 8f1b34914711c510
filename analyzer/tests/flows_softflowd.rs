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
mod softflowd_support;

use std::net::IpAddr;
use std::process::Command;

use capturer::Packet;
use metered::{Conversations, Ends, captures, ours};
use softflowd_support::{Collector, are_there};

/// Captures that are compared; each takes a second or two.
const COMPARED: usize = 12;

/// Flows of a capture at most: softflowd follows 8192, and sends all at once when the capture ends.
const MOST: usize = 1000;

/// Bytes from the IP header to the end of the frame, which is what softflowd counts: what fills a short frame up is in it.
fn from_ip(packet: &Packet) -> u32 {
    packet.wire_len - u32::from(packet.network_offset)
}

/// Ends a collector and asks what is in its file.
fn tell(mut collector: Collector) -> Conversations {
    collector.end();
    let output = Command::new("nfdump")
        .args(["-q", "-6", "-N", "-o", "fmt:%pr,%sa,%sp,%da,%dp,%pkt,%byt", "-R"])
        .arg(&collector.folder)
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
        let key: Ends = if low { (protocol, source, destination) } else { (protocol, destination, source) };
        let way = if low { 0 } else { 2 };
        let sums = all.entry(key).or_default();
        sums[way] += words[5].parse::<u64>().unwrap();
        sums[way + 1] += words[6].parse::<u64>().unwrap();
    }
    all
}

#[test]
fn flows_carry_the_packets_and_bytes_that_softflowd_and_nfdump_count() {
    if !are_there(&["softflowd", "nfcapd", "nfdump"]) || captures().is_empty() {
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
        let theirs = tell(collector);
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
