//! A log file that rotates: when it is full it becomes `FILE.1`, that one `FILE.2`, and so on; the oldest goes.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::settings::Log;

/// The file that is written, and its older ones beside it.
pub(super) struct Rotating {
    path: PathBuf,
    /// Bytes after which it rotates.
    most: u64,
    /// Older files that are kept.
    keep: u32,
    file: File,
    length: u64,
}

impl Rotating {
    /// As the settings say.
    ///
    /// # Errors
    /// If the file, or its folder where there is none, can't be made.
    pub(super) fn open(settings: &Log) -> io::Result<Self> {
        if let Some(folder) = settings.file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let (file, length) = append(&settings.file)?;
        let most = u64::from(settings.max_mb) << 20;
        Ok(Self { path: settings.file.clone(), most, keep: settings.keep, file, length })
    }

    /// A line; whole, as each is one write. One that can't be written, as on a full disk, is lost, and the next is tried again.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.length > 0 && self.length + line.len() as u64 > self.most {
            self.rotate()?;
        }
        self.length += line.len() as u64;
        self.file.write_all(line)
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (0..self.keep).rev() {
            // One that is not there yet is no fault.
            let _ = fs::rename(self.numbered(number), self.numbered(number + 1));
        }
        if self.keep == 0 {
            fs::remove_file(&self.path)?;
        }
        (self.file, self.length) = append(&self.path)?;
        Ok(())
    }

    /// The file itself, or one of the older ones.
    fn numbered(&self, number: u32) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }
}

fn append(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().append(true).create(true).mode(0o640).open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_becomes_the_next_and_the_oldest_goes() {
        let folder = std::env::temp_dir().join(format!("wireglobe-rotate-{}", std::process::id()));
        let path = folder.join("deeper").join("wireglobe.log");
        let settings = Log { file: path.clone(), max_mb: 1, keep: 2, ..Log::default() };
        let mut log = Rotating::open(&settings).unwrap();
        let line = |number: u32| format!("{number:0>99}\n");
        // 10485 lines of 100 bytes fit into a mebibyte; four files' worth, begun anew in between.
        for number in 0..40_000 {
            if number == 15_000 {
                log = Rotating::open(&settings).unwrap();
            }
            log.write(line(number).as_bytes()).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["wireglobe.log", "wireglobe.log.1", "wireglobe.log.2"]);
        let texts = names.iter().rev().map(|name| fs::read_to_string(path.with_file_name(name)).unwrap());
        let all: String = texts.inspect(|text| assert!(text.len() <= 1 << 20)).collect();
        let first = 40_000 - all.len() / 100;
        assert_eq!(first, 10_485, "the oldest file went, and nothing else");
        let expected: String = (first as u32..40_000).map(line).collect();
        assert!(all == expected, "no line is lost or cut between two files");
        fs::remove_dir_all(&folder).unwrap();
    }
}
