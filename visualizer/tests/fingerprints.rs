//! `wireglobe fingerprints` from outside: its fields, its formats, and what it says of a signature file it can't read.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod common;

use common::{TempFile, pcap, run, stderr};
use serde_json::{Value, json};

/// A SYN of Linux from 192.0.2.7 to 192.0.2.1, port 443, behind a VLAN tag.
fn syn() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 42, 8, 0];
    frame.extend([0x45, 0, 0, 60, 0, 9, 0x40, 0, 57, 6, 0, 0, 192, 0, 2, 7, 192, 0, 2, 1]);
    frame.extend([0x9c, 0x40, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0xa0, 2, 0xfa, 0xf0, 0, 0, 0, 0]);
    frame.extend([2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]);
    frame
}

fn lines(output: &std::process::Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const SIGNATURE: &str = "4:57+7:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0";

#[test]
fn an_observation_is_a_line_with_the_fields_of_the_contract() {
    let file = TempFile::new("syn.pcap", &pcap(&[syn()]));
    let told = lines(&run(&["fingerprints", "--format", "jsonl", "--read", file.path()]));
    let wanted = json!({"time": "2023-11-14T22:13:20.000000000Z", "module": "syn", "client": "192.0.2.7/40000",
        "server": "192.0.2.1/443", "subject": "cli", "label": "Linux 4.20 or newer", "distance": 7,
        "params": "none", "raw_sig": SIGNATURE, "frame": 1, "line": told[0]["line"]});
    assert_eq!(told[0], wanted);
    assert_eq!(
        (&told[1]["module"], &told[1]["mtu"], &told[1]["link"]),
        (&json!("mtu"), &json!(1500), &json!("Ethernet"))
    );
    assert_eq!(told.len(), 2);
    let table = run(&["fingerprints", "--read", file.path()]);
    assert!(
        String::from_utf8_lossy(&table.stdout)
            .contains("192.0.2.7/40000 to 192.0.2.1/443: Linux 4.20 or newer, 7 hops")
    );
}

#[test]
fn a_signature_file_of_ones_own_gives_the_labels() {
    let file = TempFile::new("own.pcap", &pcap(&[syn()]));
    let text = format!("classes = unix\n[tcp:request]\nlabel = s:unix:Mine:1\nsig = {SIGNATURE}\n");
    let own = TempFile::new("mine.fp", text.as_bytes());
    let told =
        lines(&run(&["fingerprints", "--p0f-db", own.path(), "--format", "json", "--read", file.path()]));
    assert_eq!((&told[0]["label"], &told[0]["line"]), (&json!("Mine 1"), &json!(4)));
    assert_eq!((&told[1]["label"], &told[1]["link"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_signature_file_that_cannot_be_read_is_named_with_line_and_what_was_expected() {
    let file = TempFile::new("bad.pcap", &pcap(&[syn()]));
    let bad = TempFile::new(
        "bad.fp",
        b"classes = unix\n[tcp:request]\nlabel = s:unix:a:\nsig = *:64:0:x:1,1:mss::0\n",
    );
    let output = run(&["fingerprints", "--p0f-db", bad.path(), "--read", file.path()]);
    assert_eq!(output.status.code(), Some(2));
    let wanted = format!("{}:4: `x`: expected a maximum segment size", bad.path());
    assert!(stderr(&output).contains(&wanted), "{}", stderr(&output));
    let missing = run(&["fingerprints", "--p0f-db", "/nowhere/p0f.fp", "--read", file.path()]);
    assert!(stderr(&missing).contains("cannot read /nowhere/p0f.fp"), "{}", stderr(&missing));
}

#[test]
fn what_no_signature_fits_is_learned_as_a_file_that_fits_it() {
    let mut odd = syn();
    odd[52..54].copy_from_slice(&[0x12, 0x35]);
    odd[58 + 16..].copy_from_slice(&[1, 1, 34, 2]);
    odd[38] = 0x77;
    let file = TempFile::new("odd.pcap", &pcap(&[syn(), odd.clone(), odd]));
    let learned = run(&["fingerprints", "--learn", "--read", file.path()]);
    let text = String::from_utf8_lossy(&learned.stdout).into_owned();
    assert!(text.contains("[tcp:request]\n\n; seen once from 1 host, e.g. 192.0.2.7 in frame 2\nlabel = s:other:unnamed 1:\n"), "{text}");
    assert!(!text.contains("mss*44"), "{text}");
    let own = TempFile::new("learned.fp", learned.stdout.as_slice());
    let told =
        lines(&run(&["fingerprints", "--p0f-db", own.path(), "--format", "jsonl", "--read", file.path()]));
    let labels: Vec<_> =
        told.iter().filter(|line| line["module"] == "syn").map(|line| &line["label"]).collect();
    assert_eq!(labels, [&Value::Null, &json!("unnamed 1")]);
}

#[test]
fn learning_has_one_format() {
    let output = run(&["fingerprints", "--learn", "--format", "csv", "--read", "x.pcap"]);
    assert_eq!(output.status.code(), Some(2));
}
