//! The bytes of a compressed capture: see `capture`. Input: the file; one that is not compressed is no capture, or one
//! that the other targets read.

use super::capture::read;

/// What a file may unpack to whatever its size, and what each of its bytes adds (`source::unpack::limit`).
const FREE: u64 = 64 * 1024 * 1024;
const RATIO: u64 = 500;

/// One input.
pub fn run(input: &[u8]) {
    let is_packed = input.starts_with(&[0x1f, 0x8b, 8])
        || input.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        || matches!(input, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    if is_packed {
        let outcome = read(input);
        assert!(outcome.bytes <= FREE + RATIO * input.len() as u64, "{outcome:?}");
    }
}
