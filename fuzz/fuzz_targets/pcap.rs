//! Fuzz target: see `bodies::pcap`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::pcap::run(input));
