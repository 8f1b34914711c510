//! The body of the fuzz target of `count`'s readers (docs/FUZZING.md) with its corpora: what the fuzzer begins with, and every
//! input that once made it fail.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

#[path = "../../fuzz/src/count_text.rs"]
mod cli;

use std::path::Path;

/// What is in a folder of the fuzzers'; none when there is no such folder.
fn inputs(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(kind).join("count_text");
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_readers_take_seeds_and_what_once_failed() {
    let seeds = inputs("seeds");
    assert!((1..=40).contains(&seeds.len()));
    seeds.iter().chain(&inputs("regressions")).for_each(|input| cli::count::run(input));
}
