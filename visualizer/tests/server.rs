//! The running server from outside: API, WebSocket, access, limits, the way it ends.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, Instant};

use common::{Server, TempFile, json, pcap, run, udp};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection, or the status that refused it; 0 for one that was closed without an answer.
async fn connect(server: &Server, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/api/v1/ws", server.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "wireglobe.v1".parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, answer)) => {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "wireglobe.v1");
            Ok(socket)
        }
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        // Closed before an answer: no share was free.
        Err(_) => Err(0),
    }
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message, or the close code.
async fn hear(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message =
            tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("a message in time");
        match message {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(0),
        }
    }
}

/// The next message of a kind, which must come within ten seconds; ticks before it are acknowledged.
async fn hear_until(socket: &mut Socket, kind: &str) -> Value {
    let waited = tokio::time::timeout(Duration::from_secs(10), hear_kind(socket, kind)).await;
    waited.unwrap_or_else(|_| panic!("no {kind} within ten seconds"))
}

async fn hear_kind(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = hear(socket).await.unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
        if message["type"] == "tick" && kind != "tick" {
            say(socket, json!({"type": "ack", "seq": message["seq"]})).await;
        }
        if message["type"] == kind {
            return message;
        }
    }
}

async fn greet(socket: &mut Socket) -> Value {
    say(socket, json!({"type": "hello", "v": 1})).await;
    hear_until(socket, "welcome").await
}

/// The table of a `snap`, as key → cells by column.
fn table(message: &Value) -> BTreeMap<String, Value> {
    let keys = message["keys"].as_array().unwrap();
    let columns = message["columns"].as_object().unwrap();
    keys.iter()
        .enumerate()
        .map(|(index, key)| {
            let cells: Value =
                columns.iter().map(|(name, cells)| (name.clone(), cells[index].clone())).collect();
            (key.as_str().unwrap().to_owned(), cells)
        })
        .collect()
}

/// A small capture that is read at once and stays.
fn small() -> (TempFile, Server) {
    let frames: Vec<_> =
        (0..30u8).map(|n| udp(if n % 3 == 0 { [1, 1, 1, 1] } else { [8, 8, 8, 8] })).collect();
    let file = TempFile::new("small.pcap", &pcap(&frames));
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    server.wait_for("/api/v1/status", |status| status["state"] == "ended");
    // Read is not yet analysed.
    server.wait_for("/api/v1/report?by=protocol&top=0", |report| report["totals"]["packets"] == 30);
    (file, server)
}

#[test]
fn the_api_says_what_the_command_line_says() {
    let (file, server) = small();
    for by in [
        "host", "country", "asn", "protocol", "port", "service", "prefix", "pair", "vlan", "mac", "place",
        "os",
    ] {
        let live = server
            .wait_for(&format!("/api/v1/report?by={by}&top=0"), |report| report["totals"]["packets"] == 30);
        let output = run(&["report", "--by", by, "--top", "0", "--format", "json", "--read", file.path()]);
        assert_eq!(live["rows"], json(&output)["rows"], "{by}");
    }
}

#[test]
fn a_replay_that_is_faster_than_the_analysis_waits_for_it_and_loses_nothing() {
    const ALL: u32 = 40_000;
    let frames: Vec<_> = (0..ALL).map(|n| udp(n.wrapping_mul(2_654_435_761).to_be_bytes())).collect();
    let file = TempFile::new("fast.pcap", &pcap(&frames));
    let small = [("WIREGLOBE__RING__PACKETS", "1024")];
    let server = Server::start_with(&["--read", file.path(), "--speed", "max"], &small);
    server.wait_for("/api/v1/status", |status| status["state"] == "ended");
    let status = server.wait_for("/api/v1/status", |status| {
        let figure = |name: &str| status[name].as_u64().unwrap();
        figure("packets") + figure("lost_ring") >= u64::from(ALL)
    });
    assert_eq!((&status["packets"], &status["lost_ring"]), (&Value::from(ALL), &Value::from(0)));
    server.wait_for("/api/v1/report?by=protocol&top=0", |report| report["totals"]["packets"] == ALL);
}

