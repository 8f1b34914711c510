//! The checked reader: headers come off the front as fixed-size arrays, or not at all.

use super::{Skip, SkipReason};

/// What is left of a frame, where that begins, and where it ended on the wire.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
    wire_end: usize,
}

impl<'a> Reader<'a> {
    /// Reads what was captured of a frame of `wire_len` bytes.
    pub(super) fn new(bytes: &'a [u8], wire_len: u32) -> Self {
        Self { rest: bytes, offset: 0, wire_end: bytes.len().max(wire_len as usize) }
    }

    /// Bytes from the frame's beginning.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    /// What is left.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Bytes on the wire from here, captured or not: what a header may claim at most.
    pub(super) fn on_wire(&self) -> u32 {
        u32::try_from(self.wire_end.saturating_sub(self.offset)).unwrap_or(u32::MAX)
    }

    /// Takes a header of `N` bytes, or nothing when it is not whole.
    #[inline(always)]
    pub(super) fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (header, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        self.offset += N;
        Some(header)
    }

    /// Steps over `count` bytes, or nothing when they are not all there.
    #[inline(always)]
    pub(super) fn advance(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        self.offset += count;
        Some(())
    }

    /// Drops what lies beyond the next `len` bytes: padding, or a trailer.
    #[inline(always)]
    pub(super) fn limit(&mut self, len: usize) {
        self.wire_end = self.wire_end.min(self.offset.saturating_add(len));
        self.rest = self.rest.get(..len).unwrap_or(self.rest);
    }

    /// Takes a link header of `N` bytes.
    #[inline(always)]
    pub(super) fn link_header<const N: usize>(&mut self) -> Result<&'a [u8; N], Skip> {
        let whole = *self;
        self.take().ok_or_else(|| whole.skip(SkipReason::CutLink, N))
    }

    /// Steps over `count` bytes of a link header.
    pub(super) fn link_skip(&mut self, count: usize) -> Result<(), Skip> {
        let whole = *self;
        self.advance(count).ok_or_else(|| whole.skip(SkipReason::CutLink, count))
    }

    /// Takes a network header of `N` bytes.
    #[inline(always)]
    pub(super) fn network_header<const N: usize>(&mut self) -> Result<&'a [u8; N], Skip> {
        let whole = *self;
        self.take().ok_or_else(|| whole.skip(SkipReason::CutNetwork, N))
    }

    /// The refusal of what begins here.
    pub(super) fn skip_here(&self, reason: SkipReason) -> Skip {
        self.skip(reason, 0)
    }

    /// The refusal of what begins here for want of bytes.
    #[cold]
    pub(super) fn skip(&self, reason: SkipReason, needed: usize) -> Skip {
        let [offset, needed, had] =
            [self.offset, needed, self.rest.len()].map(|n| u16::try_from(n).unwrap_or(u16::MAX));
        Skip { reason, offset, needed, had }
    }
}

/// Two bytes of a header in network byte order.
#[inline(always)]
pub(super) const fn u16_at<const N: usize>(header: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([header[at], header[at + 1]])
}

/// Four bytes of a header in network byte order.
#[inline(always)]
pub(super) const fn u32_at<const N: usize>(header: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

/// A hardware address in a header.
#[inline(always)]
pub(super) const fn mac_at<const N: usize>(header: &[u8; N], at: usize) -> crate::Mac {
    crate::Mac([header[at], header[at + 1], header[at + 2], header[at + 3], header[at + 4], header[at + 5]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_taken_whole_or_not_at_all() {
        let mut reader = Reader::new(&[1, 2, 3], 3);
        assert_eq!(reader.take::<2>(), Some(&[1, 2]));
        assert_eq!(reader.take::<2>(), None);
        assert_eq!((reader.offset(), reader.rest()), (2, &[3][..]));
        let skip = Skip { reason: SkipReason::CutLink, offset: 2, needed: 2, had: 1 };
        assert_eq!(reader.link_header::<2>(), Err(skip));
    }

    #[test]
    fn a_limit_only_shortens() {
        let mut reader = Reader::new(&[1, 2, 3], 3);
        reader.limit(9);
        assert_eq!(reader.on_wire(), 3);
        assert_eq!(reader.rest(), [1, 2, 3]);
        reader.limit(1);
        assert_eq!(reader.rest(), [1]);
        assert_eq!(reader.advance(2), None);
    }
}
