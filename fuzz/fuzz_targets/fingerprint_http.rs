//! Fuzz target: see `fingerprint_http::run`.
#![no_main]

#[path = "../src/fingerprint_http.rs"]
mod fingerprint_http;
#[allow(dead_code, reason = "each body uses a part")]
#[path = "../src/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fingerprint_http::run(input));
