//! Fuzz target: see `evidence::run`.
#![no_main]

#[path = "../src/evidence.rs"]
mod evidence;

libfuzzer_sys::fuzz_target!(|input: &[u8]| evidence::run(input));
