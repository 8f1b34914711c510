//! Damaged captures: each is read to its end or to an error that says where, and whatever its frames hold gets an
//! answer from every way of reading them. Skipped, with a word, where the collection is absent.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::path::{Path, PathBuf};

use capturer::Frame;
use capturer::decode::{Counted, DecodeSettings, Decoder, MAX_LAYERS, layers, tunnel};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source, SourceError};

fn captures() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures/malformed"));
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Frames read, and the error that ended it.
fn read(path: &Path, mut with: impl FnMut(&Frame<'_>)) -> (u64, Option<SourceError>) {
    let mut source = match FileSource::open(path) {
        Ok(source) => source,
        Err(error) => return (0, Some(error)),
    };
    let mut frames = 0;
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                frames += 1;
                with(&frame);
            }
            Ok(_) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

#[test]
fn every_damaged_capture_is_read_to_its_end_or_to_an_error_with_its_place() {
    let files = captures();
    if files.is_empty() {
        println!("skipped: no captures");
    }
    for path in &files {
        let mut decoders = [Counted::Outermost, Counted::Innermost]
            .map(|count| Decoder::new(DecodeSettings { count, checksums: true }));
        let (frames, error) = read(path, |frame| {
            let answers = decoders.each_mut().map(|decoder| decoder.decode(frame));
            assert_eq!(answers[0].is_ok(), answers[1].is_ok());
            assert!(layers(frame).count() <= MAX_LAYERS + 1);
            for layer in layers(frame).flatten() {
                let _ = tunnel::of(&layer.packet, frame.bytes);
            }
        });
        println!("{}: {frames} frames, {error:?}", path.file_name().unwrap().display());
        if let Some(error) = error {
            assert!(matches!(error, SourceError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(" at byte "), "{error}");
        }
    }
}
