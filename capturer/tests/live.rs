//! Live capture between two network namespaces of its own, by every method.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

mod live_lab;

use std::env;
use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

use capturer::source::live::{LiveSettings, LiveSource, Method};
use capturer::source::{Next, Source, interfaces};
use capturer::{LinkType, Timestamp};
use live_lab::{
    PAIR, PAYLOAD, TAGGED, TAGGED_FRAME, TARGET, assert_balance, ip, lab, open, send, take, wait,
};

fn counts_exactly(other: &str, method: Method) {
    const SENT: usize = 20_000;
    let mut source = open("cap", method);
    assert_eq!((source.status().method(), source.status().fallback()), (method, None));
    assert_eq!(source.status().buffer(), 64 * 1024 * 1024);
    let before = now();
    send(other, SENT, TARGET);
    let seen = take(&mut source, SENT);
    assert_eq!(seen.len(), SENT);
    assert!(
        seen.iter().all(|(_, wire, bytes)| *wire as usize == PAYLOAD + 42 && bytes.len() == PAYLOAD + 42)
    );
    assert!(seen.iter().all(|(at, ..)| before <= *at && *at <= now()));
    assert_eq!(source.lost(), 0);
    assert_balance(&mut source);
}

fn now() -> Timestamp {
    Timestamp::EPOCH.after(std::time::UNIX_EPOCH.elapsed().unwrap())
}

#[test]
fn counts_every_frame_through_the_ring() {
    lab("counts_every_frame_through_the_ring", |other| counts_exactly(other, Method::Ring));
}

#[test]
fn counts_every_frame_received_in_bursts() {
    lab("counts_every_frame_received_in_bursts", |other| counts_exactly(other, Method::Packet));
}

#[test]
fn counts_every_frame_through_pnet() {
    lab("counts_every_frame_through_pnet", |other| counts_exactly(other, Method::Pnet));
}

/// Loses sight by `away`, comes back by `back`, and sees all that was sent before and after.
fn resumes(other: &str, method: Method, away: &str, back: &[&str]) {
    let mut source = open("cap", method);
    let status = source.status();
    send(other, 10, TARGET);
    ip(away);
    assert_eq!(take_until_blind(&mut source), 10);
    let start = Instant::now();
    let polls = std::iter::from_fn(|| (start.elapsed().as_secs() < 1).then(|| source.next_frame().map(drop)));
    assert!(polls.count() <= 11, "a blind source waits");
    back.iter()
        .for_each(|line| ip(&line.replace("-n NS ", "").replace("netns NS ", "").replace("OTHER", other)));
    wait(&mut source, |_| status.blind_since().is_none());
    send(other, 10, TARGET);
    assert_eq!(take(&mut source, 10).len(), 10);
    assert_eq!((status.reopened(), status.delivered()), (1, 20));
    assert_balance(&mut source);
}

/// Frames until the interface is known to be gone.
fn take_until_blind(source: &mut LiveSource) -> usize {
    let (status, start, mut frames) = (source.status(), Instant::now(), 0);
    while status.blind_since().is_none() {
        assert!(start.elapsed() < Duration::from_secs(3), "it is gone and nobody noticed");
        frames += usize::from(matches!(source.next_frame().unwrap(), Next::Frame(_)));
    }
    frames
}

#[test]
fn resumes_when_the_interface_comes_back_up() {
    lab("resumes_when_the_interface_comes_back_up", |other| {
        for method in Method::ALL {
            resumes(other, method, "link set cap down", &["link set cap up"]);
        }
    });
}

#[test]
fn resumes_when_the_interface_is_made_anew() {
    lab("resumes_when_the_interface_is_made_anew", |other| {
        for method in [Method::Ring, Method::Packet] {
            resumes(other, method, "link del cap", PAIR);
        }
    });
}

#[test]
fn a_vlan_tag_the_kernel_took_out_is_back_in_the_frame() {
    lab("a_vlan_tag_the_kernel_took_out_is_back_in_the_frame", |other| {
        for method in [Method::Ring, Method::Packet] {
            let mut source = open("cap", method);
            send(other, 5, TAGGED);
            let seen = take(&mut source, 5);
            assert_eq!(seen.len(), 5);
            assert!(seen.iter().all(|(_, wire, bytes)| *wire == 60 && bytes == TAGGED_FRAME), "{seen:?}");
            assert_balance(&mut source);
        }
    });
}

#[test]
fn loopback_frames_come_once() {
    lab("loopback_frames_come_once", |_| {
        ip("link set lo up");
        for method in Method::ALL {
            let mut source = open("lo", method);
            let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
            let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
            for _ in 0..5 {
                sender.send_to(b"once", receiver.local_addr().unwrap()).unwrap();
            }
            assert_eq!(take(&mut source, 5).len(), 5);
            assert_balance(&mut source);
        }
    });
}

