//! The ways in which blocks are packed. One line of [`PACKINGS`] each; all of them unpack into a buffer of fixed size.

use std::io::Read;

use ruzstd::decoding::StreamingDecoder;

use super::lzo::{self, Broken};

/// A way of compression.
pub(super) struct Packing {
    /// Its name in messages.
    pub(super) name: &'static str,
    /// Its number in the header of layout 2.
    number: u8,
    /// Its bit among the flags of layout 1; 0 when that never had it.
    flag: u32,
    /// Unpacks a whole block; how many bytes it became.
    pub(super) unpack: fn(&[u8], &mut [u8]) -> Result<usize, Broken>,
}

/// Every packing that is read.
static PACKINGS: &[Packing] = &[
    Packing { name: "LZO", number: 1, flag: 1, unpack: lzo::unpack },
    Packing { name: "bzip2", number: 2, flag: 8, unpack: bzip2 },
    Packing { name: "LZ4", number: 3, flag: 0x10, unpack: lz4 },
    Packing { name: "Zstandard", number: 4, flag: 0, unpack: zstd },
];

impl Packing {
    /// By its number in layout 2.
    pub(super) fn numbered(number: u8) -> Option<&'static Self> {
        PACKINGS.iter().find(|packing| packing.number == number)
    }

    /// By the flags of layout 1; none when blocks are as they are.
    pub(super) fn flagged(flags: u32) -> Option<&'static Self> {
        PACKINGS.iter().find(|packing| packing.flag & flags != 0)
    }
}

fn lz4(packed: &[u8], out: &mut [u8]) -> Result<usize, Broken> {
    lz4_flex::block::decompress_into(packed, out)
        .map_err(|_| Broken { written: 0, why: "it ends too early or its lengths are wrong" })
}

fn bzip2(packed: &[u8], out: &mut [u8]) -> Result<usize, Broken> {
    drain(bzip2::bufread::BzDecoder::new(packed), out)
}

fn zstd(packed: &[u8], out: &mut [u8]) -> Result<usize, Broken> {
    match StreamingDecoder::new(packed) {
        Ok(decoder) => drain(decoder, out),
        Err(_) => Err(Broken { written: 0, why: "its header is wrong" }),
    }
}

/// All that `unpacker` gives; it must end before `out` does.
fn drain(mut unpacker: impl Read, out: &mut [u8]) -> Result<usize, Broken> {
    let mut written = 0;
    while written < out.len() {
        match unpacker.read(&mut out[written..]) {
            Ok(0) => return Ok(written),
            Ok(count) => written += count,
            Err(_) => return Err(Broken { written, why: "it ends too early or is damaged" }),
        }
    }
    Err(Broken { written, why: "it unpacks to more than a block may hold" })
}
