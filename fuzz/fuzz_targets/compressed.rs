//! Fuzz target: see `bodies::compressed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::compressed::run(input));
