//! The API's document against the API's answers: nothing is answered that the document does not describe.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{Server, TempFile, scan};
use serde_json::{Value, json};

/// The kinds of rows of a report.
const DIMENSIONS: [&str; 14] = [
    "country",
    "asn",
    "prefix",
    "place",
    "continent",
    "host",
    "pair",
    "domain",
    "service",
    "protocol",
    "port",
    "mac",
    "vlan",
    "os",
];

/// What a value has that its schema does not, and the other way round; `at` says where.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.strip_prefix('#').expect("within the document");
        let target = document.pointer(pointer).unwrap_or_else(|| panic!("{name} is missing"));
        return faults(document, target, value, at);
    }
    if schema["type"].is_null() {
        // It takes anything: a cell whose topic says more.
        return Vec::new();
    }
    if !is_of_type(&schema["type"], value) {
        return vec![format!("{at}: {value} is not {}", schema["type"])];
    }
    let mut found = Vec::new();
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        found.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let at = format!("{at}.{name}");
                match (schema["properties"].get(name), schema.get("additionalProperties")) {
                    (Some(schema), _) | (None, Some(schema)) => {
                        found.extend(faults(document, schema, field, &at));
                    }
                    (None, None) => found.push(format!("{at} is not documented")),
                }
            }
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found.extend(
                required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{at} lacks {name}")),
            );
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            found.extend(
                items.flat_map(|(n, item)| faults(document, &schema["items"], item, &format!("{at}[{n}]"))),
            );
        }
        _ => {}
    }
    found
}

/// Whether a value is of a type, or of one of several.
fn is_of_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("null") => value.is_null(),
        _ => false,
    };
    wanted.as_array().map_or_else(|| is(wanted), |any| any.iter().any(is))
}

/// The schema of a path's answer.
fn schema<'a>(document: &'a Value, path: &str, status: &str) -> &'a Value {
    schema_of(document, ("get", path), status)
}

fn schema_of<'a>(document: &'a Value, (method, path): (&str, &str), status: &str) -> &'a Value {
    let content = document["paths"][path][method]["responses"][status]["content"].as_object();
    let content = content.unwrap_or_else(|| panic!("{method} {path} has no content for {status}"));
    &content.values().next().expect("a media type")["schema"]
}

/// A server that has found and stored an alert.
fn alerted(file: &TempFile, folder: &TempFile) -> Server {
    let keep = [("WIREGLOBE__ALERTS__KEEP", "true"), ("WIREGLOBE__ALERTS__FOLDER", folder.path())];
    let server = Server::start_with(&["--read", file.path(), "--speed", "max"], &keep);
    let found = |document: &Value| document["alerts"].as_array().is_some_and(|alerts| !alerts.is_empty());
    server.wait_for("/api/v1/alerts", found);
    server
}

/// A demo that has been on for long enough that there are names, cities and flows.
fn warmed_up() -> Server {
    let server = Server::start(&[]);
    server.wait_for("/api/v1/status", |status| status["geo_city_source"].is_string());
    let has = |key: &'static str| {
        move |table: &Value| {
            table["keys"].as_array().is_some_and(|keys| keys.len() > usize::from(key == "domains"))
        }
    };
    for topic in ["domains", "feed", "arcs", "hosts", "macs"] {
        server.wait_for(&format!("/api/v1/topics/{topic}"), has(topic));
    }
    server
}

