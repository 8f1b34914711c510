//! An nfcapd file as a header and blocks of records. Layout 2 (nfdump 1.7) has a header of 40 bytes; layout 1 (1.6) one
//! of 140, followed by statistics of 136. Each block then says how many bytes it has, and whether it is packed.
//!
//! A file that ends within a block gives what of the block is there. Blocks are as large as nfdump writes them at most;
//! what they unpack to all together is bounded by what the file has (RELIABILITY T9).

use std::io::{self, Read};
use std::path::PathBuf;

use super::fields::{Fields, Order};
use super::lzo::Broken;
use super::packing::Packing;
use crate::source::SourceError;

/// The first two bytes, in the writer's byte order.
const MAGIC: u16 = 0xa50c;

/// The most bytes of a block, packed or not: nfdump's buffers have 5 MiB.
const MAX_BLOCK: usize = 5 << 20;

/// `NumRecords`, `size`, `type`, `flags`.
const BLOCK_HEADER: usize = 12;

/// Unpacked bytes that are free, and the most for each byte of the file beyond them.
const FREE: u64 = 64 << 20;
const RATIO: u64 = 500;

/// The two layouts of nfcapd files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// nfdump 1.6: common records whose extensions a map lists.
    One = 1,
    /// nfdump 1.7: records of elements that say what they are.
    Two = 2,
}

/// What the block that was read last is made of.
pub(super) struct Blocks<R> {
    path: PathBuf,
    input: R,
    pub(super) layout: Layout,
    pub(super) order: Order,
    packing: Option<&'static Packing>,
    /// Bytes of the file that were read.
    taken: u64,
    /// Bytes that blocks became.
    given: u64,
    /// Where the block begins.
    begins: u64,
    packed: Vec<u8>,
    unpacked: Vec<u8>,
    /// Bytes of `unpacked` that are records; none when the block was not packed.
    length: Option<usize>,
    is_cut: bool,
}

/// A block's header.
struct Head {
    size: usize,
    kind: u16,
    flags: u16,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(path: PathBuf, mut input: R) -> Result<Self, SourceError> {
        let mut header = Vec::new();
        fill(&mut input, &mut header, 40).map_err(|cause| SourceError::Io { path: path.clone(), cause })?;
        let Some(order) = order(&header) else {
            let found = format!("{:02x?}", &header[..header.len().min(4)]);
            return Err(damaged(path, 0, "an nfcapd file, which begins with 0c a5", found));
        };
        let fields = Fields { bytes: &header, order };
        let layout = match (fields.u16(2), header.len()) {
            (1, _) => Layout::One,
            (2, 40..) => Layout::Two,
            (2, length) => return Err(damaged(path, 0, "a header of 40 bytes", format!("{length} bytes"))),
            (other, _) => return Err(damaged(path, 2, "layout 1 or 2", format!("layout {other}"))),
        };
        let packing = packing(layout, fields).map_err(|(at, found)| {
            damaged(path.clone(), at, "blocks as they are or packed by LZO, bzip2, LZ4 or Zstandard", found)
        })?;
        let mut blocks = Self {
            path,
            input,
            layout,
            order,
            packing,
            taken: header.len() as u64,
            given: 0,
            begins: 0,
            packed: Vec::new(),
            unpacked: Vec::new(),
            length: None,
            is_cut: false,
        };
        if layout == Layout::One {
            blocks.skip_statistics()?;
        }
        Ok(blocks)
    }

    /// The rest of layout 1's header and the statistics behind it.
    fn skip_statistics(&mut self) -> Result<(), SourceError> {
        const REST: usize = 140 + 136 - 40;
        self.read(REST)?;
        self.is_cut |= self.packed.len() < REST;
        self.packed.clear();
        Ok(())
    }

