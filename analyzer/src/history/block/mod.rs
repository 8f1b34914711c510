//! Flows on disk: many of one step in a block, column by column, compressed. A block knows by a sum of its bytes whether it is
//! whole; one that is not is refused, never guessed at.
//!
//! Bytes: `WG`, the kind, the version, the CRC-32 of the rest (little endian), then a zlib stream (RFC 1950) of the columns.

mod column;
mod record;
mod slice;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use column::{Columns, Cursor};

/// Most flows in a block.
pub const MOST: usize = 1 << 17;

/// Most bytes of a block's columns: a block that says it has more is damaged, or somebody's trap.
const MOST_BYTES: u64 = 64 << 20;

const VERSION: u8 = 1;
const HEAD: usize = 8;

/// Why a block can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Not a block of this kind, or of a version that this program does not know.
    #[error("it is not a block of flows of version {VERSION}")]
    Unknown,
    /// Its bytes are not those that were written.
    #[error("its checksum is wrong")]
    Checksum,
    /// Its columns end too early, or hold what can't be.
    #[error("its columns are damaged")]
    Damaged,
}

/// What blocks are made of.
pub trait Kept: Sized {
    /// Names the kind in a block's head.
    const KIND: u8;

    /// Writes all columns.
    fn write(all: &[Self], columns: &mut Columns);

    /// Reads them again; `None` where they are damaged.
    fn read(count: usize, cursor: &mut Cursor<'_>) -> Option<Vec<Self>>;
}

/// A block of at most [`MOST`] flows; what is beyond is for the next one.
pub fn write<T: Kept>(all: &[T]) -> Vec<u8> {
    let all = &all[..all.len().min(MOST)];
    let mut columns = Columns::default();
    columns.number(all.len() as u64);
    T::write(all, &mut columns);
    let mut encoder = ZlibEncoder::new(vec![b'W', b'G', T::KIND, VERSION, 0, 0, 0, 0], Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(columns.bytes());
    let mut block = encoder.finish().unwrap_or_default();
    let sum = checksum(block.get(HEAD..).unwrap_or_default());
    if let Some(place) = block.get_mut(4..HEAD) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    block
}

/// The flows of a block.
///
/// # Errors
/// [`BlockError`]; nothing of a damaged block is told.
pub fn read<T: Kept>(block: &[u8]) -> Result<Vec<T>, BlockError> {
    let (head, rest) = block.split_at_checked(HEAD).ok_or(BlockError::Unknown)?;
    if head[..4] != [b'W', b'G', T::KIND, VERSION] {
        return Err(BlockError::Unknown);
    }
    if checksum(rest).to_le_bytes() != head[4..] {
        return Err(BlockError::Checksum);
    }
    let mut bytes = Vec::new();
    ZlibDecoder::new(rest).take(MOST_BYTES).read_to_end(&mut bytes).map_err(|_| BlockError::Damaged)?;
    let mut cursor = Cursor::new(&bytes);
    let count = cursor.number().and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| *count <= MOST).ok_or(BlockError::Damaged)?;
    T::read(count, &mut cursor).filter(|_| cursor.is_at_end()).ok_or(BlockError::Damaged)
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[cfg(test)]
mod tests;
