//! Flows onwards: a collector hears, in either form, of as many packets and bytes as passed; files have them, too.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use capturer::Timestamp;
use capturer::flow::{Collector, FlowRecord, Limits};
use common::{Server, TempFile, json, run};
use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.pcap");

/// Packets and bytes of IP in the demo.
fn passed() -> (u64, u64) {
    let document =
        json(&run(&["report", "--read", DEMO, "--by", "protocol", "--top", "0", "--format", "json"]));
    let rows = document["rows"].as_array().unwrap();
    let sum = |field: &str| {
        rows.iter().filter(|row| row["key"] != "ARP").map(|row| row[field].as_u64().unwrap()).sum()
    };
    (sum("packets"), sum("bytes"))
}

/// Ends the server when it has analysed all, as an administrator would.
fn finish(mut server: Server) {
    server.wait_for("/api/v1/status", |status| status["state"] == "ended");
    let all = json(&run(&["report", "--read", DEMO, "--format", "json"]))["totals"]["packets"].clone();
    server.wait_for("/api/v1/query?by=protocol", |history| history["total"]["totals"]["packets"] == all);
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    server.child.wait().unwrap();
}

#[test]
fn a_collector_hears_of_all_that_passed() {
    for form in ["ipfix", "netflow9"] {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let to = socket.local_addr().unwrap().to_string();
        let settings = [("WIREGLOBE__FLOWS__EXPORT_TO", to.as_str()), ("WIREGLOBE__FLOWS__EXPORT_AS", form)];
        let server = Server::start_with(&["--read", DEMO, "--speed", "max"], &settings);
        let ending = std::thread::spawn(move || finish(server));
        let (mut collector, mut sums) = (Collector::new(Limits::of_captures()), (0, 0));
        let (mut buffer, began) = (vec![0; 65_535], Instant::now());
        while began.elapsed() < Duration::from_secs(300) {
            match socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    let mut add =
                        |record: &FlowRecord| sums = (sums.0 + record.packets, sums.1 + record.bytes);
                    collector.read(from.ip(), Timestamp::EPOCH, &buffer[..length], &mut add);
                }
                Err(_) if ending.is_finished() => break,
                Err(_) => {}
            }
        }
        ending.join().unwrap();
        assert_eq!(collector.exporters()[0].lost, 0, "{form}");
        assert_eq!(sums, passed(), "{form}");
    }
}

#[test]
fn files_have_all_that_passed() {
    let folder = TempFile::folder("onward");
    let server = Server::start_with(
        &["--read", DEMO, "--speed", "max"],
        &[("WIREGLOBE__FLOWS__WRITE_TO", folder.path())],
    );
    finish(server);
    let mut sums = (0, 0);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        for line in std::fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            let flow: Value = serde_json::from_str(line).unwrap();
            let both = |one: &str, other: &str| flow[one].as_u64().unwrap() + flow[other].as_u64().unwrap();
            sums = (sums.0 + both("packets", "reverse_packets"), sums.1 + both("bytes", "reverse_bytes"));
        }
    }
    assert_eq!(sums, passed());
}
