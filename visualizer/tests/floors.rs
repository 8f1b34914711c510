//! The floors: a crate knows only the crates below it. The `Cargo.toml` files are the proof; this test reads them.

use std::path::Path;

/// The floors from the lowest to the highest.
const FLOORS: [&str; 3] = ["capturer", "analyzer", "visualizer"];

#[expect(clippy::unwrap_used, reason = "tests")]
fn manifest(floor: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(floor).join("Cargo.toml");
    std::fs::read_to_string(&path).unwrap().parse().unwrap()
}

fn dependencies(floor: &str) -> Vec<String> {
    let manifest = manifest(floor);
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = sections.iter().filter_map(|section| manifest.get(*section)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn no_floor_reaches_up() {
    for (height, floor) in FLOORS.iter().enumerate() {
        for above in &FLOORS[height + 1..] {
            assert!(!dependencies(floor).iter().any(|name| name == above), "{floor} depends on {above}");
        }
    }
}

#[test]
fn only_the_top_floor_knows_the_web() {
    for floor in &FLOORS[..2] {
        let all = dependencies(floor);
        for web in ["tokio", "axum", "hyper", "tokio-tungstenite"] {
            assert!(!all.iter().any(|name| name == web), "{floor} depends on {web}");
        }
    }
}

#[test]
fn the_analyzer_opens_nothing() {
    let all = dependencies("analyzer");
    for system in ["libc", "socket2", "pnet", "pcap-parser"] {
        assert!(!all.iter().any(|name| name == system), "analyzer depends on {system}");
    }
}
