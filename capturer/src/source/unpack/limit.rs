//! The bound on what a compressed file may unpack to (RELIABILITY T9): time and output grow with the file's size only.
//!
//! Captures compress 2 to 10 times; made of one frame over and over up to some hundred times. DEFLATE reaches 1030,
//! Zstandard over 30 000, which only a decompression bomb has a use for. Who has such a capture unpacks it outside; the
//! error says how.

use std::io::{self, Read};

use super::{Packing, Unpack, Unreadable};

/// Unpacked bytes that are free, so that small files may be as dense as they like.
const FREE: u64 = 64 * 1024 * 1024;

/// The most unpacked bytes for each packed one, beyond [`FREE`].
const RATIO: u64 = 500;

/// A stream of unpacked bytes that ends in an error when it becomes too long for what it is made from.
pub(super) struct Limited {
    packing: &'static Packing,
    unpacker: Box<dyn Unpack>,
    given: u64,
}

impl Limited {
    pub(super) const fn new(packing: &'static Packing, unpacker: Box<dyn Unpack>) -> Self {
        Self { packing, unpacker, given: 0 }
    }

    #[cold]
    fn refusal(&self) -> io::Error {
        let Packing { name, program, .. } = self.packing;
        let expected = format!("at most {RATIO} bytes from each byte of {name} data after the first {FREE}");
        let (given, taken) = (self.given, self.unpacker.taken());
        let advice = format!("unpack it first: {program} FILE | wireglobe … --read -");
        let found = format!("{given} bytes from {taken}: a decompression bomb? (if it is none, {advice})");
        Unreadable::error(expected, found)
    }
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.unpacker.read(buffer)?;
        self.given += count as u64;
        let is_too_much = self.given > FREE && self.given / RATIO > self.unpacker.taken();
        if is_too_much { Err(self.refusal()) } else { Ok(count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives without end, from a tenth of a thousandth.
    struct Endless(u64);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    impl Unpack for Endless {
        fn taken(&self) -> u64 {
            self.0 / 10_000
        }
    }

    #[test]
    fn a_bomb_ends_with_what_to_do() {
        let packing = Packing::find([0x1f, 0x8b, 8, 0]).unwrap();
        let mut limited = Limited::new(packing, Box::new(Endless(0)));
        let mut buffer = vec![0; 1 << 20];
        let mut given = 0;
        let error = loop {
            match limited.read(&mut buffer) {
                Ok(count) => given += count as u64,
                Err(error) => break error.to_string(),
            }
        };
        assert!((FREE - (1 << 20)..=FREE).contains(&given), "{given}");
        assert!(error.contains("a decompression bomb?") && error.contains("gzip -dc FILE | "), "{error}");
    }
}
