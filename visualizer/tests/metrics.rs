//! `/metrics`: the format, what it says, and that its size does not depend on the traffic.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use common::{Server, TempFile, pcap, udp};
use serde_json::Value;

/// Samples by name with labels. Holds the text against OpenMetrics 1.0: families are declared once, before their samples;
/// samples of a family stand together and are named after it; nothing is said twice; the end is marked.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut samples = BTreeMap::new();
    let mut family = "";
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    for line in body.lines() {
        if let Some(declared) = line.strip_prefix("# ") {
            let mut words = declared.splitn(3, ' ');
            let (what, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match what {
                "TYPE" => assert!(kinds.insert(name, rest).is_none(), "twice: {line}"),
                "HELP" => assert!(!rest.is_empty(), "{line}"),
                other => panic!("{other}: {line}"),
            }
            family = name;
            continue;
        }
        let (key, value) = line.rsplit_once(' ').unwrap();
        let name = key.split('{').next().unwrap();
        let expected = if kinds[family] == "counter" { format!("{family}_total") } else { family.to_owned() };
        assert_eq!(name, expected, "{line}");
        assert!(labels_are_well_formed(&key[name.len()..]), "{line}");
        assert!(samples.insert(key.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
    }
    samples
}

/// `{name="value",…}` with `\\`, `\"` and `\n` escaped, or nothing.
fn labels_are_well_formed(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return text.is_empty();
    };
    let mut rest = inner;
    while let Some((name, value)) = rest.split_once("=\"") {
        let mut end = None;
        let mut escaped = false;
        for (at, c) in value.char_indices() {
            match c {
                '"' if !escaped => {
                    end = Some(at);
                    break;
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        let Some(end) = end else { return false };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return false;
        }
        rest = value[end + 1..].trim_start_matches(',');
    }
    rest.is_empty()
}

fn replayed(frames: &[Vec<u8>], settings: &str) -> (TempFile, TempFile, Server) {
    let file = TempFile::new("metrics.pcap", &pcap(frames));
    let settings = TempFile::new("metrics.toml", settings.as_bytes());
    let server = Server::start(&["--read", file.path(), "--speed", "max", "--settings", settings.path()]);
    server.wait_for("/api/v1/status", |status| status["state"] == "ended");
    let began = Instant::now();
    loop {
        let samples = scrape(&server);
        let seen = samples["wireglobe_analysis_packets_total"];
        let is_over = samples["wireglobe_source_state{state=\"ended\"}"] == 1.0;
        if is_over && seen > 0.0 && seen == samples["wireglobe_capture_packets_total"] {
            return (file, settings, server);
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{samples:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200, "{text}");
    parsed(&text)
}

fn series(samples: &BTreeMap<String, f64>) -> BTreeSet<&String> {
    samples.keys().collect()
}

#[test]
fn it_says_what_the_status_says() {
    let mut frames: Vec<Vec<u8>> = (0..30).map(|_| udp([8, 8, 8, 8])).collect();
    frames.extend([named(), named(), vec![0; 10]]);
    let (_file, _settings, server) = replayed(&frames, "");
    let samples = scrape(&server);
    let status = server.json("/api/v1/status");
    for (name, field) in [
        ("wireglobe_capture_frames_total", "frames"),
        ("wireglobe_capture_packets_total", "packets"),
        ("wireglobe_capture_bytes_total", "bytes"),
        ("wireglobe_capture_filtered_total", "filtered"),
        ("wireglobe_capture_lost_total{cause=\"ring\"}", "lost_ring"),
        ("wireglobe_analysis_evicted_total{table=\"hosts\"}", "evicted_hosts"),
        ("wireglobe_analysis_memory_bytes", "memory_bytes"),
        ("wireglobe_names_learned_total", "names_learned"),
        ("wireglobe_names_rows{table=\"addresses\"}", "names_addresses"),
        ("wireglobe_names_rows{table=\"domains\"}", "names_domains"),
        ("wireglobe_names_evicted_total", "names_evicted"),
        ("wireglobe_names_capped_total{cap=\"names\"}", "names_left_out"),
        ("wireglobe_names_capped_total{cap=\"domains\"}", "names_domains_refused"),
    ] {
        assert_eq!(Some(samples[name]), status[field].as_f64(), "{name}");
    }
    let skipped: f64 = samples
        .iter()
        .filter(|(key, _)| key.starts_with("wireglobe_capture_skipped_total{"))
        .map(|(_, n)| n)
        .sum();
    assert_eq!((skipped, status["skipped"].as_u64()), (1.0, Some(1)));
    assert_eq!(samples["wireglobe_source_state{state=\"ended\"}"], 1.0);
    assert_eq!(samples["wireglobe_analysis_rows{table=\"hosts\"}"], 2.0);
    assert_eq!((&status["names_learned"], &status["names_addresses"]), (&2.into(), &1.into()));
    assert!(samples["wireglobe_database_age_seconds{database=\"country\"}"] > 0.0);
    assert!(samples["process_resident_memory_bytes"] > 1e6);
}

/// A name server's answer: www.example.org is at 8.8.8.8.
fn named() -> Vec<u8> {
    let message = b"\0\x01\x81\x80\0\x01\0\x01\0\0\0\0\x03www\x07example\x03org\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x08\x08\x08\x08";
    let mut frame = answer([8, 8, 8, 8]);
    frame.truncate(42);
    frame[17] = 28 + message.len() as u8;
    frame[39] = 8 + message.len() as u8;
    frame.extend(message);
    frame
}

#[test]
fn the_city_table_is_told_once_it_is_read() {
    let (_file, _settings, server) = replayed(&[udp([8, 8, 8, 8])], "");
    server.wait_for("/api/v1/status", |status| status["geo_city_source"].is_string());
    let ranges = || scrape(&server)["wireglobe_database_ranges{database=\"city\"}"];
    let began = Instant::now();
    while ranges() == 0.0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "an answer is kept for a second, not for a minute"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(scrape(&server)["wireglobe_database_age_seconds{database=\"city\"}"] > 0.0);
}

#[test]
fn metrics_series_const() {
    let (_file, _settings, few) = replayed(&[udp([8, 8, 8, 8])], "");
    // 100 000 hosts in as many networks as there are.
    let many: Vec<Vec<u8>> =
        (0..100_000u32).map(|n| udp((n.wrapping_mul(0x9e37_79b1) % 0xdf00_0000).to_be_bytes())).collect();
    // A ring that holds them all, so that none is lost on a busy machine.
    let (_file, _settings, many) = replayed(&many, "[ring]\npackets = 131072\nkeep_bytes = 64\n");
    let (few, many) = (scrape(&few), scrape(&many));
    assert!(many["wireglobe_analysis_hosts_total"] > 99_000.0);
    assert_eq!(series(&few), series(&many));
    let addresses = few.keys().filter(|key| key.contains("8.8.8.8") || key.contains("192.168"));
    assert_eq!(addresses.count(), 0);
}

#[test]
fn an_answer_is_kept_for_a_second() {
    let (_file, _settings, server) = replayed(&[udp([8, 8, 8, 8])], "");
    let began = Instant::now();
    let texts: BTreeSet<String> = (0..20).map(|_| server.get("/metrics").1).collect();
    let seconds = began.elapsed().as_secs() as usize;
    assert!(texts.len() <= 2 + seconds, "{} answers in {seconds} s", texts.len());
}

#[test]
fn asncounters_families_come_on_request_and_are_capped() {
    let mut frames: Vec<Vec<u8>> = Vec::new();
    for (count, destination) in [(5, [8, 8, 8, 8]), (3, [1, 1, 1, 1]), (1, [9, 9, 9, 9])] {
        for _ in 0..count {
            frames.push(udp(destination));
            frames.push(answer(destination));
        }
    }
    let (_file, _settings, server) = replayed(&frames, "[metrics]\ntop = 2\n");
    let samples = scrape(&server);
    let of = |name: &str| samples.iter().filter(|(key, _)| key.starts_with(name)).collect::<Vec<_>>();
    let asns = of("asncounter_asn_total{");
    assert_eq!(asns.len(), 2, "{asns:?}");
    let google = asns.iter().find(|(key, _)| key.contains("asn=\"15169\"")).unwrap();
    assert!(google.0.contains("name=\"") && *google.1 == 5.0, "{google:?}");
    let prefixes = of("asncounter_prefix_total{");
    assert!(prefixes.len() == 2 && prefixes.iter().all(|(key, _)| key.contains("cidr=\"")), "{prefixes:?}");
    let (_file, _settings, without) = replayed(&frames, "");
    assert!(scrape(&without).keys().all(|key| !key.starts_with("asncounter_")));
}

/// The datagram of [`udp`] the other way.
fn answer(from: [u8; 4]) -> Vec<u8> {
    let mut frame = udp(from);
    frame[26..30].copy_from_slice(&from);
    frame[30..34].copy_from_slice(&[192, 168, 1, 2]);
    frame[34..38].copy_from_slice(&[0, 53, 0xc0, 0]);
    frame
}

#[test]
fn only_those_who_may_see_the_page_may_see_it() {
    let (_file, _settings, server) = replayed(&[udp([8, 8, 8, 8])], "");
    let answer = server.raw("GET /metrics HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n");
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = server
        .raw(&format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address));
    assert!(answer.contains("application/openmetrics-text; version=1.0.0"), "{answer}");
    let document: Value = server.json("/api/v1/openapi.json");
    assert!(document["paths"]["/metrics"].is_object());
}
