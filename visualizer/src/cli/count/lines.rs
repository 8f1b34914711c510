//! Lines become portions: the addresses of a block of text, how much each counts, and what is to be told of the lines between
//! them. Who counts needs nothing of the text any more, so that both go on at once.

use std::net::IpAddr;
use std::sync::Arc;

use super::database::Database;
use super::log::{REMARK_BYTES, SHOWN};
use super::text::{Format, Piece, Reader, Side, Splitter, Verdict};

const LINE: &str = "a line of at most 65536 bytes";

/// What a block of text holds.
#[derive(Debug, Default)]
pub(super) struct Portion {
    /// The addresses, in the order of their lines.
    pub(super) addresses: Vec<IpAddr>,
    /// How much each counts; empty where all count 1.
    pub(super) amounts: Vec<f64>,
    /// The number of each one's prefix, where it was looked up already.
    pub(super) numbers: Vec<u32>,
    /// The database that those numbers hold for.
    pub(super) database: Option<Arc<Database>>,
    /// Blank lines, comments, lines that are too long.
    pub(super) skipped: u64,
    /// Lines that could not be read.
    pub(super) failed: u64,
    /// Lines that belong to another one.
    pub(super) joined: u64,
    /// What to say of wrong lines.
    pub(super) remarks: Vec<Remark>,
}

/// A line that was not read.
#[derive(Debug)]
pub(super) struct Remark {
    /// So many addresses of the portion stand before it.
    pub(super) at: usize,
    /// The line's number.
    pub(super) line: u64,
    /// What was expected.
    pub(super) expected: &'static str,
    /// The beginning of what stood there.
    pub(super) found: Vec<u8>,
}

impl Portion {
    /// Looks up the numbers of its addresses.
    pub(super) fn number(&mut self, database: Arc<Database>) {
        database.numbers(&self.addresses, &mut self.numbers);
        self.database = Some(database);
    }

    /// Whether its numbers hold for this database.
    pub(super) fn is_numbered_by(&self, database: &Arc<Database>) -> bool {
        self.database.as_ref().is_some_and(|own| Arc::ptr_eq(own, database))
    }

    /// Makes it as new, but keeps its memory.
    pub(super) fn clear(&mut self) {
        self.addresses.clear();
        self.amounts.clear();
        self.remarks.clear();
        self.database = None;
        (self.skipped, self.failed, self.joined) = (0, 0, 0);
    }
}

/// Reads the lines of one input after another.
pub(super) struct Lines {
    format: Format,
    side: Side,
    splitter: Splitter,
    sheet: Sheet,
}

/// The state of the input at hand.
struct Sheet {
    reader: Reader,
    number: u64,
    weighed: bool,
    /// Remarks made so far, of all inputs.
    remarked: u64,
}

impl Lines {
    pub(super) fn new(format: Format, side: Side) -> Self {
        let weighed = format == Format::Tuple;
        let sheet = Sheet { reader: Reader::new(format, side), number: 0, weighed, remarked: 0 };
        Self { format, side, splitter: Splitter::default(), sheet }
    }

    /// A new input begins.
    pub(super) fn begin(&mut self) {
        self.sheet.reader = Reader::new(self.format, self.side);
        self.sheet.number = 0;
    }

    /// Reads every line that ends in a block.
    pub(super) fn feed(&mut self, block: &[u8], into: &mut Portion) {
        self.splitter.feed(block, |piece| self.sheet.take(&piece, into));
    }

    /// The input has ended: its last line needs no newline, and one may wait for a second.
    pub(super) fn finish(&mut self, into: &mut Portion) {
        self.splitter.finish(|piece| self.sheet.take(&piece, into));
        if let Some(expected) = self.sheet.reader.finish() {
            self.sheet.failed(expected, b"", into);
        }
    }

    /// The number of the line that was read last, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.sheet.number
    }
}

impl Sheet {
    #[inline]
    fn take(&mut self, piece: &Piece<'_>, into: &mut Portion) {
        self.number += 1;
        match piece {
            Piece::Line(line) => self.line(line, into),
            Piece::TooLong(line) => {
                into.skipped += 1;
                self.remark(LINE, line, into);
            }
        }
    }

    #[inline]
    fn line(&mut self, line: &[u8], into: &mut Portion) {
        let read = self.reader.read(line);
        if let Some(expected) = read.abandoned {
            self.failed(expected, line, into);
        }
        into.joined += u64::from(read.joined);
        match read.verdict {
            Verdict::Counted { first, second, amount } => {
                for address in [Some(first), second].into_iter().flatten() {
                    into.addresses.push(address);
                    if self.weighed {
                        into.amounts.push(amount);
                    }
                }
            }
            Verdict::Skipped => into.skipped += 1,
            Verdict::Joined => into.joined += 1,
            Verdict::Held => {}
            Verdict::Failed(expected) => self.failed(expected, line, into),
        }
    }

    #[cold]
    fn failed(&mut self, expected: &'static str, line: &[u8], into: &mut Portion) {
        into.failed += 1;
        self.remark(expected, line, into);
    }

    /// Of more than are shown, one tells that there are more.
    fn remark(&mut self, expected: &'static str, line: &[u8], into: &mut Portion) {
        self.remarked += 1;
        if self.remarked <= SHOWN + 1 {
            let found = line[..line.len().min(REMARK_BYTES)].to_vec();
            into.remarks.push(Remark { at: into.addresses.len(), line: self.number, expected, found });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion(lines: &mut Lines, text: &str) -> Portion {
        let mut portion = Portion::default();
        lines.feed(text.as_bytes(), &mut portion);
        portion
    }

    #[test]
    fn a_remark_knows_its_line_and_its_place_among_the_addresses() {
        let mut lines = Lines::new(Format::Line, Side::Src);
        let first = portion(&mut lines, "192.0.2.1\n\nx\n192.0.2.2\n192.0.2");
        assert_eq!((first.addresses.len(), first.skipped, first.failed), (2, 1, 1));
        assert_eq!(
            (first.remarks[0].at, first.remarks[0].line, &first.remarks[0].found[..]),
            (1, 3, &b"x"[..])
        );
        let mut rest = Portion::default();
        lines.finish(&mut rest);
        assert_eq!((rest.failed, rest.remarks[0].line, lines.number()), (1, 5, 5));
        lines.begin();
        assert_eq!(portion(&mut lines, "x\n").remarks[0].line, 1);
    }

    #[test]
    fn many_wrong_lines_make_few_remarks() {
        let mut lines = Lines::new(Format::Line, Side::Src);
        let portion = portion(&mut lines, &"x\n".repeat(1000));
        assert_eq!((portion.failed, portion.remarks.len() as u64), (1000, SHOWN + 1));
    }

    #[test]
    fn only_tuples_have_amounts_of_their_own() {
        let tuples = portion(&mut Lines::new(Format::Tuple, Side::Src), "192.0.2.1 2.5\n::1 3\n");
        assert_eq!(tuples.amounts, [2.5, 3.0]);
        let both = "IP 192.0.2.1.1 > 192.0.2.2.2: tcp 0\n";
        let packets = portion(&mut Lines::new(Format::Tcpdump, Side::Both), both);
        assert_eq!((packets.addresses.len(), packets.amounts.len()), (2, 0));
    }
}
