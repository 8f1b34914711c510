//! The bytes of a pcapng file: see `capture`. Input: the file.

use super::capture::{check_plain, read};

/// One input.
pub fn run(input: &[u8]) {
    if FIRST.iter().any(|first| input.starts_with(first)) {
        check_plain(input, &read(input));
    }
}

/// How a file of this format begins: its section header block's type.
const FIRST: [[u8; 4]; 1] = [[0x0a, 0x0d, 0x0d, 0x0a]];
