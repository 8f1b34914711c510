//! Fuzz target: see `bodies::pcapng`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::pcapng::run(input));
