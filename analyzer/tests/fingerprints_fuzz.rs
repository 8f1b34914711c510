//! The bodies of the fuzz targets of fingerprints (docs/FUZZING.md) with their corpora: what the fuzzers begin with, and every
//! input that once made one fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test says so by failing, and reads files"
)]

#[path = "../../fuzz/src/fingerprint_database.rs"]
mod fingerprint_database;
#[path = "../../fuzz/src/fingerprint_http.rs"]
mod fingerprint_http;
#[path = "../../fuzz/src/fingerprint_stream.rs"]
mod fingerprint_stream;
#[path = "../../fuzz/src/fingerprint_tcp.rs"]
mod fingerprint_tcp;
#[path = "../../fuzz/src/talk.rs"]
mod talk;

use std::path::Path;

/// A fuzz target's body.
type Body = fn(&[u8]);

/// What is in a folder of the fuzzers'; none when there is no such folder.
fn inputs(kind: &str, target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(kind).join(target);
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_readers_take_seeds_and_what_once_failed() {
    let targets: [(&str, Body); 4] = [
        ("fingerprint_database", fingerprint_database::run),
        ("fingerprint_tcp", fingerprint_tcp::run),
        ("fingerprint_http", fingerprint_http::run),
        ("fingerprint_stream", fingerprint_stream::run),
    ];
    for (target, body) in targets {
        let seeds = inputs("seeds", target);
        assert!((1..=40).contains(&seeds.len()), "{target}");
        seeds.iter().chain(&inputs("regressions", target)).for_each(|input| body(input));
    }
}
