//! New databases while the server runs: by request, by signal and by themselves; a file that is wrong changes nothing but
//! what the status says.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use common::{Server, TempFile};
use serde_json::Value;

/// A server with its settings; `geo.update_from` is `next.dat` beside them.
struct Running {
    server: Server,
    settings: TempFile,
}

impl Running {
    /// With these databases beside the settings; of system 64501 at first.
    fn start(databases: &[&str]) -> Self {
        let settings = TempFile::new("settings.toml", b"");
        let named: Vec<PathBuf> = databases.iter().map(|name| settings.0.with_file_name(name)).collect();
        named.iter().for_each(|path| fs::write(path, table(64_501)).unwrap());
        let folder = settings.0.parent().unwrap().display();
        let text = format!(
            "[geo]\ncity = false\nfolder = \"{folder}/stored\"\ndatabases = {named:?}\nupdate_from = \"{folder}/next.dat\"\n"
        );
        fs::write(&settings.0, text).unwrap();
        Self { server: Server::start(&["--settings", settings.path()]), settings }
    }

    /// Puts a file in place in one step, as whoever writes databases should.
    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(path.with_extension("new"), text).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.settings.0.with_file_name(name)
    }

    fn signal(&self, name: &str) {
        let id = self.server.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// The system that announces 8.8.8.8.
    fn origin(&self) -> Value {
        self.server.json("/api/v1/geo/lookup?address=8.8.8.8")["asn"].clone()
    }

    fn swaps(&self) -> u64 {
        self.server.json("/api/v1/status")["geo_swaps"].as_u64().unwrap()
    }

    /// Waits for a system to announce 8.8.8.8, and for nothing to be wrong.
    fn wait_for_origin(&self, asn: u32) {
        self.server.wait_for("/api/v1/geo/lookup?address=8.8.8.8", |found| found["asn"] == asn);
        self.server.wait_for("/api/v1/status", |status| status["geo_error"].is_null());
    }

    /// Waits for the status to say what is wrong.
    fn wait_for_error(&self, part: &str) {
        let says = |status: &Value| status["geo_error"].as_str().is_some_and(|error| error.contains(part));
        self.server.wait_for("/api/v1/status", says);
    }

    /// `POST /api/v1/geo/reload`; the whole answer.
    fn reload(&self) -> String {
        self.server.raw(&format!(
            "POST /api/v1/geo/reload HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.server.address
        ))
    }
}

fn table(asn: u32) -> String {
    format!("8.8.8.0/24\t{asn}\n9.9.9.0/24\t64500\n")
}

const BROKEN: &str = "8.8.8.0/24\t64666\nnonsense\n";

#[test]
fn a_request_swaps_the_databases_or_says_what_is_wrong_with_them() {
    let running = Running::start(&["named.dat"]);
    assert_eq!(running.origin(), 64_501);
    running.put("named.dat", &table(64_502));
    let answer = running.reload();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("named.dat"), "{answer}");
    assert_eq!(running.origin(), 64_502);
    running.put("named.dat", BROKEN);
    let answer = running.reload();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    assert!(
        answer.contains("named.dat: record 2") && answer.contains("the databases in use stay"),
        "{answer}"
    );
    running.wait_for_error("named.dat: record 2");
    assert_eq!(running.origin(), 64_502, "the old one answers");
    running.put("named.dat", &table(64_503));
    assert!(running.reload().starts_with("HTTP/1.1 200"));
    running.wait_for_origin(64_503);
}

#[test]
fn sighup_reads_the_databases_again_and_a_broken_one_keeps_the_old() {
    let running = Running::start(&["named.dat"]);
    let before = running.swaps();
    // No file has changed, so only the signal can have it.
    running.signal("HUP");
    running.server.wait_for("/api/v1/status", |status| status["geo_swaps"] == before + 1);
    running.put("named.dat", BROKEN);
    running.signal("HUP");
    running.wait_for_error("named.dat: record 2");
    assert_eq!((running.origin(), running.swaps()), (64_501.into(), before + 1));
    running.put("named.dat", &table(64_504));
    running.signal("HUP");
    running.wait_for_origin(64_504);
}

#[test]
fn sigusr1_takes_an_update_from_where_the_settings_say_and_a_broken_one_keeps_the_old() {
    let running = Running::start(&[]);
    let bundled = running.origin();
    running.put("next.dat", BROKEN);
    running.signal("USR1");
    running.wait_for_error("next.dat: record 2");
    assert_eq!(running.origin(), bundled);
    assert!(!running.path("stored/routes").exists(), "nothing is stored of a broken file");
    running.put("next.dat", &table(64_505));
    running.signal("USR1");
    running.wait_for_origin(64_505);
    running.put("next.dat", "<html>502 Bad Gateway</html>");
    running.signal("USR1");
    running.wait_for_error("next.dat: expected a MaxMind DB, a routing table");
    assert_eq!(running.origin(), 64_505, "the one stored before stays");
}

#[test]
fn a_file_that_changes_is_read_by_itself() {
    let running = Running::start(&["named.dat"]);
    running.put("named.dat", &table(64_506));
    running.wait_for_origin(64_506);
    running.put("named.dat", BROKEN);
    running.wait_for_error("named.dat: record 2");
    assert_eq!(running.origin(), 64_506);
}
