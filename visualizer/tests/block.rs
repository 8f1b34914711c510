//! Block lists: the tools that load them accept them, and a dry run tells what they would have hit.

mod common;

use std::path::Path;

use common::{Server, TempFile, alone, json, pcap, run, scan, stderr, udp};

/// So many networks outside all special blocks, no two of them neighbours, every fourth IPv6.
fn networks(count: u32) -> Vec<String> {
    let one = |n: u32| match n % 4 {
        3 => format!("2a00:{:x}:{:x}::/48", n >> 12, (n & 0xfff) << 1),
        _ => format!("9.{}.{}.0/25", n >> 8 & 0xff, n & 0xff),
    };
    (0..count).map(one).collect()
}

fn list(arguments: &[&str], networks: &[String]) -> Vec<u8> {
    let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
    let output = run(&[&["block"], arguments, &networks].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    output.stdout
}

const SIZES: [u32; 3] = [1, 1_000, 20_000];

const DRESSED: [&str; 4] = ["--reason", "ticket \"4711\"; reboot", "--expires", "7d"];

#[test]
fn nft_takes_lists_of_every_size_and_renews_them() {
    for size in SIZES {
        let plain = TempFile::new("plain.nft", &list(&["--format", "nft"], &networks(size)));
        let dressed = TempFile::new(
            "dressed.nft",
            &list(&[&["--format", "nft"], &DRESSED[..]].concat(), &networks(size)),
        );
        let (a, b) = (plain.path(), dressed.path());
        alone(&format!("nft -c -f {a} && nft -f {a} && nft -f {b} && nft -f {a}"), "nft");
    }
}

#[test]
fn nft_drops_what_the_rule_of_the_comment_asks_for() {
    let text = String::from_utf8(list(&["--format", "nft", "--name", "abuse"], &networks(8))).unwrap();
    let with_rule = text.replace("# add ", "add ").replace("# flush ", "flush ");
    let file = TempFile::new("rule.nft", with_rule.as_bytes());
    if let Some(listed) = alone(&format!("nft -f {} && nft list ruleset", file.path()), "nft") {
        assert!(listed.contains("ip6 saddr @block6 counter packets 0 bytes 0 drop"), "{listed}");
    }
}

#[test]
fn iptables_restore_takes_lists_of_every_size() {
    for size in SIZES {
        for tool in ["iptables", "ip6tables"] {
            let arguments = [&["--format", tool], &DRESSED[..]].concat();
            let file = TempFile::new(tool, &list(&arguments, &networks(size)));
            let path = file.path();
            alone(&format!("{tool}-restore --test --noflush {path}"), &format!("{tool}-restore"));
            alone(&format!("{tool}-restore --test {path}"), &format!("{tool}-restore"));
        }
    }
}

#[test]
fn ipset_takes_lists_of_every_size_and_renews_them() {
    for size in SIZES {
        let plain = TempFile::new("plain.ipset", &list(&["--format", "ipset"], &networks(size)));
        let arguments = [&["--format", "ipset"], &DRESSED[..]].concat();
        let dressed = TempFile::new("dressed.ipset", &list(&arguments, &networks(size)));
        let (a, b) = (plain.path(), dressed.path());
        let script = format!("ipset restore < {a} && ipset restore < {b} && ipset list -t");
        if let Some(listed) = alone(&script, "ipset") {
            let entries: u32 = listed
                .lines()
                .filter_map(|line| line.strip_prefix("Number of entries: ")?.parse::<u32>().ok())
                .sum();
            assert_eq!(entries, size, "{listed}");
        }
    }
}

#[test]
fn nginx_takes_lists_of_every_size() {
    for size in SIZES {
        let deny =
            TempFile::new("deny.conf", &list(&["--format", "nginx", "--expires", "7d"], &networks(size)));
        let geo = TempFile::new("geo.conf", &list(&["--format", "nginx-geo"], &networks(size)));
        let folder = deny.0.parent().unwrap().display().to_string();
        let whole = format!(
            "pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; include {}; server {{ \
             listen 127.0.0.1:8471; include {}; if ($wireglobe_block) {{ return 403; }} }} }}",
            geo.path(),
            deny.path()
        );
        let config = TempFile::new("nginx.conf", whole.as_bytes());
        alone(&format!("nginx -t -p {folder} -c {}", config.path()), "nginx");
    }
}

#[test]
fn a_system_and_a_country_are_listed_from_the_bundled_tables() {
    let document = json(&run(&["block", "AS1136", "--format", "json", "--aggregate"]));
    assert!(document["ipv4"].as_u64().unwrap() > 10, "{document}");
    assert_eq!(document["targets"][0]["basis"], "covering ranges");
    assert!(document["sources"][0]["age_days"].as_i64().unwrap() > 0);
    let text = String::from_utf8(run(&["block", "country", "NL"]).stdout).unwrap();
    assert!(text.contains("# data: DB-IP Lite of "), "{}", &text[..400]);
    let both = json(&run(&["block", "AS1136", "NL", "--format", "json", "--aggregate"]));
    assert!(both["ipv4"].as_u64() >= document["ipv4"].as_u64());
}

#[test]
fn own_and_private_networks_are_refused() {
    let output = run(&["block", "192.168.0.0/16", "127.0.0.1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("127.0.0.1/32 (loopback), 192.168.0.0/16 (private)"),
        "{}",
        stderr(&output)
    );
    let output = run(&["block", "0.0.0.0/0", "--aggregate"]);
    assert!(stderr(&output).contains("left out: 0.0.0.0/8 (bogon)"), "{}", stderr(&output));
    assert!(!String::from_utf8(output.stdout).unwrap().contains("\n10.0.0.0/8"));
    let settings = TempFile::new("own.toml", b"[network]\nlocal = [\"9.0.1.0/24\"]\n");
    let output = run(&["block", "9.0.0.0/23", "--settings", settings.path()]);
    assert!(String::from_utf8(output.stdout.clone()).unwrap().ends_with("\n9.0.0.0/24\n"));
    assert!(stderr(&output).contains("9.0.1.0/24 (own)"));
    assert!(run(&["block", "10.0.0.0/8", "--include-special"]).status.success());
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    for (arguments, part) in [
        (&["block", "1136"][..], "\"1136\" is no target: expected AS1136"),
        (&["block", "8.8.8.8/24"], "expected 8.8.8.0/24 or 8.8.8.8"),
        (&["block", "8.8.8.8", "--expires", "soon"], "expected a time such as 12h, 7d or 2w"),
        (&["block", "8.8.8.8", "--expires", "30d", "--format", "ipset"], "at most 2147483 seconds"),
        (&["block", "8.8.8.8", "--name", "a b"], "expected a letter, then letters"),
        (&["block"], "TARGET"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
    let nobody = run(&["block", "AS64511"]);
    assert!(nobody.status.success() && stderr(&nobody).contains("AS64511: no networks are known"));
}

#[test]
fn only_networks_with_traffic_are_listed_on_request() {
    let file = TempFile::new("hit.pcap", &pcap(&[udp([8, 8, 8, 8]), udp([9, 0, 2, 1])]));
    let output =
        run(&["block", "8.8.8.0/24", "8.8.4.0/24", "9.0.0.0/8", "9.0.2.0/24", "--hit-only", file.path()]);
    let text = String::from_utf8(output.stdout).unwrap();
    let networks: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(networks, ["8.8.8.0/24", "9.0.2.0/24"], "the longest that was hit");
}

#[test]
fn a_dry_run_tells_what_would_have_been_hit() {
    let frames = [udp([8, 8, 8, 8]), udp([8, 8, 8, 8]), udp([1, 1, 1, 1]), udp([9, 9, 9, 9])];
    let file = TempFile::new("dry.pcap", &pcap(&frames));
    let arguments = ["block", "8.8.8.0/24", "1.1.1.0/24", "7.0.0.0/8", "--dry-run", file.path()];
    let document = json(&run(&[&arguments[..], &["--format", "json"]].concat()));
    let hit = &document["hit"];
    assert_eq!(
        (&hit["packets"], &hit["packets_to"], &hit["packets_from"]),
        (&3.into(), &3.into(), &0.into())
    );
    assert_eq!((&hit["hosts"], &hit["networks"], &hit["wanted"]), (&2.into(), &2.into(), &0.into()));
    assert_eq!(document["totals"]["packets"], 4);
    assert_eq!(document["rows"][0]["network"], "8.8.8.0/24");
    let text = String::from_utf8(run(&arguments).stdout).unwrap();
    assert!(text.contains("Would have hit 3 of 4 packets (75.00 %)"), "{text}");
    assert!(text.contains("AS15169"), "{text}");
}

#[test]
fn long_traffic_both_ways_looks_wanted() {
    let capture = Path::new("../../shared/captures/benign");
    if !capture.is_dir() {
        eprintln!("skipped: needs ../../shared/captures");
        return;
    }
    let (mut wanted, mut domains_seen) = (0, 0);
    for entry in std::fs::read_dir(capture).unwrap().flatten().take(12) {
        let path = entry.path().canonicalize().unwrap().display().to_string();
        let output = run(&["block", "0.0.0.0/0", "::/0", "--format", "json", "--dry-run", &path]);
        let document = json(&output);
        let rows = document["rows"].as_array().unwrap();
        let limit = document["hit"]["wanted_after_seconds"].as_f64().unwrap();
        for row in rows {
            let looks = row["two_way"] == true && row["seconds"].as_f64().unwrap() >= limit;
            assert_eq!(row["wanted"], looks, "{row}");
        }
        let named = rows.iter().filter(|row| !row["domain"].is_null()).count() as u64;
        let domains = document["domains"].as_array().unwrap();
        assert_eq!(domains.iter().filter_map(|domain| domain["hosts"].as_u64()).sum::<u64>(), named);
        domains_seen += domains.len();
        wanted += rows.iter().filter(|row| row["wanted"] == true).count();
        assert!(document["hit"]["packets"].as_u64() <= document["totals"]["packets"].as_u64());
    }
    assert!(wanted > 0 && domains_seen > 0);
}

#[test]
fn the_api_gives_what_the_command_prints() {
    let server = Server::start(&[]);
    let without_date = |text: &str| -> String {
        let stays = |line: &&str| !line.starts_with("# made ") && !line.starts_with("# expires: ");
        text.lines().filter(stays).map(|line| format!("{line}\n")).collect()
    };
    for format in ["cidr", "nft", "iptables", "ip6tables", "ipset", "nginx", "nginx-geo"] {
        let arguments = ["block", "AS13335", "--aggregate", "--expires", "7d", "--format", format];
        let printed = String::from_utf8(run(&arguments).stdout).unwrap();
        let question = format!("/api/v1/block?targets=AS13335&aggregate=true&expires=7d&format={format}");
        let (status, text) = server.get(&question);
        assert!(status == 200 && without_date(&text) == without_date(&printed), "{format}: {status}");
    }
    let document = server.json("/api/v1/block?targets=AS1136,192.0.2.0/24");
    let left_out = document["left_out"].as_array().unwrap();
    assert!(
        left_out.iter().any(|left| left["network"] == "192.0.2.0/24" && left["why"] == "bogon"),
        "{left_out:?}"
    );
    for (question, part) in [
        ("targets=1136", "is no target"),
        ("targets=", "targets: expected AS1136"),
        ("targets=10.0.0.1", "nothing is left to block"),
        ("targets=NL&format=pf", "format: expected one of cidr, nft"),
        ("targets=NL&expires=soon", "expires: expected a time"),
        ("targets=NL&name=a%20b", "name: expected a letter"),
    ] {
        let (status, text) = server.get(&format!("/api/v1/block?{question}"));
        assert!(status == 400 && text.contains(part), "{question}: {status} {text}");
    }
}

#[test]
fn the_sources_of_alerts_are_listed_with_the_alerts_as_the_reason() {
    let file = scan(20);
    let of = |alerts: &[&str]| {
        let capture = ["--read", file.path(), "--include-special", "--format", "json"];
        json(&run(&[&["block"], alerts, &capture].concat()))
    };
    for alerts in [
        &["--alerts", "all"][..],
        &["--alerts", "1"],
        &["--alerts", "scan"],
        &["--alerts", "scan", "--alerts", "1"],
    ] {
        let list = of(alerts);
        assert_eq!(list["networks"], serde_json::json!(["203.0.113.5/32"]), "{alerts:?}");
        assert_eq!(list["reason"], "alert 00000001 scan.port.tcp_syn");
    }
    assert_eq!(
        of(&["--alerts", "1", "--reason", "ticket 7"])["reason"],
        "ticket 7; alert 00000001 scan.port.tcp_syn"
    );
    for nothing in [&["--alerts", "flood"][..], &["--alerts", "all", "--severity", "critical"]] {
        assert_eq!(of(nothing)["networks"].as_array().unwrap().len(), 0, "{nothing:?}");
    }
    let both = of(&["9.9.9.9", "--alerts", "all"]);
    assert_eq!(both["networks"], serde_json::json!(["9.9.9.9/32", "203.0.113.5/32"]));
    for (wrong, says) in [
        (
            &["--alerts", "7", "--read", file.path()][..],
            "--alerts 7: there is no such alert in these captures",
        ),
        (&["--alerts", "scans", "--read", file.path()], "a rule or family of `wireglobe alerts --rules`"),
        (&["--alerts", "all", "--read", file.path()], "203.0.113.5/32 (bogon)"),
    ] {
        let output = run(&[&["block"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}

#[test]
fn a_running_server_is_asked_for_its_open_alerts_and_for_a_dry_run() {
    let file = scan(20);
    let server = Server::start_with(&["--read", file.path(), "--speed", "max"], &[]);
    let found =
        |document: &serde_json::Value| document["alerts"].as_array().is_some_and(|all| !all.is_empty());
    server.wait_for("/api/v1/alerts", found);
    let url = format!("http://{}", server.address);
    let of = |alert: &str| {
        let special = ["--server", &url, "--include-special", "--format", "json"];
        json(&run(&[&["block", "--alerts", alert][..], &special].concat()))["networks"].clone()
    };
    let scanner = serde_json::json!(["203.0.113.5/32"]);
    assert_eq!((of("all"), of("scan.port"), of("1")), (scanner.clone(), scanner.clone(), scanner.clone()));
    let dry_run = server.json("/api/v1/block/dry-run?targets=203.0.113.5&include_special=true");
    let on_file = json(&run(&[
        "block",
        "203.0.113.5",
        "--include-special",
        "--format",
        "json",
        "--dry-run",
        file.path(),
    ]));
    assert_eq!(dry_run["hit"], on_file["hit"]);
    assert_eq!(dry_run["rows"], on_file["rows"]);
    assert_eq!(server.ask("POST", "/api/v1/alerts/1/close", r#"{"reason":"resolved"}"#).0, 200);
    assert_eq!((of("all"), of("1")), (serde_json::json!([]), scanner), "a closed one only by its number");
}
