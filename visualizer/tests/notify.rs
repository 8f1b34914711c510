//! Notifications from outside: to servers on loopback, by `alerts test-notify`, by a running server, by its API.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::receivers::{Authority, Smtp, http, smtp, syslog_tcp, syslog_udp};
use common::{Server, TempFile, json, run, scan, scans, stderr};
use serde_json::{Value, json};

fn settings(text: &str) -> TempFile {
    TempFile::new("notify.toml", text.as_bytes())
}

/// Runs `alerts test-notify`; the answers by channel, and the exit code.
fn tried(settings: &TempFile) -> (Vec<Value>, Option<i32>) {
    let output = run(&["alerts", "test-notify", "--format", "json", "--settings", settings.path()]);
    (json(&output)["channels"].as_array().unwrap().clone(), output.status.code())
}

fn answer(settings: &TempFile) -> (String, Option<i32>) {
    let (answers, code) = tried(settings);
    (answers[0]["answer"].as_str().unwrap().to_owned(), code)
}

/// A server that has read the scan, with its settings.
fn watching(file: &TempFile, settings: &TempFile) -> Server {
    Server::start(&["--read", file.path(), "--speed", "max", "--settings", settings.path()])
}

#[test]
fn a_test_arrives_in_each_shape() {
    let receivers: Vec<_> = (0..4).map(|_| http(&[])).collect();
    let shapes = ["json", "slack", "mattermost", "discord"];
    let text: String = receivers.iter().zip(shapes).fold(String::new(), |text, (receiver, shape)| {
        format!(
            "{text}[[notify]]\nname = \"{shape}\"\nwebhook = {{ url = \"http://{}/hook/{shape}\", shape = \"{shape}\", authorization = \"Bearer t0ken\" }}\n",
            receiver.address
        )
    });
    let (answers, code) = tried(&settings(&text));
    assert_eq!(code, Some(0), "{answers:?}");
    let requests: Vec<_> = receivers.iter().map(|receiver| receiver.next()).collect();
    for (request, shape) in requests.iter().zip(shapes) {
        let head = request.head.to_ascii_lowercase();
        assert!(head.starts_with(&format!("post /hook/{shape} ")), "{head}");
        assert!(
            head.contains("content-type: application/json") && head.contains("authorization: bearer t0ken"),
            "{head}"
        );
    }
    let bodies: Vec<Value> = requests.iter().map(|request| request.json()).collect();
    assert_eq!((&bodies[0]["kind"], &bodies[0]["schema"]), (&json!("test"), &json!(1)));
    assert_eq!(bodies[1]["blocks"][0]["text"]["type"], "plain_text");
    assert!(bodies[2]["attachments"][0]["title"].as_str().unwrap().contains("Test message"));
    assert_eq!(bodies[3]["allowed_mentions"], json!({"parse": []}));
    assert!(bodies[3]["embeds"][0]["title"].as_str().unwrap().contains("Test message"));
}

#[test]
fn what_is_wrong_is_said_without_the_secret_and_gives_exit_code_one() {
    let elsewhere = http(&[]);
    let redirect = format!("302 Found\r\nlocation: http://{}/", elsewhere.address);
    let (moved, closed) = (http(&[&redirect]), http(&["403 Forbidden"]));
    for (receiver, says) in [(&moved, "a redirect is not followed"), (&closed, "403")] {
        let settings = settings(&format!(
            "[[notify]]\nname = \"a\"\nwebhook = {{ url = \"http://{}/s3cret\" }}\n",
            receiver.address
        ));
        let (answer, code) = answer(&settings);
        assert_eq!(code, Some(1), "{answer}");
        assert!(answer.contains(says) && !answer.contains("s3cret"), "{answer}");
    }
    assert!(elsewhere.is_empty(), "nobody has followed");
    let nobody = settings("[[notify]]\nname = \"a\"\nwebhook = { url = \"http://127.0.0.1:9/s3cret\" }\n");
    let (answer, code) = answer(&nobody);
    assert!(code == Some(1) && !answer.contains("s3cret"), "{answer}");
}

