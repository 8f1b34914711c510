//! Payloads of any bytes, in any pieces, through the readers and through all detectors: nothing panics, and what is
//! remembered stays bounded. The body of the fuzz target `payload` with its corpora, too (docs/FUZZING.md).

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test says so by failing, and reads files"
)]

#[path = "../../fuzz/src/payload.rs"]
mod payload;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use analyzer::detect::{Detection, Thresholds};
use capturer::{
    Network, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport,
};
use proptest::prelude::*;

/// What is in a folder of the fuzzers'; none when there is no such folder.
fn inputs(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(kind).join("payload");
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_readers_take_seeds_and_what_once_failed() {
    let seeds = inputs("seeds");
    assert!((1..=40).contains(&seeds.len()));
    seeds.iter().chain(&inputs("regressions")).for_each(|input| payload::run(input));
}

fn packet(number: u64, (port, is_tcp): (u16, bool), (sequence, from_client): (u32, bool)) -> Packet {
    let (client, server) =
        (IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let ends = if from_client { (client, server) } else { (server, client) };
    let ports = if from_client { (50_000, port) } else { (port, 50_000) };
    let ports = Ports { source: ports.0, destination: ports.1 };
    let tcp = Tcp {
        ports,
        sequence,
        acknowledgment: 1,
        flags: TcpFlags::ACK,
        window: 1024,
        quirks: TcpQuirks::default(),
        options: TcpOptions::NONE,
    };
    Packet {
        number,
        at: Timestamp::from_parts(1_700_000_000 + number as i64 / 4, 0),
        network: Network::Ipv4,
        source: ends.0,
        destination: ends.1,
        protocol: if is_tcp { Protocol::TCP } else { Protocol::UDP },
        transport: if is_tcp { Transport::Tcp(tcp) } else { Transport::Udp(ports) },
        ..Packet::empty()
    }
}

/// What begins as one of these does gets deep into the readers.
fn payload_of_some_kind() -> impl Strategy<Value = Vec<u8>> {
    let starts = inputs("seeds").into_iter().map(|seed| seed[2..].to_vec()).collect::<Vec<_>>();
    let start = prop::sample::select(starts);
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    (start, bytes, any::<prop::sample::Index>()).prop_map(|(mut start, bytes, at)| {
        let at = at.index(start.len() + 1);
        start.splice(at.., bytes);
        start
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn detectors_take_any_bytes_in_any_pieces(
        streams in prop::collection::vec((payload_of_some_kind(), 1usize..80), 1..24),
        port in prop::sample::select(vec![21u16, 23, 25, 53, 67, 80, 88, 110, 143, 443, 445, 3389, 5060, 9999]),
        is_tcp in any::<bool>(),
    ) {
        let mut detection = Detection::new(&Thresholds::default(), 1 << 20);
        let (mut number, mut sequence) = (0, 0u32);
        for (index, (bytes, step)) in streams.iter().enumerate() {
            for piece in bytes.chunks(*step) {
                number += 1;
                let mut packet = packet(number, (port, is_tcp), (sequence, index % 2 == 0));
                packet.payload_len = piece.len() as u32;
                sequence = sequence.wrapping_add(piece.len() as u32);
                detection.observe(&packet, piece);
                detection.advance(packet.at);
            }
        }
        detection.finish();
        prop_assert!(detection.alerts().len() <= 64);
    }

    #[test]
    fn readers_take_any_bytes(bytes in payload_of_some_kind(), port in any::<[u8; 2]>()) {
        payload::run(&[&port[..], &bytes].concat());
    }
}