    /// Goes on to the next block of records; whether there is one.
    pub(super) fn advance(&mut self) -> Result<bool, SourceError> {
        while !self.is_cut {
            self.begins = self.taken;
            let Some(head) = self.head()? else { return Ok(false) };
            self.read(head.size)?;
            self.is_cut = self.packed.len() < head.size;
            if head.kind == self.kind() {
                self.unpack(head.flags)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The kind of blocks that hold records: `DATA_BLOCK_TYPE_2` and `_3`.
    fn kind(&self) -> u16 {
        if self.layout == Layout::One { 2 } else { 3 }
    }

    fn head(&mut self) -> Result<Option<Head>, SourceError> {
        self.read(BLOCK_HEADER)?;
        if self.packed.len() < BLOCK_HEADER {
            self.is_cut |= !self.packed.is_empty();
            return Ok(None);
        }
        let fields = Fields { bytes: &self.packed, order: self.order };
        let (size, kind, flags) = (fields.u32(4) as usize, fields.u16(8), fields.u16(10));
        if size > MAX_BLOCK {
            let found = format!("{size}");
            return Err(damaged(
                self.path.clone(),
                self.begins + 4,
                "a block of at most 5 242 880 bytes",
                found,
            ));
        }
        Ok(Some(Head { size, kind, flags }))
    }

    /// Reads so many bytes, or what there is.
    fn read(&mut self, count: usize) -> Result<(), SourceError> {
        fill(&mut self.input, &mut self.packed, count)
            .map_err(|cause| SourceError::Io { path: self.path.clone(), cause })?;
        self.taken += self.packed.len() as u64;
        Ok(())
    }

    fn unpack(&mut self, flags: u16) -> Result<(), SourceError> {
        self.length = None;
        let Some(packing) = self.packing.filter(|_| flags & 1 == 0) else { return Ok(()) };
        self.unpacked.resize(MAX_BLOCK, 0);
        let length = match (packing.unpack)(&self.packed, &mut self.unpacked) {
            Ok(length) => length,
            Err(Broken { written, .. }) if self.is_cut => written,
            Err(Broken { why, .. }) => {
                let expected = format!("a block of whole {} data", packing.name);
                return Err(damaged(self.path.clone(), self.begins, expected, why));
            }
        };
        self.length = Some(length);
        self.given += length as u64;
        if self.given > FREE && self.given / RATIO > self.taken {
            let found = format!("{} bytes from {}: a decompression bomb?", self.given, self.taken);
            let expected = format!("at most {RATIO} bytes from each byte of {} data", packing.name);
            return Err(damaged(self.path.clone(), self.begins, expected, found));
        }
        Ok(())
    }

    /// The records of the block.
    pub(super) fn records(&self) -> &[u8] {
        self.length.map_or(&self.packed, |length| &self.unpacked[..length])
    }

    /// Whether the file ended within a block.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Says that the records' byte `at` is not what it should be.
    pub(super) fn damaged(&self, at: usize, expected: &str, found: String) -> SourceError {
        let (offset, within) = match self.length {
            None => (self.begins + (BLOCK_HEADER + at) as u64, String::new()),
            Some(_) => (self.begins, format!(", {at} bytes into the unpacked block")),
        };
        damaged(self.path.clone(), offset, expected, format!("{found}{within}"))
    }
}

/// The byte order that the first two bytes tell.
fn order(header: &[u8]) -> Option<Order> {
    let first = header.first_chunk::<2>()?;
    match (u16::from_le_bytes(*first), u16::from_be_bytes(*first)) {
        (MAGIC, _) => Some(Order::Little),
        (_, MAGIC) => Some(Order::Big),
        _ => None,
    }
}

/// Whether a file that begins so is an nfcapd file.
pub(super) fn is_magic(first: &[u8]) -> bool {
    order(first).is_some()
}

/// How blocks are packed, or what was found at which byte instead.
fn packing(layout: Layout, header: Fields<'_>) -> Result<Option<&'static Packing>, (u64, String)> {
    if layout == Layout::One {
        return Ok(Packing::flagged(header.u32(4)));
    }
    match (header.u8(16), header.u8(17)) {
        (_, encryption @ 1..) => Err((17, format!("encryption {encryption}"))),
        (0, _) => Ok(None),
        (number, _) => match Packing::numbered(number) {
            Some(packing) => Ok(Some(packing)),
            None => Err((16, format!("compression {number}"))),
        },
    }
}

fn fill(input: &mut impl Read, buffer: &mut Vec<u8>, count: usize) -> io::Result<()> {
    buffer.clear();
    input.take(count as u64).read_to_end(buffer).map(|_| ())
}

fn damaged(path: PathBuf, offset: u64, expected: impl Into<String>, found: impl Into<String>) -> SourceError {
    SourceError::Damaged { path, offset, unpacked: None, expected: expected.into(), found: found.into() }
}
