//! What comes from the wire in each form: it stays text.

use analyzer::Severity;
use serde_json::{Value, json};

use super::super::Context;
use super::super::digest::Digest;
use super::super::notice::{Fault, Notice, Told, What};
use super::*;
use crate::settings::notify::Shape;

/// What somebody may send as a name or a user agent.
const HOSTILE: &str = "<!channel> @everyone *bold* [x](http://evil.example) |a=b\\c\"]]\r\nBcc: victim@example.org\n\u{202e}\0ü";

fn context() -> Context {
    Context {
        public_url: "https://globe.example.org".into(),
        host: "probe".into(),
        source: "eth0".into(),
        is_demo: false,
    }
}

fn told(text: &str) -> Told {
    let document = match json!({
        "id": "00000012", "rule": "scan.port.tcp_syn", "title": text, "summary": text, "caveat": text,
        "sources": ["203.0.113.5"], "targets": ["[2001:db8::1]:22"], "count": 7,
        "first_seen": "2026-11-21T10:00:00Z", "last_seen": "2026-11-21T10:05:00.5Z", "technique": "T1110.003",
        "observed": {"ports": 20, "agent_seen": text}, "threshold": {"ports": 15}, "asn": 64496, "country": "NL",
    }) {
        Value::Object(map) => map,
        _ => panic!("an object"),
    };
    Told {
        document,
        severity: Severity::High,
        from: format!("203.0.113.5 ({text})"),
        to: "[2001:db8::1]:22".into(),
    }
}

fn hostile() -> Notice {
    Notice::now(What::Alert(told(HOSTILE)))
}

fn body(shape: Shape) -> Value {
    shape::body(shape, &hostile(), &context())
}

#[test]
fn slack_gets_plain_text_and_no_mention() {
    let body = body(Shape::Slack);
    let blocks = body["blocks"].as_array().unwrap();
    let (plain, marked): (Vec<_>, Vec<_>) =
        blocks.iter().partition(|block| block["text"]["type"] == "plain_text");
    assert_eq!(plain.len(), 3);
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0]["text"]["text"], "<https://globe.example.org/alerts/00000012|Open in Wireglobe>");
    let text = body["text"].as_str().unwrap();
    assert!(!text.contains('<') && text.contains("&lt;!channel&gt;"), "{text}");
}

#[test]
fn mattermost_and_discord_get_no_mark_up_and_no_mention() {
    let (mattermost, discord) = (body(Shape::Mattermost), body(Shape::Discord));
    assert_eq!(discord["allowed_mentions"], json!({"parse": []}));
    let attachment = &mattermost["attachments"][0];
    for text in [&attachment["text"], &attachment["fields"][0]["value"], &discord["embeds"][0]["description"]]
    {
        let text = text.as_str().unwrap();
        assert!(!text.contains("@everyone") && text.contains("@\u{200b}everyone"), "{text}");
        assert!(
            text.contains("\\*bold\\*") && text.contains("\\[x\\]") && !text.contains("http://evil"),
            "{text}"
        );
        assert!(!text.contains(['\n', '\r', '\u{202e}']), "{text}");
    }
    let title = attachment["title"].as_str().unwrap();
    assert!(!title.contains("@everyone"), "{title}");
}

#[test]
fn everything_stays_within_what_the_services_take() {
    let long = "x".repeat(100_000);
    let notice = Notice::now(What::Alert(told(&long)));
    let discord = shape::body(Shape::Discord, &notice, &context());
    let embed = &discord["embeds"][0];
    let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    assert!(length(&embed["title"]) <= 256 && length(&embed["description"]) <= 4096);
    let fields = embed["fields"].as_array().unwrap();
    assert!(fields.len() <= 25 && fields.iter().all(|field| length(&field["value"]) <= 1024));
    let all: usize = fields.iter().map(|field| length(&field["name"]) + length(&field["value"])).sum();
    assert!(all + length(&embed["title"]) + length(&embed["description"]) <= 6000);
    let slack = shape::body(Shape::Slack, &notice, &context());
    let blocks = slack["blocks"].as_array().unwrap();
    assert!(length(&blocks[0]["text"]["text"]) <= 150);
    assert!(blocks.iter().all(|block| length(&block["text"]["text"]) <= 3000));
}

