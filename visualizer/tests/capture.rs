//! Capture position: filters asked of frames' bytes, which layer of a tunnel counts, files that are still being written.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use common::{TempFile, json, pcap, run, stderr, udp};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An Ethernet frame that carries neither ARP nor IP.
fn lldp() -> Vec<u8> {
    let mut frame = vec![1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc];
    frame.resize(60, 0);
    frame
}

/// The frame with an 802.1Q tag.
fn tagged(frame: &[u8]) -> Vec<u8> {
    [&frame[..12], &[0x81, 0, 0, 7], &frame[12..]].concat()
}

/// The frame's IPv4 packet in another from 192.0.2.1 to 192.0.2.2.
fn in_a_tunnel(frame: &[u8]) -> Vec<u8> {
    let inner = &frame[14..];
    let [high, low] = (inner.len() as u16 + 20).to_be_bytes();
    let header = [0x45, 0, high, low, 0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    [&frame[..14], &header, inner].concat()
}

fn count(file: &TempFile, filter: &str) -> String {
    let output = run(&["packets", "--count", "--filter", filter, "--read", file.path()]);
    stderr(&output) + &String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_filter_asks_frames_as_tcpdump_does() {
    let frame = udp([8, 8, 8, 8]);
    let file =
        TempFile::new("mixed.pcap", &pcap(&[frame.clone(), lldp(), tagged(&frame), frame[..20].to_vec()]));
    for (filter, expected) in [
        ("", "4"),
        ("not ip", "2"),
        ("ether proto 0x88cc", "1"),
        ("udp port 53", "1"),
        ("vlan 7 and udp port 53", "1"),
        ("udp port 53 or (vlan and udp port 53)", "2"),
        ("host 8.8.8.8 and country US", "1"),
        ("not country US", "2"),
        ("less 59", "3"),
    ] {
        assert_eq!(count(&file, filter), format!("{expected}\n"), "{filter}");
    }
    let output = run(&["report", "--format", "json", "--filter", "not ip", "--read", file.path()]);
    let totals = &json(&output)["totals"];
    assert_eq!(
        (&totals["frames"], &totals["packets"], &totals["filtered"]),
        (&4.into(), &1.into(), &2.into())
    );
}

#[test]
fn what_a_link_cannot_be_asked_is_said() {
    let mut raw = pcap(&[udp([8, 8, 8, 8])[14..].to_vec()]);
    raw[20..24].copy_from_slice(&101u32.to_ne_bytes());
    let file = TempFile::new("raw.pcap", &raw);
    assert_eq!(count(&file, "udp"), "1\n");
    let output = run(&["packets", "--count", "--filter", "vlan 7", "--read", file.path()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("vlan 7"), "{}", stderr(&output));
}

#[test]
fn a_setting_chooses_the_layer_that_counts_and_the_document_says_which() {
    let file = TempFile::new("tunnel.pcap", &pcap(&[in_a_tunnel(&udp([8, 8, 8, 8]))]));
    let keys = |layer: &str| {
        let output = common::wireglobe()
            .args(["report", "--by", "host", "--format", "json", "--read", file.path()])
            .env("WIREGLOBE__DECODE__COUNT", layer)
            .output()
            .unwrap();
        let document = json(&output);
        assert_eq!(document["counted"], layer, "{}", stderr(&output));
        let rows = document["rows"].as_array().unwrap();
        rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys("outermost"), ["192.0.2.1", "192.0.2.2"]);
    assert!(keys("innermost").contains(&"8.8.8.8".to_owned()));
}

#[test]
fn explain_shows_tree_and_program_and_what_the_kernel_cannot_ask() {
    let output = run(&["filter", "explain", "tcp port 80 and country NL"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("tcp port 80") && text.contains("(000) ld"), "{text}");
    assert!(text.contains("country NL") && text.contains("kernel"), "{text}");
    let output = run(&["filter", "explain", "tcp prot 80"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("^^^^") && stderr(&output).contains("port"), "{}", stderr(&output));
}

/// The lines a running command prints, as they come.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_that_grows_is_followed() {
    let file = TempFile::new("growing.pcap", &pcap(&[udp([8, 8, 8, 8])]));
    let mut child = common::wireglobe()
        .args(["packets", "--follow", "--format", "jsonl", "--read", file.path()])
        .stdout(Stdio::piped())
        .spawn()
        .map(Ended)
        .unwrap();
    let lines = lines(&mut child.0);
    assert!(lines.recv_timeout(PATIENCE).unwrap().contains("8.8.8.8"));
    let record = &pcap(&[udp([1, 1, 1, 1])])[24..];
    let mut growing = OpenOptions::new().append(true).open(&file.0).unwrap();
    growing.write_all(&record[..20]).unwrap();
    assert!(lines.recv_timeout(Duration::from_millis(500)).is_err(), "half a record is no packet yet");
    growing.write_all(&record[20..]).unwrap();
    assert!(lines.recv_timeout(PATIENCE).unwrap().contains("1.1.1.1"));
}

#[test]
fn a_pipe_that_stalls_shows_what_came() {
    let mut child = common::wireglobe()
        .args(["packets", "--format", "jsonl", "--read", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map(Ended)
        .unwrap();
    let mut pipe = child.0.stdin.take().unwrap();
    let lines = lines(&mut child.0);
    pipe.write_all(&pcap(&[udp([8, 8, 8, 8])])).unwrap();
    pipe.flush().unwrap();
    assert!(lines.recv_timeout(PATIENCE).unwrap().contains("8.8.8.8"));
}

#[test]
fn saved_frames_are_a_capture_of_either_format() {
    let file = TempFile::new("both.pcap", &pcap(&[udp([8, 8, 8, 8]), lldp(), udp([1, 1, 1, 1])]));
    for name in ["saved.pcap", "saved.pcapng"] {
        let saved = file.0.with_file_name(name);
        let to = saved.to_str().unwrap();
        let output = run(&["packets", "--filter", "not host 1.1.1.1", "--write", to, "--read", file.path()]);
        assert!(output.status.success(), "{}", stderr(&output));
        let output = run(&["packets", "--count", "--read", to]);
        assert_eq!(output.stdout, b"2\n", "{name}: what carries no packet is saved, too");
    }
}
