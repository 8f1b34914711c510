//! Reading ahead: frames are read, unpacked, filtered and decoded in threads of their own while packets are counted in
//! this one.
//!
//! The packets are those of [`offline::read`] in its order, and the analyzer sees them one after another as it would
//! without threads. So flows that go on from one capture to the next are one, and every figure, error and row is the
//! same: counting each capture by itself and adding up could not promise that, since flows, hosts and the keys that have
//! to make room know of what came before.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use analyzer::Analyzer;
use capturer::decode::Skip;
use capturer::source::Source;
use capturer::{Frame, Packet};

use crate::cli::Failure;
use crate::cli::offline::{self, Hand, Outcome, Reading};

/// Packets that are handed over at a time: 128 KiB, half of a second-level cache with the one before.
const BATCH: usize = 1024;

/// Batches that may wait.
const WAITING: usize = 4;

/// Packets, of which the first so many count.
type Batch = (Box<[Packet]>, usize);

/// Reads a source to its end in a thread of its own, counting in this one; `together` packets are counted at a time.
pub(super) fn read(
    source: &mut dyn Source,
    reading: Reading,
    analyzer: &mut Analyzer,
    together: usize,
) -> Result<Outcome, Failure> {
    let (full, filled) = sync_channel::<Batch>(WAITING);
    let (used, empty) = sync_channel::<Box<[Packet]>>(WAITING + 2);
    (0..=WAITING).for_each(|_| drop(used.try_send(vec![Packet::empty(); BATCH].into())));
    thread::scope(move |scope| {
        let reader = thread::Builder::new().name("read".to_owned()).spawn_scoped(scope, move || {
            let mut hand = Ahead { packets: vec![Packet::empty(); BATCH].into(), held: 0, full, empty };
            let outcome = offline::read(source, reading, &mut hand);
            hand.hand_over();
            outcome
        });
        let reader = reader.map_err(Failure::system("cannot start a thread to read in"))?;
        for (packets, held) in filled {
            for some in packets[..held].chunks(together) {
                analyzer.observe_all(some.iter().map(|packet| (packet, &[][..])));
            }
            // Nobody wants it any more once all is read.
            let _ = used.try_send(packets);
        }
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Fills batches.
struct Ahead {
    packets: Box<[Packet]>,
    held: usize,
    full: SyncSender<Batch>,
    empty: Receiver<Box<[Packet]>>,
}

impl Ahead {
    /// Sends what is there and takes an empty batch, waiting until there is one.
    fn hand_over(&mut self) {
        let Ok(next) = self.empty.recv() else { return };
        let packets = std::mem::replace(&mut self.packets, next);
        // The other side only goes away when it panics, which is told there.
        let _ = self.full.send((packets, std::mem::take(&mut self.held)));
    }
}

impl Hand for Ahead {
    #[inline]
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    #[inline]
    fn take(&mut self, _: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        self.held += usize::from(skip.is_none());
        if self.held == self.packets.len() {
            self.hand_over();
        }
        Ok(())
    }
}
