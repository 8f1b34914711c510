//! Which files are read, flow files in order of time: nfcapd's own names say when a file begins
//! (`nfcapd.YYYYmmddHHMM`, at times with seconds), in nested folders as the collector makes them.

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use capturer::source::{file, paths};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::captures::is_input;
use super::layout::Layout;
use crate::cli::Failure;

/// A file, and the second since the Unix epoch at which it begins, where its name says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowFile {
    pub(super) at: Option<i64>,
    pub(super) path: PathBuf,
    /// Whether it was looked for by its name and need not be there.
    pub(super) is_expected: bool,
}

/// Folders deeper than this are no collector's.
const DEEPEST: usize = 16;

/// What there is to read.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files of flows, in order of time.
    pub(super) files: Vec<FlowFile>,
    /// Captures, as they were named.
    pub(super) captures: Vec<PathBuf>,
}

/// The files that `named` stands for: files as they are, of folders those that are named as nfcapd names them, else the captures.
/// Where the exports in captures are meant, standard input is a capture.
pub(super) fn find(named: &[PathBuf], layout: &Layout, exports: bool) -> Result<Found, Failure> {
    let zone = layout.zone();
    let Found { mut files, mut captures } = Found::default();
    for path in named {
        let is_folder = !is_input(path)
            && fs::metadata(path).map_err(Failure::system(format!("{}", path.display())))?.is_dir();
        if is_folder {
            let before = files.len();
            walk(path, &zone, &mut files, DEEPEST)?;
            if files.len() == before {
                let Ok(found) = paths::expand(std::slice::from_ref(path)) else {
                    let name = path.display();
                    return Err(Failure::Unreadable(format!(
                        "{name}: expected files named nfcapd.YYYYmmddHHMM or captures, found none"
                    )));
                };
                captures.extend(found);
            }
        } else if (exports && is_input(path)) || is_capture(path)? {
            captures.push(path.clone());
        } else {
            files.push(FlowFile { at: stamp(path, &zone), path: path.clone(), is_expected: false });
        }
    }
    files.sort();
    Ok(Found { files, captures })
}

/// By the first bytes. What is looked at of standard input stays there for who reads it.
fn is_capture(path: &Path) -> Result<bool, Failure> {
    if !is_input(path) {
        return Ok(paths::is_capture_file(path));
    }
    let mut input = io::stdin().lock();
    let first = input.fill_buf().map_err(Failure::system("standard input"))?;
    Ok(file::is_capture_begin(first))
}

/// The files in and below a folder that are named as nfcapd names them, which leaves out the one that is being written.
pub(in crate::cli) fn nfcapd_within(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    walk(folder, &TimeZone::UTC, &mut files, DEEPEST)?;
    Ok(files.into_iter().map(|file| file.path).collect())
}

fn walk(folder: &Path, zone: &TimeZone, files: &mut Vec<FlowFile>, depth: usize) -> Result<(), Failure> {
    let failed = || Failure::system(format!("{}", folder.display()));
    for entry in fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let path = entry.path();
        // Links to folders are not followed: they may lead in circles.
        if entry.file_type().map_err(failed())?.is_dir() {
            if depth > 0 {
                walk(&path, zone, files, depth - 1)?;
            }
        } else if let Some(at) = stamp(&path, zone) {
            files.push(FlowFile { at: Some(at), path, is_expected: false });
        }
    }
    Ok(())
}

/// When a file begins, by its name.
fn stamp(path: &Path, zone: &TimeZone) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    let digits = name.strip_prefix("nfcapd.")?;
    let format = match digits.len() {
        12 => "%Y%m%d%H%M",
        14 => "%Y%m%d%H%M%S",
        _ => return None,
    };
    let time = DateTime::strptime(format, digits).ok()?;
    Some(zone.to_timestamp(time).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_when_files_begin() {
        let at = |name: &str| stamp(Path::new(name), &TimeZone::UTC);
        assert_eq!(at("2023/11/14/nfcapd.202311142213"), Some(1_699_999_980));
        assert_eq!(at("nfcapd.20231114221320"), Some(1_700_000_000));
        for other in ["nfcapd.current.77", "nfcapd.2023", "nfcapd.202313142213", "x.pcap"] {
            assert_eq!(at(other), None, "{other}");
        }
    }
}