#[test]
fn totals_of_a_report_are_those_of_its_rows_after_a_seek_too() {
    let (_file, server) = small();
    let path = "/api/v1/report?by=protocol&sort=packets&top=0";
    server.wait_for(path, |report| report["totals"]["packets"] == 30);
    assert_eq!(server.ask("POST", "/api/v1/replay", r#"{"position_ms": 20000}"#).0, 200);
    let report = server.wait_for(path, |report| report["rows"][0]["packets"] == 10);
    assert_eq!((&report["totals"]["packets"], &report["totals"]["frames"]), (&json!(10), &json!(10)));
    assert_eq!(report["rows"][0]["percent"], 100.0);
}

#[test]
fn a_filter_gives_a_report_of_the_recent_past() {
    let (_file, server) = small();
    let report = server.wait_for("/api/v1/report?by=host&top=0&filter=host%201.1.1.1", |report| {
        report["totals"]["packets"] == 10
    });
    assert_eq!(report["rows"].as_array().unwrap().len(), 2);
    let (status, body) = server.get("/api/v1/report?filter=tcp%20prot%2080");
    let error: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 400);
    assert!(error["error"]["at"].is_u64() && error["error"]["message"].is_string(), "{body}");
}

#[test]
fn packets_come_out_of_the_ring() {
    let (file, server) = small();
    let (_, lines) = server.get("/api/v1/packets?limit=1000");
    let output = run(&["packets", "--read", file.path(), "--format", "jsonl"]);
    assert_eq!(lines, String::from_utf8(output.stdout).unwrap());
    let (_, lines) = server.get("/api/v1/packets?limit=3&filter=host%201.1.1.1");
    let frames: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["frame"].clone()).collect();
    assert_eq!(frames, [json!(22), json!(25), json!(28)]);
}

#[test]
fn packets_of_the_ring_are_a_capture_file_too() {
    let (file, server) = small();
    let capture = server.download("/api/v1/packets?limit=1000&format=pcapng");
    let copy = TempFile::new("copy.pcapng", &capture);
    let packets = |path| run(&["packets", "--read", path, "--format", "jsonl"]).stdout;
    assert_eq!(packets(copy.path()), packets(file.path()));
}

/// The layers of a packet lie one behind the other in its bytes, and say what its line says.
#[test]
fn a_packet_is_told_layer_by_layer() {
    let (_file, server) = small();
    let (_, lines) = server.get("/api/v1/packets?limit=1000");
    for line in lines.lines() {
        let packet: Value = serde_json::from_str(line).unwrap();
        let told = server.json(&format!("/api/v1/packets/{}", packet["frame"]));
        assert_eq!(told["packet"], packet);
        assert_eq!(told["hex"].as_str().unwrap().len() as u64, 2 * told["kept"].as_u64().unwrap());
        let mut end = 0;
        for layer in told["layers"].as_array().unwrap() {
            assert_eq!(layer["offset"], end, "{told}");
            end += layer["length"].as_u64().unwrap();
        }
        let fields = told["layers"].to_string();
        assert!(fields.contains(packet["src"].as_str().unwrap()), "{told}");
    }
    assert_eq!(server.get("/api/v1/packets/999999999").0, 404);
    assert_eq!(server.get("/api/v1/packets/one").0, 400);
}

#[test]
fn every_route_of_the_document_answers() {
    let (_file, server) = small();
    let document = server.json("/api/v1/openapi.json");
    for path in document["paths"].as_object().unwrap().keys() {
        let path = match path.as_str() {
            "/api/v1/ws" | "/api/v1/geo/reload" => continue,
            // history.rs steers a replay, and takes graphs over.
            "/api/v1/replay" | "/api/v1/graphs/import" => continue,
            // access.rs logs in and out.
            "/api/v1/login" | "/api/v1/logout" => continue,
            // Here is no alert; openapi.rs asks these of a server that has one.
            path if path.contains("{id}") || path.contains("{name}") => continue,
            "/api/v1/mutes/preview" => "/api/v1/mutes/preview?filter=alert%20scan",
            "/api/v1/hosts/{address}" => "/api/v1/hosts/8.8.8.8",
            "/api/v1/packets/{frame}" => "/api/v1/packets/1",
            "/api/v1/filter" => "/api/v1/filter?expr=tcp",
            "/api/v1/topics/{topic}" => "/api/v1/topics/kpi",
            "/api/v1/block" => "/api/v1/block?targets=8.8.8.8",
            "/api/v1/block/dry-run" => "/api/v1/block/dry-run?targets=8.8.8.8",
            "/api/v1/geo/lookup" => "/api/v1/geo/lookup?address=8.8.8.8",
            other => other,
        };
        assert_eq!(server.get(path).0, 200, "{path}");
    }
    for topic in [
        "status",
        "kpi",
        "series",
        "countries",
        "places",
        "asns",
        "continents",
        "prefixes",
        "domains",
        "macs",
        "details",
        "hosts",
        "systems",
        "services",
        "protocols",
        "arcs",
        "homes",
        "feed",
    ] {
        assert_eq!(server.json(&format!("/api/v1/topics/{topic}"))["type"], "snap", "{topic}");
    }
}

