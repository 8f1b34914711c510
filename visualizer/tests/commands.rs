//! What the commands do with good input: folders, standard input, several files, times, formats.

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{TempFile, json, pcap, run, stderr, udp};

fn frames(n: u8) -> Vec<Vec<u8>> {
    (0..n).map(|_| udp([8, 8, 8, 8])).collect()
}

#[test]
fn a_folder_is_read_by_content_and_several_files_are_one_stream() {
    let file = TempFile::new("one.pcap", &pcap(&frames(3)));
    let folder = file.0.parent().unwrap();
    std::fs::write(folder.join("no-ending"), pcap(&frames(4))).unwrap();
    std::fs::write(folder.join("notes.txt"), "these are notes").unwrap();
    let output = run(&["report", "--format", "json", "--read", folder.to_str().unwrap()]);
    assert_eq!(json(&output)["totals"]["packets"], 7, "{}", stderr(&output));
    let output = run(&["report", "--format", "json", "--read", file.path(), file.path()]);
    assert_eq!(json(&output)["totals"]["packets"], 6);
}

#[test]
fn standard_input_is_a_capture_like_any_other() {
    let mut child = common::wireglobe()
        .args(["report", "--by", "host", "--format", "json", "--read", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&pcap(&frames(5))).unwrap();
    assert_eq!(json(&child.wait_with_output().unwrap())["totals"]["packets"], 5);
}

#[test]
fn from_and_to_count_back_from_the_last_packet() {
    let file = TempFile::new("ten.pcap", &pcap(&frames(10)));
    let packets = |arguments: &[&str]| {
        let output = run(&[&["report", "--format", "json", "--read", file.path()], arguments].concat());
        let totals = json(&output)["totals"].clone();
        assert_eq!(totals["frames"], 10, "{}", stderr(&output));
        (totals["packets"].as_u64().unwrap(), totals["filtered"].as_u64().unwrap())
    };
    assert_eq!(packets(&["--from", "-3s"]), (4, 6));
    assert_eq!(packets(&["--from", "2023-11-14T22:13:22Z", "--to", "2023-11-14T22:13:24Z"]), (3, 7));
}

#[test]
fn packets_are_counted_listed_and_saved() {
    let mut all = frames(4);
    all.push(udp([1, 1, 1, 1]));
    let file = TempFile::new("all.pcap", &pcap(&all));
    let saved = file.0.with_file_name("saved.pcap");
    let count =
        |arguments: &[&str]| String::from_utf8(run(&[&["packets"], arguments].concat()).stdout).unwrap();
    assert_eq!(count(&["--count", "--read", file.path()]), "5\n");
    assert_eq!(count(&["--count", "--filter", "host 1.1.1.1", "--read", file.path()]), "1\n");
    run(&["packets", "--filter", "host 8.8.8.8", "--write", saved.to_str().unwrap(), "--read", file.path()]);
    assert_eq!(count(&["--count", "--read", saved.to_str().unwrap()]), "4\n");
    let line: serde_json::Value =
        serde_json::from_str(count(&["--format", "jsonl", "--read", file.path()]).lines().last().unwrap())
            .unwrap();
    assert_eq!((&line["frame"], &line["dst"], &line["dst_port"]), (&5.into(), &"1.1.1.1".into(), &53.into()));
}

#[test]
fn every_format_has_every_row() {
    let file = TempFile::new("formats.pcap", &pcap(&frames(2)));
    for (format, lines) in [("csv", 3), ("tsv", 3), ("jsonl", 2), ("markdown", 4)] {
        let output = run(&["report", "--by", "host", "--format", format, "--read", file.path()]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), lines, "{format}: {text}");
        assert!(text.contains("192.168.1.2") && text.contains("8.8.8.8"), "{format}: {text}");
    }
}

#[test]
fn an_address_is_looked_up_with_its_sources() {
    let found = json(&run(&["geo", "lookup", "8.8.8.8", "--format", "json"]));
    assert_eq!((&found["country"], &found["asn"]), (&"US".into(), &15_169.into()));
    assert!(found["source"]["country"].as_str().unwrap().starts_with("DB-IP"), "{found}");
    let private = json(&run(&["geo", "lookup", "192.168.1.1", "--format", "json"]));
    assert_eq!((&private["place"], &private["country"]), (&"private".into(), &serde_json::Value::Null));
}

/// Who overrides a database sees what it would have said.
#[test]
fn a_look_up_says_what_the_databases_say_where_the_settings_say_otherwise() {
    let known_better = "[[geo.override]]\nnetwork = \"8.8.8.0/24\"\ncountry = \"NL\"\nasn = 64496\nname = \"Our second site\"\n";
    let settings = TempFile::new("settings.toml", known_better.as_bytes());
    let ask =
        |address| json(&run(&["geo", "lookup", address, "--format", "json", "--settings", settings.path()]));
    let set = ask("8.8.8.8");
    assert_eq!((&set["country"], &set["asn"]), (&"NL".into(), &64_496.into()));
    assert_eq!(set["source"]["country"], "settings");
    let tables = &set["databases"];
    assert_eq!((&tables["country"], &tables["asn"]), (&"US".into(), &15_169.into()), "{set}");
    assert!(tables["as_name"].as_str().unwrap().contains("Google"), "{set}");
    assert_eq!(ask("1.1.1.1")["databases"], serde_json::Value::Null, "nobody says otherwise");
}

#[test]
fn the_printed_settings_are_in_order() {
    let printed = run(&["settings", "print"]).stdout;
    let file = TempFile::new("printed.toml", &printed);
    let output = run(&["settings", "check", file.path()]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn completions_and_the_manual_are_made() {
    for arguments in [&["completions", "bash"][..], &["completions", "zsh"], &["man"]] {
        assert!(run(arguments).stdout.len() > 1000, "{arguments:?}");
    }
}
