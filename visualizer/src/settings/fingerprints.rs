//! `[fingerprints]`: by which signatures hosts are recognised.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Passive fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fingerprints {
    /// A signature file in p0f's format that takes the place of our own signatures; empty: ours.
    pub p0f_db: PathBuf,
}
