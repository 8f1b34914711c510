//! How a command ends: exit codes and the one line on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use capturer::source::SourceError;
use tracing::Level;

use crate::cli::escape;
use crate::logging::journal;
use crate::settings::SettingsError;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The words of the command or the settings are wrong.
    #[error("{0}")]
    Usage(String),
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] SourceError),
    /// An input of another kind cannot be read; the text names it and says what was expected.
    #[error("{0}")]
    Unreadable(String),
    /// Something else of the system: a port in use, a file that cannot be written.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

impl Failure {
    /// 2 for usage and settings, 3 for inputs, 1 for the rest.
    const fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Settings(_) => 2,
            Self::Input(_) | Self::Unreadable(_) => 3,
            Self::System { .. } => 1,
        }
    }

    /// From an error of the system; `what` says what was tried.
    pub fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::System { what, cause }
    }
}

/// Prints a failure as one line and gives its exit code. A closed pipe is no error.
pub(super) fn exit(result: Result<ExitCode, Failure>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(Failure::System { cause, .. }) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

/// One line on standard error; a closed one is no error.
pub(crate) fn complain(text: &str) {
    let prefix = journal::prefix(Level::ERROR);
    let lines: Vec<String> = text.lines().map(escape).collect();
    let _ = writeln!(io::stderr(), "{prefix}wireglobe: {}", lines.join(&format!("\n{prefix}")));
}
