//! Logs: on standard error, so that standard output stays clean; nothing per packet; text from the wire is escaped by
//! whoever logs it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::Log;

/// Starts logging. `verbose` counts `-v`; `quiet` leaves errors only.
pub(crate) fn start(settings: &Log, verbose: u8, quiet: bool, color: bool) {
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => settings.level.as_str(),
        (_, 1) => "debug",
        _ => "trace",
    };
    let own = |name: &str| format!("{name}={level}");
    let directives = ["warn".to_owned(), own("capturer"), own("analyzer"), own("visualizer")].join(",");
    // A second start (tests in one process) keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_writer(std::io::stderr)
        .with_ansi(color && std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
