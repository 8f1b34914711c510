//! What a process does to the files of a folder, noted by strace.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// System calls that change files, or make changes stay.
const CALLS: &str = "trace=openat,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,\
                     fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,msync";

/// An operation on the folder; files are called by their names in it.
#[derive(Debug)]
pub(super) enum Act {
    /// Opened, and made if it was not there.
    Open(String),
    /// Bytes written at an offset.
    Write(String, usize, Vec<u8>),
    /// The length set.
    Cut(String, usize),
    Remove(String),
    /// A file's bytes stay from now on.
    Sync(String),
    /// What files there are stays from now on.
    SyncFolder,
    /// The writer said that so many changes are done.
    Told(usize),
}

/// Runs a test of this program under strace, with a new folder within this one to write to. `None`, with a word, where there is no strace.
pub(super) fn record(writer: &str, folder: &Path) -> Option<Vec<Act>> {
    let traced = Command::new("strace").args(["-e", "trace=none", "true"]).output();
    if !traced.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: needs strace, and leave to trace");
        return None;
    }
    let (store, notes) = (folder.join("store"), folder.join("notes"));
    fs::create_dir(&store).unwrap();
    let status = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "16000000", "-e", "signal=none", "-e", CALLS, "-o"])
        .arg(&notes)
        .arg(std::env::current_exe().unwrap())
        .args([writer, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(super::FOLDER, &store)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "{writer} failed");
    let text = fs::read_to_string(&notes).unwrap();
    let acts = text.lines().filter_map(|line| act(line, store.to_str().unwrap())).collect();
    fs::remove_file(&notes).unwrap();
    Some(acts)
}

/// What a line tells, if it is about the folder. A line looks like `PID call(FD<path>, "bytes", …) = result`, with every text in
/// hexadecimal.
fn act(line: &str, folder: &str) -> Option<Act> {
    let (call, rest) = line.split_once(' ')?.1.trim_start().split_once('(')?;
    let texts = texts(rest);
    let about = |text: &[u8]| {
        Some(std::str::from_utf8(text).ok()?.strip_prefix(folder)?.trim_start_matches('/').to_owned())
    };
    if call == "write" {
        return told(texts.get(1)?);
    }
    let name = texts.iter().find_map(|text| about(text))?;
    let (arguments, result) = rest.rsplit_once(" = ").unwrap_or_else(|| panic!("half a call: {line}"));
    let numbers = arguments.trim_end().trim_end_matches(')').rsplit(", ").map(|last| last.parse().ok());
    let last: Vec<Option<usize>> = numbers.take(2).collect();
    if name.ends_with("-shm") || result.starts_with('-') {
        // The index of the journal is not for after a power cut; what failed did nothing.
        return None;
    }
    Some(match (call, &last[..]) {
        ("openat", _) if rest.contains("O_CREAT") => Act::Open(name),
        ("openat", _) => return None,
        ("pwrite64", [Some(at), Some(length)]) => {
            let bytes = texts.into_iter().nth(1).unwrap_or_default();
            assert_eq!((bytes.len(), result), (*length, length.to_string().as_str()), "a write in part");
            Act::Write(name, *at, bytes)
        }
        ("ftruncate", [Some(length), ..]) => Act::Cut(name, *length),
        ("unlink", _) => Act::Remove(name),
        ("fsync" | "fdatasync", _) if name.is_empty() => Act::SyncFolder,
        ("fsync" | "fdatasync", _) => Act::Sync(name),
        _ => panic!("a call that is not known here: {}", &line[..line.len().min(300)]),
    })
}

fn told(bytes: &[u8]) -> Option<Act> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix("told ")?;
    text.trim_end().parse().ok().map(Act::Told)
}

/// The bytes of each text in quotes or angle brackets.
fn texts(arguments: &str) -> Vec<Vec<u8>> {
    let parts = arguments.split(['"', '<', '>']).filter(|part| part.starts_with("\\x"));
    let byte = |digits: &str| u8::from_str_radix(digits, 16).unwrap();
    parts.map(|part| part.split("\\x").skip(1).map(byte).collect()).collect()
}
