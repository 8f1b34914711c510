//! What the fuzzers begin with, and every input that once made one fail, through the targets' bodies (docs/FUZZING.md).

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

#[allow(dead_code, reason = "doors for the generator of the seeds")]
#[path = "../../fuzz/src/lib.rs"]
mod bodies;

use std::fs;
use std::path::{Path, PathBuf};

use bodies::TARGETS;

/// Targets of the floors above, whose bodies need them; `analyzer/tests/payloads.rs`, `evidence.rs` and
/// `fingerprints_fuzz.rs` beside it, and `visualizer/tests/count_text.rs` feed these.
const ABOVE: [&str; 7] = [
    "payload",
    "evidence",
    "fingerprint_database",
    "fingerprint_tcp",
    "fingerprint_http",
    "fingerprint_stream",
    "count_text",
];

/// The most bytes all corpora have together: they are read by people, too.
const MAX_BYTES: u64 = 200_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

/// The files of a folder in order; none when there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_target_takes_its_seeds() {
    for (target, body) in TARGETS {
        let seeds = files(&folder("seeds").join(target));
        assert!((1..=40).contains(&seeds.len()), "{target} has {} seeds", seeds.len());
        for seed in seeds {
            println!("{}", seed.display());
            body(&fs::read(&seed).unwrap());
        }
    }
}

#[test]
fn what_once_failed_fails_no_more() {
    for (target, body) in TARGETS {
        for input in files(&folder("regressions").join(target)) {
            println!("{}", input.display());
            body(&fs::read(&input).unwrap());
        }
    }
}

#[test]
fn every_folder_belongs_to_a_target() {
    for kind in ["seeds", "regressions"] {
        for folder in files(&folder(kind)) {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let is_ours = TARGETS.iter().any(|(target, _)| *target == name);
            assert!(is_ours || ABOVE.contains(&name.as_str()), "{kind}/{name}");
        }
    }
}

#[test]
fn corpora_are_small() {
    let of_target =
        |target: &str| ["seeds", "regressions"].map(|kind| files(&folder(kind).join(target))).concat();
    let all = TARGETS.iter().flat_map(|(target, _)| of_target(target));
    let bytes: u64 = all.map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn cargo_knows_every_target() {
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for target in TARGETS.iter().map(|(target, _)| *target).chain(ABOVE) {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        assert!(folder("fuzz_targets").join(format!("{target}.rs")).is_file(), "{target}");
    }
    let planted = manifest.matches("fuzz_targets/planted.rs").count();
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len() + ABOVE.len() + planted);
}
