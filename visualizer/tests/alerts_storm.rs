//! A rule that triggers on ever new groups, and another's alert in the midst of it: what comes of both, from outside.

mod common;

use common::{Server, TempFile, pcap};
use serde_json::Value;

/// Hosts that each send one packet to themselves: a group of `spoof.land` each.
const GROUPS: u32 = 40_000;

/// Ports that a scanner tries in the midst of it.
const PORTS: u16 = 20;

fn segment(from: [u8; 4], to: [u8; 4], ports: (u16, u16), flags: u8) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    frame.extend(u16::to_be_bytes(ports.0));
    frame.extend(u16::to_be_bytes(ports.1));
    frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags]);
    // Windows of their own, as those of one make are a flood.
    frame.extend([from[2], from[3], 0, 0, 0, 0]);
    frame
}

/// Hosts that seem to talk to themselves, a scan after an eighth of them; all within two and a half seconds.
fn capture() -> TempFile {
    let land = |n: u32| {
        let address = (0x0b00_0000 + n).to_be_bytes();
        segment(address, address, (80, 80), 2)
    };
    let (scanner, victim) = ([203, 0, 113, 5], [192, 0, 2, 1]);
    let probe =
        |port| [segment(scanner, victim, (50_000, port), 2), segment(victim, scanner, (port, 50_000), 0x14)];
    let first = (0..GROUPS / 8).map(land);
    let scan = (1..=PORTS).flat_map(probe);
    let frames: Vec<Vec<u8>> = first.chain(scan).chain((GROUPS / 8..GROUPS).map(land)).collect();
    let mut file = pcap(&frames);
    // 16 000 frames a second, instead of one.
    let mut place = 24;
    for (index, frame) in frames.iter().enumerate() {
        let micros = index as u64 * 62;
        let seconds = 1_700_000_000 + (micros / 1_000_000) as u32;
        file[place..place + 4].copy_from_slice(&seconds.to_le_bytes());
        file[place + 4..place + 8].copy_from_slice(&((micros % 1_000_000) as u32).to_le_bytes());
        place += 16 + frame.len();
    }
    TempFile::new("storm.pcap", &file)
}

fn count(store: &Value, field: &str) -> u64 {
    store[field].as_u64().unwrap_or_default()
}

#[test]
fn an_alert_among_thousands_of_another_rule_is_shown_among_the_first() {
    let file = capture();
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    let all = u64::from(GROUPS) + 1;
    let found = |document: &Value| {
        let store = &document["store"];
        count(store, "stored") + count(store, "waiting") + count(store, "suppressed")
    };
    let document = server.wait_for("/api/v1/alerts", |document| found(document) == all);
    // Alerts are numbered as they are stored, fifty a second: even a slow machine stores it among the first.
    let shown = server.wait_for("/api/v1/alerts?rule=scan.port.tcp_syn", |document| {
        document["alerts"].as_array().is_some_and(|alerts| alerts.len() == 1)
    });
    let number: u64 = shown["alerts"][0]["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(u64::MAX);
    assert!(number <= 1000, "the scan is stored as number {number}");
    assert!(count(&document["store"], "suppressed") > u64::from(GROUPS) / 2, "{}", document["store"]);
    let (_, status) = server.get("/api/v1/status");
    assert!(status.contains("\"alerts_suppressed\""), "{status}");
}
