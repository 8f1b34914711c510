//! Files that are still being written, and pipes whose writer takes its time.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::fs::{self, File, OpenOptions};
use std::io::{PipeReader, Write, pipe};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use capturer::source::file::FileSource;
use capturer::source::follow::Followed;
use capturer::source::merged::{self, Reading};
use capturer::source::{Next, Source};

/// Longer than any machine takes.
const LIMIT: Duration = Duration::from_secs(30);

/// A folder of its own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wireglobe-follow-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn header() -> Vec<u8> {
    [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat()
}

/// A record of one byte, at so many seconds.
fn record(mark: u8, second: u32) -> Vec<u8> {
    [&[second, 0, 1, 1].map(u32::to_le_bytes).concat()[..], &[mark]].concat()
}

fn append(path: &PathBuf, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// The marks of the next `count` frames, whose numbers go on from `from`.
fn take(source: &mut dyn Source, from: u64, count: usize) -> Vec<u8> {
    let began = Instant::now();
    let mut marks = Vec::new();
    while marks.len() < count {
        assert!(began.elapsed() < LIMIT, "only {marks:?}");
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                assert_eq!(frame.number, from + marks.len() as u64);
                marks.push(frame.bytes[0]);
            }
            Next::Idle => {}
            Next::End => panic!("it ended after {marks:?}"),
        }
    }
    marks
}

fn is_idle(source: &mut dyn Source) -> bool {
    (0..3).all(|_| matches!(source.next_frame(), Ok(Next::Idle)))
}

#[test]
fn a_growing_file_is_read_on_and_a_record_written_by_half_is_no_damage() {
    let folder = Folder::new("grow");
    let path = folder.0.join("a.pcap");
    File::create(&path).unwrap();
    let mut source = Followed::open(&path).unwrap();
    assert!(is_idle(&mut source), "an empty file");
    let bytes = [header(), record(1, 1), record(2, 2)].concat();
    for piece in bytes.chunks(11) {
        append(&path, piece);
        assert!(!matches!(source.next_frame().unwrap(), Next::End));
    }
    drop(source);
    let mut source = Followed::open(&path).unwrap();
    assert_eq!(take(&mut source, 1, 2), [1, 2]);
    append(&path, &record(3, 3)[..9]);
    assert!(is_idle(&mut source));
    append(&path, &record(3, 3)[9..]);
    assert_eq!((take(&mut source, 3, 1), source.truncated_at()), (vec![3], None));
}

#[test]
fn when_the_path_names_another_file_the_old_one_is_finished_first() {
    let folder = Folder::new("rotate");
    let path = folder.0.join("a.pcap");
    fs::write(&path, [header(), record(1, 1)].concat()).unwrap();
    let mut source = Followed::open(&path).unwrap();
    assert_eq!(take(&mut source, 1, 1), [1]);
    let old = folder.0.join("a.pcap.1");
    fs::rename(&path, &old).unwrap();
    assert!(is_idle(&mut source), "for a moment there is none");
    append(&old, &record(2, 2));
    fs::write(&path, [header(), record(3, 3)].concat()).unwrap();
    assert_eq!(take(&mut source, 2, 2), [2, 3]);
    append(&path, &record(4, 4));
    assert_eq!(take(&mut source, 4, 1), [4]);
}

#[test]
fn a_file_that_begins_anew_in_place_is_read_from_its_header() {
    let folder = Folder::new("shrink");
    let path = folder.0.join("a.pcap");
    fs::write(&path, [header(), record(1, 1), record(2, 2)].concat()).unwrap();
    let mut source = Followed::open(&path).unwrap();
    assert_eq!(take(&mut source, 1, 2), [1, 2]);
    OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert!(is_idle(&mut source));
    append(&path, &[header(), record(7, 1)].concat());
    assert_eq!(take(&mut source, 3, 1), [7]);
}

#[test]
fn of_several_followed_files_none_holds_up_the_others() {
    let folder = Folder::new("several");
    let paths = [folder.0.join("a.pcap"), folder.0.join("b.pcap")];
    fs::write(&paths[0], [header(), record(1, 10), record(2, 20)].concat()).unwrap();
    fs::write(&paths[1], [header(), record(3, 15)].concat()).unwrap();
    let mut source = merged::open_with(&paths, Reading { follow: true }).unwrap();
    assert_eq!(take(&mut *source, 1, 3), [1, 3, 2]);
    append(&paths[1], &record(4, 30));
    assert_eq!(take(&mut *source, 4, 1), [4]);
    assert!(is_idle(&mut *source));
}

#[test]
fn without_follow_the_same_file_ends() {
    let folder = Folder::new("ends");
    let path = folder.0.join("a.pcap");
    fs::write(&path, [header(), record(1, 10), vec![0; 3]].concat()).unwrap();
    let mut source = merged::open_with(&[path], Reading::default()).unwrap();
    assert_eq!(take(&mut *source, 1, 1), [1]);
    assert!(matches!(source.next_frame(), Ok(Next::End)));
    assert_eq!(source.truncated_at(), Some(41));
}

/// What a pipe has given when its writer pauses: `writer` gets the other end.
fn through_a_pipe(writer: impl FnOnce(&mut dyn Write) + Send + 'static) -> FileSource {
    let (reader, mut other): (PipeReader, _) = pipe().unwrap();
    thread::spawn(move || writer(&mut other));
    FileSource::from_reader("-", Box::new(reader)).unwrap()
}

#[test]
fn what_a_stalling_writer_has_written_is_delivered_at_once() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut source = through_a_pipe(move |pipe| {
        pipe.write_all(&[header(), record(1, 1), record(2, 2)].concat()).unwrap();
        wait.recv().unwrap();
        pipe.write_all(&record(3, 3)).unwrap();
    });
    // The writer goes on only after both frames are here: had the reader waited for more, this would not end.
    assert_eq!(take(&mut source, 1, 2), [1, 2]);
    go.send(()).unwrap();
    assert_eq!(take(&mut source, 3, 1), [3]);
    assert!(matches!(source.next_frame(), Ok(Next::End)));
}

#[test]
fn a_named_pipe_is_idle_until_something_comes() {
    let folder = Folder::new("fifo");
    let path = folder.0.join("pipe");
    if !std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo");
        return;
    }
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let name = path.clone();
    let writer = thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(name).unwrap();
        wait.recv().unwrap();
        pipe.write_all(&[header(), record(1, 1)].concat()).unwrap();
    });
    let mut source = FileSource::open(&path).unwrap();
    assert!(is_idle(&mut source));
    go.send(()).unwrap();
    assert_eq!(take(&mut source, 1, 1), [1]);
    writer.join().unwrap();
    assert!(matches!(source.next_frame(), Ok(Next::End)));
}

#[test]
fn what_a_stalling_compressor_has_flushed_is_delivered_at_once() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut source = through_a_pipe(move |pipe| {
        let mut encoder = flate2::write::GzEncoder::new(pipe, flate2::Compression::fast());
        encoder.write_all(&[header(), record(1, 1)].concat()).unwrap();
        encoder.flush().unwrap();
        wait.recv().unwrap();
        encoder.write_all(&record(2, 2)).unwrap();
        encoder.finish().unwrap();
    });
    assert_eq!(take(&mut source, 1, 1), [1]);
    go.send(()).unwrap();
    assert_eq!(take(&mut source, 2, 1), [2]);
    assert!(matches!(source.next_frame(), Ok(Next::End)));
}
