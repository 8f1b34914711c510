//! softflowd and nfcapd: real flow exports of captures.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whether these tools can be run.
pub fn are_there(tools: &[&str]) -> bool {
    tools.iter().all(|tool| Command::new(tool).arg("-h").output().is_ok())
}

/// A folder of a collector of theirs, gone with the test.
pub struct Collector {
    pub folder: PathBuf,
    port: u16,
    process: Child,
}

impl Collector {
    pub fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("wireglobe-softflowd-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // A port that was free a moment ago.
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("nfcapd")
            .args(["-b", "127.0.0.1", "-p", &port.to_string(), "-t", "3600", "-w"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let collector = Self { folder, port, process };
        collector.wait("the collector listens", || UdpSocket::bind(("127.0.0.1", port)).is_err());
        collector
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < end, "{what}: not within a minute");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Has a capture's packets made flows and sent here; nothing of one that softflowd can not read.
    pub fn take(&self, capture: &Path) -> Option<()> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let to = format!("127.0.0.1:{}", self.port);
        let (pid, control) = (file("pid"), file("control"));
        let output = Command::new("softflowd")
            .args(["-d", "-6", "-v", "9", "-n", &to, "-p", &pid, "-c", &control, "-r"])
            .arg(capture)
            .output()
            .unwrap();
        output.status.success().then_some(())
    }

    /// Ends the collector, which writes its file then.
    pub fn end(&mut self) {
        // What was sent last is read before the signal is looked at only if it is given the time.
        std::thread::sleep(Duration::from_millis(500));
        Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
