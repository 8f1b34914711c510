//! What can go wrong with a source, as facts: name, place, what was expected.

use std::io;
use std::path::PathBuf;

/// Why a source cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system refused to open or read it.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The bytes are not what the format demands.
    #[error("{}: at byte {offset}{}: expected {expected}, found {found}", path.display(), of_what(unpacked))]
    Damaged {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// Bytes from the start of the file; of a compressed one, from the start of what it unpacks to.
        offset: u64,
        /// The name of the compression, if `offset` counts unpacked bytes.
        unpacked: Option<&'static str>,
        /// What should have been there.
        expected: String,
        /// What was there.
        found: String,
    },
    /// An interface cannot be opened or has gone.
    #[error("interface {name}: {reason}")]
    Interface {
        /// Its name.
        name: String,
        /// What happened and what to do.
        reason: String,
    },
}

/// Which bytes an offset counts.
fn of_what(unpacked: &Option<&'static str>) -> String {
    unpacked.map_or_else(String::new, |name| format!(" of the unpacked {name} data"))
}
