//! Stores of tests: files that are gone with the test's thread, whether it passes or fails, with what SQLite lays beside them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

thread_local! {
    static STORES: RefCell<Stores> = const { RefCell::new(Stores(Vec::new())) };
}

struct Stores(Vec<PathBuf>);

impl Drop for Stores {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| remove(path));
    }
}

/// Where this test may have a store; nothing is there yet.
pub(crate) fn store(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("wireglobe-store-{}-{name}.sqlite", std::process::id()));
    remove(&path);
    STORES.with_borrow_mut(|stores| stores.0.push(path.clone()));
    path
}

fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
}

#[test]
fn a_store_is_gone_with_its_thread() {
    let path = std::thread::spawn(|| {
        let path = store("scratch");
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n);").unwrap();
        assert!(path.exists());
        // Held until the thread ends, as by a test that fails.
        std::mem::forget(connection);
        path
    });
    let path = path.join().unwrap();
    assert!(
        ["", "-wal", "-shm"].iter().all(|end| !PathBuf::from(format!("{}{end}", path.display())).exists())
    );
}
