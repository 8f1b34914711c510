//! Lines out of blocks of bytes, as they come. A line is lent from its block, copied only where it lies in two. One without
//! an end costs [`LINE_MAX`] bytes and no more: the rest of it is passed over up to the next newline (RELIABILITY T10).

/// The longest line that is read, in bytes.
pub(in crate::cli::count) const LINE_MAX: usize = 64 << 10;

/// What lies between two newlines.
pub(in crate::cli::count) enum Piece<'a> {
    /// A line without its newline.
    Line(&'a [u8]),
    /// The beginning of one that is longer than [`LINE_MAX`].
    TooLong(&'a [u8]),
}

/// Holds what the next block continues.
#[derive(Default)]
pub(in crate::cli::count) struct Splitter {
    /// The beginning of a line, at most [`LINE_MAX`] bytes and one more.
    begun: Vec<u8>,
}

impl Splitter {
    /// Gives every line that ends in this block to `each`.
    pub(in crate::cli::count) fn feed(&mut self, block: &[u8], mut each: impl FnMut(Piece<'_>)) {
        let mut rest = block;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, next) = (&rest[..end], &rest[end + 1..]);
            if self.begun.is_empty() {
                each(piece(line));
            } else {
                self.keep(line);
                self.finish(&mut each);
            }
            rest = next;
        }
        self.keep(rest);
    }

    /// The input has ended: a last line needs no newline.
    pub(in crate::cli::count) fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        if !self.begun.is_empty() {
            each(piece(&self.begun));
            self.begun.clear();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = (LINE_MAX + 1).saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn piece(line: &[u8]) -> Piece<'_> {
    if line.len() > LINE_MAX { Piece::TooLong(line) } else { Piece::Line(line) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(blocks: &[&[u8]]) -> (Vec<Vec<u8>>, usize, usize) {
        let mut splitter = Splitter::default();
        let (mut lines, mut long) = (Vec::new(), 0);
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Line(line) => lines.push(line.to_vec()),
            Piece::TooLong(_) => long += 1,
        };
        blocks.iter().for_each(|block| splitter.feed(block, &mut each));
        splitter.finish(&mut each);
        (lines, long, splitter.begun.capacity())
    }

    #[test]
    fn a_line_without_end_costs_its_cap_and_the_next_one_is_read() {
        let block = vec![b'x'; 256 << 10];
        let mut blocks: Vec<&[u8]> = vec![b"first\n"];
        blocks.extend(std::iter::repeat_n(&block[..], 32));
        blocks.push(b"x\nlast");
        let (lines, long, memory) = lines(&blocks);
        assert_eq!((lines, long), (vec![b"first".to_vec(), b"last".to_vec()], 1));
        assert!(memory <= 2 * LINE_MAX + 2, "{memory}");
    }

    #[test]
    fn the_longest_line_is_read() {
        let line = vec![b'x'; LINE_MAX];
        assert_eq!(lines(&[&line, b"\n"]).0[0], line);
        assert_eq!(lines(&[&line, b"x\n"]).1, 1);
        assert_eq!(lines(&[&[&line[..], b"x\n"].concat()]).1, 1);
    }

    proptest! {
        #[test]
        fn cuts_anywhere_as_split_does(text in "[a\n]{0,40}", at in 0_usize..40, second in 0_usize..40) {
            let mut cuts = [at.min(text.len()), second.min(text.len())];
            cuts.sort_unstable();
            let bytes = text.as_bytes();
            let (found, _, _) = lines(&[&bytes[..cuts[0]], &bytes[cuts[0]..cuts[1]], &bytes[cuts[1]..]]);
            let expected: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
