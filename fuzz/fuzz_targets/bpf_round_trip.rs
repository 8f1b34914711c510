//! Fuzz target: see `bodies::bpf_round_trip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::bpf_round_trip::run(input));
