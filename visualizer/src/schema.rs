//! Of which version the tables of a store on disk are (`PRAGMA user_version`), and how those of an older Wireglobe become today's.

use rusqlite::{Connection, ffi};

/// The tables of a store.
pub(crate) struct Schema {
    /// As this program makes them.
    pub(crate) tables: &'static str,
    /// How those of version 1 become version 2, those of version 2 version 3, and so on.
    pub(crate) steps: &'static [&'static str],
}

impl Schema {
    /// The version of this program.
    pub(crate) const fn version(&self) -> i64 {
        self.steps.len() as i64 + 1
    }

    /// The version of an open file, 0 if there are no tables so far. To be asked before anything is changed.
    ///
    /// # Errors
    /// What a newer program wrote, and what can't be read.
    pub(crate) fn version_of(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if (0..=self.version()).contains(&version) {
            return Ok(version);
        }
        let known = self.version();
        let text = format!(
            "it was written by a newer Wireglobe: its tables are of version {version}, expected at most {known}"
        );
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_NOTADB), Some(text)))
    }

    /// Makes the tables, or brings those of an older program up to date, whole or not at all.
    pub(crate) fn bring_up_to_date(&self, connection: &Connection) -> rusqlite::Result<()> {
        let steps = match self.version_of(connection)? {
            0 => self.tables.to_owned(),
            version if version == self.version() => return Ok(()),
            version => self.steps[version as usize - 1..].concat(),
        };
        let version = self.version();
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {steps} PRAGMA user_version = {version}; COMMIT;"))
    }
}

/// What tests of upgrades need.
#[cfg(test)]
pub(crate) mod upgrade {
    use std::path::{Path, PathBuf};

    use rusqlite::Connection;

    /// A file as an earlier program left it, by what it wrote.
    pub(crate) fn written(name: &str, sql: &str) -> PathBuf {
        let path = crate::scratch::store(name);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;").unwrap();
        connection.execute_batch(sql).unwrap();
        path
    }

    /// The columns of each table and the indexes, in an order of their own: what programs rely on.
    pub(crate) fn shape(path: &Path) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let columns = "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '') || ' ' || c.pk \
                       FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
        let others = "SELECT type || ' ' || sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL";
        let mut shape: Vec<String> = Vec::new();
        for question in [columns, others] {
            let mut select = connection.prepare(question).unwrap();
            shape.extend(select.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap));
        }
        shape.sort_unstable();
        shape
    }

    /// Says that a newer program wrote it; gives the bytes of the file.
    pub(crate) fn of_a_newer_program(path: &Path) -> Vec<u8> {
        Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 99;").unwrap();
        std::fs::read(path).unwrap()
    }
}
