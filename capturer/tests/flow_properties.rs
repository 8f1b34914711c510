//! Whatever exporters send, a collector answers: the fuzzers' bodies (docs/FUZZING.md) over datagrams of our own with
//! bytes changed, and over noise.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

#[path = "../../fuzz/src/exports.rs"]
mod bodies;
#[path = "exports_support/mod.rs"]
mod exports;

use exports::{
    FLOW, flow, flow_sample, ipfix, ipfix_options, longs, raw_header, sampled, set, sflow, template,
};
use exports::{v5, v9, v9_options};
use proptest::prelude::*;

/// Datagrams as the bodies take them: without the version, behind two bytes of length.
fn input(version: usize, datagrams: &[Vec<u8>]) -> Vec<u8> {
    let body = |datagram: &Vec<u8>| {
        let body = &datagram[version..];
        [&(body.len() as u16).to_be_bytes()[..], body].concat()
    };
    datagrams.iter().flat_map(body).collect()
}

/// A body, and what it is shown.
type Shown = (fn(&[u8]), Vec<u8>);

fn samples() -> [Shown; 4] {
    let nine = [
        v9(1, 0, &[set(0, &template(256, &FLOW)), set(256, &flow(1, 100))]),
        v9(1, 1, &[set(1, &v9_options(257, &[(1, 4)], &[(48, 1), (50, 2)])), set(257, &[0; 7])]),
        v9(1, 2, &[set(256, &[flow(1, 100), flow(2, 5)].concat())]),
    ];
    let wide = [(27, 16), (28, 16), (1, 65_535), (152, 8), (154, 8)];
    let ten = [
        ipfix(1, 0, &[set(2, &template(256, &FLOW)), set(256, &flow(1, 100))]),
        ipfix(
            1,
            1,
            &[set(3, &ipfix_options(257, &[(302, 4)], &[(305, 4), (306, 4)])), set(257, &longs([1, 1, 9]))],
        ),
        ipfix(1, 2, &[set(2, &template(258, &wide)), set(258, &[3; 80])]),
    ];
    let switch = sampled(1001, &longs([100, 0, 200, 0]));
    let gateway = sampled(1003, &longs([1, 1, 64_500, 64_501, 64_502, 1, 2, 2, 64_503, 64_504]));
    let sampled = [sflow(1, 1, &[flow_sample(512, &[raw_header(), switch, gateway])])];
    let five = [&[0][..], &input(2, &[v5(0, 0, &[(1, 2), (3, 4)]), v5(2, 100, &[(9, 9)])])].concat();
    [
        (bodies::netflow5, five),
        (bodies::netflow9, input(2, &nine)),
        (bodies::ipfix, input(2, &ten)),
        (bodies::sflow, input(4, &sampled)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn changed_datagrams_are_taken(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..12), cut in any::<u16>()) {
        for (body, mut bytes) in samples() {
            for &(at, byte) in &changes {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            let whole = bytes.len();
            bytes.truncate(if cut % 3 == 0 { usize::from(cut) % whole } else { whole });
            body(&bytes);
        }
    }

    #[test]
    fn noise_is_taken(noise in prop::collection::vec(any::<u8>(), 0..600)) {
        samples().iter().for_each(|(body, _)| body(&noise));
    }
}

#[test]
fn samples_are_read() {
    samples().iter().for_each(|(body, bytes)| body(bytes));
}
