//! gzip, RFC 1952: any number of members one after another, each with its checksum.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use super::super::window::Window;
use super::{Unpack, Unreadable};

/// ID1, ID2 and the one compression method there is; the flags may be any.
pub(super) fn is_magic(first: [u8; 4]) -> bool {
    first.starts_with(&[0x1f, 0x8b, 8])
}

pub(super) fn open(packed: Window) -> Box<dyn Unpack> {
    Box::new(Gzip(MultiGzDecoder::new(Packed(packed))))
}

struct Gzip(MultiGzDecoder<Packed>);

impl Read for Gzip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                Unreadable::error("whole gzip data", format!("{error} at byte {} of the file", self.taken()))
            }
            _ => error,
        })
    }
}

impl Unpack for Gzip {
    fn taken(&self) -> u64 {
        self.0.get_ref().0.offset()
    }
}

/// The packed bytes as the decoder wants them.
struct Packed(Window);

impl BufRead for Packed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill(1)?;
        Ok(self.0.bytes())
    }

    fn consume(&mut self, count: usize) {
        self.0.step(count);
    }
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