#[test]
fn a_selected_hosts_details_say_who_said_so() {
    let (_file, server) = small();
    server.wait_for("/api/v1/status", |status| status["geo_city_source"].is_string());
    let filter = "/api/v1/topics/details?k=2&filter=host%201.1.1.1";
    let details = server.wait_for(filter, |details| details["columns"]["geo"][0]["city"].is_string());
    let hosts = table(&details);
    let geo = &hosts["1.1.1.1"]["geo"];
    assert_eq!(geo, &server.json("/api/v1/geo/lookup?address=1.1.1.1"), "the same document");
    assert!(geo["source"]["city"].is_string() && geo["source"]["prefix"].is_string(), "{geo}");
    assert_eq!(geo["accuracy_km"], 11);
    assert!(hosts["1.1.1.1"]["names"].is_array() && hosts.len() <= 2);
}

#[test]
fn a_continent_is_a_filter_and_a_table() {
    let (_file, server) = small();
    let topic = "/api/v1/topics/continents";
    let continents =
        table(&server.wait_for(topic, |table| table["keys"].as_array().is_some_and(|k| !k.is_empty())));
    let (code, row) = continents.first_key_value().expect("public addresses have one");
    assert!(row["name"].is_string() && row["error"] == 0, "{row}");
    let all = server.wait_for(&format!("/api/v1/report?by=continent&filter=continent%20{code}"), |report| {
        report["rows"].as_array().is_some_and(|rows| !rows.is_empty())
    });
    assert!(all["rows"].as_array().unwrap().iter().any(|row| row["key"] == code.as_str()));
}

#[test]
fn what_is_not_a_page_is_404_and_nothing_can_be_changed() {
    let (_file, server) = small();
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/settings.toml",
        "/etc/passwd",
        "/assets/../../x",
        "/index.html/",
        "/api/v1/",
        "/api/v2/status",
        "/.git/config",
    ] {
        assert_eq!(server.get(path).0, 404, "{path}");
    }
    let answer = server.raw(&format!(
        "POST /api/v1/status HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        server.address
    ));
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[test]
fn other_names_and_origins_are_refused() {
    let (_file, server) = small();
    let answer = server.raw("GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let answer = server
        .raw(&format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address));
    for header in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(answer.to_ascii_lowercase().contains(header), "{header} is not in {answer}");
    }
}

#[tokio::test]
async fn a_socket_opens_for_the_own_page_only() {
    let (_file, server) = small();
    assert_eq!(connect(&server, Some("http://evil.test")).await.err(), Some(403));
    assert_eq!(connect(&server, Some("null")).await.err(), Some(403));
    let own = format!("http://{}", server.address);
    assert!(connect(&server, Some(&own)).await.is_ok());
}

