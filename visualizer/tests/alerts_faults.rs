//! The store of alerts on a disk that fails: capture goes on, the page says so, and nothing that was refused is done
//! (RELIABILITY: disk_full, fsync_eio). Faults are made by strace and by a small file system in a namespace of its own;
//! where those can't be had the tests are skipped with a word.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use common::{Server, TempFile, scan, udp};
use serde_json::Value;

/// Whether a command works here.
fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Frames of everyday traffic as records of a capture.
fn records(frames: u32) -> Vec<u8> {
    let frame = udp([192, 0, 2, 77]);
    let length = (frame.len() as u32).to_le_bytes();
    let record = |n: u32| {
        let time = [1_700_001_000u32.to_le_bytes(), n.to_le_bytes()].concat();
        [&time[..], &length, &length, &frame].concat()
    };
    (0..frames).flat_map(record).collect()
}

/// A capture that grows while it is read.
struct Growing(TempFile);

impl Growing {
    fn new() -> Self {
        Self(scan(20))
    }

    fn grow(&self, frames: u32) {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.0.path()).unwrap();
        file.write_all(&records(frames)).unwrap();
    }
}

fn variables(folder: &str) -> [(&'static str, &str); 2] {
    [("WIREGLOBE__ALERTS__KEEP", "true"), ("WIREGLOBE__ALERTS__FOLDER", folder)]
}

/// The path of the one alert there is.
fn alert(server: &Server) -> String {
    let document = server.wait_for("/api/v1/alerts", |document| {
        document["alerts"].as_array().is_some_and(|alerts| alerts.len() == 1)
            && document["store"]["waiting"] == 0
    });
    format!("/api/v1/alerts/{}", document["alerts"][0]["id"].as_str().unwrap())
}

/// A value of the status.
fn status(server: &Server, name: &str) -> Value {
    server.json("/api/v1/status")[name].clone()
}

/// While the disk fails: a step is refused with the reason, the page says so, and packets are counted on.
fn refuses(server: &Server, path: &str, capture: &Growing, reason: &str) {
    let (code, body) = server.ask("POST", &format!("{path}/acknowledge"), r#"{"comment":"in vain"}"#);
    assert_eq!(code, 503, "{body}");
    let message = body["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("could not be stored") && message.contains(reason), "{body}");
    let fault = status(server, "alerts_fault");
    assert!(fault.as_str().is_some_and(|fault| fault.contains(reason)), "{fault}");
    let before = status(server, "packets").as_u64().unwrap();
    capture.grow(50);
    server.wait_for("/api/v1/status", |status| status["packets"].as_u64() >= Some(before + 50));
    let shown = server.json("/api/v1/alerts");
    assert_eq!(shown["alerts"][0]["state"], "new", "{shown}");
}

/// After it is mended: what was refused is not there, and the same step is done.
fn recovers(server: &Server, path: &str) {
    server.wait_for("/api/v1/status", |status| status["alerts_fault"].is_null());
    let document = server.json(path);
    assert_eq!((&document["alert"]["state"], &document["alert"]["comments"]), (&"new".into(), &0.into()));
    assert_eq!(document["history"].as_array().map(Vec::len), Some(0), "{document}");
    let (code, body) = server.ask("POST", &format!("{path}/acknowledge"), r#"{"comment":"done"}"#);
    assert_eq!((code, &body["alert"]["state"]), (200, &"acknowledged".into()), "{body}");
}

/// After a kill: what was done is there, once, and what was refused is not.
fn is_as_told(server: &Server, path: &str) {
    let document = server.json(path);
    assert_eq!(
        (&document["alert"]["state"], &document["alert"]["comments"]),
        (&"acknowledged".into(), &1.into())
    );
    let history = document["history"].as_array().cloned().unwrap_or_default();
    let said: Vec<&Value> = history.iter().map(|step| &step["comment"]).collect();
    assert_eq!(said, ["done"]);
}

/// strace attached to a process, in which every sync fails until this is gone.
struct FailingSyncs(Child);

impl FailingSyncs {
    fn of(server: &Server) -> Self {
        let calls = "fsync,fdatasync";
        let mut child = Command::new("strace")
            .args(["-f", "-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:error=EIO")])
            .args(["-o", "/dev/null", "-p", &server.child.id().to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let attached = lines.by_ref().map_while(Result::ok).find(|line| line.contains("attached"));
        assert!(attached.is_some(), "strace did not attach");
        // It says more when it ends, and must have somewhere to say it.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }

    fn end(mut self) {
        // An interrupted strace lets go of what it traces.
        assert!(works("kill", &["-INT", &self.0.id().to_string()]));
        self.0.wait().unwrap();
    }
}

#[test]
fn a_disk_that_cannot_sync_acknowledges_nothing_and_works_again_when_it_can() {
    if !works("strace", &["-e", "trace=none", "true"]) || !attaches() {
        eprintln!("skipped: needs strace, and leave to attach it");
        return;
    }
    let (capture, folder) = (Growing::new(), TempFile::folder("alerts"));
    let arguments = ["--read", capture.0.path(), "--follow"];
    let mut server = Server::start_with(&arguments, &variables(folder.path()));
    let path = alert(&server);
    let syncs = FailingSyncs::of(&server);
    refuses(&server, &path, &capture, "disk I/O error");
    syncs.end();
    recovers(&server, &path);
    server.kill();
    let again = Server::start_with(&arguments, &variables(folder.path()));
    is_as_told(&again, &path);
}

/// Whether strace may attach to another's child, as it may not where the kernel or a container forbids it.
fn attaches() -> bool {
    let Ok(mut sleeper) = Command::new("sleep").arg("10").spawn() else { return false };
    let id = sleeper.id().to_string();
    // What it ends with differs by version; that it attached it says.
    let said =
        Command::new("timeout").args(["-s", "INT", "1", "strace", "-o", "/dev/null", "-p", &id]).output();
    let attached = said.is_ok_and(|said| String::from_utf8_lossy(&said.stderr).contains("attached"));
    let _ = sleeper.kill();
    let _ = sleeper.wait();
    attached
}

/// A mount namespace with a small file system, kept by a process that sleeps.
struct SmallDisk {
    keeper: Child,
    folder: TempFile,
}

impl SmallDisk {
    fn new() -> Option<Self> {
        if !works("unshare", &["-m", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"])
            || !works("nsenter", &["--version"])
        {
            eprintln!("skipped: needs unshare, nsenter and leave to mount");
            return None;
        }
        let folder = TempFile::folder("disk");
        std::fs::create_dir(folder.path()).unwrap();
        let script =
            format!("mount -t tmpfs -o size=1m tmpfs {} && echo ready && exec sleep 600", folder.path());
        let mut keeper =
            Command::new("unshare").args(["-m", "sh", "-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready");
        Some(Self { keeper, folder })
    }

    /// The server inside the namespace; it becomes what `nsenter` was, so killing that kills it.
    fn serve(&self, capture: &Growing) -> Server {
        let id = self.keeper.id().to_string();
        let before = ["-t", &id, "-m"];
        Server::start_under(
            "nsenter",
            &before,
            &["--read", capture.0.path(), "--follow"],
            &variables(self.folder.path()),
        )
    }

    /// A path on the small disk as seen from outside.
    fn path(&self, name: &str) -> String {
        format!("/proc/{}/root{}/{name}", self.keeper.id(), self.folder.path())
    }

    fn fill(&self) {
        let mut filler = std::fs::File::create(self.path("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[test]
fn a_full_disk_acknowledges_nothing_and_works_again_when_there_is_room() {
    let Some(disk) = SmallDisk::new() else { return };
    let capture = Growing::new();
    let mut server = disk.serve(&capture);
    let path = alert(&server);
    disk.fill();
    refuses(&server, &path, &capture, "full");
    disk.free();
    recovers(&server, &path);
    server.kill();
    let again = disk.serve(&capture);
    is_as_told(&again, &path);
}
