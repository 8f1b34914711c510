//! Alerts from outside: found on the command line and live, stored, judged by people, muted, and still there afterwards.

mod common;

use common::{Server, TempFile, json, run, scan, scans_by, stderr};
use serde_json::{Value, json};

#[test]
fn a_scan_is_told_with_its_figures_and_packets() {
    let file = scan(20);
    let folder = std::env::temp_dir().join(format!("wireglobe-evidence-{}", std::process::id()));
    let evidence = folder.to_str().unwrap();
    let output = run(&["alerts", "--read", file.path(), "--format", "json", "--evidence", evidence]);
    let document = json(&output);
    let alert = &document["alerts"][0];
    assert_eq!(document["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(alert["rule"], "scan.port.tcp_syn");
    assert_eq!(alert["sources"], json!(["203.0.113.5"]));
    assert_eq!(alert["targets"], json!(["192.0.2.1"]));
    assert_eq!((&alert["observed"]["ports"], &alert["threshold"]["ports"]), (&json!(20), &json!(15)));
    assert_eq!(alert["technique"], "T1046");
    let kept = folder.join("00000001-scan.port.tcp_syn.pcapng");
    let packets = run(&["packets", "--count", "--read", kept.to_str().unwrap()]);
    assert_eq!(String::from_utf8_lossy(&packets.stdout).trim(), "20");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn fail_on_gives_one_only_when_there_is_such_an_alert() {
    let (file, few) = (scan(20), scan(5));
    let code = |arguments: &[&str]| run(&[&["alerts"], arguments].concat()).status.code();
    assert_eq!(code(&["--fail-on", "medium", "--read", file.path()]), Some(1));
    assert_eq!(code(&["--fail-on", "critical", "--read", file.path()]), Some(0));
    assert_eq!(code(&["--fail-on", "medium", "--rule", "flood", "--read", file.path()]), Some(0));
    assert_eq!(code(&["--fail-on", "info", "--read", few.path()]), Some(0));
    let wrong = run(&["alerts", "--rule", "scan.nothing", "--read", file.path()]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("--rules` lists them"), "{}", stderr(&wrong));
}

#[test]
fn rules_are_listed_with_the_figures_that_the_settings_give_them() {
    let text = "[detect]\noff = [\"scan.host.icmp\"]\n[detect.rules.\"scan.port.tcp_syn\"]\nports = 30\n";
    let settings = TempFile::new("rules.toml", text.as_bytes());
    let document = json(&run(&["alerts", "--rules", "--format", "json", "--settings", settings.path()]));
    let rules = document["rules"].as_array().unwrap();
    let rule = |id| rules.iter().find(|rule| rule["rule"] == id).unwrap();
    let ports = &rule("scan.port.tcp_syn")["settings"][0];
    assert_eq!(
        (&ports["name"], &ports["value"], &ports["default"]),
        (&"ports".into(), &30.into(), &15.into())
    );
    let on = ["scan.port.tcp_syn", "scan.host.icmp"].map(|id| rule(id)["on"].as_bool().unwrap());
    assert_eq!(on, [true, false]);
}

#[test]
fn a_range_and_a_filter_choose_the_packets_that_are_looked_at() {
    let file = scan(20);
    let found = |arguments: &[&str]| {
        let output = run(&[&["alerts", "--format", "json", "--read", file.path()], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        let document = json(&output);
        let totals = &document["totals"];
        (
            document["alerts"].as_array().unwrap().len(),
            totals["packets"].as_u64().unwrap(),
            totals["filtered"].as_u64().unwrap(),
        )
    };
    let (alerts, all, _) = found(&[]);
    assert_eq!(alerts, 1);
    assert_eq!(found(&["--from", "2001-01-01T00:00:00Z", "--to", "2001-01-02T00:00:00Z"]), (0, 0, all));
    assert_eq!(found(&["--from", "-1h"]), (1, all, 0));
    assert_eq!(found(&["--filter", "src host 203.0.113.5 and country NL"]), (0, 0, all));
    assert_eq!(
        found(&["--filter", "domain example.org"]),
        (0, 0, all),
        "names are learned, and there are none"
    );
    for (wrong, says) in [
        (&["--from", "yesterday"][..], "--from yesterday: expected a time"),
        (&["--filter", "tcp prot"], "did you mean `port`?"),
        (&["--severity", "grave"], "expected info, low"),
    ] {
        let output = run(&[&["alerts", "--read", file.path()], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}

#[test]
fn the_timeline_of_an_alert_adds_up_to_its_count() {
    let file = scan(20);
    let document = json(&run(&["alerts", "--read", file.path(), "--format", "json"]));
    let alert = &document["alerts"][0];
    let counts = alert["timeline"]["counts"].as_array().unwrap();
    assert_eq!(
        counts.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(),
        alert["count"].as_u64().unwrap()
    );
    assert!(counts.len() <= 24 && alert["timeline"]["bin_seconds"].as_f64().unwrap() > 0.0, "{alert}");
}

/// A server that has read the scan and keeps its alerts in a folder.
fn server(file: &TempFile, folder: &str) -> Server {
    let arguments = ["--read", file.path(), "--speed", "max"];
    Server::start_with(
        &arguments,
        &[("WIREGLOBE__ALERTS__KEEP", "true"), ("WIREGLOBE__ALERTS__FOLDER", folder)],
    )
}

fn stored(server: &Server, count: usize) -> Value {
    server.wait_for("/api/v1/alerts", |document| {
        document["alerts"].as_array().is_some_and(|alerts| alerts.len() == count)
    })
}

#[test]
fn what_is_done_about_an_alert_is_there_after_a_kill() {
    let (file, folder) = (scan(20), TempFile::folder("store"));
    let mut first = server(&file, folder.path());
    let alert = stored(&first, 1)["alerts"][0].clone();
    assert_eq!((&alert["rule"], &alert["state"]), (&json!("scan.port.tcp_syn"), &json!("new")));
    let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    let (status, body) = first.ask("POST", &format!("{path}/acknowledge"), r#"{"comment":"I look"}"#);
    assert_eq!((status, &body["alert"]["state"]), (200, &json!("acknowledged")), "{body}");
    let (status, body) = first.ask("POST", &format!("{path}/close"), r#"{"reason":"because"}"#);
    assert_eq!(status, 422, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("false positive"), "{body}");
    assert_eq!(first.ask("POST", "/api/v1/alerts/99/close", r#"{"reason":"resolved"}"#).0, 404);
    first.kill();

    let second = server(&scan(5), folder.path());
    let alert = stored(&second, 1)["alerts"][0].clone();
    assert_eq!((&alert["state"], &alert["comments"]), (&json!("acknowledged"), &json!(1)));
    let (_, body) = second.get(&path);
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["history"][0]["action"], "acknowledge");
    assert_eq!(document["history"][0]["comment"], "I look");
    assert!(alert["evidence"].as_u64().unwrap() >= 15, "{alert}");
    let answer = second.get(&format!("{path}/packets"));
    assert_eq!(answer.0, 200);
}

#[test]
fn a_mute_tells_what_it_would_hide_hides_it_and_ends() {
    let (file, folder) = (scan(20), TempFile::folder("mutes"));
    let server = server(&file, folder.path());
    stored(&server, 1);
    let preview = server.json("/api/v1/mutes/preview?filter=src%20net%20203.0.113.0/24");
    assert_eq!(preview["matches"], 1);
    assert_eq!(server.json("/api/v1/mutes/preview?filter=alert%20scan.host")["matches"], 0);
    let mute =
        r#"{"filter":"alert scan.port and src host 203.0.113.5","reason":"our scanner","expires":"7d"}"#;
    let (status, body) = server.ask("POST", "/api/v1/mutes", mute);
    assert_eq!(status, 201, "{body}");
    assert_eq!(server.json("/api/v1/alerts")["alerts"][0]["muted"], true);
    for wrong in [
        r#"{"filter":"alert scan.nothing","reason":"our scanner","expires":"7d"}"#,
        r#"{"filter":"alert scan","reason":"","expires":"7d"}"#,
        r#"{"filter":"alert scan","reason":"our scanner","expires":"forever"}"#,
    ] {
        assert_eq!(server.ask("POST", "/api/v1/mutes", wrong).0, 422, "{wrong}");
    }
    let id = body["mute"]["id"].as_i64().unwrap();
    assert_eq!(server.ask("DELETE", &format!("/api/v1/mutes/{id}"), "").0, 204);
    assert_eq!(server.ask("DELETE", &format!("/api/v1/mutes/{id}"), "").0, 404);
    assert_eq!(server.json("/api/v1/alerts")["alerts"][0]["muted"], false);
}

#[test]
fn steps_are_taken_with_several_alerts_or_none_and_the_whole_store_is_counted() {
    let folder = TempFile::folder("several");
    // The last reads the first one's capture again, which holds no other alert than then.
    for scanner in [0, 1, 2, 0] {
        let mut server = server(&scans_by(scanner..scanner + 1, 20), folder.path());
        server.wait_for("/api/v1/alerts", |document| document["store"]["stored"] == 1);
        server.kill();
    }
    let server = server(&scan(1), folder.path());
    let (status, body) =
        server.ask("POST", "/api/v1/alerts/close", r#"{"ids":["1","9"],"reason":"resolved"}"#);
    assert_eq!(status, 404);
    assert_eq!(body["error"]["message"], "there is no alert 00000009; nothing was changed");
    let (status, body) =
        server.ask("POST", "/api/v1/alerts/close", r#"{"ids":["1","3"],"reason":"resolved"}"#);
    assert_eq!((status, body["alerts"].as_array().map(Vec::len)), (200, Some(2)), "{body}");
    for wrong in [r#"{"ids":[]}"#, r#"{"ids":["one"]}"#] {
        assert_eq!(server.ask("POST", "/api/v1/alerts/reopen", wrong).0, 422, "{wrong}");
    }
    let document = server.json("/api/v1/alerts");
    assert_eq!((&document["tally"]["inbox"], &document["tally"]["closed"]), (&json!(1), &json!(2)));
    let mut seen = Vec::new();
    let mut older = String::new();
    for _ in 0..3 {
        let page = server.json(&format!("/api/v1/alerts?limit=1&before={older}"));
        seen.push(page["alerts"][0]["id"].clone());
        older = page["older"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((seen, older.as_str()), (vec![json!("00000003"), json!("00000002"), json!("00000001")], ""));
}

#[test]
fn a_folder_that_cannot_be_is_refused_at_the_start() {
    let file = scan(1);
    let output = common::wireglobe()
        .args(["run", "--listen", "127.0.0.1:0", "--read", file.path()])
        .env("WIREGLOBE__ALERTS__KEEP", "true")
        .env("WIREGLOBE__ALERTS__FOLDER", "/proc/none")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("alerts.folder"), "{}", stderr(&output));
}

#[test]
fn the_command_line_lists_judges_and_mutes_the_alerts_of_a_server() {
    let (file, folder) = (scan(20), TempFile::folder("remote"));
    let server = server(&file, folder.path());
    let id = stored(&server, 1)["alerts"][0]["id"].as_str().unwrap().to_owned();
    let url = format!("http://{}", server.address);
    let ask = |arguments: &[&str]| run(&[&["alerts"], arguments, &["--server", &url]].concat());
    let said = |arguments: &[&str]| {
        let output = ask(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(said(&["list"]).contains("scan.port.tcp_syn"));
    assert_eq!(
        said(&["escalate", &id, "-m", "call the owner"]),
        format!("Alert {id} (scan.port.tcp_syn) is escalated.\n")
    );
    assert_eq!(said(&["list", "--state", "new"]), "No alerts.\n");
    let shown = said(&["show", &id]);
    assert!(shown.contains("call the owner") && shown.contains("20 (threshold 15)"), "{shown}");
    assert!(said(&["show", &id, "--format", "json"]).starts_with("{\"alert\":"));
    let filter = "src net 203.0.113.0/24";
    let mute = ["mute", filter, "--reason", "our own scanner", "--expires", "7d"];
    assert!(
        said(&[&mute[..], &["--preview"]].concat()).starts_with("It would hide 1 of the newest 1 alerts:\n")
    );
    assert!(said(&["mutes", "--format", "csv"]).lines().count() == 1, "a preview changes nothing");
    assert!(said(&mute).starts_with("Mute 1 holds until 20"));
    assert!(said(&["mutes"]).contains(filter));
    assert_eq!(said(&["unmute", "1"]), "Mute 1 has ended.\n");
    assert_eq!(
        said(&["close", &id, "--reason", "resolved"]),
        format!("Alert {id} (scan.port.tcp_syn) is closed.\n")
    );
    for (wrong, code, says) in [
        (&["close", "1", "--reason", "tired"][..], 2, "false positive"),
        (&["acknowledge", "77"], 2, "none with this number"),
        (&["acknowledge", "1", "77"], 2, "there is no alert 00000077; nothing was changed"),
        (&["comment", "1"], 2, "a comment needs words: -m TEXT"),
        (&["mute", "alert nothing", "--reason", "our own", "--expires", "7d"], 2, "rule"),
    ] {
        let output = ask(wrong);
        assert_eq!(output.status.code(), Some(code), "{wrong:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    let nobody = run(&["alerts", "list", "--server", "http://127.0.0.1:9"]);
    assert_eq!(nobody.status.code(), Some(3));
    assert!(stderr(&nobody).contains("is Wireglobe running there?"), "{}", stderr(&nobody));
}

/// Asks without waiting for more than the answer; `None` when the server died before it was whole.
fn comment(address: &str, path: &str, text: &str) -> Option<u16> {
    use std::io::{Read, Write};
    let body = json!({"comment": text}).to_string();
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    write!(
        stream,
        "POST {path}/comment HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// As often as `WIREGLOBE_KILLS` says, else a few times: the whole hundred is for hands.
#[test]
fn no_acknowledged_step_is_lost_to_a_kill_under_load() {
    let kills: u32 = std::env::var("WIREGLOBE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let folder = TempFile::folder("kills");
    let mut acknowledged: Vec<String> = Vec::new();
    let mut path = String::new();
    for kill in 0..kills {
        let mut server = server(&scans_by(kill as u8..kill as u8 + 1, 20), folder.path());
        let alerts = stored(&server, kill as usize + 1)["alerts"].clone();
        let ids: std::collections::HashSet<&str> =
            alerts.as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), kill as usize + 1, "an id is there twice: {alerts}");
        if kill == 0 {
            path = format!("/api/v1/alerts/{}", alerts[0]["id"].as_str().unwrap());
        }
        let address = server.address.clone();
        let asked = path.clone();
        // Comments until it dies, each told here once it was answered as done.
        let (done, answered) = std::sync::mpsc::channel();
        let asking = std::thread::spawn(move || {
            for n in 0.. {
                let text = format!("{kill} {n}");
                match comment(&address, &asked, &text) {
                    Some(200) => done.send(text).unwrap(),
                    _ => return,
                }
            }
        });
        for _ in 0..5 + kill % 7 {
            acknowledged.push(answered.recv().unwrap());
        }
        server.kill();
        asking.join().unwrap();
        acknowledged.extend(answered.try_iter());
    }
    let server = server(&scan(1), folder.path());
    stored(&server, kills as usize);
    let history = server.json(&path)["history"].clone();
    let kept: std::collections::HashSet<&str> =
        history.as_array().unwrap().iter().filter_map(|step| step["comment"].as_str()).collect();
    for text in &acknowledged {
        assert!(kept.contains(text.as_str()), "{text} was answered as done and is gone");
    }
    assert_eq!(kept.len(), history.as_array().unwrap().len(), "a step is there twice");
}