#[tokio::test]
async fn a_client_gets_a_snapshot_and_then_differences_that_add_up() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    let welcome = greet(&mut socket).await;
    assert_eq!(welcome["resumed"], false);
    say(&mut socket, json!({"type": "sub", "id": 1, "topic": "countries", "k": 300})).await;
    let snap = hear_until(&mut socket, "snap").await;
    assert_eq!((&snap["sub"], &snap["topic"]), (&json!(1), &json!("countries")));
    let (mut seq, mut copy) = (snap["seq"].clone(), table(&snap));
    for _ in 0..6 {
        let delta = hear_until(&mut socket, "delta").await;
        assert_eq!(delta["from_seq"], seq);
        seq = delta["seq"].clone();
        copy.extend(table(&delta));
        for key in delta["removes"].as_array().unwrap() {
            copy.remove(key.as_str().unwrap());
        }
    }
    // A second subscription is a snapshot of the same table; the later of the two brings the first up to date.
    say(&mut socket, json!({"type": "sub", "id": 2, "topic": "countries", "k": 300})).await;
    let mut second = None;
    while second.as_ref().is_none_or(|(at, _): &(Value, BTreeMap<_, _>)| *at != seq) {
        let message = hear(&mut socket).await.unwrap();
        match (message["type"].as_str(), message["sub"].as_u64()) {
            (Some("tick"), _) => say(&mut socket, json!({"type": "ack", "seq": message["seq"]})).await,
            (Some("snap"), Some(2)) => second = Some((message["seq"].clone(), table(&message))),
            (Some("delta"), Some(1)) => {
                seq = message["seq"].clone();
                copy.extend(table(&message));
            }
            (Some("delta"), Some(2)) => {
                let (at, rows) = second.as_mut().unwrap();
                *at = message["seq"].clone();
                rows.extend(table(&message));
            }
            _ => {}
        }
    }
    assert_eq!(second.unwrap().1, copy);
}

/// Nothing is known of a line before the first acknowledgement, so its first tick comes packed to whoever can unpack.
#[tokio::test]
async fn a_first_tick_comes_packed_and_those_of_a_wide_line_plain() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    say(&mut socket, json!({"type": "hello", "v": 1, "deflate": true})).await;
    hear_until(&mut socket, "welcome").await;
    say(&mut socket, json!({"type": "sub", "id": 1, "topic": "countries", "k": 300})).await;
    let packed = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Binary(packed) => break packed,
            Message::Text(text) if text.contains("\"tick\"") => {
                let tick: Value = serde_json::from_str(&text).unwrap();
                say(&mut socket, json!({"type": "ack", "seq": tick["seq"]})).await;
            }
            _ => {}
        }
    };
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let messages: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&messages[0]["type"], &messages[0]["topic"]), (&json!("snap"), &json!("countries")));
    let tick = messages.last().unwrap();
    assert_eq!(tick["type"], "tick");
    say(&mut socket, json!({"type": "ack", "seq": tick["seq"]})).await;
    hear_until(&mut socket, "delta").await;
}

#[tokio::test]
async fn one_tick_is_in_flight_until_it_is_acknowledged() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 0, "topic": "kpi"})).await;
    let tick = hear_until(&mut socket, "tick").await;
    assert!(
        tokio::time::timeout(Duration::from_millis(1500), socket.next()).await.is_err(),
        "nothing before the ack"
    );
    say(&mut socket, json!({"type": "ack", "seq": tick["seq"]})).await;
    hear_until(&mut socket, "tick").await;
}

#[tokio::test]
async fn a_hidden_page_gets_heartbeats_alone() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "visible", "visible": false})).await;
    say(&mut socket, json!({"type": "sub", "id": 0, "topic": "status"})).await;
    for _ in 0..2 {
        let message = hear(&mut socket).await.unwrap();
        assert_eq!(message["type"], "tick");
        say(&mut socket, json!({"type": "ack", "seq": message["seq"]})).await;
    }
    say(&mut socket, json!({"type": "visible", "visible": true})).await;
    hear_until(&mut socket, "snap").await;
}

#[tokio::test]
async fn a_client_that_comes_back_resumes_in_the_same_run() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    let welcome = greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 0, "topic": "services"})).await;
    let snap = hear_until(&mut socket, "snap").await;
    drop(socket);
    let mut socket = connect(&server, None).await.unwrap();
    say(&mut socket, json!({"type": "hello", "v": 1, "epoch": welcome["epoch"], "last_seq": snap["seq"]}))
        .await;
    assert_eq!(hear_until(&mut socket, "welcome").await["resumed"], true);
    say(&mut socket, json!({"type": "sub", "id": 0, "topic": "services", "last_seq": snap["seq"]})).await;
    assert_eq!(hear_until(&mut socket, "delta").await["from_seq"], snap["seq"]);

    let mut other = connect(&server, None).await.unwrap();
    say(&mut other, json!({"type": "hello", "v": 1, "epoch": "another run", "last_seq": snap["seq"]})).await;
    assert_eq!(hear_until(&mut other, "welcome").await["resumed"], false);
    assert_eq!(hear_until(&mut other, "gap").await["reason"], "restart");
    say(&mut other, json!({"type": "sub", "id": 0, "topic": "services", "last_seq": snap["seq"]})).await;
    hear_until(&mut other, "snap").await;
}