#[test]
fn a_slow_reader_loses_what_the_kernel_says_it_lost() {
    lab("a_slow_reader_loses_what_the_kernel_says_it_lost", |other| {
        for method in Method::ALL {
            let settings = LiveSettings { buffer: 64 * 1024, method, ..LiveSettings::new("cap") };
            let mut source = LiveSource::open(settings).unwrap();
            send(other, 5_000, TARGET);
            let seen = take(&mut source, 1).len() as u64;
            assert_eq!(seen + source.lost(), 5_000);
            assert!(source.lost() > 0);
            assert_balance(&mut source);
        }
    });
}

#[test]
fn a_frame_is_cut_to_the_snap_length_and_knows_its_own() {
    lab("a_frame_is_cut_to_the_snap_length_and_knows_its_own", |other| {
        for method in Method::ALL {
            let settings = LiveSettings { snap_length: 34, method, ..LiveSettings::new("cap") };
            let mut source = LiveSource::open(settings).unwrap();
            send(other, 5, TARGET);
            let seen = take(&mut source, 5);
            assert_eq!(seen.len(), 5);
            assert!(seen.iter().all(|(_, wire, bytes)| *wire as usize == PAYLOAD + 42 && bytes.len() == 34));
        }
    });
}

#[test]
fn a_ring_that_cannot_be_had_is_replaced_and_the_reason_said() {
    lab("a_ring_that_cannot_be_had_is_replaced_and_the_reason_said", |other| {
        let Some(limit) = address_space().map(|bytes| bytes + 32 * 1024 * 1024) else { return };
        let own = ["--pid", &std::process::id().to_string(), &format!("--as={limit}")];
        if !Command::new("prlimit").args(own).status().is_ok_and(|status| status.success()) {
            return println!("skipped: no prlimit command");
        }
        let mut source = LiveSource::open(LiveSettings::new("cap")).unwrap();
        let status = source.status();
        assert_eq!((status.method(), status.fallbacks()), (Method::Packet, 1));
        assert_eq!(status.fallback().unwrap(), "ring: Cannot allocate memory (os error 12)");
        send(other, 10, TARGET);
        assert_eq!(take(&mut source, 10).len(), 10);
        assert_balance(&mut source);
    });
}

/// Bytes of this process's address space.
fn address_space() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

#[test]
fn what_cannot_be_opened_is_explained() {
    lab("what_cannot_be_opened_is_explained", |_| {
        let problem = |name: &str| LiveSource::open(LiveSettings::new(name)).err().unwrap().to_string();
        let missing = problem("nosuch0");
        assert!(
            missing.starts_with("interface nosuch0: there is no such interface; there are: lo, "),
            "{missing}"
        );
        assert!(missing.contains("cap"), "{missing}");
        ip("link set cap down");
        assert_eq!(problem("cap"), "interface cap: it is down; switch it on with: sudo ip link set cap up");
        assert_eq!(interfaces::capture_advice(), None);
    });
}

#[test]
fn interfaces_are_listed_with_what_they_are() {
    lab("interfaces_are_listed_with_what_they_are", |_| {
        let cap = interfaces::find("cap").unwrap();
        assert!(cap.up && cap.running && !cap.loopback);
        assert_eq!((cap.link, cap.mtu), (LinkType::ETHERNET, Some(1500)));
        assert_eq!(cap.addresses, [("10.77.0.1".parse().unwrap(), 24)]);
        assert_eq!(cap.mac.unwrap().to_string(), "02:00:00:00:00:0a");
        assert!(interfaces::find("lo").is_some_and(|lo| lo.loopback && !lo.up));
    });
}

/// Set for the half of the next test that has no capabilities.
const POWERLESS: &str = "WIREGLOBE_TEST_POWERLESS";

#[test]
fn the_missing_capability_is_named_with_what_to_type() {
    if env::var(POWERLESS).is_ok() {
        let error = LiveSource::open(LiveSettings::new("cap")).err().unwrap().to_string();
        let program = env::current_exe().unwrap();
        assert!(error.contains(&format!("sudo setcap cap_net_raw+ep {}", program.display())), "{error}");
        assert!(interfaces::capture_advice().is_some());
        return;
    }
    lab("the_missing_capability_is_named_with_what_to_type", |_| {
        let program = env::current_exe().unwrap();
        let mut again = Command::new("setpriv");
        again.args(["--bounding-set=-all", "--inh-caps=-all", "--reuid=65534"]).arg(program);
        again.args(["--exact", "the_missing_capability_is_named_with_what_to_type"]).env(POWERLESS, "1");
        match again.status() {
            Ok(status) => assert!(status.success()),
            Err(_) => println!("skipped: no setpriv command"),
        }
    });
}
