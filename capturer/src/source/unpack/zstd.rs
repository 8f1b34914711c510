//! Zstandard, RFC 8878: any number of frames one after another, skippable ones among them, each with its checksum if it
//! has one.
//!
//! The decoder must not run out of bytes within a block, so frames are taken apart here and handed to it a whole block at
//! a time. Of a frame under way it gives out what lies further back than the frame's window (at most 8 MiB as `zstd`
//! packs by default), the rest when the frame ends.

use std::io::{self, ErrorKind, Read};

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::window::{Order, Window};
use super::{Unpack, Unreadable};

/// `Magic_Number` of a frame.
const MAGIC: u32 = 0xfd2f_b528;

/// `Magic_Number` of a skippable frame, whose last four bits are free.
const SKIPPABLE: u32 = 0x184d_2a50;

/// `Block_Maximum_Size` at its largest.
const MAX_BLOCK: usize = 128 * 1024;

/// The largest window that is accepted: what `zstd --ultra -22` and `--long` ask for. As much memory is used.
const MAX_WINDOW: u64 = 128 * 1024 * 1024;

/// A block at a time.
const ONE: BlockDecodingStrategy = BlockDecodingStrategy::UptoBlocks(1);

/// An empty raw block, the last of its frame, and room for a checksum: ends a frame early.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

pub(super) fn is_magic(first: [u8; 4]) -> bool {
    let magic = u32::from_le_bytes(first);
    magic == MAGIC || is_skippable(magic)
}

const fn is_skippable(magic: u32) -> bool {
    magic & !0xf == SKIPPABLE
}

pub(super) fn open(packed: Window) -> Box<dyn Unpack> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_WINDOW);
    Box::new(Zstd { packed, decoder, state: State::BetweenFrames })
}

struct Zstd {
    packed: Window,
    decoder: FrameDecoder,
    state: State,
}

/// Where in the packed bytes we are.
#[derive(Clone, Copy)]
enum State {
    BetweenFrames,
    /// In a skippable frame with so many bytes to go.
    Skipping(usize),
    /// At a block of a frame, which ends in a checksum or doesn't.
    Blocks {
        checksum: bool,
    },
    /// The frame's last block is unpacked.
    Ending {
        checksum: bool,
    },
    /// The input has ended within a frame.
    Cut,
    /// The input has ended.
    Done,
}

impl Zstd {
    /// Does the next piece of work; the decoder has nothing to give.
    fn advance(&mut self) -> io::Result<()> {
        self.state = match self.state {
            State::BetweenFrames => self.begin_frame()?,
            State::Skipping(rest) => self.skip(rest)?,
            State::Blocks { checksum } => self.block(checksum)?,
            State::Ending { checksum } => self.end_frame(checksum)?,
            State::Cut => return Err(ErrorKind::UnexpectedEof.into()),
            State::Done => State::Done,
        };
        Ok(())
    }

    fn begin_frame(&mut self) -> io::Result<State> {
        if !self.packed.fill(6)? {
            return Ok(if self.packed.bytes().is_empty() { State::Done } else { State::Cut });
        }
        let magic = Order::Little.u32(self.packed.bytes(), 0);
        if is_skippable(magic) {
            return self.begin_skippable();
        }
        if magic != MAGIC {
            return Err(self.unreadable("a Zstandard frame", format!("the magic number {magic:08x}")));
        }
        let descriptor = self.packed.bytes()[4];
        let length = header_length(descriptor);
        if !self.packed.fill(length)? {
            return Ok(State::Cut);
        }
        let begun = self.decoder.reset(&self.packed.bytes()[..length]);
        begun.map_err(|error| self.unreadable("a frame header", error.to_string()))?;
        self.packed.step(length);
        Ok(State::Blocks { checksum: descriptor & 4 != 0 })
    }

    fn begin_skippable(&mut self) -> io::Result<State> {
        if !self.packed.fill(8)? {
            return Ok(State::Cut);
        }
        let length = Order::Little.u32(self.packed.bytes(), 4) as usize;
        self.packed.step(8);
        Ok(State::Skipping(length))
    }

    fn skip(&mut self, rest: usize) -> io::Result<State> {
        if rest == 0 {
            return Ok(State::BetweenFrames);
        }
        if !self.packed.fill(1)? {
            return Ok(State::Cut);
        }
        let count = rest.min(self.packed.bytes().len());
        self.packed.step(count);
        Ok(State::Skipping(rest - count))
    }

    /// Unpacks the next block, once it is there as a whole.
    fn block(&mut self, checksum: bool) -> io::Result<State> {
        if !self.packed.fill(3)? {
            return self.cut(3);
        }
        let bytes = self.packed.bytes();
        let header = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
        let (is_last, kind, size) = (header & 1 != 0, header >> 1 & 3, (header >> 3) as usize);
        if size > MAX_BLOCK {
            return Err(self.unreadable("a block of at most 131072 bytes", size.to_string()));
        }
        let body = if kind == 1 { 1 } else { size };
        let length = 3 + body + if is_last && checksum { 4 } else { 0 };
        if !self.packed.fill(length)? {
            return self.cut(3 + body);
        }
        let decoded = self.decoder.decode_blocks(&self.packed.bytes()[..length], ONE);
        self.check(decoded)?;
        self.packed.step(length);
        Ok(if is_last { State::Ending { checksum } } else { State::Blocks { checksum } })
    }

    fn check(&self, decoded: Result<bool, FrameDecoderError>) -> io::Result<()> {
        decoded.map(drop).map_err(|error| self.unreadable("a Zstandard block", error.to_string()))
    }

    /// Ends the frame where the input does, so that the decoder gives out all it has; the last block has `length` bytes,
    /// of which all may be there, though not the checksum behind it.
    fn cut(&mut self, length: usize) -> io::Result<State> {
        let last = match self.packed.bytes().get(..length) {
            Some(block) if length > 3 => [block, &[0; 4]].concat(),
            _ => LAST_BLOCK.to_vec(),
        };
        let decoded = self.decoder.decode_blocks(&last[..], ONE);
        self.check(decoded)?;
        Ok(State::Cut)
    }

    fn end_frame(&mut self, checksum: bool) -> io::Result<State> {
        let (stored, own) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        if checksum && stored != own {
            let hex = |sum: Option<u32>| sum.map_or_else(String::new, |sum| format!("{sum:08x}"));
            return Err(self.unreadable(format!("data with the checksum {}", hex(stored)), hex(own)));
        }
        Ok(State::BetweenFrames)
    }

    #[cold]
    fn unreadable(&self, expected: impl Into<String>, found: impl Into<String>) -> io::Error {
        Unreadable::error(expected, format!("{} at byte {} of the file", found.into(), self.taken()))
    }
}

/// Bytes of a frame header by its `Frame_Header_Descriptor`, magic number included.
fn header_length(descriptor: u8) -> usize {
    let is_single_segment = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = [usize::from(is_single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
    5 + usize::from(!is_single_segment) + dictionary + content_size
}

impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() || matches!(self.state, State::Done) {
                return Ok(count);
            }
            self.advance()?;
        }
    }
}

impl Unpack for Zstd {
    fn taken(&self) -> u64 {
        self.packed.offset()
    }
}
