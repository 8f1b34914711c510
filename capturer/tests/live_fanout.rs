//! Several workers on one interface: each frame to exactly one, each flow to one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

mod live_lab;

use std::collections::{BTreeMap, BTreeSet};

use capturer::source::Source;
use capturer::source::live::{LiveSettings, LiveSource, Method};
use live_lab::{FLOW_PORTS, FLOWS, PAIR, assert_balance, ip, lab, send, take, wait};

/// Bytes of the Ethernet and IPv4 headers.
const HEADERS: usize = 14 + 20;
/// Where the fields are in a frame.
const IDENTIFICATION: usize = 14 + 4;
const PORT: usize = HEADERS + 2;
const NUMBER: usize = HEADERS + 8;

/// The field of two bytes at a place.
fn field(frame: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(frame[at..at + 2].try_into().unwrap())
}

/// What each worker saw, all that was sent having come.
fn share(workers: &mut [LiveSource]) -> Vec<Vec<Vec<u8>>> {
    let frames = |seen: Vec<live_lab::Seen>| seen.into_iter().map(|(.., bytes)| bytes).collect();
    workers.iter_mut().map(|worker| frames(take(worker, 0))).collect()
}

/// Which workers saw frames with the same value of a field.
fn seen_by(shares: &[Vec<Vec<u8>>], at: usize) -> BTreeMap<u16, BTreeSet<usize>> {
    let mut seen: BTreeMap<u16, BTreeSet<usize>> = BTreeMap::new();
    for (worker, frames) in shares.iter().enumerate() {
        for frame in frames {
            seen.entry(field(frame, at)).or_default().insert(worker);
        }
    }
    seen
}

fn open(method: Method, workers: usize) -> Vec<LiveSource> {
    LiveSource::open_fanout(LiveSettings { method, ..LiveSettings::new("cap") }, workers).unwrap()
}

#[test]
fn each_frame_comes_to_one_worker_and_each_flow_to_the_same() {
    lab("each_frame_comes_to_one_worker_and_each_flow_to_the_same", |other| {
        for method in Method::ALL {
            const SENT: usize = 6_400;
            let mut workers = open(method, 3);
            assert!(workers.iter().all(|worker| worker.status().method() == method));
            send(other, SENT, &format!("{FLOWS}100"));
            let shares = share(&mut workers);
            let numbers: BTreeSet<_> =
                shares.iter().flatten().map(|frame| frame[NUMBER..NUMBER + 4].to_vec()).collect();
            assert_eq!((numbers.len(), shares.iter().map(Vec::len).sum()), (SENT, SENT));
            let flows = seen_by(&shares, PORT);
            assert_eq!(flows.len(), FLOW_PORTS.len());
            assert!(flows.values().all(|workers| workers.len() == 1), "{flows:?}");
            assert!(shares.iter().all(|frames| !frames.is_empty()), "32 flows leave no worker without one");
            workers.iter_mut().for_each(assert_balance);
            let kernel: u64 = workers.iter().map(|worker| worker.status().kernel_packets()).sum();
            assert_eq!((kernel, workers.iter_mut().map(Source::lost).sum()), (SENT as u64, 0));
        }
    });
}

#[test]
fn fragments_of_a_datagram_stay_fragments_and_stay_together() {
    lab("fragments_of_a_datagram_stay_fragments_and_stay_together", |other| {
        let mut workers = open(Method::Ring, 2);
        send(other, 32, &format!("{FLOWS}4000"));
        let shares = share(&mut workers);
        assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), 32 * 3);
        let datagrams = seen_by(&shares, IDENTIFICATION);
        assert_eq!(datagrams.len(), 32);
        assert!(datagrams.values().all(|workers| workers.len() == 1), "{datagrams:?}");
    });
}

#[test]
fn workers_share_again_when_the_interface_is_back() {
    lab("workers_share_again_when_the_interface_is_back", |other| {
        let comebacks: [(&str, &[&str]); 2] =
            [("link set cap down", &["link set cap up"]), ("link del cap", PAIR)];
        for (away, back) in comebacks {
            let mut workers = open(Method::Ring, 2);
            ip(away);
            workers
                .iter_mut()
                .for_each(|worker| wait(worker, |worker| worker.status().blind_since().is_some()));
            back.iter().for_each(|line| {
                ip(&line.replace("-n NS ", "").replace("netns NS ", "").replace("OTHER", other));
            });
            workers
                .iter_mut()
                .for_each(|worker| wait(worker, |worker| worker.status().blind_since().is_none()));
            send(other, 320, &format!("{FLOWS}100"));
            let shares = share(&mut workers);
            assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), 320);
            assert!(shares.iter().all(|frames| !frames.is_empty()));
            workers.iter_mut().for_each(assert_balance);
        }
    });
}

#[test]
fn workers_share_the_buffer_and_are_counted() {
    lab("workers_share_the_buffer_and_are_counted", |_| {
        let workers = open(Method::Ring, 4);
        assert!(workers.iter().all(|worker| worker.status().buffer() == 16 * 1024 * 1024));
        let none = LiveSource::open_fanout(LiveSettings::new("cap"), 0).err().unwrap().to_string();
        assert_eq!(none, "interface cap: 0 workers cannot share it; 1 to 256 can");
    });
}
