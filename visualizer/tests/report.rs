//! What a user relies on of `wireglobe report`: every dimension in every format, what was left out, pages that hostile
//! names can't break, and threads that change nothing.

mod common;

use std::fs;

use common::{TempFile, json as document, pcap, run, stderr, udp};
use serde_json::{Value, json};

const DIMENSIONS: [&str; 14] = [
    "domain",
    "country",
    "continent",
    "asn",
    "prefix",
    "place",
    "host",
    "pair",
    "service",
    "protocol",
    "port",
    "mac",
    "vlan",
    "os",
];

/// Frames from 192.168.1.2 to some of the world.
fn world() -> Vec<Vec<u8>> {
    let addresses =
        [[8, 8, 8, 8], [1, 1, 1, 1], [9, 9, 9, 9], [192, 168, 1, 1], [100, 64, 0, 1], [224, 0, 0, 251]];
    (0..60).map(|n| udp(addresses[n * n % addresses.len()])).collect()
}

fn report(file: &str, arguments: &[&str]) -> Value {
    document(&run(&[&["report", "--format", "json", "--read", file], arguments].concat()))
}

#[test]
fn every_dimension_comes_in_every_format() {
    let file = TempFile::new("world.pcap", &pcap(&world()));
    for by in DIMENSIONS {
        for format in ["table", "json", "jsonl", "csv", "tsv", "markdown", "html"] {
            let output = run(&["report", "--by", by, "--format", format, "--read", file.path()]);
            assert!(
                output.status.success() && !output.stdout.is_empty(),
                "{by} {format}: {}",
                stderr(&output)
            );
        }
        let document = report(file.path(), &["--by", by]);
        let row = &document["rows"][0];
        for field in
            ["key", "hosts", "first_seen", "packets_per_second", "bits_per_second", "estimated", "error"]
        {
            assert!(row.get(field).is_some(), "{by} {field}");
        }
        assert_eq!((&row["estimated"], &document["estimated"]), (&Value::Bool(false), &Value::Bool(false)));
    }
}

#[test]
fn rows_and_what_was_left_out_add_up() {
    let file = TempFile::new("world.pcap", &pcap(&world()));
    for by in ["country", "asn", "host", "place"] {
        let document = report(file.path(), &["--by", by, "--top", "1"]);
        let left = document["left_out"].as_object().unwrap();
        let outside: u64 = left.values().map(|volume| volume["packets"].as_u64().unwrap()).sum();
        let listed = document["rows"][0]["packets"].as_u64().unwrap();
        assert_eq!(outside + listed, 2 * 60, "{by}: {document}");
    }
}