#[test]
fn a_wrong_channel_is_refused_with_its_name_and_key_and_never_with_a_secret() {
    for (text, says) in [
        ("webhook = { url = \"ftp://s3cret\" }", "notify \"a\", webhook.url: expected https://"),
        ("webhook = { url = \"env:WIREGLOBE_NONE\" }", "expected the variable WIREGLOBE_NONE"),
        ("webhook = { url = \"https://s3cret\", shape = \"teams\" }", "unknown variant `teams`"),
        ("webhook = { url = \"https://s3cret\", pasword = \"s3cret\" }", "pasword"),
        ("at_least = \"grave\"\nwebhook = { url = \"https://s3cret\" }", "at_least: expected info, low"),
        ("filter = \"alert nothing\"\nwebhook = { url = \"https://s3cret\" }", "filter"),
        ("at_least = \"low\"", "exactly one of webhook, mail, syslog and file"),
        ("per_minute = 0\nfile = { path = \"x\" }", "per_minute: expected 1 to 6000"),
        (
            "mail = { server = \"m\", from = \"a@b.example\\r\\nBcc: c\", to = [\"a@b.example\"] }",
            "mail.from",
        ),
        (
            "mail = { server = \"m\", tls = \"none\", user = \"u\", password = \"s3cret\", from = \"a@b.example\", to = [\"a@b.example\"] }",
            "mail.tls: a password goes",
        ),
        ("syslog = { server = \"logs:99999\" }", "syslog.server: expected HOST"),
        ("syslog = { server = \"logs\", facility = \"local9\" }", "syslog.facility"),
        ("file = { path = \"x\", max_mb = 0 }", "file.max_mb"),
    ] {
        let settings = settings(&format!("[[notify]]\nname = \"a\"\n{text}\n"));
        let output = run(&["alerts", "test-notify", "--settings", settings.path()]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(said.contains(says) && !said.contains("s3cret"), "{text}: {said}");
    }
    let twice = settings(
        "[[notify]]\nname = \"a\"\nfile = { path = \"x\" }\n[[notify]]\nname = \"a\"\nfile = { path = \"y\" }\n",
    );
    assert!(stderr(&run(&["alerts", "test-notify", "--settings", twice.path()])).contains("each name once"));
    let none = settings("");
    let output = run(&["alerts", "test-notify", "--settings", none.path()]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("no [[notify]]"));
}

fn mail_settings(authority: &str, port: u16, tls: &str) -> TempFile {
    settings(&format!(
        "[[notify]]\nname = \"mail\"\nmail = {{ server = \"localhost\", port = {port}, tls = \"{tls}\", user = \"globe\", password = \"hunter2\", from = \"Wireglobe <globe@example.org>\", to = [\"noc@example.org\", \"b@example.org\"], ca_file = \"{authority}\" }}\n"
    ))
}

#[test]
fn a_mail_goes_out_over_both_kinds_of_tls_with_a_login() {
    let Some(authority) = Authority::new() else { return };
    for (how, tls) in [(Smtp::Starttls, "starttls"), (Smtp::Implicit, "implicit")] {
        let server = smtp(&authority, how);
        let settings = mail_settings(&authority.path("ca.pem"), server.address.port(), tls);
        let (answer, code) = answer(&settings);
        assert_eq!(code, Some(0), "{tls}: {answer}");
        assert!(answer.contains("250") && answer.contains("queued as 4711"), "{answer}");
        let mail = server.next();
        // AUTH PLAIN (RFC 4616) of globe and hunter2.
        assert!(
            mail.commands.iter().any(|line| line == "AUTH PLAIN AGdsb2JlAGh1bnRlcjI="),
            "{:?}",
            mail.commands
        );
        let receivers = mail.commands.iter().filter(|line| line.starts_with("RCPT TO:")).count();
        assert_eq!(receivers, 2);
        for header in [
            "From: Wireglobe <globe@example.org>",
            "Subject: [Wireglobe] ",
            "Auto-Submitted: auto-generated",
            "Date: ",
            "Message-ID: ",
        ] {
            assert!(mail.data.contains(header), "{header}: {}", mail.data);
        }
    }
}

#[test]
fn a_mail_server_that_nobody_vouches_for_or_that_does_not_encrypt_gets_no_password() {
    let (Some(ours), Some(other)) = (Authority::new(), Authority::new()) else { return };
    let server = smtp(&ours, Smtp::Implicit);
    let (said, code) = answer(&mail_settings(&other.path("ca.pem"), server.address.port(), "implicit"));
    assert!(code == Some(1) && !said.contains("hunter2"), "{said}");
    // It greets in clear text and offers no STARTTLS: what is behind TLS there is not what we are.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        use std::io::{BufRead, BufReader, Write};
        let mut reader = BufReader::new(plain.accept().unwrap().0);
        reader.get_mut().write_all(b"220 localhost\r\n").unwrap();
        let mut heard = String::new();
        while reader.read_line(&mut heard).unwrap_or(0) > 0 {
            let _ = reader.get_mut().write_all(b"250 AUTH PLAIN\r\n");
        }
        heard
    });
    let (said, code) = answer(&mail_settings(&ours.path("ca.pem"), port, "starttls"));
    assert_eq!(code, Some(1), "{said}");
    let heard = heard.join().unwrap();
    assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
    assert!(server.is_empty());
}

