//! `wireglobe hosts` from outside: the fields of the contract, the same document from a file and from a server, what hosts look
//! like as a filter's word and as a dimension, and what it says of questions that make no sense.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod common;

use std::path::Path;
use std::sync::LazyLock;

use common::{Server, TempFile, json, pcap, run, stderr};
use serde_json::{Value, json};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.pcap");

/// All its hosts.
static DEMO_HOSTS: LazyLock<Value> = LazyLock::new(|| hosts(&["--top", "0", "--read", DEMO]));

/// CLI.md's fields of a row.
const FIELDS: [&str; 20] = [
    "address",
    "names",
    "mac",
    "first_seen",
    "last_seen",
    "packets",
    "bytes",
    "country",
    "asn",
    "as_name",
    "prefix",
    "place",
    "os",
    "link",
    "distance",
    "uptime_minutes",
    "apps",
    "language",
    "nat",
    "open_ports",
];

/// The way a segment goes between 192.168.1.7, port 40000, and 8.8.8.8, port 443.
#[derive(Clone, Copy)]
enum Way {
    There,
    Back,
}

fn ethernet(way: Way) -> Vec<u8> {
    let (ours, gate) = ([2, 0, 0, 0, 0, 7], [2, 0, 0, 0, 0, 1]);
    let (to, from) = match way {
        Way::There => (gate, ours),
        Way::Back => (ours, gate),
    };
    [to, from].concat()
}

/// A SYN or SYN+ACK of a Linux of today.
fn segment(way: Way) -> Vec<u8> {
    let (ours, theirs) = ([192, 168, 1, 7], [8, 8, 8, 8]);
    let (from, to, ports, flags, ttl) = match way {
        Way::There => (ours, theirs, [0x9c, 0x40, 1, 0xbb], 2, 64),
        Way::Back => (theirs, ours, [1, 0xbb, 0x9c, 0x40], 0x12, 57),
    };
    let mut frame = ethernet(way);
    frame.extend([8, 0, 0x45, 0, 0, 60, 0, 9, 0x40, 0, ttl, 6, 0, 0]);
    frame.extend(from.into_iter().chain(to).chain(ports));
    let acknowledges = u8::from(flags != 2) * 2;
    frame.extend([0, 0, 0, 1, 0, 0, 0, acknowledges, 0xa0, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    frame.extend([2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]);
    frame
}

/// A datagram of 4 bytes between 192.168.1.7, port 5000, and 8.8.8.8, port 53.
fn datagram(way: Way) -> Vec<u8> {
    let (ours, theirs) = ([192, 168, 1, 7], [8, 8, 8, 8]);
    let (from, to, ports) = match way {
        Way::There => (ours, theirs, [0x13, 0x88, 0, 53]),
        Way::Back => (theirs, ours, [0, 53, 0x13, 0x88]),
    };
    let mut frame = ethernet(way);
    frame.extend([8, 0, 0x45, 0, 0, 32, 0, 9, 0x40, 0, 64, 17, 0, 0]);
    frame.extend(from.into_iter().chain(to).chain(ports).chain([0, 12, 0, 0, 1, 2, 3, 4]));
    frame
}

/// A connection, a question with its answer and one without.
fn talk() -> TempFile {
    let unanswered = {
        let mut frame = datagram(Way::There);
        frame[37] = 99;
        frame
    };
    let frames =
        [segment(Way::There), segment(Way::Back), datagram(Way::There), datagram(Way::Back), unanswered];
    TempFile::new("talk.pcap", &pcap(&frames))
}

fn hosts(arguments: &[&str]) -> Value {
    json(&run(&[&["hosts", "--format", "json"], arguments].concat()))
}

fn rows(document: &Value) -> &[Value] {
    document["rows"].as_array().unwrap()
}

fn row<'a>(document: &'a Value, address: &str) -> &'a Value {
    rows(document).iter().find(|row| row["address"] == address).unwrap()
}

fn sum(rows: &[&Value], field: &str) -> u64 {
    rows.iter().map(|row| row[field].as_u64().unwrap()).sum()
}

/// The rows of hosts that look like a family.
fn of<'a>(document: &'a Value, family: &str) -> Vec<&'a Value> {
    rows(document).iter().filter(|row| row["os"]["family"] == family).collect()
}

