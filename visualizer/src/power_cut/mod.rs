//! What a power cut leaves of a store, at every operation of a run: for tests of the stores (RELIABILITY: simfs_crash_all).
//!
//! A test of this program writes the store while strace notes what it does to files ([`trace`]). Then the disk is played
//! again operation by operation ([`disk`]), and cut at each: what was not synced by then is lost, all there, or there in
//! some sectors and not in others. What is left is opened as the program opens it, must be whole, and must hold exactly what the
//! first so many changes made: all those that were told to be done, and no half of another.

mod disk;
mod trace;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value;

use disk::{Disk, Loss};
use trace::Act;

/// Where a writer is told to put its store.
const FOLDER: &str = "WIREGLOBE_TEST_STORE";

/// The store's file in its folder.
const FILE: &str = "store.sqlite";

/// After so many writes without a sync the disk is cut at each 32nd alone: a change may write hundreds.
const EACH: usize = 8;

/// Operations there must be, cut at, of which so many have something to lose.
const LEAST: usize = 500;
const LEAST_LOST: usize = 200;

/// The store that a writer is to write; `None` where nobody recorded it.
pub(crate) fn written() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(|folder| Path::new(&folder).join(FILE))
}

/// Says in one write that so many changes are done.
pub(crate) fn tell(changes: usize) {
    std::io::stderr().write_all(format!("told {changes}\n").as_bytes()).unwrap();
}

/// What a store holds: every row of every table.
pub(crate) fn held(path: &Path) -> u64 {
    let connection = Connection::open(path).unwrap();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut hasher = DefaultHasher::new();
    for table in tables {
        let mut select = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                format!("{:?}", row.get::<_, Value>(column).unwrap()).hash(&mut hasher);
            }
        }
        table.hash(&mut hasher);
    }
    hasher.finish()
}

/// A folder of this test alone, in memory where there is such a place: thousands of stores are written there.
pub(crate) fn folder(name: &str) -> PathBuf {
    let shared = Path::new("/dev/shm");
    let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    let folder = parent.join(format!("wireglobe-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    folder
}

/// Cuts the power of a recorded run everywhere. `writer` is the test that writes; `expected` what the store holds after each number of
/// changes; `open` opens a store as the program does.
pub(crate) fn everywhere(writer: &str, folder: &Path, expected: &[u64], open: impl Fn(&Path)) {
    let Some(acts) = trace::record(writer, folder) else { return };
    let place = folder.join("left");
    let (mut disk, mut told, mut burst, mut cuts, mut lost, mut empty) = (Disk::default(), 0, 0, 0, 0, 0);
    for (number, act) in acts.iter().enumerate() {
        burst = if matches!(act, Act::Sync(_)) { 0 } else { burst + 1 };
        if let Act::Told(changes) = act {
            told = *changes;
        }
        disk.take(act);
        if burst > EACH && !burst.is_multiple_of(32) {
            continue;
        }
        cuts += 1;
        lost += usize::from(disk.has_to_lose());
        for loss in [Loss::All, Loss::Nothing, Loss::Some(number as u64)] {
            // What was synced is left alike until the next sync.
            if loss == Loss::All && burst > 1 && !matches!(act, Act::Told(_)) {
                continue;
            }
            disk.leave(loss, &place);
            let held = after(&place, &open);
            let may_be = &expected[told..expected.len().min(told + 2)];
            let known = expected.iter().position(|&one| one == held);
            assert!(
                may_be.contains(&held),
                "power cut after operation {number} of {}, {loss:?} lost: {told} changes were told, it holds as many as {known:?}",
                acts.len()
            );
            empty += usize::from(held == expected[0]);
        }
    }
    assert_eq!(told + 1, expected.len(), "the writer came to its end");
    assert!(cuts >= LEAST && lost >= LEAST_LOST && empty > 0, "{cuts} cuts, {lost} with something to lose");
    assert!(checkpoints(&acts) > 1, "the journal went into the tables while it was written");
    notices_a_disk_that_lies(&acts, &place, expected, &open);
    println!("{} operations, cut at {cuts}, {lost} with something to lose; {told} changes", acts.len());
    fs::remove_dir_all(folder).unwrap();
}

/// What is held by what is left, after it was opened and found whole.
fn after(place: &Path, open: &impl Fn(&Path)) -> u64 {
    let path = place.join(FILE);
    open(&path);
    let connection = Connection::open(&path).unwrap();
    let said: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    held(&path)
}

/// How often pages were written to the file itself after its beginning, then synced.
fn checkpoints(acts: &[Act]) -> usize {
    let begun = acts.iter().position(|act| matches!(act, Act::Told(_))).unwrap_or(acts.len());
    let synced = acts[begun..].iter().filter(|act| matches!(act, Act::Sync(name) if name == FILE));
    synced.count()
}

/// That all this would show: were the last half's syncs no syncs, something told would be lost.
fn notices_a_disk_that_lies(acts: &[Act], place: &Path, expected: &[u64], open: &impl Fn(&Path)) {
    let (mut disk, mut told) = (Disk::default(), 0);
    for (number, act) in acts.iter().enumerate() {
        match act {
            Act::Told(changes) => told = *changes,
            Act::Sync(_) if number > acts.len() / 2 => {}
            act => disk.take(act),
        }
    }
    disk.leave(Loss::All, place);
    assert!(!expected[told..].contains(&after(place, open)), "nothing was lost");
}
