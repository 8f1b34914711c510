//! The body of the fuzz target `evidence` over its corpora, cut at every length, and over bytes that proptest makes of them
//! (docs/FUZZING.md); and every kind of evidence that a reader gives is among the seeds.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test says so by failing, and reads files"
)]

#[path = "../../fuzz/src/evidence.rs"]
mod evidence;

use std::path::Path;

use proptest::prelude::*;

fn inputs(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(kind).join("evidence");
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_readers_take_seeds_at_every_length_and_what_once_failed() {
    let seeds = inputs("seeds");
    assert!((1..=40).contains(&seeds.len()));
    for input in seeds.iter().chain(&inputs("regressions")) {
        (0..=input.len()).for_each(|end| evidence::run(&input[..end]));
    }
}

proptest! {
    #[test]
    fn the_readers_take_any_bytes_within_what_they_know(
        at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..40)
    ) {
        let seeds = inputs("seeds");
        let mut input = seeds[which.index(seeds.len())].clone();
        let at = at.index(input.len());
        input.splice(at..(at + bytes.len() / 2).min(input.len()), bytes);
        evidence::run(&input);
    }
}
