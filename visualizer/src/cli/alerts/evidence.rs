//! The packets of alerts, each alert's in a capture of its own: the captures are read once more, and each frame goes to
//! the alerts that name it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use analyzer::Alert;
use capturer::source::Next;

use crate::cli::Failure;
use crate::cli::capture_file::CaptureFile;
use crate::sources;

/// Captures that are open at the same time; with more alerts the captures are read several times.
const OPEN: usize = 128;

/// Writes a capture for each alert.
pub(super) fn write(folder: &Path, alerts: &[&Alert], read: &[PathBuf]) -> Result<(), Failure> {
    if read.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage("--evidence reads the captures twice: it needs files".to_owned()));
    }
    std::fs::create_dir_all(folder)
        .map_err(Failure::system(format!("cannot make the folder {}", folder.display())))?;
    alerts.chunks(OPEN).try_for_each(|some| write_some(folder, some, read))
}

fn write_some(folder: &Path, alerts: &[&Alert], read: &[PathBuf]) -> Result<(), Failure> {
    let mut files = Vec::new();
    let mut wanted: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, alert) in alerts.iter().enumerate() {
        let path = folder.join(format!("{:08}-{}.pcapng", alert.number, alert.rule.id));
        let unwritable = Failure::system(format!("cannot write {}", path.display()));
        files.push(CaptureFile::create(&path).map_err(unwritable)?);
        for &frame in &alert.frames {
            wanted.entry(frame).or_default().push(index);
        }
    }
    let mut source = sources::files(read)?;
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                for &index in wanted.get(&frame.number).into_iter().flatten() {
                    files[index].write(&frame).map_err(Failure::system("cannot write the evidence"))?;
                }
            }
            Ok(Next::End) => break,
            // What is wrong with the captures was told when they were first read.
            Ok(Next::Idle) | Err(_) => {}
        }
    }
    files.into_iter().try_for_each(CaptureFile::finish).map_err(Failure::system("cannot write the evidence"))
}
