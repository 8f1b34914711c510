//! `wireglobe query` as a program: of a collector's folder, of files, of a running server; what it writes where, and what it
//! says of questions and inputs that are wrong.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says so by failing")]

mod common;
#[path = "../../capturer/tests/exports_support/mod.rs"]
mod exports;
#[path = "../../capturer/tests/nfcapd_files/mod.rs"]
#[allow(dead_code, reason = "each user needs some of them")]
mod nfcapd_files;

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use common::{Server, TempFile, json, run, stderr};
use nfcapd_files::{after, halves, longs, words};
use serde_json::{Value, json};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.pcap");

/// 2023-11-14T22:10:00Z, in milliseconds.
const TEN_PAST: u64 = 1_699_999_800_000;

/// A flow of layout 2: when it began, who sent (192.0.2.N), the port that was asked, packets and bytes.
fn flow(first: u64, source: u32, port: u16, (packets, bytes): (u64, u64)) -> Vec<u8> {
    let times = longs(&[first, first + 1000, first + 2000, packets, bytes]);
    let generic = [halves(&[1, 52]), times, halves(&[40_000, port]), vec![6, 0x1b, 0, 0]].concat();
    let ends = [halves(&[2, 12]), words(&[0xc000_0200 + source, 0xc633_6401])].concat();
    let body = [generic, ends].concat();
    [halves(&[11, 12 + body.len() as u16, 2]), vec![0; 6], body].concat()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// What a collector left of two routers: 22:10 of both, 22:15 of one, an empty file of the other, nothing of 22:20, 22:25 of
/// one; and the file it is writing.
fn collected() -> TempFile {
    let folder = TempFile::folder("netflow");
    let file = |flows: &[Vec<u8>]| after(0, flows.len(), &flows.concat());
    let day = |source: &str, name: &str| format!("{source}/2023/11/14/nfcapd.20231114{name}");
    let quarter = TEN_PAST + 300_000;
    let later = TEN_PAST + 900_000;
    let first = [flow(TEN_PAST, 1, 443, (10, 1000)), flow(TEN_PAST + 5000, 2, 53, (1, 80))];
    put(&folder.0, &day("r1", "2210"), &file(&first));
    put(&folder.0, &day("r2", "2210"), &file(&[flow(TEN_PAST, 1, 443, (5, 500))]));
    put(&folder.0, &day("r1", "2215"), &file(&[flow(quarter, 2, 443, (40, 4000))]));
    put(&folder.0, &day("r2", "2215"), b"");
    put(&folder.0, &day("r1", "2225"), &file(&[flow(later, 3, 443, (2, 100))]));
    put(&folder.0, "r1/nfcapd.current.4711", b"half a block");
    folder
}

const RANGE: [&str; 4] = ["--from", "2023-11-14T22:10:00Z", "--to", "2023-11-14T22:25:00Z"];

fn ask(arguments: &[&str]) -> Output {
    run(&[&["query"], arguments].concat())
}

/// The document, of a question that is answered without a word.
fn answer(arguments: &[&str]) -> Value {
    let output = ask(&[arguments, &["--format", "json"]].concat());
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{arguments:?}");
    json(&output)
}

fn of_folder(folder: &TempFile, arguments: &[&str]) -> Value {
    let layout = ["--flow-dir", folder.path(), "--flow-sources", "r1,r2", "--by", "sa"];
    answer(&[&layout[..], &RANGE, arguments].concat())
}

#[test]
fn a_collectors_folder_is_asked_interval_by_interval() {
    let folder = collected();
    let document = of_folder(&folder, &[]);
    assert_eq!(document["at"].as_array().unwrap().len(), 4);
    assert_eq!((&document["interval"], &document["source"]), (&json!(300), &json!("files")));
    let keys: Vec<&Value> = document["keys"].as_array().unwrap().iter().map(|row| &row["key"]).collect();
    assert_eq!(keys, ["192.0.2.2", "192.0.2.1", "192.0.2.3"]);
    assert_eq!(document["keys"][0]["bytes"], json!([80, 4000, null, 0]));
    // Two routers told of this one.
    assert_eq!(document["keys"][1]["bytes"], json!([1500, 0, null, 0]));
    assert_eq!(document["keys"][1]["flows"], json!([2, 0, null, 0]));
    assert_eq!(document["total"]["packets"], json!([16, 40, null, 2]));
    let gap = json!([{"from": "2023-11-14T22:20:00Z", "to": "2023-11-14T22:25:00Z"}]);
    assert_eq!(document["gaps"], gap);
    let notes: Vec<&str> = document["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let missing = ["r2/2023/11/14/nfcapd.202311142215", "r1/2023/11/14/nfcapd.202311142220"];
    assert!(missing.iter().all(|name| notes.iter().any(|note| note.contains(name))), "{notes:?}");
    assert_eq!(notes.len(), 4, "{notes:?}");
}

#[test]
fn order_top_and_filter_are_those_that_were_asked() {
    let folder = collected();
    let rare = of_folder(&folder, &["--sort", "packets", "--order", "asc", "--top", "1"]);
    assert_eq!(rare["keys"][0]["key"], "192.0.2.3");
    assert_eq!((&rare["other"]["keys"], &rare["other"]["totals"]["packets"]), (&json!(2), &json!(56)));
    let names = of_folder(&folder, &["--filter", "proto tcp and dst port 53"]);
    assert_eq!(names["total"]["bytes"], json!([80, 0, null, 0]));
    assert_eq!(names["filter"], "tcp and dst port 53");
    let one = ["--from", "2023-11-14T22:15:00Z", "--to", "2023-11-14T22:15:00Z", "--previous"];
    let layout = ["--flow-dir", folder.path(), "--flow-sources", "r1,r2", "--by", "sa"];
    let output = ask(&[&layout[..], &one, &["--format", "json"]].concat());
    let before = json(&output);
    assert_eq!(before["keys"][0]["key"], "192.0.2.2");
    assert_eq!(before["previous"]["keys"][0]["bytes"], json!([80]));
    assert_eq!(before["previous"]["total"]["bytes"], json!([1580]));
}

#[test]
fn a_folder_is_read_in_order_of_time_without_the_file_that_is_being_written() {
    let folder = collected();
    let read = ["--read", folder.path(), "--by", "sa", "--interval", "5m"];
    let document = answer(&read);
    assert_eq!(document["total"]["totals"]["packets"], 58);
    assert_eq!(document["total"]["packets"], json!([16, 40, null, 2]));
    assert_eq!(document["from"], "2023-11-14T22:10:00Z");
}

#[test]
fn lines_are_one_for_each_interval_and_key_in_every_form() {
    let folder = collected();
    let output = |format: &str| {
        let output = ask(&[
            "--read",
            folder.path(),
            "--by",
            "sa",
            "--top",
            "2",
            "--interval",
            "5m",
            "--format",
            format,
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let lines: Vec<Value> = output("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Three intervals with data of two keys, the others and the total; the gap has no lines.
    assert_eq!(lines.len(), 3 * 4);
    let first = json!({"at": "2023-11-14T22:10:00Z", "row": "key", "key": "192.0.2.2", "name": null, "bytes": 80,
        "packets": 1, "flows": 1, "bps": 2.133, "bpp": 80.0});
    assert_eq!(lines[0], first);
    let of_totals = |field: &str| -> u64 {
        lines.iter().filter(|line| line["row"] == "total").filter_map(|line| line[field].as_u64()).sum()
    };
    assert_eq!((of_totals("packets"), of_totals("bytes"), of_totals("flows")), (58, 5680, 5));
    let csv = output("csv");
    assert_eq!(csv.lines().next(), Some("at,row,key,name,bytes,packets,flows,bps,bpp"));
    assert_eq!(csv.lines().nth(1), Some("2023-11-14T22:10:00Z,key,192.0.2.2,,80,1,1,2.133,80.0"));
    assert_eq!(csv.replace(',', "\t"), output("tsv"));
    let table = output("table");
    assert!(table.contains("192.0.2.2") && table.contains("no data from 2023-11-14T22:20:00Z"), "{table}");
}

#[test]
fn a_file_is_written_once_the_answer_is_whole() {
    let folder = collected();
    let out = TempFile::new("answer.json", b"yesterday's");
    let arguments = |filter: &'static str| {
        ["--read", folder.path(), "--format", "json", "--output", out.path(), "--filter", filter]
    };
    let refused = ask(&arguments("port is 80"));
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(std::fs::read(&out.0).unwrap(), b"yesterday's");
    let output = ask(&arguments("dst port 443"));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&std::fs::read(&out.0).unwrap()).unwrap();
    assert_eq!(document["total"]["totals"]["bytes"], 5600);
    // Nothing else is left beside it.
    assert_eq!(std::fs::read_dir(out.0.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn questions_that_are_wrong_say_what_was_expected() {
    let folder = collected();
    let empty = TempFile::folder("empty");
    std::fs::create_dir_all(&empty.0).unwrap();
    let none = TempFile::folder("none");
    let read = ["--read", folder.path()];
    let (of_empty, of_none) = (["--read", empty.path()], ["--read", none.path()]);
    for (arguments, code, says) in [
        ([&read[..], &["--by", "colour"]].concat(), 2, "by colour: expected one of pr, exp, sa"),
        ([&read[..], &["--measure", "bits"]].concat(), 2, "measure bits: expected bytes, packets, flows"),
        ([&read[..], &["--by", "sn4", "--prefix-length", "33"]].concat(), 2, "0 to 32"),
        ([&read[..], &["--interval", "soon"]].concat(), 2, "interval soon: expected a time such as 10s"),
        ([&read[..], &["--from", "monday"]].concat(), 2, "from monday: expected a time such as"),
        (of_empty.to_vec(), 3, "expected files named nfcapd.YYYYmmddHHMM or captures, found none"),
        (of_none.to_vec(), 1, "none"),
        (vec!["--flow-dir", folder.path()], 2, "--from"),
        (vec!["--server", "ftp://127.0.0.1"], 2, "expected http://"),
    ] {
        let output = ask(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    // A caret stands below the word.
    let output = ask(&[&read[..], &["--filter", "tcp and colour 3"]].concat());
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.ends_with("tcp and colour 3")).unwrap();
    assert_eq!(lines[at + 1].find('^'), lines[at].find("colour"), "{text}");
}

#[test]
fn a_file_that_is_not_whole_gives_what_stands_before_and_is_named() {
    let whole = after(0, 1, &flow(TEN_PAST, 1, 443, (10, 1000)));
    let cut = &whole[40..whole.len() - 9];
    let damaged = [&[1, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0][..], &[0xff; 8]].concat();
    // As of captures: a cut is no failure, damage is one of the input.
    for (rest, code, error) in [(cut, 0, false), (&damaged, 3, true)] {
        let folder = TempFile::folder("damaged");
        put(&folder.0, "nfcapd.202311142210", &[&whole[..], rest].concat());
        let output = ask(&["--read", folder.path(), "--by", "sa", "--format", "json"]);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains("nfcapd.202311142210"), "{}", stderr(&output));
        let document = json(&output);
        assert_eq!(
            (&document["total"]["totals"]["bytes"], &document["truncated"]),
            (&json!(1000), &json!(true))
        );
        assert_eq!(document["error"]["offset"].is_u64(), error, "{}", document["error"]);
        assert!(document["notes"][0].as_str().unwrap().contains("nfcapd.202311142210"));
    }
}

#[test]
fn a_running_server_is_asked_the_same_question() {
    let server = Server::start(&["--read", DEMO, "--speed", "max"]);
    let base = format!("http://{}", server.address);
    let frames = json(&run(&["report", "--read", DEMO, "--format", "json"]))["totals"]["packets"].clone();
    let begin = Instant::now();
    let whole = loop {
        let document = answer(&["--server", &base, "--by", "protocol", "--measure", "packets", "--top", "3"]);
        if document["total"]["totals"]["packets"] == frames {
            break document;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{document}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(
        (&whole["source"], &whole["top"], &whole["measure"]),
        (&json!("store"), &json!(3), &json!("packets"))
    );
    let path = "/api/v1/query?by=protocol&measure=packets&top=3";
    assert_eq!(server.ask("GET", path, "").1, whole);
    // What is wrong is said in the server's words.
    for (arguments, says) in
        [(["--by", "colour"], "by colour: expected"), (["--filter", "tcp and colour 3"], "colour")]
    {
        let output = ask(&[&["--server", &base][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    drop(server);
    let output = ask(&["--server", &base]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("is Wireglobe running there?"), "{}", stderr(&output));
}

#[test]
fn captures_are_asked_by_the_flows_of_their_packets() {
    let filter = ["--filter", "ip or ip6"];
    let report = |by: &str| {
        let arguments =
            ["report", "--read", DEMO, "--by", by, "--side", "source", "--top", "0", "--format", "json"];
        json(&run(&[&arguments[..], &filter].concat()))
    };
    let document = answer(&["--read", DEMO, "--by", "sa", "--top", "0", "--interval", "10s"]);
    let hosts = report("host");
    for field in ["packets", "bytes"] {
        assert_eq!(document["total"]["totals"][field], hosts["totals"][field], "{field}");
    }
    let sums = |document: &Value, list: &str, of: &dyn Fn(&Value) -> [Value; 2]| {
        let rows = document[list].as_array().unwrap().iter();
        rows.map(|row| (row["key"].to_string(), of(row))).collect::<std::collections::BTreeMap<_, _>>()
    };
    let ours = sums(&document, "keys", &|row| ["packets", "bytes"].map(|field| row["totals"][field].clone()));
    let mut theirs =
        sums(&hosts, "rows", &|row| ["packets_sent", "bytes_sent"].map(|field| row[field].clone()));
    theirs.retain(|_, sent| sent[0] != 0);
    assert_eq!(ours, theirs);
    assert!(ours.len() > 10);
    // Of standard input, and of a folder, it is the same capture.
    let folder = TempFile::new("demo.pcap", &std::fs::read(DEMO).unwrap());
    let inside = folder.0.parent().unwrap().to_str().unwrap();
    let again = answer(&["--read", inside, "--by", "sa", "--top", "0", "--interval", "10s"]);
    assert_eq!(again["keys"], document["keys"]);
    let piped = common::wireglobe()
        .args(["query", "--read", "-", "--by", "sa", "--top", "0", "--interval", "10s", "--format", "json"])
        .stdin(std::fs::File::open(DEMO).unwrap())
        .output()
        .unwrap();
    assert_eq!(json(&piped)["keys"], document["keys"]);
}

#[test]
fn a_long_flow_of_packets_is_one_flow_and_lies_where_its_packets_do() {
    // One packet a second for 200 seconds: told in parts, it began once.
    let frames: Vec<Vec<u8>> = (0..200).map(|_| common::udp([198, 51, 100, 1])).collect();
    let length = frames[0].len() as u64;
    let file = TempFile::new("long.pcap", &common::pcap(&frames));
    let document = answer(&["--read", file.path(), "--by", "dp", "--interval", "100s"]);
    let row = &document["keys"][0];
    assert_eq!(
        (&row["key"], &row["totals"]["packets"], &row["totals"]["flows"]),
        (&json!("53"), &json!(200), &json!(1))
    );
    assert_eq!(document["at"], json!(["2023-11-14T22:13:20Z", "2023-11-14T22:15:00Z"]));
    assert_eq!(row["packets"], json!([100, 100]));
    assert_eq!(row["totals"]["bytes"], 200 * length);
    let late = answer(&["--read", file.path(), "--by", "dp", "--from", "-1m", "--interval", "10s"]);
    // A minute before the last packet, 22:15:39, lies in the interval of 22:15:30.
    assert_eq!(
        (&late["from"], &late["total"]["totals"]["packets"]),
        (&json!("2023-11-14T22:15:30Z"), &json!(70))
    );
}

#[test]
fn exports_inside_captures_are_asked_by_their_records() {
    let datagrams = [exports::v5(0, 0, &[(3, 300), (4, 400)]), exports::v5(2, 100, &[(1, 10)])];
    let frames: Vec<Vec<u8>> = datagrams.iter().map(|datagram| exports::carried(datagram)).collect();
    let file = TempFile::new("exports.pcap", &common::pcap(&frames));
    let document = answer(&["--read", file.path(), "--flows", "--by", "in", "--filter", "src as 64500"]);
    assert_eq!(
        (&document["keys"][0]["key"], &document["keys"][0]["totals"]["flows"]),
        (&json!("3"), &json!(3))
    );
    assert_eq!(
        (&document["total"]["totals"]["packets"], &document["total"]["totals"]["bytes"]),
        (&json!(107), &json!(1700))
    );
    // Without the word it is the packets that count.
    let packets = answer(&["--read", file.path(), "--by", "sa"]);
    assert_eq!(
        (&packets["keys"][0]["key"], &packets["total"]["totals"]["packets"]),
        (&json!("192.0.2.1"), &json!(2))
    );
}

#[test]
fn a_capture_that_is_cut_or_none_is_said() {
    let whole = common::pcap(&[common::udp([198, 51, 100, 1]), common::udp([198, 51, 100, 2])]);
    let cut = TempFile::new("cut.pcap", &whole[..whole.len() - 3]);
    let output = ask(&["--read", cut.path(), "--by", "da", "--format", "json"]);
    assert_eq!((output.status.code(), &json(&output)["truncated"]), (Some(0), &json!(true)));
    assert_eq!(json(&output)["total"]["totals"]["packets"], 1);
    assert!(stderr(&output).contains("cut in its last record"), "{}", stderr(&output));
    let damaged = TempFile::new("damaged.pcap", &[&whole[..], &[0xff; 64]].concat());
    let output = ask(&["--read", damaged.path(), "--by", "da", "--format", "json"]);
    assert_eq!((output.status.code(), json(&output)["error"]["offset"].is_u64()), (Some(3), true));
    assert_eq!(json(&output)["total"]["totals"]["packets"], 2);
}

#[test]
fn a_filter_may_include_files_on_the_command_line() {
    let folder = collected();
    put(&folder.0, "filters/web", b"# what the web is\nport 80 or port 443\n");
    put(&folder.0, "filters/mine", b"src net 192.0.2.0/30 and @include web");
    let filter = format!("proto tcp and @include {}/filters/mine", folder.path());
    let document = answer(&["--read", folder.path(), "--by", "sa", "--filter", &filter]);
    assert_eq!(document["total"]["totals"]["bytes"], 1500 + 4000 + 100);
    let filter = "@include nowhere";
    let output = ask(&["--read", folder.path(), "--filter", filter]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("@include nowhere"), "{}", stderr(&output));
    let output = run(&["report", "--read", DEMO, "--filter", filter]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("wireglobe query"), "{}", stderr(&output));
}

#[test]
fn ctrl_c_ends_with_130_and_leaves_the_file_as_it_was() {
    let out = TempFile::new("kept.csv", b"as it was");
    let arguments = ["query", "--read", "-", "--by", "sa", "--format", "csv", "--output", out.path()];
    let mut child = common::wireglobe().args(arguments).stdin(std::process::Stdio::piped()).spawn().unwrap();
    // A question that is being asked: what comes is read, more is waited for.
    let mut input = child.stdin.take().unwrap();
    let whole = common::pcap(&vec![common::udp([198, 51, 100, 1]); 10_000]);
    std::io::Write::write_all(&mut input, &whole).unwrap();
    let end = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(end.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(std::fs::read(&out.0).unwrap(), b"as it was");
    assert_eq!(std::fs::read_dir(out.0.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_link_stays_a_link_and_what_is_no_file_is_written_to() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = collected();
    let out = TempFile::new("real.json", b"old");
    std::fs::set_permissions(&out.0, std::fs::Permissions::from_mode(0o600)).unwrap();
    let link = out.0.with_file_name("link.json");
    symlink(&out.0, &link).unwrap();
    let of = ["--read", folder.path(), "--by", "sa", "--format", "json", "--output"];
    assert!(ask(&[&of[..], &[link.to_str().unwrap()]].concat()).status.success());
    assert!(link.is_symlink());
    assert_eq!(std::fs::metadata(&out.0).unwrap().permissions().mode() & 0o777, 0o600);
    let document: Value = serde_json::from_slice(&std::fs::read(&out.0).unwrap()).unwrap();
    assert_eq!(document["by"], "sa");
    assert_eq!(json(&ask(&[&of[..], &["/dev/stdout"]].concat()))["keys"], document["keys"]);
    let output = ask(&[&of[..], &["/nowhere/at/all.json"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot write /nowhere/at/all.json"), "{}", stderr(&output));
}
