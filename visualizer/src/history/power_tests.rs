//! The history on disk through a power cut at any operation; see [`crate::power_cut`].

use std::path::Path;

use analyzer::geo::{Geo, Needs};

use super::count::count;
use super::database::{Block, Database};
use super::keeper::Place;
use super::levels::Keep;
use super::tests::{KEEP, setup_with, slice, step};
use crate::live::Learned;
use crate::power_cut;

/// Changes of the run: the journal goes into the tables and begins anew within them.
const CHANGES: usize = 70;

/// What is let go within the run, too.
const SHORT: Keep = Keep { steps: [40, 20, 10, 10], flows: 12, ..KEEP };

/// Makes the changes; after each `then` hears how many there are.
fn write(path: &Path, mut then: impl FnMut(usize)) {
    let mut database = open(path);
    let setup = setup_with(Geo::bundled(Needs { country: false, asn: false }));
    then(0);
    for n in 0..CHANGES {
        let at = n as i64 * 10;
        let counted = count(&step(at, vec![slice(at, "1.1.1.1", 1)]), &setup, &Learned::nothing(), 10);
        let data: Vec<u8> = (0..20_000).map(|byte| (byte ^ n) as u8).collect();
        let block = Block { kind: 'S', within: (at, at + 10), flows: 1, data };
        if n % 20 == 19 {
            checkpoint(path);
        }
        if n % 15 == 14 {
            database.prune().unwrap();
        } else {
            database.add(Some(&counted), &[block], &SHORT).unwrap();
        }
        then(n + 1);
    }
}

/// Brings the journal into the tables, as happens by itself once 16 MB are in it; so long a run would take hours to cut.
fn checkpoint(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
}

fn open(path: &Path) -> Database {
    let database = Database::open(&Place::File(path.to_owned())).unwrap();
    assert!(database.check().unwrap());
    database
}

/// Makes one change after another and says of each that it is done; no test of its own: see below.
#[test]
#[ignore = "a process that is recorded by the next test"]
fn writes_while_it_is_recorded() {
    let Some(path) = power_cut::written() else { return };
    write(&path, |changes| {
        if changes > 0 {
            power_cut::tell(changes);
        }
    });
}

#[test]
fn a_power_cut_anywhere_loses_no_step_of_history() {
    let folder = power_cut::folder("history");
    let path = folder.join("expected");
    let mut expected = Vec::new();
    write(&path, |_| expected.push(power_cut::held(&path)));
    let writer = "history::power_tests::writes_while_it_is_recorded";
    power_cut::everywhere(writer, &folder, &expected, |path| drop(open(path)));
}