#[test]
fn every_answer_has_what_the_document_says_and_nothing_else() {
    let server = warmed_up();
    let document = server.json("/api/v1/openapi.json");
    let mut asked: Vec<(String, String, &str)> = vec![
        ("/api/v1/status".into(), String::new(), "200"),
        ("/readyz".into(), String::new(), "200"),
        ("/api/v1/filter".into(), "?expr=tcp".into(), "200"),
        ("/api/v1/filter".into(), "?expr=tcp%20prot%2080".into(), "200"),
        ("/api/v1/geo/lookup".into(), "?address=8.8.8.8".into(), "200"),
        ("/api/v1/geo/lookup".into(), "?address=192.168.1.1".into(), "200"),
        ("/api/v1/geo/info".into(), String::new(), "200"),
        ("/api/v1/block".into(), "?targets=8.8.8.8,AS1136,10.0.0.1&expires=7d&reason=test".into(), "200"),
        ("/api/v1/block".into(), "?targets=nonsense!".into(), "400"),
        ("/api/v1/block/dry-run".into(), "?targets=0.0.0.0/0".into(), "200"),
        ("/api/v1/block/dry-run".into(), "?targets=10.0.0.1".into(), "400"),
        ("/api/v1/report".into(), "?by=weather".into(), "400"),
        ("/api/v1/hosts".into(), "?filter=port%2080".into(), "400"),
        ("/api/v1/hosts".into(), "?by=domain&payload=true".into(), "400"),
        ("/api/v1/report".into(), "?filter=tcp%20prot%2080".into(), "400"),
    ];
    asked.extend(DIMENSIONS.iter().map(|by| ("/api/v1/report".into(), format!("?top=0&by={by}"), "200")));
    for (path, question, status) in asked {
        let (code, body) = server.get(&format!("{path}{question}"));
        assert_eq!(code.to_string(), status, "{path}{question}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let found =
            faults(&document, schema(&document, &path, status), &answer, &format!("{path}{question}"));
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn every_host_and_domain_is_as_documented() {
    let server = warmed_up();
    let document = server.json("/api/v1/openapi.json");
    for (by, row) in [("host", "HostRow"), ("domain", "DomainRow"), ("host&payload=true", "HostRow")] {
        let answer = server.json(&format!("/api/v1/hosts?top=0&by={by}"));
        let found = faults(&document, schema(&document, "/api/v1/hosts", "200"), &answer, by);
        assert!(found.is_empty(), "{found:#?}");
        let rows = answer["rows"].as_array().unwrap();
        assert!(!rows.is_empty());
        for one in rows {
            let found = faults(&document, &document["components"]["schemas"][row], one, row);
            assert!(found.is_empty(), "{found:#?}");
        }
    }
    for (host, status) in [("192.168.1.41", "200"), ("192.0.2.99", "404"), ("nobody", "400")] {
        let (code, body) = server.get(&format!("/api/v1/hosts/{host}"));
        assert_eq!(code.to_string(), status, "{host}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let found = faults(&document, schema(&document, "/api/v1/hosts/{address}", status), &answer, host);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn every_packet_is_as_documented() {
    let server = warmed_up();
    let document = server.json("/api/v1/openapi.json");
    let (_, lines) = server.get("/api/v1/packets?limit=500");
    assert!(lines.lines().count() > 0);
    for line in lines.lines() {
        let packet: Value = serde_json::from_str(line).unwrap();
        let found = faults(&document, schema(&document, "/api/v1/packets", "200"), &packet, "packet");
        assert!(found.is_empty(), "{found:#?}");
    }
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    for (frame, status) in [(last["frame"].to_string(), "200"), (u64::MAX.to_string(), "404")] {
        let (_, body) = server.get(&format!("/api/v1/packets/{frame}"));
        let answer: Value = serde_json::from_str(&body).unwrap();
        let found = faults(&document, schema(&document, "/api/v1/packets/{frame}", status), &answer, &frame);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn all_that_is_said_and_done_about_alerts_is_as_documented() {
    let (file, folder) = (scan(20), TempFile::folder("documented"));
    let server = alerted(&file, &folder);
    let document = server.json("/api/v1/openapi.json");
    let mute = r#"{"filter":"alert scan.port","reason":"our scanner","expires":"7d"}"#;
    let done = [
        ("post", "/api/v1/alerts/{id}/{action}", "/api/v1/alerts/1/comment", r#"{"comment":"I look"}"#),
        ("post", "/api/v1/alerts/{id}/{action}", "/api/v1/alerts/1/close", r#"{"reason":"resolved"}"#),
        ("post", "/api/v1/alerts/{id}/{action}", "/api/v1/alerts/1/close", "{}"),
        ("post", "/api/v1/alerts/{id}/{action}", "/api/v1/alerts/7/reopen", "{}"),
        ("post", "/api/v1/alerts/{id}", "/api/v1/alerts/reopen", r#"{"ids":["00000001"]}"#),
        ("post", "/api/v1/alerts/{id}", "/api/v1/alerts/reopen", r#"{"ids":["1","7"]}"#),
        ("post", "/api/v1/alerts/{id}", "/api/v1/alerts/close", r#"{"ids":["1"],"reason":"tired"}"#),
        ("post", "/api/v1/mutes", "/api/v1/mutes", mute),
    ];
    for (method, path, asked, body) in done {
        let (code, answer) = server.ask("POST", asked, body);
        let found =
            faults(&document, schema_of(&document, (method, path), &code.to_string()), &answer, asked);
        assert!(found.is_empty(), "{found:#?}");
    }
    let asked = [
        ("/api/v1/alerts", "/api/v1/alerts?state=new&rule=scan", "200"),
        ("/api/v1/alerts", "/api/v1/alerts?severity=grave", "400"),
        ("/api/v1/alerts", "/api/v1/alerts?before=1-1&limit=5", "200"),
        ("/api/v1/alerts", "/api/v1/alerts?before=yesterday", "400"),
        ("/api/v1/alerts/{id}", "/api/v1/alerts/00000001", "200"),
        ("/api/v1/alerts/{id}", "/api/v1/alerts/7", "404"),
        ("/api/v1/mutes", "/api/v1/mutes", "200"),
        ("/api/v1/mutes/preview", "/api/v1/mutes/preview?filter=alert%20scan", "200"),
        ("/api/v1/mutes/preview", "/api/v1/mutes/preview?filter=alert%20nothing", "422"),
        ("/api/v1/rules", "/api/v1/rules", "200"),
    ];
    for (path, asked, status) in asked {
        let (code, body) = server.get(asked);
        assert_eq!(code.to_string(), status, "{asked}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let found = faults(&document, schema(&document, path, status), &answer, asked);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn channels_and_their_tests_are_as_documented() {
    let folder = TempFile::folder("told");
    std::fs::create_dir_all(&folder.0).unwrap();
    let channel =
        |name: &str, path: &str| format!("[[notify]]\nname = \"{name}\"\nfile = {{ path = \"{path}\" }}\n");
    let text =
        [channel("fine", &format!("{}/eve.json", folder.path())), channel("broken", "/proc/none")].concat();
    let settings = TempFile::new("told.toml", text.as_bytes());
    let server = Server::start(&["--settings", settings.path()]);
    let document = server.json("/api/v1/openapi.json");
    let path = "/api/v1/notify/{name}/test";
    for (name, status) in [("fine", 200), ("broken", 502), ("none", 404)] {
        let (code, answer) = server.ask("POST", &path.replace("{name}", name), "");
        assert_eq!(code, status, "{name}: {answer}");
        let found = faults(&document, schema_of(&document, ("post", path), &code.to_string()), &answer, name);
        assert!(found.is_empty(), "{found:#?}");
    }
    let status = server.json("/api/v1/status");
    let found = faults(&document, schema(&document, "/api/v1/status", "200"), &status, "status");
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!((&status["notify"][0]["sent"], &status["notify"][1]["failed"]), (&json!(1), &json!(1)));
}

#[test]
fn every_topic_has_the_documented_columns() {
    let demo = warmed_up();
    let (file, folder) = (scan(20), TempFile::folder("columns"));
    let scanned = alerted(&file, &folder);
    let document = demo.json("/api/v1/openapi.json");
    let topics =
        document.pointer("/components/schemas/TopicColumns/properties").unwrap().as_object().unwrap();
    assert_eq!(topics.len(), 19, "every topic is documented");
    for (topic, columns) in topics {
        let path = format!("/api/v1/topics/{topic}");
        let server = if topic == "alerts" { &scanned } else { &demo };
        // A table is there with the first tick; its rows may come later.
        let table =
            server.wait_for(&path, |table| table["keys"].as_array().is_some_and(|keys| !keys.is_empty()));
        let found = faults(&document, schema(&document, "/api/v1/topics/{topic}", "200"), &table, topic);
        assert!(found.is_empty(), "{found:#?}");
        let names = |columns: &Value| columns.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&table["columns"]), names(&columns["properties"]), "{topic}");
        for (column, cells) in table["columns"].as_object().unwrap() {
            let found = cells.as_array().unwrap().iter();
            let schema = &columns["properties"][column];
            let found: Vec<_> = found
                .flat_map(|cell| faults(&document, schema, cell, &format!("{topic}.{column}")))
                .collect();
            assert!(found.is_empty(), "{found:#?}");
        }
    }
}

#[test]
fn the_check_finds_what_is_not_documented() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": ["integer", "null"]}, "b": {"type": "array", "items": {"type": "object", "properties": {}}},
    }});
    let of = |value: Value| faults(&Value::Null, &schema, &value, "x");
    assert!(of(json!({"a": null, "b": [{}]})).is_empty());
    assert_eq!(of(json!({"b": [{"c": 1}]})), ["x.b[0].c is not documented", "x lacks a"]);
    assert_eq!(of(json!({"a": 1.5})), [r#"x.a: 1.5 is not ["integer","null"]"#]);
}
