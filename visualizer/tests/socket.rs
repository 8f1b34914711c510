//! The live protocol from a client's side (docs/PROTOCOL.md): what a subscription is told, when, and what ends a connection.
#![expect(clippy::expect_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use common::client::{Socket, connect, greet, hear, hear_until, say, table};
use common::{Server, scan};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

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

/// The next tick's messages, which are acknowledged.
async fn hear_tick(socket: &mut Socket) -> Vec<Value> {
    let mut messages = Vec::new();
    loop {
        let message = hear(socket).await.expect("the connection stays");
        if message["type"] == "tick" {
            say(socket, json!({"type": "ack", "seq": message["seq"]})).await;
            return messages;
        }
        messages.push(message);
    }
}

#[tokio::test]
async fn what_is_no_longer_wanted_comes_no_more() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 1, "topic": "countries"})).await;
    hear_until(&mut socket, "snap").await;
    say(&mut socket, json!({"type": "sub", "id": 2, "topic": "kpi"})).await;
    hear_until(&mut socket, "snap").await;
    say(&mut socket, json!({"type": "unsub", "id": 1})).await;
    // The same number again is another subscription.
    say(&mut socket, json!({"type": "sub", "id": 2, "topic": "services"})).await;
    let snap = hear_until(&mut socket, "snap").await;
    assert_eq!((&snap["sub"], &snap["topic"]), (&json!(2), &json!("services")));
    for _ in 0..6 {
        for message in hear_tick(&mut socket).await {
            assert_eq!((&message["sub"], &message["topic"]), (&json!(2), &json!("services")), "{message}");
        }
    }
}

#[tokio::test]
async fn a_pause_is_heartbeats_alone_until_it_ends() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "pause"})).await;
    say(&mut socket, json!({"type": "sub", "id": 0, "topic": "kpi"})).await;
    for _ in 0..2 {
        assert_eq!(hear_tick(&mut socket).await, [Value::Null; 0]);
    }
    say(&mut socket, json!({"type": "resume"})).await;
    hear_until(&mut socket, "snap").await;
}

#[tokio::test]
async fn a_range_of_the_past_is_told_and_one_that_is_none_refused() {
    let server = Server::start(&["--speed", "max"]);
    let ended = server
        .wait_for("/api/v1/topics/span", |span| span["keys"].as_array().is_some_and(|keys| keys.len() > 2));
    let second = |at: usize| ended["keys"][at].as_str().unwrap().parse::<i64>().unwrap();
    let (from, to) = (second(0), second(2));
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 7, "topic": "protocols", "range": [to, from]})).await;
    let error = hear_until(&mut socket, "err").await;
    assert_eq!((&error["code"], &error["sub"]), (&json!("range"), &json!(7)));
    say(&mut socket, json!({"type": "sub", "id": 7, "topic": "protocols", "range": [from, to]})).await;
    let snap = hear_until(&mut socket, "snap").await;
    assert_eq!((&snap["sub"], &snap["range"]["from"]), (&json!(7), &json!(from * 1000)), "{snap}");
    assert!(snap["range"]["to"].as_i64().unwrap() >= to * 1000, "{snap}");
    assert!(!table(&snap).is_empty());
}

/// Eight filters are in use; a ninth waits until one is given back. A topic without one is had all the while.
#[tokio::test]
async fn so_many_filters_are_kept_up_at_a_time() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    let sub =
        |id: u8, port: u8| json!({"type": "sub", "id": id, "topic": "kpi", "filter": format!("port {port}")});
    for port in 1..=8 {
        say(&mut socket, sub(port, port)).await;
    }
    say(&mut socket, sub(9, 9)).await;
    let error = hear_until(&mut socket, "err").await;
    assert_eq!((&error["code"], &error["sub"]), (&json!("limit"), &json!(9)));
    assert!(error["hint"].as_str().unwrap().contains("filters"), "{error}");
    say(&mut socket, json!({"type": "sub", "id": 10, "topic": "protocols"})).await;
    say(&mut socket, json!({"type": "sub", "id": 11, "topic": "protocols", "filter": "port 8"})).await;
    say(&mut socket, json!({"type": "unsub", "id": 3})).await;
    say(&mut socket, sub(9, 9)).await;
    let mut told = [false; 12];
    while ![9, 10, 11].iter().all(|id| told[*id]) {
        for message in hear_tick(&mut socket).await {
            assert_ne!(message["type"], "err", "{message}");
            told[message["sub"].as_u64().unwrap() as usize] = true;
        }
    }
}

