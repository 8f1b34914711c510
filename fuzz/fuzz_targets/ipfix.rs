//! Fuzz target: see `bodies::exports`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::exports::ipfix(input));
