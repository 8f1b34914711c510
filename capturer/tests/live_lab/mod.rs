//! Two network namespaces with a pair of virtual interfaces, `cap` here and `gen` there, for the tests of live capture.
//! Skipped, with a word, without root or the `ip` command.
//!
//! Each test makes the namespaces, then runs itself again inside the capturing one (`ip netns exec`), which in turn runs
//! [`sender`] inside the other.

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::env;
use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

use capturer::source::live::{LiveSettings, LiveSource, Method};
use capturer::source::{Next, Source};
use capturer::{LinkType, Timestamp};
use pnet::datalink::{self, Channel, Config};

/// Set inside the capturing namespace: the name of the other one.
const OTHER: &str = "WIREGLOBE_TEST_OTHER";
/// Set for the sender: how many datagrams, and to whom.
const SEND: &str = "WIREGLOBE_TEST_SEND";
/// Nobody has this address, so nobody answers.
pub const TARGET: &str = "10.77.0.99:9";
/// Instead of an address: whole frames with a VLAN tag.
pub const TAGGED: &str = "tagged";
/// Destination, source, VLAN 42 with priority 3, IPv4.
pub const TAGGED_FRAME: &[u8; 60] = b"\x02\0\0\0\0\x0a\x02\0\0\0\0\x0b\x81\0\x60\x2a\x08\0\
    ..........................................";
/// Instead of an address, with the bytes of payload behind it: many flows.
pub const FLOWS: &str = "flows:";
/// Where the flows go.
pub const FLOW_PORTS: std::ops::Range<u16> = 2000..2032;
/// Bytes of payload; with Ethernet, IPv4 and UDP headers a frame has 42 more.
pub const PAYLOAD: usize = 100;

/// What makes the pair, `NS` and `OTHER` being the namespaces. IPv6 is off, so that nothing speaks unasked.
pub const PAIR: &[&str] = &[
    "link add cap netns NS address 02:00:00:00:00:0a type veth peer name gen netns OTHER address 02:00:00:00:00:0b",
    "-n NS addr add 10.77.0.1/24 dev cap",
    "-n OTHER addr add 10.77.0.2/24 dev gen",
    "-n NS link set cap up",
    "-n OTHER link set gen up",
    "-n OTHER neigh add 10.77.0.99 lladdr 02:00:00:00:00:0a dev gen",
];

/// Two namespaces, gone afterwards.
struct Lab {
    here: String,
    other: String,
}

impl Lab {
    fn new(test: &str) -> Self {
        let name = |side| format!("wg-{}-{test}-{side}", std::process::id());
        let lab = Self { here: name("a"), other: name("b") };
        for namespace in [&lab.here, &lab.other] {
            ip(&format!("netns add {namespace}"));
            let off = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done";
            assert!(inside(namespace, "sh").args(["-c", off]).status().unwrap().success());
        }
        PAIR.iter().for_each(|line| ip(&line.replace("NS", &lab.here).replace("OTHER", &lab.other)));
        lab
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in [&self.here, &self.other] {
            let _ = Command::new("ip").args(["netns", "del", namespace]).status();
        }
    }
}

pub fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

pub fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

/// Whether namespaces can be made.
fn possible() -> bool {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let possible =
        root && Command::new("ip").args(["netns", "list"]).output().is_ok_and(|o| o.status.success());
    if !possible {
        println!("skipped: not root, or no ip command");
    }
    possible
}

/// Runs `body` inside a new lab, with the name of the other namespace.
pub fn lab(test: &str, body: impl Fn(&str)) {
    if let Ok(other) = env::var(OTHER) {
        return body(&other);
    }
    if !possible() {
        return;
    }
    let lab = Lab::new(test);
    let program = env::current_exe().unwrap();
    let mut again = inside(&lab.here, program.to_str().unwrap());
    let status = again.args(["--exact", test, "--nocapture"]).env(OTHER, &lab.other).status().unwrap();
    assert!(status.success(), "{test} failed inside its namespace");
}

/// Has the other namespace send datagrams.
pub fn send(other: &str, count: usize, target: &str) {
    let program = env::current_exe().unwrap();
    let mut sender = inside(other, program.to_str().unwrap());
    let sender =
        sender.args(["--exact", "live_lab::sender", "--ignored"]).env(SEND, format!("{count} {target}"));
    assert!(sender.output().unwrap().status.success());
}

#[test]
#[ignore = "the other half of the tests here"]
fn sender() {
    let Ok(what) = env::var(SEND) else { return };
    let (count, target) = what.split_once(' ').unwrap();
    let count = count.parse().unwrap();
    match (target, target.strip_prefix(FLOWS)) {
        (TAGGED, _) => send_tagged(count),
        (_, Some(payload)) => send_flows(count, payload.parse().unwrap()),
        (target, None) => {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            for _ in 0..count {
                socket.send_to(&[7; PAYLOAD], target).unwrap();
            }
        }
    }
}

/// Datagrams that begin with their number, in turn to each port of [`FLOW_PORTS`].
fn send_flows(count: usize, payload: usize) {
    let socket = UdpSocket::bind("0.0.0.0:9999").unwrap();
    let (address, _) = TARGET.split_once(':').unwrap();
    let mut bytes = vec![7; payload];
    for (number, port) in (0..count as u32).zip(FLOW_PORTS.cycle()) {
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        socket.send_to(&bytes, (address, port)).unwrap();
    }
}

fn send_tagged(count: usize) {
    let there = datalink::interfaces().into_iter().find(|found| found.name == "gen").unwrap();
    let Channel::Ethernet(mut sender, _) = datalink::channel(&there, Config::default()).unwrap() else {
        panic!("an Ethernet link");
    };
    (0..count).for_each(|_| sender.send_to(TAGGED_FRAME, None).unwrap().unwrap());
}

pub fn open(interface: &str, method: Method) -> LiveSource {
    LiveSource::open(LiveSettings { method, ..LiveSettings::new(interface) }).unwrap()
}

/// A frame as it came: time, length on the wire, bytes.
pub type Seen = (Timestamp, u32, Vec<u8>);

/// Takes frames until `count` came, then whatever still comes until nothing does, for at most ten seconds.
pub fn take(source: &mut LiveSource, count: usize) -> Vec<Seen> {
    let (mut seen, start) = (Vec::new(), Instant::now());
    while start.elapsed() < Duration::from_secs(10) {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                assert_eq!(frame.link, LinkType::ETHERNET);
                seen.push((frame.at, frame.wire_len, frame.bytes.to_vec()));
            }
            Next::Idle if seen.len() >= count => break,
            Next::Idle => {}
            Next::End => panic!("interfaces do not end"),
        }
    }
    seen
}

/// Asks until `done`, for at most three seconds.
pub fn wait(source: &mut LiveSource, done: impl Fn(&LiveSource) -> bool) {
    let start = Instant::now();
    while !done(source) {
        assert!(start.elapsed() < Duration::from_secs(3), "not within three seconds");
        assert!(!matches!(source.next_frame().unwrap(), Next::End));
    }
}

pub fn assert_balance(source: &mut LiveSource) {
    let drops = source.lost();
    let status = source.status();
    assert_eq!(status.delivered() + drops, status.kernel_packets());
}
