//! Fuzz target: see `fingerprint_database::run`.
#![no_main]

#[path = "../src/fingerprint_database.rs"]
mod fingerprint_database;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fingerprint_database::run(input));
