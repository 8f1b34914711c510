//! `[history]`: the past that the page can go back to, in memory and on disk.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The past that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct History {
    /// Mebibytes of what flows carried, by the second, later by ten seconds and by minutes: 32 are some 230 000 rows. A range
    /// that is looked at may take as much again. 0 keeps nothing. Range 0 to 65 536.
    pub memory_mb: usize,
    /// Whether history is kept on disk. That of the demo and of replays never is.
    pub keep: bool,
    /// The folder; empty: `wireglobe` in the user's data folder, for root `/var/lib/wireglobe`.
    pub folder: PathBuf,
    /// Mebibytes it may take; the oldest flows go first, then the oldest of the shortest steps. Range 16 to 1 048 576.
    pub disk_mb: usize,
    /// Hours that were recorded of which totals by ten seconds are kept. Range 1 to 8760.
    pub ten_seconds_hours: u32,
    /// Days that were recorded of which totals by the minute are kept. Range 1 to 3650.
    pub minutes_days: u32,
    /// The same by ten minutes. Range 1 to 3650.
    pub ten_minutes_days: u32,
    /// The same by the hour. Range 1 to 36 500.
    pub hours_days: u32,
    /// Days that were recorded of which flows are kept, which a filter is asked of. Range 1 to 3650.
    pub flows_days: u32,
    /// Keys of each dimension that are kept apart in a step; the others are one row. Range 10 to 100 000.
    pub rows: usize,
}

impl Default for History {
    fn default() -> Self {
        Self {
            memory_mb: 32,
            keep: true,
            folder: PathBuf::new(),
            disk_mb: 4096,
            ten_seconds_hours: 6,
            minutes_days: 7,
            ten_minutes_days: 90,
            hours_days: 1095,
            flows_days: 30,
            rows: 500,
        }
    }
}