/// Header fields, and pairs with their escapes undone, as ArcSight's guide has it.
fn read_cef(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut fields = vec![String::new()];
    let mut letters = text.chars();
    while fields.len() < 8 {
        match letters.next().unwrap() {
            '\\' => fields.last_mut().unwrap().push(letters.next().unwrap()),
            '|' => fields.push(String::new()),
            letter => fields.last_mut().unwrap().push(letter),
        }
    }
    fields.pop();
    let rest: String = letters.collect();
    let mut pairs: Vec<(String, String)> = Vec::new();
    let (mut word, mut escaped) = (String::new(), false);
    for letter in rest.chars() {
        match letter {
            'n' if escaped => word.push('\n'),
            '=' | '\\' if escaped => word.push(letter),
            _ if escaped => panic!("\\{letter}: {rest}"),
            '\\' => {
                escaped = true;
                continue;
            }
            '=' => {
                let (before, key) = word.rsplit_once(' ').unwrap_or(("", &word));
                if let Some(last) = pairs.last_mut() {
                    last.1 = before.to_owned();
                }
                pairs.push((key.to_owned(), String::new()));
                word = String::new();
            }
            letter => word.push(letter),
        }
        escaped = false;
    }
    pairs.last_mut().unwrap().1 = word;
    (fields, pairs)
}

#[test]
fn cef_can_be_read_back() {
    let text = cef::cef(&hostile(), &context());
    assert!(!text.contains(['\n', '\r', '\0']), "{text}");
    let (fields, pairs) = read_cef(&text);
    assert_eq!(fields[..3], ["CEF:0", "Wireglobe", "Wireglobe"]);
    assert_eq!((&*fields[4], &*fields[6]), ("scan.port.tcp_syn", "8"));
    assert!(
        fields[5].starts_with("<!channel> @everyone *bold* [x](http://evil.example) |a=b\\c\"]]"),
        "{}",
        fields[5]
    );
    let value = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    assert_eq!(
        (value("src"), value("c6a3"), value("dpt")),
        (Some("203.0.113.5"), Some("2001:db8::1"), Some("22"))
    );
    assert_eq!(
        (value("cnt"), value("start"), value("end")),
        (Some("7"), Some("1795255200000"), Some("1795255500500"))
    );
    assert_eq!(value("cs1"), Some("T1110.003"));
    assert!(value("msg").unwrap().contains("|a=b\\c\"]]"), "{text}");
    assert_eq!(value("a"), None, "no pair of theirs");
}

#[test]
fn syslog_keeps_to_its_length_and_its_escapes() {
    let message = syslog::message((crate::settings::notify::Form::Rfc5424, 16), &hostile(), &context(), 2048);
    assert!(message.starts_with("<131>1 20") && message.len() <= 2048, "{message}");
    assert!(!message.contains(['\n', '\r', '\0']), "{message}");
    assert!(
        message.contains(" rule=\"scan.port.tcp_syn\" technique=\"T1110.003\" country=\"NL\""),
        "{message}"
    );
    assert!(message.contains(" src=\"203.0.113.5\" dst=\"2001:db8::1\" dpt=\"22\" count=\"7\""), "{message}");
    assert!(message.contains("] \u{feff}High: "), "beyond ASCII it is marked as UTF-8: {message}");
    assert_eq!(syslog::parameter("a\"b\\c]d"), "a\\\"b\\\\c\\]d");
    let long = Notice::now(What::Alert(told(&"ü".repeat(5000))));
    let message = syslog::message((crate::settings::notify::Form::Rfc5424, 16), &long, &context(), 700);
    assert!((690..=700).contains(&message.len()), "cut at a letter: {}", message.len());
}