#[test]
fn a_host_has_the_fields_of_the_contract() {
    let file = talk();
    let document = hosts(&["--read", file.path()]);
    assert_eq!((&document["schema"], &document["keys"]), (&json!(1), &json!(2)));
    assert_eq!((&document["truncated"], &document["totals"]["packets"]), (&json!(false), &json!(5)));
    assert!(document["from"].is_string() && document["to"].is_string() && document["source"].is_array());
    for row in rows(&document) {
        let lacking: Vec<_> = FIELDS.iter().filter(|field| row.get(**field).is_none()).collect();
        assert!(lacking.is_empty(), "{lacking:?}: {row}");
        let evidence = &row["os"]["evidence"][0];
        assert!(["kind", "signature", "label"].iter().all(|field| evidence[*field].is_string()), "{row}");
        assert!(evidence.get("line").is_some(), "{row}");
    }
    let (ours, theirs) = (row(&document, "192.168.1.7"), row(&document, "8.8.8.8"));
    assert_eq!(ours["os"]["family"], "Linux");
    assert_eq!(ours["os"]["evidence"][0]["signature"], "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0");
    assert!(ours["os"]["evidence"][0]["line"].as_str().unwrap().starts_with("own:"));
    assert_eq!((&ours["distance"], &theirs["distance"]), (&json!(0), &json!(7)));
    assert_eq!((&ours["link"], &ours["packets"]), (&json!("Ethernet"), &json!(5)));
    assert_eq!((&ours["place"], &theirs["country"]), (&json!("private"), &json!("US")));
}

#[test]
fn a_port_is_open_when_it_answered_and_a_hardware_address_is_that_of_a_host_on_the_link() {
    let file = talk();
    let document = hosts(&["--read", file.path()]);
    let (ours, theirs) = (row(&document, "192.168.1.7"), row(&document, "8.8.8.8"));
    assert_eq!((&theirs["open_ports"], &theirs["mac"]), (&json!(["tcp/443", "udp/53"]), &json!([])));
    assert_eq!((&ours["open_ports"], &ours["mac"]), (&json!([]), &json!(["02:00:00:00:00:07"])));
}

#[test]
fn the_demo_shows_systems_of_every_kind() {
    let document = &*DEMO_HOSTS;
    assert_eq!(rows(document).len() as u64, document["keys"].as_u64().unwrap());
    for family in ["Linux", "Windows", "macOS", "Android"] {
        assert!(of(document, family).len() > 3, "{family}");
    }
    let few = hosts(&["--top", "3", "--sort", "packets", "--read", DEMO]);
    let packets: Vec<u64> = rows(&few).iter().map(|row| row["packets"].as_u64().unwrap()).collect();
    assert!(packets.len() == 3 && packets.is_sorted_by(|a, b| a >= b), "{packets:?}");
    assert_eq!(few["keys"], document["keys"]);
}

#[test]
fn what_hosts_look_like_is_a_dimension_and_a_word_with_the_same_figures() {
    let document = &*DEMO_HOSTS;
    let by_os = json(&run(&["report", "--by", "os", "--top", "0", "--format", "json", "--read", DEMO]));
    let mut packets = 0;
    for row in rows(&by_os) {
        let family = if row["key"] == "unknown" { &Value::Null } else { &row["key"] };
        let same: Vec<&Value> =
            rows(document).iter().filter(|host| host["os"]["family"] == *family).collect();
        for field in ["packets", "bytes", "packets_sent", "bytes_sent", "packets_received", "bytes_received"]
        {
            assert_eq!(row[field], sum(&same, field), "{field} of {family}");
        }
        assert_eq!(row["hosts"], same.len(), "{family}");
        packets += row["packets"].as_u64().unwrap();
    }
    let all: Vec<&Value> = rows(document).iter().collect();
    assert_eq!(packets, sum(&all, "packets"), "nothing is left out");
    for (word, family) in [("linux", "Linux"), ("Windows", "Windows")] {
        let sent = sum(&of(document, family), "packets_sent");
        let filter = format!("src os {word}");
        let report = json(&run(&["report", "--filter", &filter, "--format", "json", "--read", DEMO]));
        assert_eq!(report["totals"]["packets"], sent, "{filter}");
        let count = run(&["packets", "--count", "--filter", &filter, "--read", DEMO]);
        assert_eq!(String::from_utf8_lossy(&count.stdout).trim(), sent.to_string());
        let filtered = hosts(&["--top", "0", "--filter", &format!("os {word}"), "--read", DEMO]);
        assert_eq!(rows(&filtered).iter().collect::<Vec<_>>(), of(document, family));
    }
    let unknown = hosts(&["--top", "0", "--filter", "os unknown", "--read", DEMO]);
    let nothing = rows(document).iter().filter(|row| row["os"]["family"].is_null());
    assert_eq!(rows(&unknown).len(), nothing.count());
}

