//! Fuzz target: see `fingerprint_stream::run`.
#![no_main]

#[path = "../src/fingerprint_stream.rs"]
mod fingerprint_stream;
#[allow(dead_code, reason = "each body uses a part")]
#[path = "../src/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fingerprint_stream::run(input));