#[test]
fn a_mail_gets_no_header_from_the_wire() {
    let settings = crate::settings::notify::Mail {
        server: "localhost".into(),
        tls: crate::settings::notify::MailTls::None,
        from: "globe@example.org".into(),
        to: vec!["noc@example.org".into()],
        ..Default::default()
    };
    let mail = mail::Mail::new(&settings).unwrap();
    let bytes = mail.message(&hostile(), &context()).unwrap().formatted();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let known = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    ];
    let names = head
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap());
    names.for_each(|name| assert!(known.contains(&name), "{name}"));
    assert!(!body.lines().any(|line| line.starts_with("Bcc")), "{body}");
}

#[test]
fn every_rule_has_a_signature_of_its_own() {
    let rules: Vec<&str> = analyzer::detect::rules().map(|rule| rule.id).collect();
    let numbers: std::collections::BTreeSet<u32> = rules.iter().map(|rule| eve::signature(rule)).collect();
    assert_eq!(numbers.len(), rules.len());
    assert!(numbers.iter().all(|number| (1_000_000..2_000_000).contains(number)));
    assert_eq!(eve::signature("scan.port.tcp_syn"), eve::signature("scan.port.tcp_syn"));
}

#[test]
fn a_line_of_the_file_is_a_line_with_suricatas_fields() {
    let text = eve::event(&hostile(), &context()).to_string();
    assert!(!text.contains('\n'));
    let event: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event["timestamp"], "2026-11-21T10:05:00.500000+0000");
    assert_eq!(
        (&event["src_ip"], &event["dest_ip"], &event["dest_port"]),
        (&json!("203.0.113.5"), &json!("2001:db8::1"), &json!(22))
    );
    assert_eq!((&event["in_iface"], &event["alert"]["severity"]), (&json!("eth0"), &json!(1)));
    assert_eq!(event["wireglobe"]["alert"]["summary"], HOSTILE, "the document has the text as it is");
    assert_eq!(event["alert"]["metadata"]["mitre_technique_id"], json!(["T1110.003"]));
}

#[test]
fn each_kind_of_notice_has_words_in_each_form() {
    let fault =
        Fault { key: "store".into(), severity: Severity::High, title: "Full".into(), text: "disk".into() };
    let mut digest = Digest::default();
    for _ in 0..30 {
        digest.add(hostile().into());
    }
    digest.add(Notice::now(What::Rise(told("a"), Severity::Low)).into());
    let kinds = [
        What::Alert(told("a")),
        What::Rise(told("a"), Severity::Low),
        What::Fault(fault.clone()),
        What::Over(fault),
        What::Digest(digest),
        What::Test,
    ];
    for notice in kinds.map(Notice::now) {
        for shape in [Shape::Json, Shape::Slack, Shape::Mattermost, Shape::Discord] {
            assert!(shape::body(shape, &notice, &context()).to_string().len() > 100, "{}", notice.kind());
        }
        assert!(cef::cef(&notice, &context()).starts_with("CEF:0|"), "{}", notice.kind());
        assert!(eve::event(&notice, &context())["event_type"].is_string(), "{}", notice.kind());
    }
}

#[test]
fn a_sum_says_how_many_of_what() {
    let mut digest = Digest::default();
    for _ in 0..30 {
        digest.add(Notice::now(What::Alert(told("a"))).into());
    }
    digest.add(Notice::now(What::Rise(told("a"), Severity::Low)).into());
    let document = shape::document(&Notice::now(What::Digest(digest)), &context());
    assert_eq!(document["title"], "30 new alerts, 1 alerts that became graver");
    assert_eq!(document["digest"]["by_severity"], json!({"high": 31}));
    assert_eq!(document["digest"]["by_rule"], json!({"scan.port.tcp_syn": 31}));
    assert_eq!(document["digest"]["worst"].as_array().unwrap().len(), 10);
    assert!(document["text"].as_str().unwrap().contains("- and 21 more"), "{document}");
}
