//! Names on the command line: learned from captures, and asked for only on request.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::net::UdpSocket;
use std::process::Stdio;
use std::time::Duration;

use common::{Server, TempFile, json, pcap, run, stderr, wireglobe};
use serde_json::Value;

const LAPTOP: [u8; 4] = [192, 168, 1, 2];
const SERVER: [u8; 4] = [145, 7, 7, 7];

/// An Ethernet frame with a UDP datagram.
fn udp((from, from_port): ([u8; 4], u16), (to, to_port): ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((28 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    frame.extend(from.into_iter().chain(to));
    for field in [from_port, to_port, 8 + payload.len() as u16, 0] {
        frame.extend(field.to_be_bytes());
    }
    frame.extend(payload);
    frame
}

/// An answer: www.example.org has the server's address.
fn answer() -> Vec<u8> {
    let mut bytes = vec![0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    bytes.extend(b"\x03www\x07example\x03org\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04");
    bytes.extend(SERVER);
    bytes
}

/// Two packets to the server, the answer that names it, one packet back.
fn capture() -> TempFile {
    let out = udp((LAPTOP, 50_000), (SERVER, 443), b"out");
    let back = udp((SERVER, 443), (LAPTOP, 50_000), b"back");
    let named = udp(([9, 9, 9, 9], 53), (LAPTOP, 5000), &answer());
    TempFile::new("names.pcap", &pcap(&[out.clone(), out, named, back]))
}

#[test]
fn a_capture_is_reported_by_domain_and_its_hosts_have_names() {
    let file = capture();
    let report = |by: &str| {
        json(&run(&["report", "--format", "json", "--sort", "packets", "--by", by, "--read", file.path()]))
    };
    let rows = report("domain")["rows"].clone();
    let counts = |row: &Value| {
        (row["key"].as_str().unwrap().to_owned(), row["packets"].clone(), row["packets_sent"].clone())
    };
    assert_eq!(counts(&rows[0]), ("example.org".to_owned(), 3.into(), 1.into()));
    assert_eq!(counts(&rows[1]), ("unknown".to_owned(), 1.into(), 1.into()));
    let hosts = report("host")["rows"].clone();
    let server = hosts.as_array().unwrap().iter().find(|row| row["key"] == "145.7.7.7").unwrap();
    assert_eq!(server["name"], "www.example.org");
    assert_eq!(
        (&server["names"][0]["source"], server["names"][0]["first_seen"].is_string()),
        (&"dns".into(), true)
    );
}

#[test]
fn a_filter_by_domain_takes_a_server_from_its_first_packet_on() {
    let file = capture();
    for (filter, expected) in [
        ("domain example.org", "3"),
        ("src domain example.org", "1"),
        ("not domain example.org", "1"),
        ("domain example.net", "0"),
    ] {
        let output = run(&["packets", "--count", "--filter", filter, "--read", file.path()]);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{filter}: {}", stderr(&output));
        let report = json(&run(&["report", "--format", "json", "--filter", filter, "--read", file.path()]));
        assert_eq!(report["totals"]["packets"].to_string(), expected, "{filter}");
    }
    let refused = run(&["packets", "--filter", "domain localhost", "--read", file.path()]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("example.org"));
}

/// A TCP segment that begins at this byte of its stream.
fn tcp(begin: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((40 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 1, 0, 0, 64, 6, 0, 0]);
    frame.extend(LAPTOP.into_iter().chain(SERVER));
    frame.extend([0xc3, 0x50, 1, 0xbb]);
    frame.extend((begin + 1).to_be_bytes());
    frame.extend([0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

/// A ClientHello for www.example.org whose name comes after a key share of 1216 bytes and an extension as long.
fn long_hello() -> Vec<u8> {
    let share = |kind: [u8; 2]| [&kind[..], &1216u16.to_be_bytes(), &[7; 1216]].concat();
    let name = b"\0\0\0\x14\0\x12\0\0\x0fwww.example.org";
    let extensions = [share([0, 51]), share([0x0a, 0x0a]), name.to_vec()].concat();
    let mut body = [&[3, 3][..], &[1; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let length = body.len() as u16;
    let record = [&[22, 3, 1][..], &(length + 4).to_be_bytes(), &[1, 0], &length.to_be_bytes()].concat();
    [record, body].concat()
}

#[test]
fn a_client_hello_in_two_segments_names_its_server_offline_and_live() {
    let hello = long_hello();
    let (first, second) = hello.split_at(1400);
    // The name lies beyond what the ring keeps of a packet that names nobody.
    assert!(second.len() > 1000);
    let file = TempFile::new("hello.pcap", &pcap(&[tcp(0, first), tcp(1400, second)]));
    let named = |report: &Value| {
        let rows = report["rows"].as_array().unwrap();
        rows.iter().any(|row| row["name"] == "www.example.org" && row["names"][0]["source"] == "tls")
    };
    for jobs in ["1", "2"] {
        let arguments = ["report", "--by", "host", "--format", "json", "--jobs", jobs, "--read", file.path()];
        assert!(named(&json(&run(&arguments))), "{jobs}");
    }
    let output = run(&["packets", "--read", file.path(), "--format", "jsonl"]);
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap().to_owned();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["src_name"], &last["dst_name"]), (&Value::Null, &"www.example.org".into()));
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    server.wait_for("/api/v1/report?by=host&top=0", named);
    let status = server.wait_for("/api/v1/status", |status| status["hellos_joined"] == 1);
    assert_eq!(status["hellos_given_up"], 0);
    let (_, lines) = server.get("/api/v1/packets");
    assert!(lines.lines().all(|line| line.contains(r#""dst_name":"www.example.org""#)), "{lines}");
}

/// Datagrams that reached a name server of ours while a command ran with every source allowed.
fn asked(arguments: &[&str]) -> (usize, Value) {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let cache = TempFile::new("x", b"");
    let mut command = wireglobe();
    command.env("WIREGLOBE__ONLINE__RESOLVER", server.local_addr().unwrap().to_string());
    command.env("WIREGLOBE__ONLINE__CACHE", cache.0.parent().unwrap());
    for source in ["REVERSE_DNS", "RDAP", "RIPESTAT", "IPMAP"] {
        command.env(format!("WIREGLOBE__ONLINE__{source}"), "true");
    }
    let child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let server_too = server.try_clone().unwrap();
    server_too.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let waiting = std::thread::spawn(move || child.wait_with_output().unwrap());
    let mut datagrams = 0;
    let mut buffer = [0; 512];
    loop {
        let over = waiting.is_finished();
        while let Ok((length, from)) = server_too.recv_from(&mut buffer) {
            datagrams += 1;
            // The name of every address is host.example; every other name has none.
            let pointer = b"\xc0\x0c\0\x0c\0\x01\0\0\0\x3c\0\x0e\x04host\x07example\0";
            let reverse = length >= 4 && buffer[length - 3] == 12;
            buffer[2..4].copy_from_slice(if reverse { &[0x81, 0x80] } else { &[0x81, 0x83] });
            buffer[7] = u8::from(reverse);
            let tail: &[u8] = if reverse { pointer } else { &[] };
            server.send_to(&[&buffer[..length], tail].concat(), from).unwrap();
        }
        if over {
            break;
        }
    }
    let output = waiting.join().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    (datagrams, serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn offline_means_zero_packets() {
    let file = capture();
    for arguments in [
        &["geo", "lookup", "8.8.8.8", "--format", "json"][..],
        &["geo", "info", "--format", "json"],
        &["report", "--by", "host", "--format", "json", "--read", file.path()],
        &["report", "--by", "domain", "--format", "json", "--read", file.path()],
        &["geo", "lookup", "--online", "192.168.1.1", "fe80::1", "169.254.169.254", "--format", "json"],
    ] {
        assert_eq!(asked(arguments).0, 0, "{arguments:?}");
    }
}

#[test]
fn on_request_the_name_server_is_asked_and_what_fails_is_told() {
    let (datagrams, found) = asked(&["geo", "lookup", "--online=reverse_dns", "8.8.8.8", "--format", "json"]);
    assert_eq!((datagrams, &found["online"]["reverse_dns"]["name"]), (1, &"host.example".into()));
    assert!(found["online"]["rdap"].is_null(), "not named");
    let (_, found) = asked(&["geo", "lookup", "--online", "8.8.8.8", "--format", "json"]);
    assert_eq!(found["online"]["reverse_dns"]["name"], "host.example");
    assert!(found["online"]["rdap"]["error"].as_str().unwrap().contains("no name"), "{found}");
}

#[test]
fn nobody_named_and_nobody_allowed_is_a_fault_of_usage() {
    let output = run(&["geo", "lookup", "--online", "8.8.8.8"]);
    assert!(
        output.status.code() == Some(2) && stderr(&output).contains("reverse_dns"),
        "{}",
        stderr(&output)
    );
}
