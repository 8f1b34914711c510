//! Fuzz target: see `fingerprint_tcp::run`.
#![no_main]

#[path = "../src/fingerprint_tcp.rs"]
mod fingerprint_tcp;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fingerprint_tcp::run(input));
