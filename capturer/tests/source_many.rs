//! Folders and several files as one stream.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use capturer::source::{Next, merged, paths};
use proptest::prelude::*;

/// A folder of its own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wireglobe-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A pcap of one-byte frames at the given seconds; the byte is `mark`.
fn pcap(mark: u8, seconds: &[u32]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    for second in seconds {
        file.extend([*second, 0, 1, 1].map(u32::to_le_bytes).concat());
        file.push(mark);
    }
    file
}

/// Number, second and mark of each frame, and how it ended.
fn read(files: &[PathBuf]) -> (Vec<(u64, i64, u8)>, Vec<String>) {
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    let mut source = merged::open(files).unwrap();
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => frames.push((frame.number, frame.at.as_seconds(), frame.bytes[0])),
            Ok(Next::Idle) => panic!("files wait for nothing"),
            Ok(Next::End) => return (frames, errors),
            Err(error) => errors.push(error.to_string()),
        }
    }
}

#[test]
fn a_folder_is_its_captures_by_content_in_the_order_of_their_names() {
    let folder = Folder::new("paths");
    let b = folder.write("b.bin", &pcap(b'b', &[]));
    let a = folder.write("a/deep/x", &pcap(b'a', &[]));
    folder.write("c.pcap", b"not a capture");
    folder.write("empty.pcap", b"");
    std::os::unix::fs::symlink(&folder.0, folder.0.join("circle")).unwrap();
    let stdin = PathBuf::from("-");
    assert_eq!(paths::expand(&[folder.0.clone(), stdin.clone()]).unwrap(), [a, b, stdin]);
}

#[test]
fn a_named_file_is_taken_whatever_it_holds_and_a_missing_one_is_named() {
    let folder = Folder::new("named");
    let file = folder.write("c.pcap", b"not a capture");
    assert_eq!(paths::expand(std::slice::from_ref(&file)).unwrap(), [file]);
    let gone = folder.0.join("gone");
    let error = paths::expand(std::slice::from_ref(&gone)).unwrap_err().to_string();
    assert!(error.starts_with(gone.to_str().unwrap()), "{error}");
}

#[test]
fn a_folder_without_captures_is_an_error() {
    let folder = Folder::new("none");
    let error = paths::expand(std::slice::from_ref(&folder.0)).unwrap_err().to_string();
    assert!(error.ends_with("no pcap or pcapng file in this folder"), "{error}");
}

#[test]
fn files_are_one_stream_in_time_order() {
    let folder = Folder::new("merge");
    let files = [
        folder.write("1", &pcap(b'x', &[10, 30, 30])),
        folder.write("2", &pcap(b'y', &[5, 30, 20, 40])),
        folder.write("3", &pcap(b'z', &[])),
    ];
    let expected = [(5, b'y'), (10, b'x'), (30, b'x'), (30, b'x'), (30, b'y'), (20, b'y'), (40, b'y')];
    let (frames, errors) = read(&files);
    let numbered: Vec<_> = expected.iter().zip(1..).map(|(&(second, mark), n)| (n, second, mark)).collect();
    assert_eq!((frames, errors.len()), (numbered, 0));
}

#[test]
fn more_files_than_are_kept_open_come_in_order_too() {
    let folder = Folder::new("many");
    let files: Vec<_> = (0..40_u8)
        .map(|n| folder.write(&format!("{n:02}"), &pcap(n, &[100 - u32::from(n), 200 + u32::from(n), 300])))
        .collect();
    let (frames, errors) = read(&files);
    assert_eq!((frames.len(), errors.len()), (120, 0));
    assert!(frames.is_sorted_by_key(|&(_, second, _)| second));
    assert_eq!(frames[..2].iter().map(|f| f.2).collect::<Vec<_>>(), [39, 38]);
}

#[test]
fn damage_in_one_file_comes_after_the_frames_of_all() {
    let folder = Folder::new("damage");
    let mut damaged = pcap(b'd', &[1]);
    damaged.extend([2_u32, 0, u32::MAX, 1].map(u32::to_le_bytes).concat());
    let files = [folder.write("bad", &damaged), folder.write("good", &pcap(b'g', &[0, 9]))];
    let (frames, errors) = read(&files);
    assert_eq!(frames.iter().map(|f| f.2).collect::<Vec<_>>(), b"gdg");
    assert!(errors.len() == 1 && errors[0].contains("at byte 49"), "{errors:?}");
    assert!(errors[0].starts_with(folder.0.join("bad").to_str().unwrap()));
}

