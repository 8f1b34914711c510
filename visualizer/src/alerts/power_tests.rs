//! The store of alerts through a power cut at any operation; see [`crate::power_cut`].

use std::path::Path;

use serde_json::{Map, Value};

use super::database::{Database, Fresh};
use super::triage::{Action, Mute, Step};
use crate::power_cut;

/// Changes of the run: the journal is full and begins anew within them.
const CHANGES: usize = 95;

/// Changes from here on write much, so that the journal becomes full.
const LARGE: std::ops::Range<usize> = 12..52;

/// Bytes of evidence of those.
const EVIDENCE: usize = 80_000;

/// The `n`th change: one of each kind in turn, as people and detectors make them.
fn change(database: &mut Database, n: usize) {
    let at_ms = 1_700_000_000_000 + n as i64;
    let step = |action| Step { action, comment: Some(format!("step {n}")), reason: None };
    match n % 6 {
        _ if LARGE.contains(&n) => put(database, 1, at_ms, EVIDENCE),
        0 => put(database, n as u64, at_ms, 3000),
        1 => drop(database.step(&[1], &step(Action::Acknowledge), at_ms).unwrap()),
        2 => drop(database.step(&[1], &step(Action::Reopen), at_ms).unwrap()),
        3 => {
            let (filter, reason) = (format!("host 10.0.0.{n}"), "test".to_owned());
            let mute = Mute {
                id: 0,
                filter,
                reason,
                created_ms: at_ms,
                expires_ms: at_ms + 1,
                hits: 0,
                last_hit_ms: None,
            };
            database.add_mute(&mute).unwrap();
        }
        4 => drop(database.step(&[1], &step(Action::Comment), at_ms).unwrap()),
        _ if n % 18 == 17 => drop(database.prune(1).unwrap()),
        _ => put(database, n as u64 - 5, at_ms, 500),
    }
}

/// Stores an alert, or what became of it.
fn put(database: &mut Database, number: u64, at_ms: i64, evidence: usize) {
    let document = Map::from_iter([("summary".to_owned(), Value::from("x".repeat(400)))]);
    let capture: Vec<u8> = (0..evidence).map(|byte| (byte as i64 ^ at_ms) as u8).collect();
    let alert = Fresh {
        number,
        earlier: 0,
        identity: format!("alert {number}"),
        rule: "scan.port.tcp_syn",
        severity: 2,
        first_ms: at_ms,
        last_ms: at_ms,
        document: &document,
        muted_by: None,
        evidence: Some((&capture, 7)),
    };
    database.put("run", &[alert], at_ms).unwrap();
}

fn open(path: &Path) -> Database {
    let database = Database::open(Some(path)).unwrap();
    assert!(database.check().unwrap());
    database
}

/// Makes one change after another and says of each that it is done; no test of its own: see below.
#[test]
#[ignore = "a process that is recorded by the next test"]
fn writes_while_it_is_recorded() {
    let Some(path) = power_cut::written() else { return };
    let mut database = open(&path);
    for n in 0..CHANGES {
        change(&mut database, n);
        power_cut::tell(n + 1);
    }
}

#[test]
fn a_power_cut_anywhere_loses_no_alert_and_no_step() {
    let folder = power_cut::folder("alerts");
    let path = folder.join("expected");
    let mut database = open(&path);
    let mut expected = vec![power_cut::held(&path)];
    for n in 0..CHANGES {
        change(&mut database, n);
        expected.push(power_cut::held(&path));
    }
    let writer = "alerts::power_tests::writes_while_it_is_recorded";
    power_cut::everywhere(writer, &folder, &expected, |path| drop(open(path)));
}
