//! Stores of every earlier version of the tables, as git has them (visualizer/tests/upgrade): all that was in them is there afterwards.

use analyzer::flows::Plan;
use analyzer::history::{Range, Slice};

use super::ask::Reader;
use super::database::{Database, SCHEMA};
use super::keeper::Place;
use super::query::answer;
use super::tests::{KEEP, add, rows, setup, slice, step};
use crate::schema::upgrade::{of_a_newer_program, shape, written};

/// What the first program wrote. Later ones of version 1 had the indexes of today.
const FIRST: &str = include_str!("../../tests/upgrade/history-1.sql");
const LATER_INDEXES: &str =
    "DROP INDEX blocks_time; CREATE INDEX blocks_time ON blocks (kind, first, last, flows);
    CREATE INDEX blocks_first ON blocks (first);";

const WITHIN: Range = Range { from: 7200, to: 7260 };

fn is_all_there(place: &Place) {
    for length in [10, 60] {
        let hosts = rows(place, "host", WITHIN, length);
        let hosts: Vec<_> =
            hosts.iter().map(|(at, row)| (*at, row.key.as_str(), row.sent.packets, row.flows)).collect();
        let expected = [(7200, "1.1.1.1", 5, 1), (7200, "192.168.1.7", 7, 2), (7200, "8.8.8.8", 2, 1)];
        assert_eq!(hosts, expected, "steps of {length} s");
        assert_eq!(rows(place, "country", WITHIN, length).len(), 2);
    }
    let mut flows = Vec::new();
    let reader = Reader::open(place).unwrap();
    let mut take = |_, slices: Vec<Slice>| {
        flows.extend(slices);
        true
    };
    assert_eq!(reader.blocks::<Slice>(WITHIN, &mut take).unwrap().blocks, 0);
    assert_eq!(flows, [slice(7200, "1.1.1.1", 5), slice(7203, "8.8.8.8", 2)]);
    let plan = Plan { from: Some(7200), to: Some(7209), ..Plan::by("country").unwrap() };
    let answered = answer(place, plan, &setup().facts, &mut |_, _| true).unwrap();
    assert_eq!((answered.total.totals.packets, answered.gaps.len()), (14, 0));
}

#[test]
fn history_of_earlier_versions_is_all_there_and_goes_on() {
    let new = written("history-new", "");
    drop(Database::open(&Place::File(new.clone())).unwrap());
    let second = format!("{}PRAGMA user_version = 2;", SCHEMA.steps[0]);
    for (name, later) in
        [("history-1", ""), ("history-1-later", LATER_INDEXES), ("history-2", second.as_str())]
    {
        let path = written(name, &format!("{FIRST}{later}"));
        let place = Place::File(path.clone());
        // Who only reads may come before the server that brings it up to date.
        is_all_there(&place);
        let mut database = Database::open(&place).unwrap();
        is_all_there(&place);
        add(&mut database, &step(7300, vec![slice(7300, "1.1.1.1", 5)]), &KEEP);
        drop(database);
        assert_eq!(shape(&path), shape(&new), "{name}");
        drop(Database::open(&place).unwrap());
        is_all_there(&place);
        assert_eq!(rows(&place, "host", Range { from: 7300, to: 7310 }, 10).len(), 2);
    }
}

#[test]
fn history_of_a_newer_program_is_refused_untouched_by_who_writes_and_who_reads() {
    let path = written("history-newer", FIRST);
    let before = of_a_newer_program(&path);
    let place = Place::File(path.clone());
    let errors = [Database::open(&place).err().unwrap().to_string(), Reader::open(&place).err().unwrap()];
    for error in errors {
        assert!(
            error.contains("newer Wireglobe: its tables are of version 99, expected at most 3"),
            "{error}"
        );
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
