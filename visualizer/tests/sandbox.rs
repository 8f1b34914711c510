//! The running program's privileges, seen from outside: what `/proc` says of each thread, what is out of reach, what is said to be missing.
//! That everything goes on under the sandbox is what the tests of alerts, history, notifications, databases, certificates and files of flows
//! show: it is closed in all of them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::Read;
use std::path::Path;
use std::process::Command;

use common::{Server, TempFile, pcap, udp};
use serde_json::{Value, json};

fn capture() -> TempFile {
    TempFile::new("sandbox.pcap", &pcap(&[udp([8, 8, 8, 8]), udp([9, 9, 9, 9])]))
}

/// Name, users, capabilities (effective and permitted), `NoNewPrivs` and `Seccomp` of each thread.
fn threads(server: &Server) -> Vec<(String, Vec<u32>, u64, String, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.child.id())).unwrap();
    let read = |task: std::fs::DirEntry| {
        let status = std::fs::read_to_string(task.path().join("status")).ok()?;
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        let users = field("Uid:").split_whitespace().map(|id| id.parse().unwrap()).collect();
        let bits = |name| u64::from_str_radix(&field(name), 16).unwrap();
        Some((
            field("Name:"),
            users,
            bits("CapEff:") | bits("CapPrm:"),
            field("NoNewPrivs:"),
            field("Seccomp:"),
        ))
    };
    tasks.flatten().filter_map(read).collect()
}

fn sandbox(server: &Server) -> Value {
    server.json("/api/v1/status")["sandbox"].clone()
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t0\t0\t0\n")
}

#[test]
fn no_thread_has_a_privilege_it_needs_not() {
    let file = capture();
    let server = Server::start(&["--read", file.path()]);
    let threads = threads(&server);
    assert!(threads.len() > 5, "{threads:?}");
    for (name, users, capabilities, no_new_privs, seccomp) in &threads {
        assert!(users.iter().all(|user| *user != 0), "{name} is root: {users:?}");
        assert_eq!(*capabilities, 0, "{name}");
        assert_eq!((no_new_privs.as_str(), seccomp.as_str()), ("1", "2"), "{name}");
    }
    let proved = sandbox(&server);
    assert_eq!(proved["no_new_privs"], true, "{proved}");
    assert_eq!(proved["seccomp"], true, "{proved}");
    assert_eq!(proved["threads_with_net_raw"], json!([]), "{proved}");
    assert_eq!(proved["became"].is_string(), is_root(), "{proved}");
}

#[test]
fn the_capture_thread_alone_may_open_interfaces_and_not_without_reopen() {
    if !is_root() {
        eprintln!("skipped: needs root");
        return;
    }
    for (reopen, allowed) in [("true", 0x2000), ("false", 0)] {
        let server = Server::start_with(&["--interface", "lo"], &[("WIREGLOBE__SOURCE__REOPEN", reopen)]);
        for (name, users, capabilities, ..) in threads(&server) {
            assert!(users.iter().all(|user| *user != 0), "{name}: {users:?}");
            assert_eq!(
                capabilities,
                if name == "capture" { allowed } else { 0 },
                "{name}, reopen = {reopen}"
            );
        }
        let expected = if allowed == 0 { json!([]) } else { json!(["capture"]) };
        assert_eq!(sandbox(&server)["threads_with_net_raw"], expected);
        // It does what it is there for.
        let before = server.json("/api/v1/status")["packets"].as_u64().unwrap();
        server.wait_for("/api/v1/status", |status| status["packets"].as_u64() > Some(before));
    }
}

