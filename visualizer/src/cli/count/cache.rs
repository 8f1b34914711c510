//! The cache directory that asncounter and pyasn's tools share: which one, which routing table in it, and the names.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use analyzer::geo::database::{self, Content};
use analyzer::geo::routes::{self, Routes};
use analyzer::geo::tables::AsNames;

use crate::cli::Failure;

/// A table is read in blocks of so many bytes.
const BLOCK: usize = 256 << 10;

/// The beginning of a dump's name, as RouteViews names them.
const DUMP: &[u8] = b"rib.";

/// A cache directory that exists.
#[derive(Clone, Debug)]
pub(super) struct Cache(PathBuf);

impl Cache {
    /// The directory that is named, or the usual one; made if it is missing.
    pub(super) fn open(named: Option<&Path>) -> Result<Self, Failure> {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path =
            named.map_or_else(|| usual(variable("XDG_CACHE_HOME"), variable("HOME")), Path::to_path_buf);
        fs::create_dir_all(&path).map_err(|cause| {
            Failure::Unreadable(format!("cannot create the cache directory {}: {cause}", path.display()))
        })?;
        Ok(Self(path))
    }

    /// The last `ipasn_…` by name, else the last dump, `rib.…`.
    pub(super) fn table(&self) -> Option<PathBuf> {
        self.last(b"ipasn_").or_else(|| self.last(DUMP))
    }

    fn last(&self, prefix: &[u8]) -> Option<PathBuf> {
        let names = fs::read_dir(&self.0).ok()?.filter_map(|entry| Some(entry.ok()?.file_name()));
        let last = names.filter(|name| name.as_encoded_bytes().starts_with(prefix)).max()?;
        Some(self.0.join(last))
    }

    /// The list of names.
    pub(super) fn names(&self) -> PathBuf {
        self.0.join("asnames.json")
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

/// `$XDG_CACHE_HOME/pyasn`, else `$HOME/.cache/pyasn`, else `./.cache/pyasn`.
fn usual(cache: Option<PathBuf>, home: Option<PathBuf>) -> PathBuf {
    cache
        .or_else(|| home.map(|home| home.join(".cache")))
        .unwrap_or_else(|| PathBuf::from(".cache"))
        .join("pyasn")
}

/// Reads a routing table or a dump (MRT), packed or not.
pub(super) fn read_table(path: &Path) -> Result<Routes, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|cause| Failure::Unreadable(format!("{name}: {cause}")))?;
    let read = database::read(BufReader::with_capacity(BLOCK, file), &name);
    match read.map_err(|error| Failure::Unreadable(error.to_string()))?.content {
        Content::Routes(routes) => Ok(routes),
        _ => Err(Failure::Unreadable(format!(
            "{name}: expected a routing table: pyasn's text, or an MRT dump"
        ))),
    }
}

/// Reads the names.
pub(super) fn read_names(path: &Path) -> Result<AsNames, String> {
    let file = File::open(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
    routes::as_names(BufReader::with_capacity(BLOCK, file))
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_directory_is_that_of_pyasn() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(usual(path("/c"), path("/h")), Path::new("/c/pyasn"));
        assert_eq!(usual(None, path("/h")), Path::new("/h/.cache/pyasn"));
        assert_eq!(usual(None, None), Path::new(".cache/pyasn"));
    }
}
