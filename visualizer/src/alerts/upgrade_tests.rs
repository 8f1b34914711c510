//! Stores of every earlier version of the tables, as git has them (visualizer/tests/upgrade): all that was in them is there afterwards.

use std::path::Path;

use super::store::{Ask, Place, Store};
use super::tests::{ask, find, found, status, store};
use super::triage::Step;
use crate::schema::upgrade::{of_a_newer_program, shape, written};

/// What the earlier programs wrote, the first version first.
const EARLIER: [(&str, &str); 2] = [
    ("alerts-1", include_str!("../../tests/upgrade/alerts-1.sql")),
    ("alerts-2", include_str!("../../tests/upgrade/alerts-2.sql")),
];

#[test]
fn alerts_of_earlier_versions_are_all_there_with_what_was_done_about_them() {
    for (name, sql) in EARLIER {
        let path = written(name, sql);
        for run in ["a", "b"] {
            let mut store = store(Place::File(path.clone()), run);
            is_all_there(&mut store, name);
        }
    }
}

fn is_all_there(store: &mut Store, name: &str) {
    let (first, past) = ask(store, |reply| Ask::Get(1, reply)).unwrap();
    assert_eq!(
        (first.rule.as_str(), first.state.name(), first.comments),
        ("scan.port.tcp_syn", "escalated", 1)
    );
    assert_eq!((first.first_ms, first.last_ms, first.severity), (1_781_721_000_000, 1_781_721_001_000, 2));
    assert_eq!(first.json()["sources"][0], "203.0.113.5", "{name}");
    assert!(first.muted, "{name}: its mute still holds");
    assert_eq!((past.len(), past[0].comment.as_deref()), (1, Some("asked the owner")));
    let (second, past) = ask(store, |reply| Ask::Get(2, reply)).unwrap();
    assert_eq!((second.state.name(), second.reason.as_deref()), ("closed", Some("false_positive")));
    assert!(!second.muted);
    assert_eq!((past[0].action.as_str(), past[0].at_ms), ("close", 1_781_721_011_000));
    assert_eq!(ask(store, |reply| Ask::Evidence(2, reply)).unwrap(), b"\x0a\x0d\x0d\x0a");
    let mutes = ask(store, Ask::Mutes).unwrap();
    assert_eq!((mutes.len(), mutes[0].hits, mutes[0].reason.as_str()), (1, 3, "our scanner"));
}

#[test]
fn upgraded_alerts_have_the_tables_of_new_ones_and_go_on() {
    let new = written("alerts-new", "");
    drop(store(Place::File(new.clone()), "a"));
    for (name, sql) in EARLIER {
        let path = written(&format!("{name}-shape"), sql);
        let mut upgraded = store(Place::File(path.clone()), "a");
        find(&mut upgraded, vec![found(1)]);
        let step = || Step::new(super::triage::Action::Acknowledge, None, None).unwrap();
        assert_eq!(ask(&mut upgraded, |reply| Ask::Step(vec![1, 3], step(), reply)).unwrap().len(), 2);
        drop(upgraded);
        assert_eq!(shape(&path), shape(&new), "{name}");
    }
}

#[test]
fn alerts_of_a_newer_program_are_refused_untouched() {
    let path = written("alerts-newer", EARLIER[0].1);
    let before = of_a_newer_program(&path);
    let error = open(&path).err().unwrap();
    assert!(error.contains("newer Wireglobe: its tables are of version 99, expected at most 3"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

fn open(path: &Path) -> Result<Store, String> {
    Store::open(Place::File(path.to_owned()), "c".into(), 64 << 20, status())
}
