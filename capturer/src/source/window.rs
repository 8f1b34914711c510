//! A sliding window over a byte stream: whole records are parsed in place and lent, and the buffer is reused, so that
//! reading allocates nothing per record. Offsets count from the start of the stream, whatever was already consumed.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// Bytes asked of the input at a time. Large enough for the biggest frame we accept, so the buffer grows for
/// oversized pcapng blocks only.
pub(super) const CAPACITY: usize = 256 * 1024;

/// What has been read of a stream and not been consumed yet.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Unconsumed bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Where `buffer[0]` lies in the stream.
    base: u64,
    /// The input ended before what it says it holds.
    is_cut: bool,
}

impl Window {
    /// A window at the beginning of `input`, of which `capacity` bytes are asked at a time.
    pub(super) fn new(input: Box<dyn Read + Send>, capacity: usize) -> Self {
        Self { input, buffer: vec![0; capacity], start: 0, end: 0, base: 0, is_cut: false }
    }

    /// Bytes that are asked for at a time.
    pub(super) const fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Where the next unconsumed byte lies in the stream.
    pub(super) const fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Bytes read from the stream.
    pub(super) const fn read_to(&self) -> u64 {
        self.base + self.end as u64
    }

    /// Whether the stream ended before it should have.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What is there and not consumed.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Makes at least `need` bytes available; `false` when the stream ends before. An input that has nothing yet says
    /// so by [`ErrorKind::WouldBlock`], and what came so far is kept for the next try.
    #[inline]
    pub(super) fn fill(&mut self, need: usize) -> io::Result<bool> {
        if self.end - self.start >= need { Ok(true) } else { self.refill(need) }
    }

    #[cold]
    fn refill(&mut self, need: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if need > self.buffer.len() {
            self.buffer.resize(need, 0);
        }
        while self.end < need {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(n) => self.end += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    self.is_cut = true;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Steps over the first `length` bytes, which must be there, and tells where in the buffer `part` of them lies;
    /// it stays readable by [`Self::lent`] until the next [`Self::fill`].
    #[inline]
    pub(super) const fn consume(&mut self, length: usize, part: Range<usize>) -> Range<usize> {
        let lent = self.start + part.start..self.start + part.end;
        self.start += length;
        lent
    }

    /// Steps over the first `length` bytes, which must be there.
    pub(super) const fn step(&mut self, length: usize) {
        self.start += length;
    }

    /// The bytes of a consumed part.
    #[inline]
    pub(super) fn lent(&self, part: Range<usize>) -> &[u8] {
        &self.buffer[part]
    }
}

/// The byte order a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// The 16-bit number at `at`, which must be within `bytes`.
    #[inline]
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let raw = [bytes[at], bytes[at + 1]];
        if self == Self::Little { u16::from_le_bytes(raw) } else { u16::from_be_bytes(raw) }
    }

    /// The 32-bit number at `at`, which must be within `bytes`.
    #[inline]
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let raw = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self == Self::Little { u32::from_le_bytes(raw) } else { u32::from_be_bytes(raw) }
    }

    /// The four 32-bit numbers that `bytes` are.
    #[inline]
    pub(super) fn numbers(self, bytes: &[u8; 16]) -> [u32; 4] {
        let (quads, _) = bytes.as_chunks();
        let native = [quads[0], quads[1], quads[2], quads[3]].map(u32::from_le_bytes);
        if self == Self::Little { native } else { native.map(u32::swap_bytes) }
    }

    /// The 64-bit number at `at`, which must be within `bytes`.
    pub(super) fn u64(self, bytes: &[u8], at: usize) -> u64 {
        let (first, second) = (u64::from(self.u32(bytes, at)), u64::from(self.u32(bytes, at + 4)));
        if self == Self::Little { second << 32 | first } else { first << 32 | second }
    }
}
