//! Lines for `wireglobe count`: text that comes in pieces has the lines of the same text at once, and what a line counts is an
//! address and a finite amount.
//!
//! Input: a byte for format and side, one for the size of the pieces, then the text. The readers are the program's own
//! files, taken in by their path, since nobody outside of it can name them; whoever includes this file calls it `cli`.

/// Stands for the command, whose readers may be seen from here only.
#[path = "."]
pub mod count {
    #[allow(dead_code, reason = "the command uses more of it")]
    #[path = "../../visualizer/src/cli/count/text/mod.rs"]
    mod text;

    use text::{Format, Piece, Reader, Side, Splitter, Verdict};

    /// One input.
    pub fn run(input: &[u8]) {
        let [kind, size, text @ ..] = input else { return };
        let format = [Format::Line, Format::Tuple, Format::Tcpdump][usize::from(kind % 3)];
        let side = [Side::Src, Side::Dst, Side::Both][usize::from(kind / 3 % 3)];
        let at_once = lines(text, usize::MAX);
        assert_eq!(lines(text, usize::from(*size) + 1), at_once);
        let mut reader = Reader::new(format, side);
        for line in &at_once {
            if let Verdict::Counted { second, amount, .. } = reader.read(line).verdict {
                assert!(amount.is_finite());
                assert!(second.is_none() || side == Side::Both);
            }
        }
    }

    /// The lines of a text that comes in pieces of a size.
    fn lines(text: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut take = |piece: Piece<'_>| {
            let (Piece::Line(line) | Piece::TooLong(line)) = piece;
            lines.push(line.to_vec());
        };
        let mut splitter = Splitter::default();
        text.chunks(size).for_each(|block| splitter.feed(block, &mut take));
        splitter.finish(&mut take);
        lines
    }
}
