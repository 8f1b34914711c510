//! A server as a service: what the service manager hears, whether it is ready, how settings are taken up while it runs, and its log.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Server, TempFile};
use serde_json::{Value, json};

/// Ends with the test if nothing comes.
const PATIENCE: Duration = Duration::from_secs(60);

fn signal(server: &Server, name: &str) {
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

/// The next message for which `wanted` holds.
fn hear(manager: &UnixDatagram, wanted: impl Fn(&str) -> bool) -> String {
    let mut buffer = [0; 4096];
    loop {
        let length = manager.recv(&mut buffer).expect("a message to the service manager");
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if wanted(&text) {
            return text;
        }
    }
}

fn listen(address: &SocketAddr) -> UnixDatagram {
    let manager = UnixDatagram::bind_addr(address).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    manager
}

/// From READY to STOPPING, out of the closed sandbox.
#[test]
fn the_service_manager_hears_how_it_goes() {
    let file = TempFile::folder("notify.socket");
    let manager = listen(&SocketAddr::from_pathname(&file.0).unwrap());
    let server = Server::start_with(&[], &[("NOTIFY_SOCKET", file.path()), ("WATCHDOG_USEC", "2000000")]);
    let ready = hear(&manager, |_| true);
    assert!(ready.starts_with("READY=1\nSTATUS="), "READY comes first: {ready}");
    // It listens and watches by then.
    assert_eq!(server.get("/readyz").0, 200);
    let fed = hear(&manager, |text| text.contains("WATCHDOG=1"));
    assert!(fed.starts_with("STATUS=") && fed.contains("packets"), "{fed}");
    signal(&server, "HUP");
    let reloading = hear(&manager, |text| !text.starts_with("STATUS"));
    let (first, time) = reloading.split_once('\n').unwrap();
    assert_eq!(first, "RELOADING=1");
    let micros: u64 = time.strip_prefix("MONOTONIC_USEC=").unwrap().parse().unwrap();
    assert!(micros > 0);
    assert_eq!(hear(&manager, |text| !text.starts_with("STATUS")), "READY=1");
    signal(&server, "TERM");
    assert!(hear(&manager, |text| !text.starts_with("STATUS")).starts_with("STOPPING=1"));
}

#[test]
fn an_abstract_socket_will_do_and_none_is_no_error() {
    let name = format!("wireglobe-test-{}", std::process::id());
    let manager = listen(&SocketAddr::from_abstract_name(&name).unwrap());
    let _server = Server::start_with(&[], &[("NOTIFY_SOCKET", &format!("@{name}"))]);
    assert!(hear(&manager, |_| true).starts_with("READY=1"));
    let server = Server::start_with(&[], &[("NOTIFY_SOCKET", "/nowhere/at/all")]);
    assert_eq!(server.get("/healthz").0, 200);
}

#[test]
fn ready_is_what_works_and_what_is_missing_is_named() {
    let settings = TempFile::new("settings.toml", b"");
    let table = settings.0.with_file_name("table.csv");
    let good = "1.0.0.0,1.0.0.255,13335,CLOUDFLARENET\n";
    fs::write(&table, good).unwrap();
    fs::write(&settings.0, format!("[geo]\ncity = false\ndatabases = [{table:?}]\n")).unwrap();
    let server = Server::start(&["--settings", settings.path()]);
    assert_eq!(server.json("/readyz"), json!({"schema": 1, "ready": true, "missing": []}));
    fs::write(&table, "<html>\n").unwrap();
    assert_eq!(server.ask("POST", "/api/v1/geo/reload", "{}").0, 422);
    let (status, body) = server.get("/readyz");
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, document), (503, json!({"schema": 1, "ready": false, "missing": ["databases"]})));
    assert_eq!(server.get("/healthz").0, 200, "it answers all the same");
    fs::write(&table, good).unwrap();
    assert_eq!(server.ask("POST", "/api/v1/geo/reload", "{}").0, 200);
    assert_eq!(server.get("/readyz").0, 200);
}

/// A replay that came to its end has nothing missing.
#[test]
fn a_source_that_ended_is_ready() {
    let file = TempFile::new("one.pcap", &common::pcap(&[common::udp([8, 8, 8, 8])]));
    let server = Server::start(&["--read", file.path(), "--speed", "max"]);
    server.wait_for("/api/v1/status", |status| status["state"] == "ended");
    assert_eq!(server.get("/readyz").0, 200);
}

/// A server with a settings file in a folder of its own.
struct Running {
    server: Server,
    settings: TempFile,
}