/// The parts of a message of RFC 5424 §6, held against its ABNF.
struct Syslog {
    priority: u32,
    id: String,
    data: Vec<(String, String)>,
    text: String,
}

fn parsed(message: &str) -> Syslog {
    let (priority, rest) = message.strip_prefix('<').unwrap().split_once('>').unwrap();
    let rest = rest.strip_prefix("1 ").unwrap();
    let words: Vec<&str> = rest.splitn(6, ' ').collect();
    let [timestamp, host, application, process, id, rest] = words[..] else { panic!("{message}") };
    assert!(timestamp.parse::<jiff::Timestamp>().is_ok() && timestamp.ends_with('Z'), "{timestamp}");
    let fraction = timestamp.split_once('.').unwrap().1;
    assert!((2..=7).contains(&fraction.len()), "{timestamp}");
    for (word, most) in [(host, 255), (application, 48), (process, 128), (id, 32)] {
        assert!(
            (1..=most).contains(&word.len()) && word.bytes().all(|byte| (33..=126).contains(&byte)),
            "{word}"
        );
    }
    let (data, rest) = data(rest);
    let text = rest.strip_prefix(' ').unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap_or_else(|| {
        assert!(text.is_ascii(), "{text}");
        text
    });
    Syslog { priority: priority.parse().unwrap(), id: id.to_owned(), data, text: text.to_owned() }
}

/// STRUCTURED-DATA, and what follows.
fn data(text: &str) -> (Vec<(String, String)>, &str) {
    let Some(inner) = text.strip_prefix('[') else { return (Vec::new(), text.strip_prefix('-').unwrap()) };
    let (name, mut rest) = inner.split_at(inner.find([' ', ']']).unwrap());
    assert_eq!(name, "wireglobe@32473");
    let mut parameters = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            return (parameters, after);
        }
        let (name, value) = rest.strip_prefix(' ').unwrap().split_once("=\"").unwrap();
        assert!(name.len() <= 32 && !name.contains([' ', ']', '"', '=']), "{name}");
        let (mut text, mut letters) = (String::new(), value.char_indices());
        rest = loop {
            match letters.next().unwrap() {
                (at, '"') => break &value[at + 1..],
                (_, '\\') => text.push(letters.next().unwrap().1),
                (_, ']') => panic!("a bare bracket: {value}"),
                (_, letter) => text.push(letter),
            }
        };
        parameters.push((name.to_owned(), text));
    }
}

#[test]
fn syslog_arrives_over_udp_tcp_and_tls_as_rfc_5424_has_it() {
    let Some(authority) = Authority::new() else { return };
    let (udp, tcp, tls) = (syslog_udp(), syslog_tcp(None, 9), syslog_tcp(Some(&authority), 9));
    let channel = |name: &str, server: String, more: &str| {
        format!(
            "[[notify]]\nname = \"{name}\"\nsyslog = {{ server = \"{server}\", transport = \"{name}\", facility = \"local3\"{more} }}\n"
        )
    };
    let text = [
        channel("udp", udp.address.to_string(), ""),
        channel("tcp", tcp.address.to_string(), ""),
        channel(
            "tls",
            format!("localhost:{}", tls.address.port()),
            &format!(", ca_file = \"{}\"", authority.path("ca.pem")),
        ),
    ];
    let (answers, code) = tried(&settings(&text.concat()));
    assert_eq!(code, Some(0), "{answers:?}");
    for receiver in [&udp, &tcp, &tls] {
        let message = parsed(&receiver.next());
        assert_eq!((message.priority, &*message.id), (19 * 8 + 6, "test"));
        assert!(message.data.contains(&("severity".to_owned(), "info".to_owned())), "{:?}", message.data);
        assert!(message.text.contains("Test message"), "{}", message.text);
    }
}

