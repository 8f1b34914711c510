//! The service manager's journal: where standard error leads there, a line begins with its level as sd-daemon(3) writes it, so that
//! `journalctl -p warning` finds it, and says no time, as the journal knows it.

use std::io;
use std::sync::LazyLock;

use tracing::Level;

/// Looked at once: nothing else becomes standard error while we run.
static IS_THERE: LazyLock<bool> = LazyLock::new(|| {
    let stream = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    rustix::fs::fstat(io::stderr()).is_ok_and(|facts| stream == format!("{}:{}", facts.st_dev, facts.st_ino))
});

/// Whether standard error is the stream that `JOURNAL_STREAM` names by device and inode (systemd.exec(5)). A process whose standard error was
/// led elsewhere has the variable, too.
pub(crate) fn is_there() -> bool {
    *IS_THERE
}

/// What a line of this level begins with: the priority of syslog(3), nothing where no journal reads it.
pub(crate) fn prefix(level: Level) -> &'static str {
    match level {
        _ if !is_there() => "",
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        _ => "<7>",
    }
}