impl Running {
    fn start(text: &str) -> Self {
        let settings = TempFile::new("settings.toml", b"");
        let text = text.replace("HERE", settings.0.parent().unwrap().to_str().unwrap());
        fs::write(&settings.0, text).unwrap();
        Self { server: Server::start(&["--settings", settings.path()]), settings }
    }

    /// Puts other settings in place, as an editor does.
    fn put(&self, text: &str) {
        let text = text.replace("HERE", self.settings.0.parent().unwrap().to_str().unwrap());
        let new = self.settings.0.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, &self.settings.0).unwrap();
    }

    /// What the status says of the settings, once `done`.
    fn told(&self, done: impl Fn(&Value) -> bool) -> Value {
        self.server.wait_for("/api/v1/status", |status| done(&status["settings"]))["settings"].clone()
    }

    /// Whether a rule is on, and the ports from which on `scan.port.tcp_syn` speaks.
    fn rules(&self) -> (bool, f64) {
        let document = self.server.json("/api/v1/rules");
        let rule = |name: &str| {
            document["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap().clone()
        };
        let syn = rule("scan.port.tcp_syn");
        let ports =
            syn["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == "ports").unwrap();
        (rule("scan.host.icmp")["on"] == true, ports["value"].as_f64().unwrap())
    }
}

fn taken_up(times: u64) -> impl Fn(&Value) -> bool {
    move |settings| settings["taken_up"] == times && settings["error"].is_null()
}

#[test]
fn settings_are_taken_up_whole_or_not_at_all() {
    let base = "[geo]\ncity = false\n";
    let running = Running::start(base);
    let told = running.told(|_| true);
    assert_eq!(told, json!({"file": running.settings.path(), "taken_up": 0, "error": null, "restart": []}));
    let (on, usual) = running.rules();
    assert!(on && (usual - 30.0).abs() > 0.5, "{usual}");
    // By signal: what can be is taken up, the rest is named.
    let tuned = "[detect]\noff = [\"scan.host.icmp\"]\n[detect.rules.\"scan.port.tcp_syn\"]\nports = 30\n[ring]\npackets = 2048\n";
    running.put(&format!("{base}{tuned}"));
    signal(&running.server, "HUP");
    assert_eq!(running.told(taken_up(1))["restart"], json!(["ring.packets"]));
    assert_eq!(running.rules(), (false, 30.0));
    // One key of it is wrong: nothing is taken up.
    running.put(&format!("{base}[detect.rules.\"scan.port.tcp_syn\"]\nports = 40\n[alerts]\nmax_mb = 1\n"));
    signal(&running.server, "HUP");
    let error = running.told(|settings| !settings["error"].is_null())["error"].as_str().unwrap().to_owned();
    assert!(error.contains("alerts.max_mb = 1") && error.contains("line 6"), "{error}");
    assert_eq!(running.rules(), (false, 30.0));
    assert_eq!(running.server.get("/readyz").0, 200, "nothing that was asked for is missing");
    // By itself, once the file rests.
    running.put(base);
    assert_eq!(running.told(taken_up(2))["restart"], json!([]));
    assert_eq!(running.rules(), (true, usual));
}

#[test]
fn channels_are_taken_up_as_far_as_the_sandbox_reaches() {
    let file =
        |name: &str, path: &str| format!("[[notify]]\nname = \"{name}\"\nfile = {{ path = \"{path}\" }}\n");
    let base = format!("[geo]\ncity = false\n{}", file("one", "HERE/out/eve.json.one"));
    let running = Running::start(&base);
    let names = || {
        let status = running.server.json("/api/v1/status");
        status["notify"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), ["one"]);
    running.put(&format!("{base}{}", file("two", "HERE/out/eve.json.two")));
    signal(&running.server, "HUP");
    assert_eq!(running.told(taken_up(1))["restart"], json!([]));
    assert_eq!(names(), ["one", "two"]);
    // It works: the old one's threads are gone, the new one's are there.
    assert_eq!(running.server.ask("POST", "/api/v1/notify/two/test", "{}").0, 200);
    assert!(running.settings.0.with_file_name("out/eve.json.two").exists());
    running.put(&format!("{base}{}", file("far", "/var/lib/wireglobe-elsewhere/eve.json")));
    signal(&running.server, "HUP");
    let restart = running.told(taken_up(2))["restart"].clone();
    if running.server.json("/api/v1/status")["sandbox"]["landlock"] == "off" {
        eprintln!("skipped: this kernel has no Landlock");
        return;
    }
    assert_eq!((restart, names()), (json!(["notify"]), vec!["one".to_owned(), "two".to_owned()]));
}

/// The thresholds in force are those of the file, not only those on the page: a scan that was too small becomes one.
#[test]
fn thresholds_hold_from_the_next_packet_on() {
    let scan = common::scan(12);
    let text =
        |ports: u32| format!("[geo]\ncity = false\n[detect.rules.\"scan.port.tcp_syn\"]\nports = {ports}\n");
    let settings = TempFile::new("settings.toml", text(60).as_bytes());
    let server =
        Server::start(&["--settings", settings.path(), "--read", scan.path(), "--loop", "--speed", "max"]);
    server.wait_for("/api/v1/status", |status| status["loops"].as_u64() > Some(2));
    let found = |document: &Value| {
        document["alerts"].as_array().unwrap().iter().any(|alert| alert["rule"] == "scan.port.tcp_syn")
    };
    assert!(!found(&server.json("/api/v1/alerts")));
    fs::write(&settings.0, text(8)).unwrap();
    signal(&server, "HUP");
    server.wait_for("/api/v1/alerts", found);
}

/// Root reads its own file at the start; who Wireglobe becomes can't, and says so.
#[test]
fn a_settings_file_for_root_alone_is_told() {
    use std::os::unix::fs::PermissionsExt;

    if !fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t0\t0\t0\n") {
        eprintln!("skipped: needs root");
        return;
    }
    let settings = TempFile::new("settings.toml", b"[geo]\ncity = false\n");
    fs::set_permissions(&settings.0, PermissionsExt::from_mode(0o600)).unwrap();
    let server = Server::start(&["--settings", settings.path()]);
    let status = server.json("/api/v1/status");
    let error = status["settings"]["error"].as_str().unwrap();
    assert!(error.contains(settings.path()) && error.contains("a restart takes changes up"), "{error}");
}

