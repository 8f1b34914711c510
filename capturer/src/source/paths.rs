//! What a user names becomes files: folders stand for the capture files in them, known by content, not by name.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::SourceError;
use super::file::{STDIN, is_capture};

/// The files that `paths` stand for: files and `-` as they are, folders as the capture files in them and in their
/// folders, sorted by name. Symbolic links to files are followed, those to folders are not, so there are no circles.
///
/// # Errors
/// [`SourceError::Io`] when a path does not exist or cannot be read, or when a folder holds no capture file.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let mut files = Vec::new();
    for path in paths {
        let refused = |cause| SourceError::Io { path: path.clone(), cause };
        if path == Path::new(STDIN) || !fs::metadata(path).map_err(refused)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        walk(path, &mut files)?;
        if files.len() == before {
            return Err(refused(io::Error::new(
                ErrorKind::NotFound,
                "no pcap or pcapng file in this folder",
            )));
        }
    }
    Ok(files)
}

/// Whether what is read from `path` is gone afterwards: standard input, a FIFO, a shell's process substitution.
pub fn is_read_once(path: &Path) -> bool {
    let is_pipe = |found: fs::Metadata| !found.is_file() && !found.is_dir();
    path == Path::new(STDIN) || fs::metadata(path).is_ok_and(is_pipe)
}

/// Whether a file is a capture by its first bytes, unpacked if need be; one that is read once is not looked into.
pub fn is_capture_file(path: &Path) -> bool {
    !is_read_once(path) && begins_as_capture(path)
}

/// Adds the capture files in and below `folder`.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SourceError> {
    let refused = |cause| SourceError::Io { path: folder.into(), cause };
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
        })
        .map_err(refused)?;
    entries.sort_unstable();
    for path in entries {
        let is_link = path.is_symlink();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() && !is_link => walk(&path, files)?,
            // Only regular files: opening a FIFO would wait for its writer.
            Ok(found) if found.is_file() && begins_as_capture(&path) => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// Whether the file is a capture by its first bytes, unpacked if need be. One that cannot be opened is taken for one, so
/// that whoever reads the folder hears of it.
fn begins_as_capture(path: &Path) -> bool {
    File::open(path).map_or(true, |file| is_capture(Box::new(file)))
}