#[test]
fn one_side_alone_is_counted_where_that_is_asked() {
    let document = &*DEMO_HOSTS;
    let report =
        json(&run(&["report", "--by", "os", "--side", "source", "--format", "json", "--read", DEMO]));
    let linux = rows(&report).iter().find(|row| row["key"] == "Linux").unwrap();
    assert_eq!(linux["packets"], sum(&of(document, "Linux"), "packets_sent"));
}

#[test]
fn a_server_gives_the_document_of_the_command() {
    let file = talk();
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    server.wait_for("/api/v1/status", |status| {
        status["state"] == "ended" && status["geo_city_source"].is_string()
    });
    let live = server.wait_for("/api/v1/hosts?top=0", |document| {
        document["totals"]["packets"] == 5 && document["keys"] == 2
    });
    let mut offline = hosts(&["--top", "0", "--read", file.path()]);
    for of_its_own in ["source", "from", "to"] {
        offline[of_its_own] = live[of_its_own].clone();
    }
    assert_eq!(live, offline);
    let one = server.json("/api/v1/hosts/8.8.8.8");
    assert_eq!(one["rows"], json!([row(&live, "8.8.8.8")]));
    assert_eq!([server.get("/api/v1/hosts/9.9.9.9").0, server.get("/api/v1/hosts/nonsense").0], [404, 400]);
    let (code, body) = server.get("/api/v1/hosts?filter=tcp%5B13%5D%20%3D%202");
    assert!(code == 400 && body.contains("not on hosts"), "{body}");
    let (_, filtered) = server.get("/api/v1/hosts?filter=net%20192.168.0.0/16%20and%20os%20linux");
    assert_eq!(serde_json::from_str::<Value>(&filtered).unwrap()["keys"], 1);
    let base = format!("http://{}", server.address);
    let asked = |format: &str| run(&["hosts", "--top", "0", "--format", format, "--server", &base]).stdout;
    let read = |format: &str| run(&["hosts", "--top", "0", "--format", format, "--read", file.path()]).stdout;
    for format in ["csv", "tsv", "markdown", "jsonl"] {
        assert_eq!(asked(format), read(format), "{format}");
    }
    let status = server.json("/api/v1/status");
    assert!(status["fingerprints_hosts"] == 2 && status["fingerprints_evicted_hosts"] == 0, "{status}");
    assert!(status["fingerprints_memory_bytes"].as_u64() < status["memory_bytes"].as_u64());
    let by_os = server.json("/api/v1/report?by=os");
    assert_eq!((&by_os["rows"][0]["key"], &by_os["rows"][0]["packets"]), (&json!("Linux"), &json!(10)));
    let past = server.json("/api/v1/report?by=os&filter=dst%20os%20linux%20and%20udp");
    assert_eq!((&past["totals"]["packets"], &past["rows"][0]["key"]), (&json!(3), &json!("Linux")));
    let (_, lines) = server.get("/api/v1/packets?filter=not%20os%20linux");
    assert_eq!(lines, "");
    assert_eq!(server.json("/api/v1/topics/systems")["keys"], json!(["Linux"]));
}

#[test]
fn a_signature_file_of_ones_own_gives_the_labels_of_command_and_server() {
    let file = talk();
    let text = "classes = unix\n[tcp:request]\nlabel = s:unix:Mine:1\n\
                sig = 4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\n";
    let own = TempFile::new("mine.fp", text.as_bytes());
    let server = Server::start_with(
        &["--read", file.path(), "--speed", "max"],
        &[("WIREGLOBE__FINGERPRINTS__P0F_DB", own.path())],
    );
    let live = server.wait_for("/api/v1/hosts", |document| document["totals"]["packets"] == 5);
    let offline = hosts(&["--p0f-db", own.path(), "--read", file.path()]);
    for document in [&live, &offline] {
        let evidence = &row(document, "192.168.1.7")["os"]["evidence"][0];
        assert_eq!((&evidence["kind"], &evidence["label"]), (&json!("syn"), &json!("Mine 1")));
        assert!(evidence["line"].as_str().unwrap().ends_with(":4"), "{evidence}");
    }
}

#[test]
fn a_domain_has_what_the_hosts_behind_it_look_like() {
    let document = hosts(&["--by", "domain", "--top", "0", "--read", DEMO]);
    let all = &*DEMO_HOSTS;
    let of_domain = |name: &Value| -> Vec<&Value> {
        let name = if name == "unknown" { &Value::Null } else { name };
        rows(all).iter().filter(|host| host["domain"] == *name).collect()
    };
    assert!(rows(&document).len() > 20);
    for row in rows(&document) {
        let hosts = of_domain(&row["domain"]);
        assert_eq!(
            (&row["hosts"], &row["bytes"]),
            (&json!(hosts.len()), &json!(sum(&hosts, "bytes"))),
            "{row}"
        );
        let labels = row["os"].as_array().unwrap();
        assert!(
            hosts.iter().all(|host| host["os"]["label"].is_null() || labels.contains(&host["os"]["label"]))
        );
    }
    let table = run(&["hosts", "--by", "domain", "--read", DEMO]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("look like"));
}

