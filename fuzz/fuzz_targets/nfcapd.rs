//! Fuzz target: see `bodies::flow_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::flow_files::nfcapd(input));