#[test]
fn damaged_ones_among_many_are_named_and_all_others_read() {
    let folder = Folder::new("some");
    let mut files: Vec<_> =
        (0..20).map(|n| folder.write(&format!("{n:02}"), &pcap(b'g', &[n, 50 + n]))).collect();
    files[3] = folder.write("03", b"\xd4\xc3\xb2\xa1 no header");
    files[5] = folder.0.join("gone");
    files[9] = folder.write("09", &[pcap(b'b', &[9, 59]), vec![0xff; 20]].concat());
    let (frames, errors) = read(&files);
    assert_eq!(frames.len(), 36);
    assert!(frames.is_sorted_by_key(|&(_, second, _)| second));
    let names =
        ["03: at byte ", "gone: ", "09: at byte 66: "].map(|name| format!("{}/{name}", folder.0.display()));
    assert_eq!(errors.len(), names.len(), "{errors:?}");
    for (error, name) in errors.iter().zip(names) {
        assert!(error.starts_with(&name), "{error}");
    }
}

#[test]
fn compressed_captures_in_a_folder_are_known_by_content() {
    let folder = Folder::new("packed");
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd =
        |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    let a = folder.write("a", &gzip(&pcap(b'a', &[2])));
    let b = folder.write("b.pcap", &zstd(&pcap(b'b', &[1])));
    folder.write("c.txt.gz", &gzip(b"not a capture"));
    folder.write("d.pcap.gz", &gzip(b""));
    let files = paths::expand(std::slice::from_ref(&folder.0)).unwrap();
    assert_eq!(files, [a, b]);
    assert_eq!(read(&files).0, [(1, 1, b'b'), (2, 2, b'a')]);
}

/// File handles of this process, where the system tells.
fn handles() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

#[test]
fn a_thousand_files_side_by_side_need_few_handles() {
    let folder = Folder::new("thousand");
    let packed = |n: u32, bytes: Vec<u8>| match n % 2 {
        0 => bytes,
        _ => ruzstd::encoding::compress_to_vec(&bytes[..], ruzstd::encoding::CompressionLevel::Fastest),
    };
    let files: Vec<_> = (0..1_000)
        .map(|n| folder.write(&n.to_string(), &packed(n, pcap(n as u8, &[n, 5_000 + n, 10_000]))))
        .collect();
    let mut source = merged::open(&files).unwrap();
    let (mut frames, mut last, mut most) = (0, 0, 0);
    while let Next::Frame(frame) = source.next_frame().unwrap() {
        assert!(frame.at.as_seconds() >= last);
        last = frame.at.as_seconds();
        frames += 1;
        most = most.max(if frames % 100 == 0 { handles() } else { 0 });
    }
    assert_eq!(frames, 3_000);
    // Those of tests beside this one included.
    assert!(most < 200, "{most} handles");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merging_is_a_stable_sort_by_time(files in proptest::collection::vec(proptest::collection::vec(0..50_u32, 0..12), 2..14)) {
        let folder = Folder::new(&format!("sort-{files:?}").chars().take(90).filter(char::is_ascii_alphanumeric).collect::<String>());
        let mut expected = Vec::new();
        let mut paths = Vec::new();
        for (mark, mut seconds) in files.into_iter().enumerate() {
            seconds.sort_unstable();
            expected.extend(seconds.iter().map(|second| (i64::from(*second), mark as u8)));
            paths.push(folder.write(&mark.to_string(), &pcap(mark as u8, &seconds)));
        }
        expected.sort_by_key(|&(second, _)| second);
        let (frames, errors) = read(&paths);
        prop_assert!(errors.is_empty());
        prop_assert_eq!(frames.iter().map(|&(_, second, mark)| (second, mark)).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_named_at_once() {
    let error = merged::open(&[Path::new("/nowhere").into(), "/nowhere2".into()]).err().unwrap().to_string();
    assert!(error.starts_with("/nowhere: "), "{error}");
}