#[tokio::test]
async fn a_wrong_filter_or_topic_is_told_and_the_connection_stays() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 4, "topic": "kpi", "filter": "tcp prot 80"})).await;
    let error = hear_until(&mut socket, "err").await;
    assert_eq!((&error["code"], &error["sub"]), (&json!("filter"), &json!(4)));
    assert!(error["at"].is_u64() && error["len"].is_u64() && error["expected"].is_string(), "{error}");
    let bits = json!({"type": "sub", "id": 4, "topic": "kpi", "filter": "tcp[13] = 2", "range": [1_781_721_070, 1_781_721_220]});
    say(&mut socket, bits).await;
    let error = hear_until(&mut socket, "err").await;
    assert!(
        error["hint"].as_str().unwrap().contains("`tcp[13] = 2` works on frames, not on flows"),
        "{error}"
    );
    assert!(error["instead"].as_str().unwrap().contains("packet list"), "{error}");
    say(&mut socket, json!({"type": "sub", "id": 4, "topic": "weather"})).await;
    assert_eq!(hear_until(&mut socket, "err").await["code"], "topic");
    say(&mut socket, json!({"type": "sub", "id": 4, "topic": "kpi", "filter": "tcp port 443"})).await;
    hear_until(&mut socket, "snap").await;
}

#[tokio::test]
async fn who_breaks_the_protocol_is_closed_with_a_code() {
    let server = Server::start(&[]);
    for first in [r#"{"type":"ack","seq":1}"#, "garbage", r#"{"type":"hello","v":2}"#] {
        let mut socket = connect(&server, None).await.unwrap();
        socket.send(Message::text(first)).await.unwrap();
        assert_eq!(hear(&mut socket).await, Err(4400), "{first}");
    }
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    for _ in 0..40 {
        let _ = socket.send(Message::text(r#"{"type":"pause"}"#)).await;
    }
    let closed = loop {
        if let Err(code) = hear(&mut socket).await {
            break code;
        }
    };
    assert!(closed == 4429 || closed == 0, "{closed}");
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    let long = json!({"type": "sub", "id": 1, "topic": "kpi", "filter": "x".repeat(5000)}).to_string();
    let _ = socket.send(Message::text(long)).await;
    let end = loop {
        if let Err(code) = hear(&mut socket).await {
            break code;
        }
    };
    assert_ne!(end, 1000, "a message of more than 4 KiB ends the connection");
}

#[tokio::test]
async fn too_many_connections_from_one_address_are_refused_and_come_back() {
    let server = Server::start(&[]);
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(TcpStream::connect(&server.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut extra = TcpStream::connect(&server.address).await.unwrap();
    let mut byte = [0];
    let read =
        tokio::time::timeout(Duration::from_secs(5), tokio::io::AsyncReadExt::read(&mut extra, &mut byte))
            .await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "the seventeenth is closed at once: {read:?}");
    drop(held);
    let began = Instant::now();
    while connect(&server, None).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn sigterm_says_goodbye_and_ends_with_zero() {
    let mut server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    let pid = i32::try_from(server.child.id()).unwrap();
    let killed = std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
    hear_until(&mut socket, "bye").await;
    assert_eq!(hear(&mut socket).await, Err(1001));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_demo_moves_within_two_seconds_of_the_start_line() {
    let server = Server::start(&[]);
    let began = Instant::now();
    let countries = loop {
        let countries = server.json("/api/v1/topics/countries?k=300");
        if countries["keys"].as_array().unwrap().len() >= 3 {
            break countries;
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{countries}");
    };
    let status = server.json("/api/v1/status");
    assert_eq!((&status["source_kind"], &status["source"]), (&json!("demo"), &json!("demo")));
    let later =
        server.wait_for("/api/v1/topics/countries?k=300", |later| later["columns"] != countries["columns"]);
    assert!(later["seq"].as_u64() > countries["seq"].as_u64());
}