/// Who starts it as root means it to read what is root's: over and over, and nothing else is gained by it.
#[test]
fn a_capture_that_is_for_root_alone_is_read_again() {
    use std::os::unix::fs::PermissionsExt;

    if !is_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let folder = TempFile::folder("roots");
    std::fs::create_dir(&folder.0).unwrap();
    std::fs::set_permissions(&folder.0, PermissionsExt::from_mode(0o700)).unwrap();
    let file = folder.0.join("own.pcap");
    std::fs::write(&file, pcap(&[udp([8, 8, 8, 8])])).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let server = Server::start(&["--read", file.to_str().unwrap(), "--loop", "--speed", "max"]);
    server.wait_for("/api/v1/status", |status| status["loops"].as_u64() > Some(1));
    for (name, users, capabilities, ..) in threads(&server) {
        assert!(users.iter().all(|user| *user != 0), "{name}: {users:?}");
        assert_eq!(capabilities, 0x4, "{name}");
    }
    let lost = sandbox(&server)["lost"].to_string();
    assert!(lost.contains("CAP_DAC_READ_SEARCH") && lost.contains("own.pcap"), "{lost}");
}

/// A database that becomes a link to a file outside can't be read, although everybody may; back in its place it can.
#[test]
fn a_file_that_settings_do_not_name_is_out_of_reach() {
    let file = capture();
    let devices = |name: &str| TempFile::new(name, b"network,asn,name\n");
    let (inside, outside) = (devices("table.csv"), devices("outside.csv"));
    let rows = b"1.0.0.0,1.0.0.255,13335,CLOUDFLARENET\n";
    std::fs::write(&inside.0, rows).unwrap();
    std::fs::write(&outside.0, rows).unwrap();
    let server = Server::start_with(
        &["--read", file.path()],
        &[("WIREGLOBE__GEO__DATABASES", inside.path()), ("WIREGLOBE__GEO__CITY", "false")],
    );
    if sandbox(&server)["landlock"] == "off" {
        eprintln!("skipped: this kernel has no Landlock");
        return;
    }
    let reload = || server.ask("POST", "/api/v1/geo/reload", "{}");
    assert_eq!(reload().0, 200);
    std::fs::remove_file(&inside.0).unwrap();
    std::os::unix::fs::symlink(&outside.0, &inside.0).unwrap();
    let (status, body) = reload();
    assert_eq!(status, 422, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("Permission denied"), "{body}");
    std::fs::remove_file(&inside.0).unwrap();
    std::fs::write(&inside.0, rows).unwrap();
    assert_eq!(reload().0, 200);
}

/// What standard error says until the process is killed.
fn words(mut server: Server) -> String {
    server.child.kill().unwrap();
    let mut text = String::new();
    server.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn without_the_sandbox_it_says_what_is_lost() {
    let file = capture();
    let server = Server::start(&["--no-sandbox", "--read", file.path()]);
    let proved = sandbox(&server);
    assert_eq!((&proved["landlock"], &proved["no_new_privs"]), (&json!("off"), &json!(true)), "{proved}");
    assert!(proved["lost"][0].as_str().unwrap().contains("--no-sandbox"), "{proved}");
    for (name, users, capabilities, no_new_privs, _) in threads(&server) {
        assert!(users.iter().all(|user| *user != 0) && capabilities == 0 && no_new_privs == "1", "{name}");
    }
    let text = words(server);
    assert!(text.contains("switched off by --no-sandbox"), "{text}");
}

/// strace answers for a kernel that has none.
#[test]
fn a_kernel_without_landlock_is_told() {
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=landlock_create_ruleset"];
    let inject = ["-e", "inject=landlock_create_ruleset:error=ENOSYS"];
    let works = Command::new("strace").args(strace).args(inject).arg("true").output();
    if !works.is_ok_and(|output| output.status.success()) || !Path::new("/proc/self/task").exists() {
        eprintln!("skipped: needs strace that knows Landlock");
        return;
    }
    let file = capture();
    let before: Vec<&str> = strace.into_iter().chain(inject).collect();
    let server = Server::start_under("strace", &before, &["--read", file.path()], &[]);
    let proved = sandbox(&server);
    assert_eq!((&proved["landlock"], &proved["seccomp"]), (&json!("off"), &json!(true)), "{proved}");
    assert!(proved["lost"][0].as_str().unwrap().contains("Linux 5.13"), "{proved}");
    // strace alone would be killed with the server.
    let id = server.child.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    assert!(Command::new("kill").args(children.split_whitespace()).status().unwrap().success());
}