#[test]
fn one_side_and_public_addresses_alone_can_be_asked_for() {
    let file = TempFile::new("world.pcap", &pcap(&world()));
    let sources = report(file.path(), &["--by", "host", "--side", "source"]);
    assert_eq!((&sources["keys"], &sources["rows"][0]["key"]), (&json!(1), &json!("192.168.1.2")));
    let public =
        report(file.path(), &["--by", "host", "--side", "destination", "--public-only", "--top", "0"]);
    let mut keys: Vec<&str> =
        public["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    let listed: u64 =
        public["rows"].as_array().unwrap().iter().map(|row| row["packets"].as_u64().unwrap()).sum();
    assert!(!keys.contains(&"192.168.1.1") && !keys.contains(&"224.0.0.251"), "{keys:?}");
    assert_eq!(listed + public["left_out"]["not_public"]["packets"].as_u64().unwrap(), 60);
    let output = run(&["report", "--by", "vlan", "--side", "source", "--read", file.path()]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn networks_are_called_by_number_owner_or_both() {
    let file = TempFile::new("google.pcap", &pcap(&[udp([8, 8, 8, 8])]));
    let label =
        |labels| report(file.path(), &["--by", "asn", "--labels", labels])["rows"][0]["label"].clone();
    assert_eq!(label("number"), "AS15169");
    let owner = label("owner").as_str().unwrap().to_owned();
    assert_eq!(label("both"), format!("AS15169: {owner}"));
    let table = run(&["report", "--by", "asn", "--labels", "both", "--read", file.path()]);
    assert!(String::from_utf8(table.stdout).unwrap().contains(&format!("AS15169: {owner}")));
}

#[test]
fn a_page_needs_nothing_beside_it_and_hostile_names_stay_text() {
    let file = TempFile::new("<img src=x onerror=alert(1)>\"'&.pcap", &pcap(&[udp([8, 8, 8, 8])]));
    let list = file.0.with_file_name("devices.txt");
    fs::write(&list, "02:00:00:00:00:01 <script>alert(1)</script>\u{202e}\n02:00:00:00:00:02 \"><b onx='\n")
        .unwrap();
    let settings = file.0.with_file_name("settings.toml");
    fs::write(&settings, format!("[devices]\nlist = {:?}\n", list.to_str().unwrap())).unwrap();
    let filter = "not host 1.1.1.1 and not host 1.2.3.4";
    let output = run(&[
        "report",
        "--by",
        "mac",
        "--format",
        "html",
        "--filter",
        filter,
        "--settings",
        settings.to_str().unwrap(),
        "--read",
        file.path(),
    ]);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;img src=x"), "{page}");
    for wrong in ["<script", "<img", "<b ", "src=\"", "url(", "@import", "\u{202e}"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    let links = page.matches("href=\"").count();
    assert_eq!(links, page.matches("href=\"https://").count());
    assert!(page.contains(filter) && page.contains("IEEE"));
}

#[test]
fn devices_have_the_names_of_the_list_and_the_vendors_of_the_registry() {
    let mut frame = udp([8, 8, 8, 8]);
    frame[6..12].copy_from_slice(&[0, 0, 0x0c, 1, 2, 3]);
    let file = TempFile::new("cisco.pcap", &pcap(&[frame]));
    let list = file.0.with_file_name("devices.txt");
    fs::write(&list, "# the router\n02:00:00:00:00:01 router\n").unwrap();
    let settings = file.0.with_file_name("settings.toml");
    fs::write(&settings, format!("[devices]\nlist = {:?}\n", list.to_str().unwrap())).unwrap();
    let document = report(file.path(), &["--by", "mac", "--settings", settings.to_str().unwrap()]);
    let rows = document["rows"].as_array().unwrap();
    let row = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap();
    assert_eq!(
        (&row("00:00:0c:01:02:03")["vendor"], &row("00:00:0c:01:02:03")["name"]),
        (&json!("Cisco Systems, Inc"), &Value::Null)
    );
    assert_eq!(row("02:00:00:00:00:01")["name"], "router");
    fs::write(&list, "router\n").unwrap();
    let output =
        run(&["report", "--by", "mac", "--settings", settings.to_str().unwrap(), "--read", file.path()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("devices.txt, line 1: expected"), "{}", stderr(&output));
}

/// Two directions of the same flows in two files, frame by frame, and a third that goes on: whoever counts each file by
/// itself counts flows twice.
#[test]
fn threads_change_nothing_even_where_flows_go_on_from_file_to_file() {
    let frames = world();
    let reversed = |frame: &Vec<u8>| {
        let mut frame = frame.clone();
        let (source, destination) = (frame[26..30].to_vec(), frame[30..34].to_vec());
        frame[26..30].copy_from_slice(&destination);
        frame[30..34].copy_from_slice(&source);
        frame[34..38].copy_from_slice(&[0, 53, 0xc0, 0]);
        frame
    };
    let there = TempFile::new("there.pcap", &pcap(&frames));
    let back = TempFile::new("back.pcap", &pcap(&frames.iter().map(reversed).collect::<Vec<_>>()));
    let again = TempFile::new("again.pcap", &pcap(&frames[..20]));
    let mut cut = pcap(&frames[..9]);
    cut.truncate(cut.len() - 3);
    let cut = TempFile::new("cut.pcap", &cut);
    for by in DIMENSIONS {
        let with = |jobs| {
            let files = [there.path(), back.path(), again.path(), cut.path()];
            let output = run(&[
                &["report", "--by", by, "--top", "0", "--format", "json", "--jobs", jobs, "--read"],
                &files[..],
            ]
            .concat());
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output))
        };
        let one = with("1");
        assert_eq!(one, with("2"), "{by}");
        assert_eq!(one, with("8"), "{by}");
    }
}
