//! Why a routing table, or a list of ranges or names, was not taken.

/// The longest piece of input that a message shows, in characters.
const SHOWN: usize = 60;

/// Why a file was not taken. The one in use stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoutesError {
    /// A record is wrong.
    #[error("{name}: record {record}: expected {expected}, found {found}")]
    Record {
        /// The file.
        name: String,
        /// Its line, or the number of its record, from 1.
        record: u64,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, escaped and cut.
        found: String,
    },
    /// The file cannot be read on.
    #[error("{name}: record {record}: cannot read on: {reason}")]
    Unreadable {
        /// The file.
        name: String,
        /// The line or record that was to be read.
        record: u64,
        /// What the system or the decompressor says.
        reason: String,
    },
    /// It has no record at all.
    #[error("{name}: expected {expected}, found no record")]
    Empty {
        /// The file.
        name: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// It has more than can be held.
    #[error("{name}: expected at most {most} prefixes, found more")]
    TooMany {
        /// The file.
        name: String,
        /// How many are taken.
        most: usize,
    },
}

/// Input for a message: printable, not endless.
pub(in crate::geo) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut cut: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        cut.push('…');
    }
    format!("\"{cut}\"")
}
