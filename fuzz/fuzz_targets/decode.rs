//! Fuzz target: see `bodies::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::decode::run(input));
