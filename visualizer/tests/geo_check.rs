//! The look for something newer: only on request or by the settings, to public addresses only.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::{Server, TempFile, json, run, stderr};

/// A name server that knows every name at 127.0.0.1, with settings that name it, and how often it was asked.
fn name_server(more: &str) -> (TempFile, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "[online]\nresolver = \"{}\"\n[geo]\ncity = false\nfolder = \"/nonexistent\"\n{more}\n",
        socket.local_addr().unwrap()
    );
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            counter.fetch_add(1, Relaxed);
            let is_v4 = buffer[length - 3] == 1;
            buffer[2..4].copy_from_slice(if is_v4 { &[0x81, 0x80] } else { &[0x81, 0x83] });
            buffer[7] = u8::from(is_v4);
            let record: &[u8] = if is_v4 { b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" } else { b"" };
            socket.send_to(&[&buffer[..length], record].concat(), from).unwrap();
        }
    });
    (TempFile::new("online.toml", text.as_bytes()), asked)
}

const INSIDE: &str = "registry.npmjs.org is at 127.0.0.1, which is not a public address";

#[test]
fn a_check_on_request_asks_and_goes_to_no_address_within() {
    let (settings, asked) = name_server("");
    let output = run(&["geo", "update", "--check", "--settings", settings.path()]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(stderr(&output).contains(INSIDE), "{}", stderr(&output));
    assert!(asked.load(Relaxed) > 0);
    // The user's own source is asked about, wherever it is: a file, here, that nothing was stored of yet.
    let source = TempFile::new("next.dat", b"8.8.8.0/24\t64500\n");
    let (settings, _) = name_server(&format!("update_from = \"{}\"", source.path()));
    let found = json(&run(&["geo", "update", "--check", "--format", "json", "--settings", settings.path()]));
    let own =
        found["checks"].as_array().unwrap().iter().find(|one| one["what"] == "geo.update_from").unwrap();
    assert!(own["newer"] == true && own["in_use"] == "" && own["error"].is_null(), "{own}");
    let both = run(&["geo", "update", "--check", "--from", "x"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[test]
fn a_server_looks_for_something_newer_only_where_the_settings_say_so() {
    let (settings, asked) = name_server("check_updates = true");
    let server = Server::start(&["--settings", settings.path()]);
    let status = server.wait_for("/api/v1/status", |status| status["updates"].is_array());
    assert_eq!(status["updates"][0]["error"], INSIDE, "{status}");
    assert_eq!(status["updates"][0]["newer"], false);
    assert!(asked.load(Relaxed) > 0);
    let (settings, asked) = name_server("");
    let server = Server::start(&["--settings", settings.path()]);
    let swaps = server.json("/api/v1/status")["geo_swaps"].as_u64().unwrap();
    let id = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "HUP", &id]).status().unwrap().success());
    // The thread that would ask has worked by then.
    let status = server.wait_for("/api/v1/status", |status| status["geo_swaps"] == swaps + 1);
    assert!(status["updates"].is_null() && asked.load(Relaxed) == 0, "{status}");
}
