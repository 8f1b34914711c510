//! The checked reader of datagrams: numbers in network byte order come off the front, or nothing when they are not whole.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// From the first byte on.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes left.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes `N` bytes.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes `count` bytes.
    #[inline]
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes one byte.
    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|&[byte]| byte)
    }

    /// Takes two.
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().copied().map(u16::from_be_bytes)
    }

    /// Takes four.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().copied().map(u32::from_be_bytes)
    }
}

/// A number of up to eight bytes in network byte order; 0 of none or more.
#[inline]
pub(super) fn number(bytes: &[u8]) -> u64 {
    if bytes.len() > 8 {
        return 0;
    }
    bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_whole_or_not_at_all() {
        let mut cursor = Cursor::new(&[0, 5, 1]);
        assert_eq!((cursor.u16(), cursor.u16(), cursor.u8(), cursor.u8()), (Some(5), None, Some(1), None));
    }

    #[test]
    fn numbers_may_be_shorter_than_their_kind() {
        assert_eq!((number(&[1, 0]), number(&[]), number(&[255; 8]), number(&[1; 9])), (256, 0, u64::MAX, 0));
    }
}
