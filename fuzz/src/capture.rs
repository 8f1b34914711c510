//! A capture file of any content, read whole and in pieces: the same frames and the same end both ways.

use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Cursor, ErrorKind, Read};

use capturer::decode::{decode, layers};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source, SourceError};

/// The most that is accepted of a frame.
const MAX_FRAME: usize = 256 * 1024;

/// What reading came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All frames, their numbers, times, lengths and bytes in one number.
    pub digest: u64,
    pub frames: u64,
    /// Bytes captured of them.
    pub bytes: u64,
    pub end: End,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    Cut(u64),
    Damaged { offset: u64, unpacked: bool, expected: String, found: String },
}

/// Reads `file` both ways.
pub fn read(file: &[u8]) -> Outcome {
    let whole = drain(Box::new(Cursor::new(file.to_vec())));
    let pieces = drain(Box::new(Pieces::of(file)));
    // A decompressor that meets damage gives none of what it made in the same step, and a step is as long as what is there.
    let is_step = |end: &End| matches!(end, End::Damaged { unpacked: true, .. });
    if !(is_step(&whole.end) && is_step(&pieces.end)) {
        assert_eq!(whole, pieces);
    }
    whole
}

/// What holds of a file that is not compressed.
pub fn check_plain(file: &[u8], outcome: &Outcome) {
    let length = file.len() as u64;
    assert!(outcome.frames * 16 <= length && outcome.bytes <= length, "{outcome:?}");
    match outcome.end {
        End::Whole => {}
        End::Cut(at) => assert!(at < length, "{outcome:?}"),
        End::Damaged { offset, .. } => assert!(offset <= length, "{outcome:?}"),
    }
}

fn drain(reader: Box<dyn Read + Send>) -> Outcome {
    let mut source = match FileSource::from_reader("input", reader) {
        Ok(source) => source,
        Err(error) => {
            return Outcome { digest: Digest::default().finish(), frames: 0, bytes: 0, end: damage(error) };
        }
    };
    let (mut digest, mut frames, mut bytes) = (Digest::default(), 0, 0);
    let end = loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                frames += 1;
                bytes += frame.bytes.len() as u64;
                assert_eq!(frame.number, frames);
                assert!(frame.bytes.len() <= MAX_FRAME);
                assert_eq!(decode(&frame).is_ok(), layers(&frame).any(|layer| layer.is_ok()));
                digest.write_i64(frame.at.as_nanos());
                digest.write_u32(frame.wire_len);
                digest.write_u16(frame.link.0);
                digest.write(frame.bytes);
            }
            Ok(Next::Idle) => {}
            Ok(Next::End) => break source.truncated_at().map_or(End::Whole, End::Cut),
            Err(error) => break damage(error),
        }
    };
    assert!(matches!(source.next_frame(), Ok(Next::End)), "an end is an end");
    Outcome { digest: digest.finish(), frames, bytes, end }
}

type Digest = DefaultHasher;

/// Bytes in memory are refused by no system, so an error is damage, with its place.
fn damage(error: SourceError) -> End {
    let text = error.to_string();
    assert!(text.contains(" at byte ") && !text.contains('\n'), "{text}");
    match error {
        SourceError::Damaged { offset, unpacked, expected, found, .. } => {
            End::Damaged { offset, unpacked: unpacked.is_some(), expected, found }
        }
        other => panic!("{other}"),
    }
}

/// A pipe that gives a few bytes at a time, and between them nothing yet, until its end, which is one for good.
struct Pieces {
    file: Cursor<Vec<u8>>,
    step: usize,
    has_waited: bool,
}

impl Pieces {
    /// How many bytes at a time depends on the file, so that it is always the same for one file.
    fn of(file: &[u8]) -> Self {
        const STEPS: [usize; 8] = [1, 2, 3, 5, 13, 32, 61, 509];
        let sum = file.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
        Self { file: Cursor::new(file.to_vec()), step: STEPS[sum % STEPS.len()], has_waited: false }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let has_ended = self.file.position() == self.file.get_ref().len() as u64;
        self.has_waited = !self.has_waited;
        if self.has_waited && !has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        let room = buffer.len().min(self.step);
        self.file.read(&mut buffer[..room])
    }
}
