//! A fuzz target with a bug in it, for those who doubt that fuzzing sees any: SCTP behind a VLAN tag. `.ci/planted` holds that it
//! is found within a minute, from nothing.
#![no_main]

use capturer::decode::decode;
use capturer::{Frame, LinkType, Timestamp, Transport, Vlan};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let wire_len = input.len() as u32;
    let frame = Frame { number: 1, at: Timestamp::EPOCH, wire_len, link: LinkType::ETHERNET, bytes: input };
    if let Ok(packet) = decode(&frame) {
        assert!(packet.vlan == Vlan::NONE || !matches!(packet.transport, Transport::Sctp(_)), "planted");
    }
});
