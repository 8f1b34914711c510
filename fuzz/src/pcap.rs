//! The bytes of a pcap file: see `capture`. Input: the file.

use super::capture::{check_plain, read};

/// One input.
pub fn run(input: &[u8]) {
    if FIRST.iter().any(|first| input.starts_with(first)) {
        check_plain(input, &read(input));
    }
}

/// How a file of this format begins: microseconds, nanoseconds, Kuznetzov's; in both byte orders.
const FIRST: [[u8; 4]; 6] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x34, 0xcd, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xcd, 0x34],
];
