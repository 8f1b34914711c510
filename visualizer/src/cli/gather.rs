//! Reading and counting in one thread: packets are counted some at a time, and learned from one by one, as their frames are
//! only there for a moment.

use analyzer::Analyzer;
use capturer::decode::Skip;
use capturer::source::Source;
use capturer::{Frame, Packet};

use crate::cli::Failure;
use crate::cli::offline::{self, Hand, Outcome, Reading};

/// Packets that are counted together; see [`Analyzer::observe_all`].
pub(super) const TOGETHER: usize = 256;

/// Reads a source to its end and counts it.
pub(super) fn read(
    source: &mut dyn Source,
    reading: Reading,
    analyzer: &mut Analyzer,
) -> Result<Outcome, Failure> {
    let learns = analyzer.learns();
    let mut gather = Gather { analyzer, packets: vec![Packet::empty(); TOGETHER].into(), held: 0, learns };
    let outcome = offline::read(source, reading, &mut gather);
    gather.observe();
    outcome
}

/// Gathers packets to be counted together.
struct Gather<'a> {
    analyzer: &'a mut Analyzer,
    packets: Box<[Packet]>,
    held: usize,
    learns: bool,
}

impl Gather<'_> {
    /// Counts the packets at hand. Totals need no bytes of their frames.
    fn observe(&mut self) {
        self.analyzer.observe_all(self.packets[..self.held].iter().map(|packet| (packet, &[][..])));
        self.held = 0;
    }
}

impl Hand for Gather<'_> {
    #[inline]
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    #[inline]
    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if self.learns && skip.is_none() {
            self.analyzer.learn(&self.packets[self.held], frame.bytes);
        }
        self.held += usize::from(skip.is_none());
        if self.held == self.packets.len() {
            self.observe();
        }
        Ok(())
    }
}