/// The limit of messages lets 20 come at once and five a second after them.
#[tokio::test]
async fn a_client_has_32_subscriptions_at_most() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    for id in 0..33 {
        if id >= 18 {
            tokio::time::sleep(Duration::from_millis(220)).await;
        }
        say(&mut socket, json!({"type": "sub", "id": id, "topic": "kpi"})).await;
    }
    let error = hear_until(&mut socket, "err").await;
    assert_eq!((&error["code"], &error["sub"]), (&json!("limit"), &json!(32)));
    tokio::time::sleep(Duration::from_millis(440)).await;
    say(&mut socket, json!({"type": "sub", "id": 31, "topic": "protocols"})).await;
    let replaced = async { while hear_until(&mut socket, "snap").await["topic"] != "protocols" {} };
    tokio::time::timeout(Duration::from_secs(10), replaced)
        .await
        .expect("one in the place of another is taken");
}

#[tokio::test]
async fn who_acknowledges_late_is_slowed_down_and_told() {
    let server = Server::start(&[]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 0, "topic": "kpi"})).await;
    let tick = hear_until(&mut socket, "tick").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    say(&mut socket, json!({"type": "ack", "seq": tick["seq"]})).await;
    assert_eq!(hear_until(&mut socket, "lag").await["hz"], 2.0);
    let tick = hear_until(&mut socket, "tick").await;
    assert!(tick["lag_ms"].as_u64().unwrap() >= 600, "{tick}");
}

#[tokio::test]
async fn what_is_no_message_of_the_protocol_ends_the_connection() {
    let server = Server::start(&[]);
    for wrong in [
        Message::text(r#"{"type":"hello","v":1}"#),
        Message::text(r#"{"type":"drop"}"#),
        Message::binary(vec![1, 2, 3]),
    ] {
        let mut socket = connect(&server, None).await.unwrap();
        greet(&mut socket).await;
        socket.send(wrong.clone()).await.unwrap();
        let closed = loop {
            if let Err(code) = hear(&mut socket).await {
                break code;
            }
        };
        assert_eq!(closed, 4400, "{wrong:?}");
    }
}

/// One says nothing at all, one greets and acknowledges nothing.
#[tokio::test]
async fn who_says_nothing_is_closed_with_a_reason() {
    let server = Server::start(&[]);
    let end = async |greeted: bool| {
        let mut socket = connect(&server, None).await.unwrap();
        if greeted {
            greet(&mut socket).await;
        }
        let closed = async {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Close(Some(frame)) = message {
                    return (u16::from(frame.code), frame.reason.to_string());
                }
            }
            (0, String::new())
        };
        tokio::time::timeout(Duration::from_secs(60), closed).await.expect("it is closed")
    };
    let (mute, deaf) = tokio::join!(end(false), end(true));
    assert_eq!(mute, (4400, "expected hello within 5 s".to_owned()));
    assert_eq!(deaf, (4408, "no acknowledgement".to_owned()));
}

#[tokio::test]
async fn an_alert_comes_whole_and_again_when_somebody_has_judged_it() {
    let file = scan(20);
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    let mut socket = connect(&server, None).await.unwrap();
    greet(&mut socket).await;
    say(&mut socket, json!({"type": "sub", "id": 18, "topic": "alerts"})).await;
    let mut rows = BTreeMap::new();
    while rows.is_empty() {
        for message in hear_tick(&mut socket).await {
            rows.extend(table(&message));
        }
    }
    let (id, alert) = rows.pop_first().unwrap();
    let document = &server.json(&format!("/api/v1/alerts/{id}"))["alert"];
    for column in ["rule", "severity", "title", "sources", "targets", "count", "observed", "technique"] {
        assert_eq!(alert[column], document[column], "{column}");
    }
    assert_eq!((&alert["rule"], &alert["state"]), (&json!("scan.port.tcp_syn"), &json!("new")));
    assert_eq!(server.ask("POST", &format!("/api/v1/alerts/{id}/acknowledge"), "{}").0, 200);
    while rows.get(&id).is_none_or(|alert| alert["state"] != "acknowledged") {
        for message in hear_tick(&mut socket).await {
            rows.extend(table(&message));
        }
    }
}
