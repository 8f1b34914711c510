//! A server as a service: what the service manager hears, and whether it is ready.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
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
