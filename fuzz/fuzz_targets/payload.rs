//! Fuzz target: see `payload::run`.
#![no_main]

#[path = "../src/payload.rs"]
mod payload;

libfuzzer_sys::fuzz_target!(|input: &[u8]| payload::run(input));
