//! What the demo must be: the same every time, small, full of countries, never silent, as busy at its end as at its start.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::networks::NETWORKS;
use super::tape::{LENGTH, MILLISECOND, Micros, SECOND};
use super::{COMMITTED, SEED, generate, perform};
use crate::craft::frame::Frame;

fn frames() -> Vec<(Micros, Frame)> {
    perform(SEED).into_frames()
}

/// Source and destination of an IPv4 frame.
fn ipv4(frame: &Frame) -> Option<(u32, u32)> {
    let bytes = &frame.bytes;
    let word = |at: usize| bytes[at..at + 4].iter().fold(0, |value, &byte| value << 8 | u32::from(byte));
    (bytes[12..14] == [8, 0]).then(|| (word(26), word(30)))
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_makes_others() {
    let first = generate(SEED).expect("writing to memory");
    assert_eq!(first, generate(SEED).expect("writing to memory"));
    assert_ne!(first, generate(SEED + 1).expect("writing to memory"));
}

#[test]
fn the_committed_file_is_what_the_generator_makes() {
    let committed = std::fs::read(Path::new(COMMITTED)).expect("visualizer/data/demo.pcap");
    assert!(committed == generate(SEED).expect("writing to memory"), "run `cargo xtask demo`");
}

#[test]
fn it_is_at_most_two_megabytes_and_ten_to_eighteen_thousand_frames() {
    let size = generate(SEED).expect("writing to memory").len();
    assert!(size <= 2_000_000, "{size} bytes");
    let count = frames().len();
    assert!((10_000..=18_000).contains(&count), "{count} frames");
}

#[test]
fn it_is_never_silent_for_longer_than_a_quarter_of_a_second() {
    let mut last = 0;
    for (at, _) in frames() {
        assert!(at - last <= 250 * MILLISECOND, "silent from {last} to {at} µs");
        last = at;
    }
    assert!(LENGTH - last <= 250 * MILLISECOND, "silent from {last} µs");
}

#[test]
fn a_packet_from_nearly_every_country_is_in_it() {
    let seen: BTreeSet<u32> =
        frames().iter().filter_map(|(_, frame)| ipv4(frame)).map(|ends| ends.0).collect();
    let countries =
        NETWORKS.iter().filter(|network| seen.iter().any(|&address| network.holds(address))).count();
    assert!(countries >= 100, "{countries} countries");
}

#[test]
fn the_first_twenty_seconds_are_as_busy_as_the_last() {
    let frames = frames();
    let busy = |from: Micros| {
        let window = frames.iter().filter(|(at, _)| (from..from + 20 * SECOND).contains(at));
        window.fold((0, 0), |(count, bytes), (_, frame)| (count + 1, bytes + i64::from(frame.wire_length)))
    };
    let (start, end) = (busy(0), busy(LENGTH - 20 * SECOND));
    for (start, end) in [(start.0, end.0), (start.1, end.1)] {
        assert!(start * 2 > end && end * 2 > start, "{start} at the start, {end} at the end");
    }
}

#[test]
fn no_frame_mixes_families_and_none_keeps_more_than_it_had() {
    for (_, frame) in frames() {
        assert!(frame.bytes.len() <= frame.wire_length as usize);
        if frame.bytes[12..14] == [0x86, 0xdd] {
            let mapped = |at: usize| frame.bytes[at..at + 12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
            assert!(!mapped(22) && !mapped(38));
        }
    }
}

#[test]
fn about_a_quarter_of_the_frames_is_ipv6() {
    let frames = frames();
    let v6 = frames.iter().filter(|(_, frame)| frame.bytes[12..14] == [0x86, 0xdd]).count();
    let percent = v6 * 100 / frames.len();
    assert!((18..=38).contains(&percent), "{percent} %");
}

#[test]
fn the_attacks_pass_what_detectors_go_by() {
    let frames = frames();
    let server = u32::from_be_bytes([192, 168, 1, 10]);
    let syns: Vec<(Micros, u32, u16)> = frames
        .iter()
        .filter(|(_, frame)| frame.bytes.get(23) == Some(&6) && frame.bytes.get(47) == Some(&2))
        .filter_map(|(at, frame)| {
            let (source, destination) = ipv4(frame)?;
            let port = u16::from_be_bytes([frame.bytes[36], frame.bytes[37]]);
            (destination == server).then_some((*at, source, port))
        })
        .collect();
    let in_window =
        |from: i64, to: i64| syns.iter().filter(move |(at, ..)| (from * SECOND..to * SECOND).contains(at));
    assert!(in_window(204, 210).filter(|syn| syn.2 == 443).count() >= 1000);
    assert!(in_window(40, 70).map(|syn| syn.2).collect::<BTreeSet<_>>().len() >= 40);
    assert!(in_window(76, 136).filter(|syn| syn.2 == 22).count() >= 20);
    let camera = IpAddr::from([192, 168, 1, 51]);
    let telnet = frames.iter().filter_map(|(_, frame)| ipv4(frame).map(|ends| (ends, frame)));
    let targets: BTreeSet<u32> = telnet
        .filter(|(ends, frame)| {
            IpAddr::from(ends.0.to_be_bytes()) == camera
                && frame.bytes[23] == 6
                && [[0, 23], [9, 19]].contains(&[frame.bytes[36], frame.bytes[37]])
        })
        .map(|(ends, _)| ends.1)
        .collect();
    assert!(targets.len() >= 40, "{}", targets.len());
}
