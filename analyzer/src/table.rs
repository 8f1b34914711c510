//! What a table of the memory budget takes of its share: for those who look after the program.

/// A table that traffic makes grow, and the part of the budget that is its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it holds, in one word.
    pub name: &'static str,
    /// Its rows; `None` where it is several tables.
    pub rows: Option<usize>,
    /// Bytes in use, index included.
    pub bytes: usize,
    /// Bytes that are meant for it; `None` for what is there only while somebody looks.
    pub share: Option<usize>,
    /// Rows that had to make room for others since the start.
    pub evicted: u64,
}
