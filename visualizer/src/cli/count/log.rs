//! What is said on standard error: `LEVEL: text`, one line each, as asncounter's users grep for it. Bad lines are named
//! one by one at first; when there are many, they are only counted.

use std::fmt::Display;
use std::io::{self, Write};

use crate::cli::{Common, escape};

/// So many bad lines are shown.
pub(super) const SHOWN: u64 = 24;

/// The longest piece of input shown, in characters.
const PIECE: usize = 80;

/// Of a line that is longer, no more is needed for a message.
pub(super) const REMARK_BYTES: usize = 4 * PIECE + 1;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Error,
    Info,
    Debug,
}

/// Says things, and remembers how many bad lines it did not show.
#[derive(Debug)]
pub(super) struct Log {
    level: Level,
    bad: u64,
}

impl Log {
    /// Loud as the flags say.
    pub(super) fn new(common: &Common, debug: bool) -> Self {
        let level = match (common.quiet, debug || common.verbose > 0) {
            (true, _) => Level::Error,
            (_, true) => Level::Debug,
            _ => Level::Info,
        };
        Self { level, bad: 0 }
    }

    /// Whether each look-up is told.
    pub(super) fn debugs(&self) -> bool {
        self.level == Level::Debug
    }

    pub(super) fn debug(&self, text: impl Display) {
        self.say(Level::Debug, "DEBUG", &text);
    }

    pub(super) fn info(&self, text: impl Display) {
        self.say(Level::Info, "INFO", &text);
    }

    pub(super) fn warn(&self, text: impl Display) {
        self.say(Level::Info, "WARNING", &text);
    }

    pub(super) fn error(&self, text: impl Display) {
        self.say(Level::Error, "ERROR", &text);
    }

    /// A line that was not read: where, what was expected, what stood there.
    #[cold]
    pub(super) fn bad(&mut self, (name, line): (&str, u64), expected: &str, found: &[u8]) {
        self.bad += 1;
        if self.bad <= SHOWN {
            self.warn(format_args!("{name}:{line}: expected {expected}, found {}", shown(found)));
        } else if self.bad == SHOWN + 1 {
            self.warn("many lines are wrong; further ones are only counted");
        }
    }

    fn say(&self, level: Level, name: &str, text: &dyn Display) {
        if level <= self.level {
            // A closed standard error is no error.
            let _ = writeln!(io::stderr(), "{name}: {}", escape(&text.to_string()));
        }
    }
}

/// Input for a message: printable and not endless.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * PIECE)]);
    let mut cut: String = text.chars().take(PIECE).flat_map(char::escape_debug).collect();
    if text.chars().nth(PIECE).is_some() || bytes.len() > 4 * PIECE {
        cut.push('…');
    }
    format!("\"{cut}\"")
}
