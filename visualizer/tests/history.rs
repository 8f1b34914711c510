//! Going back in time: a range of the running server's past says what `report --from --to` says of the same file; a replay
//! stands still, goes on, and goes on from somewhere else.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::time::{Duration, Instant};

use common::{Server, json, run};
use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.pcap");

/// From the second to the fourth minute of five, whole steps of ten seconds.
const FROM: &str = "2026-06-17T18:31:10Z";
const TO: &str = "2026-06-17T18:33:40Z";
/// `report` takes the last moment into the range.
const LAST: &str = "2026-06-17T18:33:39.999999999Z";

/// Waits for a sign.
fn until(what: &str, sign: impl Fn() -> bool) {
    let begin = Instant::now();
    while !sign() {
        assert!(begin.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server that has replayed the demo as a file, and knows that it has.
fn replayed() -> Server {
    // Room for every key, so that nothing is an estimate.
    let roomy = [("WIREGLOBE__HISTORY__MEMORY_MB", "128"), ("WIREGLOBE__ANALYSIS__MEMORY_MB", "512")];
    let server = Server::start_with(&["--read", DEMO, "--speed", "max"], &roomy);
    ended(&server);
    server
}

fn ended(server: &Server) {
    let all = json(&run(&["report", "--read", DEMO, "--format", "json"]))["totals"]["packets"].clone();
    until("the end of the replay", || {
        let status = server.ask("GET", "/api/v1/status", "").1;
        status["state"] == "ended" && analysed(server) == all
    });
}

/// Packets that the analysis has counted.
fn analysed(server: &Server) -> u64 {
    let rows = server.ask("GET", "/api/v1/report?by=protocol&top=0", "").1["rows"].clone();
    rows.as_array().unwrap().iter().filter_map(|row| row["packets"].as_u64()).sum()
}

/// What both say of a dimension, without what names the source and the run.
fn rows(document: &Value) -> (Value, Value) {
    (document["rows"].clone(), document["totals"]["packets"].clone())
}

/// Names are known afterwards that were not known before, so that only the packets' own facts are compared.
fn facts(document: &Value) -> Vec<[Value; 7]> {
    let of = |row: &Value| {
        ["key", "packets", "packets_sent", "bytes_sent", "packets_received", "bytes_received", "flows"]
            .map(|field| row[field].clone())
    };
    rows(document).0.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_range_says_what_the_command_line_says_of_the_same_file() {
    let server = replayed();
    // Of pairs there are more than a server keeps apart: the heaviest are exact.
    let dimensions = ["country", "asn", "prefix", "host", "pair", "protocol", "port", "mac", "place"];
    for (by, top) in dimensions.map(|by| (by, if by == "pair" { "100" } else { "0" })) {
        for filter in ["", "direction in and not port 53"] {
            let encoded = filter.replace(' ', "%20");
            let path = format!("/api/v1/report?by={by}&top={top}&from={FROM}&to={TO}&filter={encoded}");
            let (status, found) = server.ask("GET", &path, "");
            assert_eq!(status, 200, "{found}");
            let said = json(&run(&[
                "report", "--read", DEMO, "--from", FROM, "--to", LAST, "--by", by, "--top", top, "--filter",
                filter, "--format", "json",
            ]));
            assert!(!facts(&said).is_empty());
            let (mut found, mut said) = (facts(&found), facts(&said));
            if !filter.is_empty() {
                // A report that sees one way of a flow sees silences that the flow did not have.
                found.iter_mut().chain(&mut said).for_each(|row| row[6] = Value::Null);
            }
            let others = |of: &[[Value; 7]], than: &[[Value; 7]]| -> Vec<_> {
                of.iter().filter(|row| !than.contains(row)).cloned().collect()
            };
            assert_eq!(others(&found, &said), others(&said, &found), "{by} {filter}");
        }
    }
}

/// What a slice knows besides addresses and ports; what only packets know is refused with the word and what to do instead.
#[test]
fn the_past_is_asked_for_hardware_addresses_and_not_for_bits_of_packets() {
    let server = replayed();
    let camera = "ether host 02:57:47:00:01:29";
    for filter in [camera, "not ether host 02:57:47:00:01:29 and not vlan 7"] {
        let path = format!("/api/v1/report?by=host&top=0&from={FROM}&to={TO}&filter=");
        let (status, found) = server.ask("GET", &format!("{path}{}", filter.replace(' ', "%20")), "");
        assert_eq!(status, 200, "{found}");
        let said = json(&run(&[
            "report", "--read", DEMO, "--from", FROM, "--to", LAST, "--by", "host", "--top", "0", "--filter",
            filter, "--format", "json",
        ]));
        let carried = |document: &Value| -> Vec<[Value; 7]> {
            let mut rows = facts(document);
            rows.iter_mut().for_each(|row| row[6] = Value::Null);
            rows.sort_by_key(|row| row[0].to_string());
            rows
        };
        assert!(!carried(&found).is_empty());
        assert_eq!(carried(&found), carried(&said), "{filter}");
    }
    let (status, refused) =
        server.ask("GET", &format!("/api/v1/report?by=host&from={FROM}&to={TO}&filter=less%20100"), "");
    assert_eq!(status, 400);
    assert!(
        refused["error"]["message"].as_str().unwrap().contains("`less 100` works on frames"),
        "{refused}"
    );
    assert!(refused["error"]["hint"].as_str().unwrap().contains("packet list"), "{refused}");
}

#[test]
fn topics_of_a_range_are_those_of_now_and_say_what_they_are_of() {
    let server = replayed();
    let (status, snap) = server.ask("GET", &format!("/api/v1/topics/countries?from={FROM}&to={TO}"), "");
    assert_eq!((status, &snap["topic"]), (200, &Value::from("countries")), "{snap}");
    assert_eq!(snap["range"]["from"], 1_781_721_070_000i64);
    assert_eq!(snap["range"]["to"], 1_781_721_220_000i64);
    assert_eq!((&snap["range"]["step"], &snap["range"]["packets_left_out"]), (&10.into(), &0.into()));
    let (_, kpi) = server.ask("GET", &format!("/api/v1/topics/kpi?from={FROM}&to={TO}"), "");
    let at = kpi["keys"].as_array().unwrap().iter().position(|key| key == "packets").unwrap();
    let said = json(&run(&["report", "--read", DEMO, "--from", FROM, "--to", LAST, "--format", "json"]));
    assert_eq!(kpi["columns"]["value"][at], said["totals"]["packets"]);
    for topic in ["series", "arcs", "feed", "asns", "hosts", "systems", "domains", "services"] {
        let (status, snap) = server.ask("GET", &format!("/api/v1/topics/{topic}?from={FROM}&to={TO}"), "");
        assert_eq!(status, 200, "{topic}");
        assert!(!snap["keys"].as_array().unwrap().is_empty(), "{topic}: {snap}");
    }
    let (_, span) = server.ask("GET", "/api/v1/topics/span", "");
    let bytes = |column: &str| -> u64 {
        span["columns"][column].as_array().unwrap().iter().filter_map(Value::as_u64).sum()
    };
    let all = json(&run(&["report", "--read", DEMO, "--format", "json"]));
    let sum = bytes("bytes_in") + bytes("bytes_out") + bytes("bytes_other");
    assert_eq!(Value::from(sum), all["totals"]["bytes"]);
}

#[test]
fn packets_of_a_range_are_those_that_the_ring_has_of_it() {
    let server = replayed();
    let (status, lines) = server.get(&format!("/api/v1/packets?limit=10000&from={FROM}&to={TO}"));
    let said = json(&run(&["report", "--read", DEMO, "--from", FROM, "--to", LAST, "--format", "json"]));
    let newest = said["totals"]["packets"].as_u64().unwrap().min(10_000);
    assert_eq!((status, lines.lines().count() as u64), (200, newest));
    assert_eq!(server.get(&format!("/api/v1/packets?from={FROM}")).0, 400);
}

#[test]
fn what_the_past_cannot_answer_is_refused_in_words() {
    let server = replayed();
    for (query, says) in [
        (format!("from={FROM}&to={TO}&filter=tcp%5B13%5D=2"), "flows"),
        (format!("from={FROM}"), "both from and to"),
        (format!("from={TO}&to={FROM}"), "after from"),
        (format!("from=yesterday&to={TO}"), "2026-11-21T14:03:00Z"),
    ] {
        let (status, answer) = server.ask("GET", &format!("/api/v1/report?by=country&{query}"), "");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(says), "{query}: {status} {message}");
    }
}

#[test]
fn a_replay_stands_still_and_goes_on_from_where_it_is_told() {
    let server = replayed();
    let whole = analysed(&server);
    let (status, answer) = server.ask("POST", "/api/v1/replay", r#"{"position_ms": 150000}"#);
    assert_eq!((status, &answer["schema"]), (200, &1.into()), "{answer}");
    let from = ["report", "--read", DEMO, "--from", "2026-06-17T18:32:30.028Z", "--format", "json"];
    let half = json(&run(&from))["totals"]["packets"].as_u64().unwrap();
    assert!(half < whole);
    until("half of the packets", || analysed(&server) == half);
    until("the past of half of the packets", || {
        server.ask("GET", "/api/v1/status", "").1["history_from_ms"] == 1_781_721_150_000i64
    });
    server.ask("POST", "/api/v1/replay", r#"{"position_ms": 0, "speed": 1, "paused": true}"#);
    until("the replay to stand still", || {
        let status = server.ask("GET", "/api/v1/status", "").1;
        status["state"] == "replay" && status["paused"] == true
    });
    server.ask("POST", "/api/v1/replay", r#"{"paused": false, "speed": 0}"#);
    ended(&server);
    let (status, answer) = server.ask("POST", "/api/v1/replay", r#"{"speed": -1}"#);
    assert!(status == 400 && answer["error"]["message"].as_str().unwrap().contains("10000"), "{answer}");
}

/// What history says of a range, once all of the replay is in it.
fn asked(server: &Server, question: &str) -> Value {
    let (status, answer) = server.ask("GET", &format!("/api/v1/query?from={FROM}&to={TO}&{question}"), "");
    assert_eq!(status, 200, "{question}: {answer}");
    answer
}

#[test]
fn history_says_what_reports_say() {
    let roomy = [("WIREGLOBE__HISTORY__ROWS", "100000"), ("WIREGLOBE__ANALYSIS__MEMORY_MB", "512")];
    let server = Server::start_with(&["--read", DEMO, "--speed", "max"], &roomy);
    ended(&server);
    let all = json(&run(&["report", "--read", DEMO, "--format", "json"]))["totals"].clone();
    until("the last step to be written", || {
        let whole = server.ask("GET", "/api/v1/query?by=protocol", "").1;
        whole["total"]["totals"]["packets"] == all["packets"]
    });
    for by in ["country", "asn", "prefix", "host", "protocol", "port", "place"] {
        let said = json(&run(&[
            "report", "--read", DEMO, "--from", FROM, "--to", LAST, "--by", by, "--top", "0", "--format",
            "json",
        ]));
        let sums = |row: &Value| (row["packets"].clone(), row["bytes"].clone());
        let rows = |document: &Value, list: &str, of: &dyn Fn(&Value) -> (Value, Value)| {
            let rows = document[list].as_array().unwrap().iter();
            rows.map(|row| (row["key"].to_string(), of(row)))
                .collect::<std::collections::BTreeMap<String, (Value, Value)>>()
        };
        let found = asked(&server, &format!("by={by}&top=0&interval=10"));
        let (found_rows, mut said_rows) =
            (rows(&found, "keys", &|row| sums(&row["totals"])), rows(&said, "rows", &sums));
        if ["host", "port"].contains(&by) {
            // Of these a scan brings more in ten seconds than are kept apart: the heaviest are exact.
            let heavy: Vec<String> = found["keys"]
                .as_array()
                .unwrap()
                .iter()
                .take(100)
                .map(|row| row["key"].to_string())
                .collect();
            said_rows.retain(|key, _| heavy.contains(key));
            assert!(said_rows.iter().all(|(key, sums)| found_rows[key] == *sums), "{by}");
        } else {
            assert!(found_rows == said_rows, "{by}");
        }
        assert_eq!(found["total"]["totals"]["packets"], said["totals"]["packets"]);
        let by_interval: u64 =
            found["total"]["bytes"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
        assert_eq!(by_interval, said["totals"]["bytes"], "{by}");
        assert_eq!((found["gaps"].as_array().unwrap().len(), &found["notes"]), (0, &serde_json::json!([])));
    }
    // A filter is asked of flows, which are kept by the minute.
    let minute = "from=2026-06-17T18:31:00Z&to=2026-06-17T18:33:00Z&by=country&top=0&filter=port%20443";
    let found = server.ask("GET", &format!("/api/v1/query?{minute}"), "").1;
    let said = json(&run(&[
        "report",
        "--read",
        DEMO,
        "--from",
        "2026-06-17T18:31:00Z",
        "--to",
        "2026-06-17T18:32:59.999999999Z",
        "--by",
        "country",
        "--top",
        "0",
        "--filter",
        "port 443",
        "--format",
        "json",
    ]));
    assert_eq!(found["total"]["totals"]["packets"], said["totals"]["packets"]);
    assert_eq!(found["total"]["totals"]["bytes"], said["totals"]["bytes"]);
    let before = asked(&server, "by=country&previous=true");
    assert!(before["previous"]["total"]["totals"]["bytes"].is_u64(), "{}", before["previous"]);
}

#[test]
fn a_stream_tells_how_far_it_is_and_answers_at_last() {
    let server = replayed();
    let (status, text) = server.get("/api/v1/query?by=country&stream=true");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(status, 200);
    let (last, before) = lines.split_last().unwrap();
    assert!(before.iter().all(|line| line["done"].is_u64() && line["of"].is_u64()), "{text}");
    assert_eq!(last["by"], "country", "{text}");
}

#[test]
fn what_cant_be_asked_is_refused_by_its_name() {
    let server = replayed();
    for (question, word) in [
        ("by=nothing", "by nothing"),
        ("by=country&measure=stones", "measure: "),
        ("by=country&prefix_length=24", "prefix length"),
        ("by=sn4&prefix_length=64", "prefix length"),
        ("by=country&from=yesterday", "from: "),
        ("by=country&from=2026-06-17T18:33:00Z&to=2026-06-17T18:31:00Z", "ends before"),
        ("by=country&filter=nonsense%20(", ""),
        ("by=country&from=2026-01-01T00:00:00Z&to=2026-06-17T18:31:00Z&interval=1", "interval"),
    ] {
        let (status, answer) = server.ask("GET", &format!("/api/v1/query?{question}"), "");
        assert_eq!(status, 400, "{question}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(word), "{answer}");
    }
}

#[test]
fn graphs_are_saved_changed_and_taken_over() {
    let server = replayed();
    let graph = r#"{"title": "Who", "query": {"by": "asn"}, "range": "-24h", "chart": "pie"}"#;
    let (status, made) = server.ask("POST", "/api/v1/graphs", graph);
    assert_eq!(status, 201, "{made}");
    let id = made["graphs"][0]["id"].as_str().unwrap();
    let changed = graph.replace("Who", "Whose");
    assert_eq!(server.ask("PUT", &format!("/api/v1/graphs/{id}"), &changed).0, 200);
    let old = r#"[{"ID": "an-old-one", "Title": "Old", "Query": {"AggrField": "sas", "TopN": 5}}]"#;
    assert_eq!(server.ask("POST", "/api/v1/graphs/import", old).0, 201);
    let all = server.ask("GET", "/api/v1/graphs", "").1;
    let titles: Vec<&str> =
        all["graphs"].as_array().unwrap().iter().filter_map(|one| one["title"].as_str()).collect();
    assert_eq!(titles, ["Old", "Whose"]);
    assert_eq!(server.ask("DELETE", &format!("/api/v1/graphs/{id}"), "").0, 204);
    assert_eq!(server.ask("GET", &format!("/api/v1/graphs/{id}"), "").0, 404);
    let wrong = server.ask(
        "POST",
        "/api/v1/graphs",
        r#"{"title": "", "query": {"by": "asn"}, "range": "-24h", "chart": "pie"}"#,
    );
    assert_eq!((wrong.0, wrong.1["error"]["message"].as_str().unwrap().starts_with("title: ")), (422, true));
}

#[test]
fn answers_of_a_time_that_is_over_are_kept_and_drawn() {
    let server = replayed();
    until("the last step to be written", || {
        let span = server.ask("GET", "/api/v1/query/span", "").1;
        span["to"].as_str().is_some_and(|to| to >= "2026-06-17T18:34:30Z")
    });
    let counted = |kept: &str| -> u64 {
        // Metrics are told anew each second.
        std::thread::sleep(Duration::from_millis(1100));
        let name = format!("wireglobe_query_answers_total{{kept=\"{kept}\"}} ");
        let (_, text) = server.get("/metrics");
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap()
    };
    let over = "from=2026-06-17T18:31:00Z&to=2026-06-17T18:32:00Z&by=country&previous=true";
    let first = server.ask("GET", &format!("/api/v1/query?{over}"), "").1;
    assert_eq!((counted("yes"), counted("no")), (0, 1));
    let second = server.ask("GET", &format!("/api/v1/query?{over}"), "").1;
    assert_eq!(first, second);
    assert!(first["previous"]["total"]["totals"]["bytes"].as_u64().unwrap() > 0, "{first}");
    assert_eq!((counted("yes"), counted("no")), (1, 1));
    let (_, line) = server.get(&format!("/api/v1/query?{over}&stream=true"));
    assert_eq!(line.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), first);
    // What goes on is asked anew each time, what was refused is not asked at all.
    let open = "from=2026-06-17T18:31:00Z&to=2026-06-17T18:34:30Z&by=country";
    (0..2).for_each(|_| drop(server.ask("GET", &format!("/api/v1/query?{open}"), "")));
    assert_eq!(server.get(&format!("/api/v1/query?{over}&interval=0")).0, 400);
    assert_eq!((counted("yes"), counted("no")), (2, 4));
    for chart in ["area", "bars", "lines", "scatter", "pie", "hbars"] {
        let (status, svg) = server.get(&format!("/api/v1/query?{over}&format=svg&chart={chart}&theme=dark"));
        assert_eq!(status, 200, "{svg}");
        assert!(
            svg.starts_with("<svg ") && svg.contains("Netherlands") | svg.contains("NL"),
            "{chart}: {svg}"
        );
        let png = server.download(&format!("/api/v1/query?{over}&format=png&chart={chart}&percent=true"));
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{chart}");
    }
    let raw = server.raw(&format!(
        "GET /api/v1/query?{over}&format=svg HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.address
    ));
    assert!(raw.to_lowercase().contains("content-type: image/svg+xml"), "{raw}");
    for wrong in ["format=gif", "format=svg&chart=donut", "format=svg&stream=true"] {
        assert_eq!(server.get(&format!("/api/v1/query?{over}&{wrong}")).0, 400, "{wrong}");
    }
}

#[test]
fn words_of_records_are_refused_where_packets_are_asked_and_pointed_to_where_they_work() {
    let server = replayed();
    let (_, answer) = server.ask("GET", "/api/v1/filter?expr=tcp%20and%20inif%203", "");
    let error = &answer["error"];
    assert_eq!(
        (&answer["ok"], &error["at"], &error["len"]),
        (&false.into(), &8.into(), &6.into()),
        "{answer}"
    );
    assert!(error["message"].as_str().unwrap().contains("works on flow records, not on frames"), "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("Explore page") && hint.contains("wireglobe query"), "{hint}");
    // Explore asks records.
    let (_, answer) = server.ask("GET", "/api/v1/filter?of=records&expr=proto%20tcp%20and%20in%20if%203", "");
    assert_eq!((&answer["ok"], &answer["canonical"]), (&true.into(), &"tcp and inif 3".into()), "{answer}");
    let (_, answer) = server.ask("GET", "/api/v1/filter?of=records&expr=tcp%5B13%5D%20%3D%202", "");
    assert_eq!(answer["ok"], false, "{answer}");
    let (status, answer) = server.ask("GET", "/api/v1/report?by=country&filter=src%20as%201136", "");
    assert_eq!(status, 400);
    assert!(answer["error"]["hint"].as_str().unwrap().contains("Explore page"), "{answer}");
    // Files are never read for whoever asks from afar.
    for path in ["filter?expr=", "query?by=country&filter=", "report?by=country&filter="] {
        let (_, answer) = server.ask("GET", &format!("/api/v1/{path}@include%20/etc/hostname"), "");
        let error = &answer["error"];
        assert!(error["message"].as_str().unwrap().contains("can't be included"), "{path}: {answer}");
        assert!(error["hint"].as_str().unwrap().contains("wireglobe query"), "{answer}");
    }
}