#[test]
fn an_alert_goes_to_all_channels_once_and_the_status_says_so() {
    let (hook, udp, cef) = (http(&[]), syslog_udp(), syslog_udp());
    let (file, folder) = (scan(20), TempFile::folder("eve"));
    std::fs::create_dir_all(&folder.0).unwrap();
    let eve = folder.0.join("eve.json");
    let settings = settings(&format!(
        "[server]\npublic_url = \"https://globe.example.org/\"\n\
         [[notify]]\nname = \"hook\"\nwebhook = {{ url = \"http://{}/s3cret\" }}\n\
         [[notify]]\nname = \"log\"\nsyslog = {{ server = \"{}\" }}\n\
         [[notify]]\nname = \"arc\"\nsyslog = {{ server = \"{}\", form = \"cef\" }}\n\
         [[notify]]\nname = \"siem\"\nfile = {{ path = \"{}\" }}\n\
         [[notify]]\nname = \"calm\"\nat_least = \"critical\"\nfile = {{ path = \"{}.calm\" }}\n",
        hook.address,
        udp.address,
        cef.address,
        eve.display(),
        eve.display()
    ));
    let server = watching(&file, &settings);
    let body = hook.next().json();
    assert_eq!((&body["kind"], &body["alert"]["rule"]), (&json!("alert"), &json!("scan.port.tcp_syn")));
    assert_eq!(
        body["link"],
        format!("https://globe.example.org/alerts/{}", body["alert"]["id"].as_str().unwrap())
    );
    assert!(body["text"].as_str().unwrap().contains("From: 203.0.113.5 (bogon)"), "{body}");
    assert!(body["alert"]["caveat"].is_string() && body["alert"].get("frames").is_none(), "{body}");

    let message = parsed(&udp.next());
    assert_eq!(message.id, "alert");
    for pair in
        [("rule", "scan.port.tcp_syn"), ("src", "203.0.113.5"), ("dst", "192.0.2.1"), ("technique", "T1046")]
    {
        assert!(
            message.data.contains(&(pair.0.to_owned(), pair.1.to_owned())),
            "{pair:?} {:?}",
            message.data
        );
    }
    let text = parsed(&cef.next()).text;
    assert!(text.starts_with("CEF:0|Wireglobe|Wireglobe|") && text.contains("|scan.port.tcp_syn|"), "{text}");
    assert!(
        text.contains(" src=203.0.113.5 ") && text.contains(" dst=192.0.2.1 ") && text.contains("cs1=T1046"),
        "{text}"
    );

    let sent = |status: &Value| {
        let channels = status["notify"].as_array().unwrap();
        channels.iter().filter(|one| one["name"] != "calm").all(|one| one["sent"] == 1)
    };
    let status = server.wait_for("/api/v1/status", sent);
    let calm = status["notify"].as_array().unwrap().iter().find(|one| one["name"] == "calm").unwrap();
    assert_eq!((&calm["sent"], &calm["up"]), (&json!(0), &json!(true)), "a scan is not critical");
    assert!(!status.to_string().contains("s3cret"), "{status}");
    let lines = std::fs::read_to_string(&eve).unwrap();
    assert_eq!(lines.lines().count(), 1);
    let event: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&event["event_type"], &event["src_ip"], &event["dest_ip"]),
        (&json!("alert"), &json!("203.0.113.5"), &json!("192.0.2.1"))
    );
    assert!(event["alert"]["signature_id"].as_u64().unwrap() >= 1_000_000, "{event}");
    assert!(event["timestamp"].as_str().unwrap().starts_with("2023-11-14T22:1"), "packet time: {event}");
    let (code, metrics) = server.get("/metrics");
    assert_eq!(code, 200);
    assert!(
        metrics.contains("wireglobe_notify_messages_total{channel=\"hook\",fate=\"sent\"} 1"),
        "{metrics}"
    );
    assert!(hook.is_empty() && udp.is_empty(), "told once");
}