#[test]
fn a_table_has_a_line_for_each_host() {
    let output = run(&["hosts", "--top", "5", "--read", DEMO]);
    let text = String::from_utf8_lossy(&output.stdout);
    let table = text.split("\n\n").next().unwrap();
    assert_eq!(table.lines().count(), 6, "{text}");
    assert!(table.contains("looks like") && text.contains("5 of "), "{text}");
}

#[test]
fn a_capture_of_the_wild_is_listed_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures/os/sgr__teams_test1.pcapng");
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let path = path.to_str().unwrap();
    let document = hosts(&["--top", "0", "--read", path]);
    let ours = row(&document, "192.168.1.8");
    assert_eq!((&ours["os"]["family"], &ours["mac"]), (&json!("Linux"), &json!(["88:d8:2e:f8:e3:af"])));
    let by_host = json(&run(&["report", "--by", "host", "--top", "0", "--format", "json", "--read", path]));
    assert_eq!(rows(&by_host).len(), rows(&document).len());
    for (host, counted) in rows(&document).iter().zip(rows(&by_host)) {
        assert_eq!((&host["address"], &host["bytes"]), (&counted["key"], &counted["bytes"]));
    }
}

#[test]
fn questions_that_make_no_sense_are_told_so() {
    let file = talk();
    let says = |arguments: &[&str], code: i32, wanted: &[&str]| {
        let output = run(&[&["hosts"], arguments].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(wanted.iter().all(|wanted| said.contains(wanted)), "{arguments:?}: {said}");
    };
    let read = ["--read", file.path()];
    says(&[&read[..], &["--filter", "os beos"]].concat(), 2, &["os beos", "^", "windows", "linux"]);
    says(&[&read[..], &["--filter", "tcp[13] & 2 != 0"]].concat(), 2, &["not on hosts"]);
    says(&[&read[..], &["--top", "many"]].concat(), 2, &["--top"]);
    says(&[&read[..], &["--by", "colour"]].concat(), 2, &["host", "domain"]);
    says(&[&read[..], &["--p0f-db", "/nowhere/p0f.fp"]].concat(), 3, &["cannot read /nowhere/p0f.fp"]);
    says(&["--read", "/nowhere/at.pcap"], 3, &["/nowhere/at.pcap"]);
    says(&[], 2, &["--read"]);
    says(&["--server", "http://127.0.0.1:1"], 3, &["is Wireglobe running there?"]);
    let output = run(&["report", "--filter", "os beos", "--read", file.path()]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("windows"), "{}", stderr(&output));
}

#[test]
fn a_capture_that_is_cut_is_listed_as_far_as_it_goes() {
    let whole = pcap(&[segment(Way::There), segment(Way::Back), datagram(Way::There)]);
    let file = TempFile::new("cut.pcap", &whole[..whole.len() - 3]);
    let output = run(&["hosts", "--format", "json", "--read", file.path()]);
    let document = json(&output);
    assert_eq!((output.status.code(), &document["truncated"]), (Some(0), &json!(true)));
    assert_eq!(row(&document, "192.168.1.7")["packets"], 2);
}

/// The page's column of payloads: what each host sent in the packets of the ring, where it was asked for.
#[test]
fn a_server_says_what_kind_of_data_hosts_sent() {
    let words = "to be or not to be, that is the question ".repeat(4);
    let mut frame = common::udp([8, 8, 8, 8]);
    frame.truncate(42);
    frame[17] = u8::try_from(28 + words.len()).unwrap();
    frame[39] = u8::try_from(8 + words.len()).unwrap();
    frame.extend(words.bytes());
    let file = TempFile::new("payload.pcap", &pcap(&[frame.clone(), frame.clone(), frame]));
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    server.wait_for("/api/v1/status", |status| status["state"] == "ended");
    let asked = server.wait_for("/api/v1/hosts?top=0&payload=true", |document| document["keys"] == 2);
    let payloads: Vec<&Value> = asked["rows"].as_array().unwrap().iter().map(|row| &row["payload"]).collect();
    let said = json!({"text": 3 * words.len()});
    assert!(payloads.contains(&&said) && payloads.contains(&&Value::Null), "{payloads:?}");
    let plain = server.json("/api/v1/hosts?top=0");
    assert!(plain["rows"].as_array().unwrap().iter().all(|row| row.get("payload").is_none()));
}
