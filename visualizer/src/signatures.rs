//! The signature file in use: a `p0f.fp` that the user names, or our own.

use std::path::Path;
use std::sync::Arc;

use analyzer::fingerprint::Database;

use crate::cli::Failure;

/// Bytes of a signature file; p0f's own has 36 kB.
const LARGEST: u64 = 16 << 20;

/// Reads a file; of an empty path our own signatures.
///
/// # Errors
/// If the file can't be read; names the line and what was expected there.
pub(crate) fn load(file: &Path) -> Result<Arc<Database>, Failure> {
    if file.as_os_str().is_empty() {
        return Ok(Database::own());
    }
    let name = file.display().to_string();
    let failed = |error: std::io::Error| Failure::Unreadable(format!("cannot read {name}: {error}"));
    let length = std::fs::metadata(file).map(|metadata| metadata.len());
    if length.is_ok_and(|length| length > LARGEST) {
        return Err(Failure::Usage(format!("{name}: expected a signature file of at most 16 MiB")));
    }
    let bytes = std::fs::read(file).map_err(failed)?;
    let database = Database::read(&name, &String::from_utf8_lossy(&bytes));
    database.map(Arc::new).map_err(|error| Failure::Usage(error.to_string()))
}