/// As JSON into a file, with the levels of the settings, which change while it runs.
#[test]
fn the_log_goes_to_a_file_as_json_and_levels_change_while_it_runs() {
    let base = "[geo]\ncity = false\n[log]\nformat = \"json\"\nfile = \"HERE/log/wireglobe.log\"\n";
    let running = Running::start(base);
    let log = running.settings.0.parent().unwrap().join("log/wireglobe.log");
    let events = || -> Vec<Value> {
        let text = fs::read_to_string(&log).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    };
    let says = |level: &str, part: &str| {
        events().iter().any(|event| {
            event["level"] == level && event["message"].as_str().is_some_and(|text| text.contains(part))
        })
    };
    running.put(&format!("{base}level = \"error\"\ntargets = {{ \"visualizer::live\" = \"debug\" }}\n"));
    signal(&running.server, "HUP");
    running.told(taken_up(1));
    assert!(says("INFO", "settings taken up: log.level, log.targets"), "{:?}", events());
    running.put(&format!("{base}level = \"error\"\n"));
    signal(&running.server, "HUP");
    running.told(taken_up(2));
    let before = events().len();
    running.put(&format!("{base}level = \"error\"\n[ring]\npackets = 2048\n"));
    signal(&running.server, "HUP");
    running.told(taken_up(3));
    assert_eq!(events().len(), before, "warnings are not errors");
}

/// What a server writes to standard error, from its start to its end; `journal` says, of the file it writes to, what the variable holds.
fn standard_error(journal: impl Fn(&fs::Metadata) -> String) -> String {
    let log = TempFile::new("stderr", b"");
    let file = fs::File::create(&log.0).unwrap();
    let mut command = common::wireglobe();
    let mut child = command
        .args(["run", "--listen", "127.0.0.1:0"])
        .env("JOURNAL_STREAM", journal(&file.metadata().unwrap()))
        .stdout(Stdio::piped())
        .stderr(file)
        .spawn()
        .unwrap();
    let mut started = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut started).unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success(), "{started}");
    assert!(child.wait().unwrap().success());
    fs::read_to_string(&log.0).unwrap()
}

/// The journal is told the level of each line, which it takes away, and writes the time itself.
#[test]
fn a_line_for_the_journal_begins_with_its_level() {
    let told = standard_error(|file| format!("{}:{}", file.dev(), file.ino()));
    assert!(told.lines().all(|line| line.starts_with("<6> INFO ")), "{told}");
    assert!(told.contains("<6> INFO stopped\n"), "{told}");
    // Standard error was led elsewhere: whoever reads that file is no journal.
    let other = standard_error(|file| format!("{}:{}", file.dev(), file.ino() + 1));
    assert!(other.contains("Z  INFO stopped\n") && !other.contains("<6>"), "{other}");
}