#[test]
fn a_test_asked_of_a_running_server_says_how_it_went() {
    let (fine, broken) = (http(&[]), http(&["401 Unauthorized", "401 Unauthorized"]));
    let settings = settings(&format!(
        "[[notify]]\nname = \"fine\"\nwebhook = {{ url = \"http://{}/\" }}\n[[notify]]\nname = \"broken\"\nfaults = false\nwebhook = {{ url = \"http://{}/\" }}\n",
        fine.address, broken.address
    ));
    let server = watching(&scan(1), &settings);
    let (status, body) = server.ask("POST", "/api/v1/notify/fine/test", "");
    assert_eq!((status, &body["channel"]), (200, &json!("fine")), "{body}");
    assert_eq!(fine.next().json()["kind"], "test");
    let (status, body) = server.ask("POST", "/api/v1/notify/broken/test", "");
    assert_eq!(status, 502, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("401"), "{body}");
    assert_eq!(server.ask("POST", "/api/v1/notify/nobody/test", "").0, 404);
    let foreign = server.raw(&format!(
        "POST /api/v1/notify/fine/test HTTP/1.1\r\nHost: {}\r\nOrigin: http://evil.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        server.address
    ));
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    // That a channel fails is told by the others.
    let fault = fine.next().json();
    assert_eq!(
        (&fault["kind"], &fault["fault"]["name"]),
        (&json!("fault"), &json!("notify broken")),
        "{fault}"
    );
    let status = server.json("/api/v1/status");
    assert_eq!((&status["notify"][1]["up"], &status["notify"][1]["failed"]), (&json!(false), &json!(1)));
}

#[test]
fn a_server_error_is_tried_again_until_it_arrives() {
    let hook = http(&["500 Internal Server Error", "503 Service Unavailable"]);
    let settings = settings(&format!(
        "[[notify]]\nname = \"hook\"\nwebhook = {{ url = \"http://{}/\" }}\n",
        hook.address
    ));
    let server = watching(&scan(20), &settings);
    let bodies = [hook.next().body, hook.next().body, hook.next().body];
    assert!(bodies[0] == bodies[1] && bodies[1] == bodies[2], "{bodies:?}");
    let status = server.wait_for("/api/v1/status", |status| status["notify"][0]["sent"] == 1);
    assert_eq!((&status["notify"][0]["retried"], &status["notify"][0]["failed"]), (&json!(2), &json!(0)));
    assert!(status["notify"][0]["last_error"].as_str().unwrap().contains("503"), "{status}");
}

#[test]
fn what_exceeds_the_rate_arrives_in_one_sum_with_exact_counts() {
    let hook = http(&[]);
    let settings = settings(&format!(
        "[[notify]]\nname = \"hook\"\nper_minute = 1\nfilter = \"alert scan.port.tcp_syn\"\nwebhook = {{ url = \"http://{}/\" }}\n",
        hook.address
    ));
    let mut server = watching(&scans(9, 20), &settings);
    let path = "/api/v1/alerts?severity=medium&rule=scan.port.tcp_syn";
    let all = server.wait_for(path, |document| document["alerts"].as_array().unwrap().len() == 9);
    let first = hook.next().json();
    assert_eq!(first["kind"], "alert");
    // What waits for its time goes out when the program ends.
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
    let sum = hook.next().json();
    assert_eq!((&sum["kind"], &sum["digest"]["alerts"]), (&json!("digest"), &json!(8)), "{sum}");
    assert_eq!(sum["digest"]["by_rule"], json!({"scan.port.tcp_syn": 8}));
    let told = [vec![first["alert"].clone()], sum["digest"]["worst"].as_array().unwrap().clone()].concat();
    assert_eq!(ids(&told), ids(all["alerts"].as_array().unwrap()));
    assert!(hook.is_empty());
}

#[test]
fn a_broken_database_and_a_source_that_fails_are_told() {
    let hook = http(&[]);
    let database = TempFile::new("places.csv", b"192.0.2.0,192.0.2.255,64496,\"Example\"\n");
    let settings = settings(&format!(
        "[geo]\ndatabases = [\"{}\"]\n[[notify]]\nname = \"hook\"\nwebhook = {{ url = \"http://{}/\" }}\n",
        database.path(),
        hook.address
    ));
    // A record of four gibibytes.
    let broken = [std::fs::read(&scan(5).0).unwrap(), vec![0xff; 64]].concat();
    let broken = TempFile::new("broken.pcap", &broken);
    let server = watching(&broken, &settings);
    let source = hook.next().json();
    assert_eq!((&source["kind"], &source["fault"]["name"]), (&json!("fault"), &json!("source")), "{source}");
    std::fs::write(&database.0, "<html>").unwrap();
    assert_eq!(server.ask("POST", "/api/v1/geo/reload", "").0, 422);
    let fault = hook.next().json();
    assert_eq!(
        (&fault["fault"]["name"], &fault["severity"]),
        (&json!("databases"), &json!("medium")),
        "{fault}"
    );
    assert!(fault["fault"]["text"].as_str().unwrap().contains("places.csv"), "{fault}");
}

