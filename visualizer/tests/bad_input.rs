//! Whatever is wrong gives one clear line that names the thing, and the exit code of the contract.

mod common;

use common::{Server, TempFile, json, pcap, run, stderr, udp};

/// One line, with these words in it.
fn complains(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{arguments:?}: {word:?} is not in {text:?}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    complains(&["report", "--read", "/no/such.pcap"], 3, &["/no/such.pcap", "No such file"]);
}

#[test]
fn an_empty_file_says_what_was_expected() {
    let file = TempFile::new("empty.pcap", b"");
    complains(&["report", "--read", file.path()], 3, &[file.path(), "expected", "empty"]);
}

#[test]
fn garbage_says_where_and_what() {
    let file = TempFile::new("garbage.pcap", b"this is no capture, it only looks like one");
    complains(&["report", "--read", file.path()], 3, &[file.path(), "byte 0", "expected"]);
}

#[test]
fn a_header_without_frames_is_no_damage() {
    let file = TempFile::new("header.pcap", &pcap(&[]));
    let output = run(&["report", "--by", "host", "--format", "json", "--read", file.path()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(json(&output)["totals"]["frames"], 0);
    assert_eq!(json(&output)["from"], serde_json::Value::Null);
}

#[test]
fn a_cut_capture_is_read_to_the_cut() {
    let mut bytes = pcap(&[udp([8, 8, 8, 8]), udp([1, 1, 1, 1])]);
    bytes.truncate(bytes.len() - 5);
    let file = TempFile::new("cut.pcap", &bytes);
    let output = run(&["report", "--by", "host", "--format", "json", "--read", file.path()]);
    let document = json(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((&document["truncated"], &document["totals"]["frames"]), (&true.into(), &1.into()));
    assert!(stderr(&output).contains("cut in its last record"), "{}", stderr(&output));
}

#[test]
fn damage_in_the_middle_keeps_what_was_read_before() {
    let mut bytes = pcap(&[udp([8, 8, 8, 8]), udp([1, 1, 1, 1]), udp([9, 9, 9, 9])]);
    let second = 24 + 16 + udp([0; 4]).len() + 8;
    bytes[second..second + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let file = TempFile::new("damaged.pcap", &bytes);
    let output = run(&["report", "--by", "host", "--format", "json", "--read", file.path()]);
    let document = json(&output);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(document["totals"]["frames"], 1);
    assert_eq!(document["truncated"], true);
    assert_eq!(document["error"]["file"], file.path());
    assert!(document["error"]["offset"].is_u64() && document["error"]["expected"].is_string(), "{document}");
}

#[test]
fn a_wrong_filter_shows_where() {
    let file = TempFile::new("one.pcap", &pcap(&[udp([8, 8, 8, 8])]));
    complains(&["report", "--read", file.path(), "--filter", "tcp prot 80"], 2, &["tcp prot 80", "^"]);
}

#[test]
fn an_unknown_dimension_lists_the_known_ones() {
    complains(&["report", "--by", "contry", "--read", "x"], 2, &["contry", "country, asn"]);
}

#[test]
fn a_wrong_setting_names_key_value_and_range() {
    let file = TempFile::new("settings.toml", b"[ring]\npackets = 5\n");
    complains(&["--settings", file.path()], 2, &["ring.packets", "5", "1024 to 16777216", "line 2"]);
    complains(&["settings", "check", file.path()], 2, &["ring.packets"]);
}

#[test]
fn the_environment_is_a_layer_and_is_named() {
    let output = common::wireglobe().env("WIREGLOBE__RING__PACKETS", "7").args(["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("WIREGLOBE__RING__PACKETS"), "{}", stderr(&output));
}

#[test]
fn a_missing_interface_is_named_with_those_there_are() {
    complains(&["run", "--listen", "127.0.0.1:0", "--interface", "nosuch0"], 3, &["nosuch0", "lo"]);
}

#[test]
fn a_busy_port_is_named() {
    let server = Server::start(&[]);
    complains(&["run", "--listen", &server.address], 1, &[&server.address, "--listen"]);
}

#[test]
fn the_world_is_not_listened_to() {
    complains(
        &["run", "--listen", "0.0.0.0:0"],
        2,
        &["server.listen", "nobody could log in", "wireglobe user add", "127.0.0.1"],
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;
    let mut child = common::wireglobe()
        .args(["settings", "print"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn each_damaged_file_of_several_is_named_and_the_whole_ones_are_counted() {
    let mut bytes = pcap(&[udp([8, 8, 8, 8]), udp([1, 1, 1, 1])]);
    let second = 24 + 16 + udp([0; 4]).len() + 8;
    bytes[second..second + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let first = TempFile::new("first.pcap", &bytes);
    let folder = first.0.parent().unwrap();
    std::fs::write(folder.join("second.pcap"), &bytes).unwrap();
    std::fs::write(folder.join("whole.pcap"), pcap(&[udp([9, 9, 9, 9]), udp([9, 9, 9, 9])])).unwrap();
    let output = run(&["report", "--format", "json", "--read", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json(&output)["totals"]["packets"], 4, "{}", stderr(&output));
    assert!(json(&output)["error"]["file"].as_str().unwrap().ends_with("first.pcap"));
    for name in ["first.pcap", "second.pcap"] {
        assert!(stderr(&output).contains(name), "{}", stderr(&output));
    }
}
