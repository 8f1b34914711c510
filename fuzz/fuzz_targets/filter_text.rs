//! Fuzz target: see `bodies::filter_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::filter_text::run(input));
