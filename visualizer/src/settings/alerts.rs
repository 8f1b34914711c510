//! `[alerts]`: where alerts are kept, and how much of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The store of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Whether alerts, and what is done about them, are kept on disk. The demo's never are.
    pub keep: bool,
    /// The folder; empty: `wireglobe` in the user's data folder, for root `/var/lib/wireglobe`.
    pub folder: PathBuf,
    /// Mebibytes they may take; the oldest go, closed ones first. Range 8 to 65 536.
    pub max_mb: usize,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { keep: true, folder: PathBuf::new(), max_mb: 256 }
    }
}
