//! `wireglobe count --interface` on a pair of virtual interfaces between two network namespaces of its own. Skipped, with a
//! word, without root or the `ip` command.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::TempFile;

/// What makes the pair, `HERE` and `THERE` being the namespaces. IPv6 is off, so that nothing speaks unasked; nobody has
/// 10.77.0.99, so that nobody answers.
const PAIR: [&str; 6] = [
    "link add cap netns HERE address 02:00:00:00:00:0a type veth peer name gen netns THERE address 02:00:00:00:00:0b",
    "-n HERE addr add 10.77.0.1/24 dev cap",
    "-n THERE addr add 10.77.0.2/24 dev gen",
    "-n HERE link set cap up",
    "-n THERE link set gen up",
    "-n THERE neigh add 10.77.0.99 lladdr 02:00:00:00:00:0a dev gen",
];

/// Two namespaces, gone afterwards.
struct Lab {
    here: String,
    there: String,
}

impl Lab {
    /// Nothing where they can't be made.
    fn new() -> Option<Self> {
        let own = std::fs::metadata("/proc/self").unwrap();
        let name = |side: &str| format!("wg-count-{}-{side}", std::process::id());
        let lab = Self { here: name("a"), there: name("b") };
        let made = std::os::unix::fs::MetadataExt::uid(&own) == 0
            && [&lab.here, &lab.there].iter().all(|name| ip(&format!("netns add {name}")));
        if !made {
            eprintln!("skipped: not root, or no ip command, or no namespaces");
            return None;
        }
        let off = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done";
        for name in [&lab.here, &lab.there] {
            assert!(inside(name, &["sh", "-c", off]).status().unwrap().success());
        }
        for line in PAIR {
            let line = line.replace("THERE", &lab.there).replace("HERE", &lab.here);
            assert!(ip(&line), "ip {line}");
        }
        Some(lab)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for name in [&self.here, &self.there] {
            ip(&format!("netns del {name}"));
        }
    }
}

fn ip(arguments: &str) -> bool {
    let silent = || Stdio::null();
    let status = Command::new("ip").args(arguments.split(' ')).stderr(silent()).stdout(silent()).status();
    status.is_ok_and(|status| status.success())
}

fn inside(namespace: &str, words: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).args(words);
    command
}

/// Lines as they come.
fn lines(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    lines
}

fn wait_for(lines: &Receiver<String>, words: &str) -> String {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60));
        let line = line.unwrap_or_else(|_| panic!("it never says {words:?}"));
        if line.contains(words) {
            return line;
        }
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

/// Asks for reports until one has so many look-ups.
fn report_of(child: &Child, reports: &Receiver<String>, lookups: u32) {
    for _ in 0..600 {
        signal(child, "WINCH");
        if wait_for(reports, "total lookups: ") == format!("total lookups: {lookups}") {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("never {lookups} look-ups");
}

#[test]
fn packets_of_an_interface_are_counted_as_they_come() {
    let Some(lab) = Lab::new() else { return };
    let table = TempFile::new("ipasn_20260101.0000.dat", b"10.77.0.0/24\t64500\n");
    let cache = table.0.parent().unwrap().to_str().unwrap();
    let program = env!("CARGO_BIN_EXE_wireglobe");
    let words = [program, "count", "-C", cache, "--interface", "cap", "--bytes", "--no-resolve-asn"];
    let mut command = inside(&lab.here, &words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (log, reports) = (lines(child.stderr.take().unwrap()), lines(child.stdout.take().unwrap()));
    // The interface is opened before the table is read.
    wait_for(&log, "using ");
    let send = "for n in 1 2 3 4 5; do echo wireglobe > /dev/udp/10.77.0.99/9; done";
    assert!(inside(&lab.there, &["bash", "-c", send]).status().unwrap().success());
    report_of(&child, &reports, 5);
    signal(&child, "TERM");
    // Five frames of Ethernet, IPv4, UDP and ten bytes.
    wait_for(&reports, "5\t100.0\t64500\t\t260");
    assert!(child.wait().unwrap().success());
}
