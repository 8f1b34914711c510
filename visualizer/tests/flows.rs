//! Flow exports through the program: out of captures, and from a UDP socket to totals, status and metrics.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

mod common;
#[path = "../../capturer/tests/exports_support/mod.rs"]
mod exports;
#[path = "../../capturer/tests/nfcapd_files/mod.rs"]
#[allow(dead_code, reason = "each user needs some of them")]
mod nfcapd_files;

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::SystemTime;

use common::{Server, TempFile, json, pcap, run, stderr};
use exports::{FLOW, carried, flow, set, template, v5, v9};
use serde_json::Value;

fn report(arguments: &[&str]) -> Value {
    let output = run(&[&["report", "--flows", "--top", "0", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    json(&output)
}

fn totals(document: &Value) -> [u64; 3] {
    ["flows", "packets", "bytes"].map(|name| document["totals"][name].as_u64().unwrap())
}

#[test]
fn exports_inside_captures_are_counted_instead_of_packets() {
    let frames =
        [carried(&v5(0, 0, &[(3, 300), (4, 400)])), carried(b"no export"), carried(&v5(2, 100, &[(1, 10)]))];
    let file = TempFile::new("flows-v5.pcap", &pcap(&frames));
    let document = report(&["--by", "protocol", "--read", file.path()]);
    assert_eq!(totals(&document), [3, 107, 1700]);
    assert_eq!(document["totals"]["not_exports"], 1);
    assert_eq!((&document["rows"][0]["key"], &document["rows"][0]["flows"]), (&"TCP".into(), &3.into()));
    let exporter = &document["exports"]["exporters"][0];
    assert_eq!((&exporter["address"], &exporter["protocol"]), (&"192.0.2.1".into(), &"netflow5".into()));
    // Systems are those that the exporter names.
    let by_asn = report(&["--by", "asn", "--read", file.path()]);
    assert_eq!(by_asn["rows"][0]["key"], "64500");
    assert_eq!(
        totals(&report(&["--filter", "asn 64501 and dst port 80", "--read", file.path()])),
        [3, 107, 1700]
    );
    assert_eq!(totals(&report(&["--filter", "dst port 81", "--read", file.path()])), [0, 0, 0]);
}

#[test]
fn what_one_file_tells_holds_in_those_named_after_it() {
    let templates =
        TempFile::new("flows-template.pcap", &pcap(&[carried(&v9(1, 0, &[set(0, &template(256, &FLOW))]))]));
    let data = TempFile::new("flows-data.pcap", &pcap(&[carried(&v9(1, 1, &[set(256, &flow(5, 500))]))]));
    assert_eq!(totals(&report(&["--read", templates.path(), data.path()])), [1, 5, 500]);
    let turned = report(&["--read", data.path(), templates.path()]);
    assert_eq!(totals(&turned), [0, 0, 0]);
    assert_eq!(turned["exports"]["exporters"][0]["refused"]["no_template"], 1);
}

#[test]
fn nfcapd_files_are_known_by_content() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures/flows"));
    let name = "nDPI__netflow-fritz.pcap";
    let (capture, file) = ("akvorado__testdata_data.pcap", "akvorado__testdata_data.pcap.nfcapd");
    if !folder.join(name).is_file() {
        println!("skipped: no captures at {}", folder.display());
        return;
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let of_file = report(&["--read", &path(&format!("nfcapd/{file}"))]);
    let needed = [
        "akvorado__testdata_template.pcap",
        "akvorado__options-template.pcap",
        "akvorado__options-data.pcap",
        capture,
    ];
    let needed = needed.map(path);
    let of_capture = report(&[&["--read"][..], &needed.each_ref().map(String::as_str)].concat());
    assert_eq!(totals(&of_file), [4, 120_000, 175_440_000]);
    assert_eq!(totals(&of_capture), totals(&of_file));
}

#[test]
fn folders_are_read_without_the_file_that_is_being_written() {
    let folder = TempFile::folder("mixed");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let record = nfcapd_files::element_record(7);
    let file = nfcapd_files::after(0, 1, &record);
    put("2023/11/nfcapd.202311142215", &file);
    put("2023/11/nfcapd.202311142220", &nfcapd_files::after(0, 2, &record.repeat(2)));
    put("2023/11/nfcapd.current.99", &file);
    put("notes.txt", b"no flows");
    assert_eq!(totals(&report(&["--read", folder.path()])), [3, 21, 300]);
    // Templates come in the capture that is first by name.
    put("a.pcap", &pcap(&[carried(&v9(1, 0, &[set(0, &template(256, &FLOW))]))]));
    put("b.pcap", &pcap(&[carried(&v9(1, 1, &[set(256, &flow(5, 500))]))]));
    let document = report(&["--read", folder.path()]);
    assert_eq!((totals(&document), &document["truncated"]), ([4, 26, 800], &false.into()));
    put("2023/11/nfcapd.202311142225", &[&file[..], &file[40..60]].concat());
    let document = report(&["--read", folder.path()]);
    assert_eq!((totals(&document), &document["truncated"]), ([5, 33, 900], &true.into()));
    let empty = TempFile::new("none.txt", b"no flows");
    let output = run(&["report", "--flows", "--read", empty.0.parent().unwrap().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

/// A server that takes flow exports alone, on a port that the system chose, and where that is.
fn collector(settings: &str) -> (TempFile, Server, SocketAddr) {
    let settings = TempFile::new("flows.toml", settings.as_bytes());
    let server = Server::start(&["--settings", settings.path(), "--flows-listen", "127.0.0.1:0"]);
    let status = server.json("/api/v1/status");
    let listen = status["flow_exports"]["listen"].as_str().unwrap().parse().unwrap();
    (settings, server, listen)
}

#[test]
fn exports_come_from_a_socket_to_totals_status_and_metrics() {
    let (_settings, server, listen) = collector("");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&v9(1, 0, &[set(0, &template(256, &FLOW))]), listen).unwrap();
    socket.send_to(&v9(1, 3, &[set(256, &[flow(5, 500), flow(1, 60)].concat())]), listen).unwrap();
    socket.send_to(&[0, 99], listen).unwrap();
    let status = server.wait_for("/api/v1/status", |status| status["flow_exports"]["datagrams"] == 3);
    let exports = &status["flow_exports"];
    assert_eq!(
        (&exports["records"], &exports["lost"], &exports["lost_queue"]),
        (&2.into(), &2.into(), &0.into())
    );
    assert_eq!(exports["refused"]["unknown_version"], 1);
    assert_eq!(
        exports["dropped"],
        if Path::new("/proc/self/net/udp").exists() { 0.into() } else { Value::Null }
    );
    assert_eq!(exports["exporters"][0]["protocol"], "netflow9");
    assert_eq!((&status["source_kind"], &status["state"]), (&"flows".into(), &"live".into()));
    let report = server.wait_for("/api/v1/report?by=protocol", |report| report["totals"]["packets"] == 6);
    assert_eq!((&report["rows"][0]["bytes"], &report["rows"][0]["percent"]), (&560.into(), &100.0.into()));
    // Nothing was captured, and the status says what was counted all the same.
    let status = server.wait_for("/api/v1/status", |status| status["counted_packets"] == 6);
    assert_eq!(
        (&status["counted_bytes"], &status["counted_flows"], &status["packets"]),
        (&560.into(), &2.into(), &0.into())
    );
    let (_, metrics) = server.get("/metrics");
    assert!(metrics.contains("wireglobe_flow_records_total 2"), "{metrics}");
    assert!(metrics.contains("wireglobe_flow_lost_total{cause=\"network\"} 2"), "{metrics}");
    assert!(metrics.contains("wireglobe_flow_dropped_total 0"), "{metrics}");
}

#[test]
fn exports_that_a_capture_carries_are_replayed_instead_of_its_packets() {
    // More records than may wait at a time: a replay waits, and loses none.
    let sizes: Vec<(u32, u32)> = (1..=30).map(|packets| (packets, packets * 100)).collect();
    let mut frames: Vec<Vec<u8>> = (0..700).map(|at| carried(&v5(at * 30, 0, &sizes))).collect();
    frames.push(carried(b"no export"));
    let file = TempFile::new("flows-replay.pcap", &pcap(&frames));
    let said = report(&["--by", "protocol", "--read", file.path()]);
    assert_eq!(totals(&said), [21_000, 700 * 465, 700 * 46_500]);
    let server = Server::start(&["--read", file.path(), "--flows", "--speed", "max"]);
    let status = server.wait_for("/api/v1/status", |status| status["flow_exports"]["records"] == 21_000);
    let exports = &status["flow_exports"];
    assert_eq!((&exports["listen"], &exports["dropped"]), (&Value::Null, &Value::Null));
    assert_eq!((&exports["lost"], &exports["lost_queue"]), (&0.into(), &0.into()));
    assert_eq!(exports["exporters"][0]["address"], "192.0.2.1");
    let shown =
        server.wait_for("/api/v1/report?by=protocol", |report| report["totals"]["packets"] == 325_500);
    assert_eq!((&shown["rows"][0]["key"], &shown["rows"][0]["bytes"]), (&"TCP".into(), &32_550_000.into()));
    // From the beginning again, as of any replay.
    assert_eq!(server.ask("POST", "/api/v1/replay", r#"{"position_ms": 0}"#).0, 200);
    server.wait_for("/api/v1/report?by=protocol", |report| report["totals"]["packets"] == 325_500);
}

/// A NetFlow v5 datagram: a host asks ports of another from one on, and each is refused, `late` seconds before it is told.
fn scanned(first_port: u16, late: u32) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as u32;
    let head = [&[0, 5, 0, 30][..], &100_000_u32.to_be_bytes(), &now.to_be_bytes(), &[0; 12]].concat();
    let record = |n: u16| {
        let asks = n.is_multiple_of(2);
        let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let ports = [40_000, first_port + n / 2].map(u16::to_be_bytes);
        let (from, to) = if asks { (client, server) } else { (server, client) };
        let (port, peer) = if asks { (ports[0], ports[1]) } else { (ports[1], ports[0]) };
        let at = (100_000 - late * 1000 + u32::from(n) * 10).to_be_bytes();
        let flags = if asks { 0x02 } else { 0x14 };
        let ends = [&from[..], &to, &[0; 8], &1_u32.to_be_bytes(), &44_u32.to_be_bytes(), &at, &at].concat();
        [&ends[..], &port, &peer, &[0, flags, 6, 0], &[0; 8]].concat()
    };
    [head, (0..30).flat_map(record).collect()].concat()
}

#[test]
fn detectors_hear_of_flow_records() {
    let frames: Vec<Vec<u8>> = (0..10).map(|n| carried(&scanned(1 + n * 15, 20))).collect();
    let file = TempFile::new("flows-scan.pcap", &pcap(&frames));
    let output = run(&["alerts", "--flows", "--read", file.path(), "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let document = json(&output);
    let alert = &document["alerts"][0];
    assert_eq!((&alert["rule"], &alert["sources"][0]), (&"scan.port.tcp_syn".into(), &"10.0.0.1".into()));
    assert_eq!(alert["observed"]["evidence_seen"], "flow records");
    assert_eq!((&document["totals"]["flows"], &alert["frames"]), (&300.into(), &Value::Array(Vec::new())));
    let other = run(&["alerts", "--flows", "--read", file.path(), "--filter", "udp", "--format", "json"]);
    assert_eq!(json(&other)["alerts"], Value::Array(Vec::new()));

    let (_settings, server, listen) = collector("");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..10 {
        socket.send_to(&scanned(1 + n * 15, 60), listen).unwrap();
    }
    socket.send_to(&v5(300, 0x4000 | 100, &[(3, 300)]), listen).unwrap();
    let status =
        server.wait_for("/api/v1/status", |status| status["flow_exports"]["unheard"]["sampled"] == 1);
    assert_eq!(status["flow_exports"]["unheard"]["overrun"], 0);
    let shown = server.wait_for("/api/v1/alerts", |shown| !shown["alerts"].as_array().unwrap().is_empty());
    assert_eq!(shown["alerts"][0]["rule"], "scan.port.tcp_syn");
    assert_eq!(shown["alerts"][0]["observed"]["evidence_seen"], "flow records");
}

#[test]
fn records_that_detectors_cannot_use_are_told_of() {
    let sampled = v5(0, 0x4000 | 100, &[(3, 300)]);
    let file = TempFile::new("flows-sampled.pcap", &pcap(&[carried(&sampled)]));
    let output = run(&["alerts", "--flows", "--read", file.path()]);
    assert!(
        stderr(&output).contains("nothing of 1 flow records that are of a sample"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn exporters_that_are_not_named_are_not_believed() {
    let (_settings, server, listen) = collector("[flows]\nexporters = [\"192.0.2.0/24\"]\n");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&v5(0, 0, &[(1, 100)]), listen).unwrap();
    let status = server.wait_for("/api/v1/status", |status| status["flow_exports"]["datagrams"] == 1);
    assert_eq!(status["flow_exports"]["refused"]["not_listed"], 1);
    assert_eq!(status["flow_exports"]["exporters"], Value::Array(Vec::new()));
}

#[test]
fn asn_reports_datagram_counts_each_of_its_six_records() {
    let path = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/seed-data/asn_report/netflow_v5_6records.bin"
    ));
    let Ok(datagram) = std::fs::read(path) else {
        println!("skipped: no datagram at {}", path.display());
        return;
    };
    let (_settings, server, listen) = collector("");
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&datagram, listen).unwrap();
    let status = server.wait_for("/api/v1/status", |status| status["flow_exports"]["records"] == 6);
    let exporter = &status["flow_exports"]["exporters"][0];
    assert_eq!((&exporter["packets"], &exporter["bytes"]), (&127.into(), &161_160.into()));
    server.wait_for("/api/v1/report?by=host", |report| report["totals"]["bytes"] == 161_160);
}

#[test]
fn a_replay_and_a_collector_do_not_go_together() {
    let settings = TempFile::new("flows-replay.toml", b"[flows]\nlisten = \"127.0.0.1:0\"\n");
    let output = run(&["settings", "check", settings.path()]);
    assert!(stderr(&output).contains("flows.listen"), "{}", stderr(&output));
}
