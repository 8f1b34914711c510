//! Capture files read as tshark reads them: number, time and lengths of each frame. Skipped, with a word, where tshark
//! or the captures are absent.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::path::{Path, PathBuf};
use std::process::Command;

use capturer::Timestamp;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source, SourceError};

/// Records that tshark lists and we step over: custom blocks, which carry no frame. By file, numbered from 1.
const NO_FRAMES: [(&str, [usize; 3]); 2] =
    [("gopacket__test102.pcapng", [1, 3, 8]), ("gopacket__test202.pcapng", [1, 7, 10])];

/// Time, captured length, length on the wire.
type Row = (Option<Timestamp>, u32, u32);

fn captures() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures"));
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// What tshark says of each frame, and whether it read the file whole.
fn oracle(path: &Path) -> Option<(Vec<Row>, bool)> {
    let fields = ["frame.time_epoch", "frame.cap_len", "frame.len"].iter().flat_map(|f| ["-e", f]);
    let mut tshark = Command::new("tshark");
    tshark.args(["--disable-all-protocols", "--enable-protocol", "frame", "-n", "-T", "fields", "-r"]);
    let output = tshark.arg(path).args(fields).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let others =
        NO_FRAMES.iter().find(|(name, _)| path.ends_with(name)).map_or(&[][..], |(_, numbers)| numbers);
    let rows =
        text.lines().enumerate().filter(|(i, _)| !others.contains(&(i + 1))).map(|(_, line)| row(line));
    Some((rows.collect(), output.status.success()))
}

fn row(line: &str) -> Row {
    let mut fields = line.split('\t');
    let mut next = || fields.next().unwrap();
    (time(next()), next().parse().unwrap(), next().parse().unwrap())
}

/// Seconds and nine digits, as tshark prints them; nothing for a frame without a time.
fn time(text: &str) -> Option<Timestamp> {
    let (seconds, nanos) = text.split_once('.')?;
    Some(Timestamp::from_parts(seconds.parse().ok()?, nanos.parse().ok()?))
}

/// What we say, and how it ended.
fn ours(path: &Path) -> (Vec<Row>, Result<Option<u64>, SourceError>) {
    let mut rows = Vec::new();
    let mut source = match FileSource::open(path) {
        Ok(source) => source,
        Err(error) => return (rows, Err(error)),
    };
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => rows.push((Some(frame.at), frame.bytes.len() as u32, frame.wire_len)),
            Ok(Next::Idle) => panic!("a file waits for nothing"),
            Ok(Next::End) => return (rows, Ok(source.truncated_at())),
            Err(error) => return (rows, Err(error)),
        }
    }
}

#[test]
fn every_frame_is_where_tshark_sees_it() {
    let files = captures();
    if files.is_empty() || Command::new("tshark").arg("-v").output().is_err() {
        println!("skipped: no captures, or no tshark");
        return;
    }
    let halves = files.split_at(files.len() / 2);
    let differences = std::thread::scope(|scope| {
        let first = scope.spawn(|| differences(halves.0));
        [differences(halves.1), first.join().unwrap()].concat()
    });
    assert!(differences.is_empty(), "{differences:#?}");
}

/// The files that tshark reads otherwise. One it does not read to the end must give us at least as many frames.
fn differences(files: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let (theirs, whole) = oracle(file).unwrap();
        let (rows, end) = ours(file);
        let same = theirs.iter().zip(&rows).all(|(theirs, ours)| agree(theirs, ours));
        let enough =
            if whole { rows.len() == theirs.len() && end.is_ok() } else { rows.len() >= theirs.len() };
        if !(same && enough) {
            found.push(format!(
                "{}: {} frames, tshark {}; {end:?}",
                file.display(),
                rows.len(),
                theirs.len()
            ));
        }
    }
    found
}

fn agree(theirs: &Row, ours: &Row) -> bool {
    (theirs.1, theirs.2) == (ours.1, ours.2) && (theirs.0.is_none() || theirs.0 == ours.0)
}
