//! Fuzz target: see `cli::count::run`.
#![no_main]

#[path = "../src/count_text.rs"]
mod cli;

libfuzzer_sys::fuzz_target!(|input: &[u8]| cli::count::run(input));