#[test]
fn a_file_survives_its_renaming_and_keeps_its_bound() {
    let folder = TempFile::folder("rotated");
    std::fs::create_dir_all(&folder.0).unwrap();
    let eve = folder.0.join("eve.json");
    let settings = settings(&format!(
        "[[notify]]\nname = \"siem\"\nfile = {{ path = \"{}\", max_mb = 1 }}\n",
        eve.display()
    ));
    let server = watching(&scan(1), &settings);
    let test = || assert_eq!(server.ask("POST", "/api/v1/notify/siem/test", "").0, 200);
    let lines = |path: &Path| -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    test();
    test();
    std::fs::rename(&eve, folder.0.join("eve.json.renamed")).unwrap();
    test();
    assert_eq!((lines(&folder.0.join("eve.json.renamed")).len(), lines(&eve).len()), (2, 1));
    assert_eq!(lines(&eve)[0]["event_type"], "wireglobe");
    // A line that was cut off, and a file as large as it may be.
    std::fs::write(&eve, [&b"{\"cut\":"[..], &vec![b'x'; (1 << 20) - 10]].concat()).unwrap();
    test();
    assert_eq!(lines(&eve).len(), 1);
    assert_eq!(std::fs::metadata(folder.0.join("eve.json.1")).unwrap().len() >> 10, 1023);
}

#[test]
fn the_webhook_gets_exactly_the_alerts_of_an_attack() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures/attack");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let mut files: Vec<_> = files.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files.retain(|path| std::fs::metadata(path).is_ok_and(|data| data.len() < 1 << 20));
    let mut compared = 0;
    for file in files.iter().step_by(files.len() / 6 + 1) {
        let hook = http(&[]);
        let settings = settings(&format!(
            "[[notify]]\nname = \"hook\"\nat_least = \"low\"\nper_minute = 6000\nfaults = false\nwebhook = {{ url = \"http://{}/\" }}\n",
            hook.address
        ));
        let mut server = Server::start(&[
            "--read",
            file.to_str().unwrap(),
            "--speed",
            "max",
            "--settings",
            settings.path(),
        ]);
        server
            .wait_for("/api/v1/status", |status| status["state"] == "ended" && status["alerts_waiting"] == 0);
        // Alerts are stored by another thread: until two looks a second apart find as many. What
        // the detectors say at the end is stored when the process ends, and told after that.
        let path = "/api/v1/alerts?severity=low";
        let count = || {
            std::thread::sleep(std::time::Duration::from_secs(1));
            server.json(path)["alerts"].as_array().unwrap().len()
        };
        let mut before = count();
        while std::mem::replace(&mut before, count()) != before {}
        let alerts = server.wait_for(path, |document| document["alerts"].as_array().unwrap().len() >= before);
        let expected: BTreeSet<String> = ids(alerts["alerts"].as_array().unwrap());
        server.wait_for("/api/v1/status", |status| {
            status["notify"][0]["sent"].as_u64().unwrap() as usize >= expected.len()
        });
        server.kill();
        let bodies: Vec<Value> = hook.rest().iter().map(|request| request.json()).collect();
        let told: Vec<Value> =
            bodies.iter().filter(|body| body["kind"] == "alert").map(|body| body["alert"].clone()).collect();
        assert!(ids(&told).is_superset(&expected), "{}: {told:?}", file.display());
        assert_eq!(ids(&told).len(), told.len(), "{}: an alert was told as new twice", file.display());
        let rises = bodies.iter().filter(|body| body["kind"] == "rise");
        assert!(rises.clone().all(|rise| rise["was"] != rise["severity"]), "{}", file.display());
        assert_eq!(told.len() + rises.count(), bodies.len(), "{}", file.display());
        compared += told.len();
    }
    println!("{compared} alerts compared");
    assert!(compared > 0);
}

fn ids(alerts: &[Value]) -> BTreeSet<String> {
    alerts.iter().map(|alert| alert["id"].as_str().unwrap().to_owned()).collect()
}
