//! How a running server reads its settings again: the file of the start, the environment and the flags, and what of it is out of reach by then.

use std::path::{Path, PathBuf};

use super::{Arguments, settings};
use crate::cli::{Common, Failure};
use crate::live::Resettle;
use crate::sandbox::Reach;
use crate::settings::{Settings, SettingsError};

/// To be called once the sandbox is closed.
pub(super) fn renewing(
    used: &Settings,
    file: Option<PathBuf>,
    kind: &str,
    (arguments, common): (&Arguments, &Common),
) -> Resettle {
    let opened = file.as_deref().map(std::fs::File::open);
    let trouble = opened.and_then(Result::err).map(|cause| out_of_reach(file.as_deref(), &cause));
    if let Some(trouble) = &trouble {
        tracing::warn!("settings: {trouble}");
    }
    let reach = (!arguments.no_sandbox).then(|| Reach::of(used, file.as_deref(), kind));
    let arguments = arguments.clone();
    // The one that was found at the start, wherever others are by then.
    let common = Common { settings: file.clone(), ..common.clone() };
    let read = move || match settings(&arguments, &common) {
        Ok((settings, _)) => Ok(settings),
        Err(Failure::Settings(SettingsError::Unreadable { path, cause })) => {
            Err(out_of_reach(Some(&path), &cause))
        }
        Err(failure) => Err(failure.to_string()),
    };
    let mut resettle = Resettle::new(file, Box::new(read), reach);
    resettle.trouble = trouble;
    resettle
}

/// Root's own file, or one that took another's place, can't be read by who we are now.
fn out_of_reach(file: Option<&Path>, cause: &std::io::Error) -> String {
    let name = file.unwrap_or(Path::new("")).display();
    let advice = if cause.kind() == std::io::ErrorKind::PermissionDenied {
        "; it is not within reach of the running Wireglobe, which is not root (docs/OPERATION.md): a restart takes changes up"
    } else {
        ""
    };
    format!("{name} cannot be read again: {cause}{advice}")
}
