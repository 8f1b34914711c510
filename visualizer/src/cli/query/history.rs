//! Questions to the history on disk, as a server that runs or ran has left it.

use std::path::PathBuf;

use analyzer::{Facts, LocalNetworks, Origin};
use capturer::Timestamp;
use serde_json::Value;

use super::question::Question;
use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::geo_files;
use crate::history::{self, Place, QueryError, Reader};
use crate::settings::Settings;

/// The answer out of the store: the one that is named, or the only one there is.
pub(super) fn ask(
    (question, named): (&Question, Option<PathBuf>),
    settings: &Settings,
    progress: &mut Progress,
) -> Result<Value, Failure> {
    let path = match named {
        Some(path) => path,
        None => only(settings)?,
    };
    let place = Place::File(path);
    let end = || -> Result<Timestamp, String> {
        let span = Reader::open(&place)?.span().map_err(|error| error.to_string())?;
        Ok(Timestamp::from_parts(span.within.map_or(0, |within| within.to), 0))
    };
    let plan = question.plan(end).map_err(Failure::Usage)?;
    let local = match &settings.network.local[..] {
        [] => LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        named => LocalNetworks::new(named.to_vec(), Origin::Settings),
    };
    let facts = Facts { geo: geo_files::load(settings, plan.needs())?, local };
    let mut told = |done: u64, of: u64| {
        progress.tell(|| format!("{done} of {of} parts of the range read"));
        true
    };
    let answer = history::answer(&place, plan, &facts, &mut told);
    let answer = answer.map_err(|error| match error {
        QueryError::Plan(error) => Failure::Usage(error.to_string()),
        other => Failure::Unreadable(other.to_string()),
    })?;
    serde_json::to_value(answer).map_err(|error| Failure::Unreadable(error.to_string()))
}

/// The only history of the settings' folder.
fn only(settings: &Settings) -> Result<PathBuf, Failure> {
    let folder = geo_files::folder_of(&settings.history.folder, "");
    let is_one = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("history-") && name.ends_with(".sqlite")
    };
    let mut all: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_one)
        .collect();
    all.sort();
    match all.len() {
        1 => Ok(all.remove(0)),
        0 => Err(Failure::Usage(format!(
            "there is no history in {}: let Wireglobe watch an interface, or name flow files by --read or --flow-dir, a \
             running Wireglobe by --server",
            folder.display()
        ))),
        _ => {
            let names: Vec<String> = all.iter().map(|path| path.display().to_string()).collect();
            Err(Failure::Usage(format!(
                "there are several histories; choose one by --store: {}",
                names.join(", ")
            )))
        }
    }
}
