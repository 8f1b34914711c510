//! The contract with the browser: `fixtures/wire/` holds one message of each kind, made here and read by the tests of
//! both sides. `WIREGLOBE_BLESS=1` writes them anew.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use serde_json::{Value, json};
use visualizer::wire::{self, ClientMessage, Sub};

fn messages() -> Vec<(&'static str, &'static str, Value)> {
    let server = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let client = |message: ClientMessage| serde_json::to_value(message).unwrap();
    let table = r#""keys":["US","DE"],"columns":{"packets_sent":[9,4],"bytes_sent":[5400,600],"packets_received":[7,3],"bytes_received":[420,180],"flows":[2,1],"hosts":[2,1]},"total":2,"#;
    let snap = format!(r#"{table}"seq":120,"at":1763694864000,"from":1763694000000}}"#);
    let delta = r#""keys":["US"],"columns":{"packets_sent":[10],"bytes_sent":[6000],"packets_received":[7],"bytes_received":[420],"flows":[2],"hosts":[2]},"removes":["DE"],"total":1,"from_seq":120,"seq":121,"conflated":0,"at":1763694864250,"from":1763694000000}"#;
    let arcs = r#""keys":["DE:52.5,13.4:in:0","SC::out:0"],"columns":{"country":["DE","SC"],"city":["Berlin",null],"lat":[52.5,null],"lon":[13.4,null],"direction":["in","out"],"home":["0","0"],"bytes":[6000,420],"packets":[10,7],"last_ms":[1763694864000,1763694863000]},"total":2,"seq":120,"at":1763694864000,"from":1763694000000}"#;
    let ranged = format!(
        r#"{table}"seq":120,"at":1763694864000,"from":1763694000000,"range":{{"from":1763694000000,"to":1763694300000,"step":10,"packets_left_out":0,"flows_left_out":0,"gone_before":null}}}}"#
    );
    let sub = |last_seq, range| Sub {
        id: 3,
        topic: "countries".into(),
        filter: "tcp port 443".into(),
        range,
        metric: analyzer::Measure::Bytes,
        k: 50,
        max_hz: 4.0,
        last_seq,
    };
    let wrong = json!({"sub": 3, "at": 5, "len": 3, "expected": "a number", "instead": null});
    vec![
        (
            "client",
            "hello",
            client(ClientMessage::Hello { v: 1, epoch: None, last_seq: None, deflate: false }),
        ),
        (
            "client",
            "hello_again",
            client(ClientMessage::Hello {
                v: 1,
                epoch: Some("00ff".into()),
                last_seq: Some(120),
                deflate: true,
            }),
        ),
        ("client", "sub", client(ClientMessage::Sub(sub(None, None)))),
        ("client", "sub_again", client(ClientMessage::Sub(sub(Some(120), None)))),
        ("client", "sub_range", client(ClientMessage::Sub(sub(None, Some([1_763_694_000, 1_763_694_300]))))),
        ("client", "unsub", client(ClientMessage::Unsub { id: 3 })),
        ("client", "pause", client(ClientMessage::Pause)),
        ("client", "resume", client(ClientMessage::Resume)),
        ("client", "ack", client(ClientMessage::Ack { seq: 120 })),
        ("client", "visible", client(ClientMessage::Visible { visible: false })),
        ("server", "welcome", server(wire::welcome("00ff", 120, false))),
        ("server", "snap", server(wire::state(3, "countries", true, &snap))),
        ("server", "snap_range", server(wire::state(3, "countries", true, &ranged))),
        ("server", "snap_arcs", server(wire::state(4, "arcs", true, arcs))),
        ("server", "delta", server(wire::state(3, "countries", false, delta))),
        ("server", "tick", server(wire::tick(121, 1_763_694_864_250, 12))),
        ("server", "lag", server(wire::lag(2.0))),
        ("server", "gap", server(wire::gap("restart"))),
        ("server", "err", server(wire::error("filter", "there is no such port", wrong))),
        ("server", "bye", server(wire::bye(1000))),
    ]
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire")
}

#[test]
fn messages_are_those_of_the_fixtures() {
    for (direction, name, message) in messages() {
        let path = folder().join(format!("{name}.json"));
        let text = format!("{:#}\n", json!({"direction": direction, "message": message}));
        if std::env::var_os("WIREGLOBE_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, kept, "{} has changed: is the other side ready for it?", path.display());
    }
}

#[test]
fn each_fixture_is_made_here() {
    let made: Vec<String> = messages().iter().map(|(_, name, _)| format!("{name}.json")).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(made.contains(&name), "{name} is a fixture that nothing makes");
    }
}

#[test]
fn client_messages_read_back() {
    for (_, name, message) in messages().into_iter().filter(|(direction, ..)| *direction == "client") {
        let read: ClientMessage = serde_json::from_value(message.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), message, "{name}");
    }
}

#[test]
fn what_the_protocol_does_not_know_is_refused() {
    for text in [r#"{"type":"ack","seq":1,"more":2}"#, r#"{"type":"drop"}"#, r#"{"seq":1}"#, "[]", "1"] {
        assert!(serde_json::from_str::<ClientMessage>(text).is_err(), "{text}");
    }
}
