//! Reading ahead: frames are read, unpacked, filtered and decoded in threads of their own while packets are counted in
//! this one.
//!
//! The packets are those of [`offline::read`] in its order, and the analyzer sees them one after another as it would
//! without threads. So flows that go on from one capture to the next are one, and every figure, error and row is the
//! same: counting each capture by itself and adding up could not promise that, since flows, hosts and the keys that have
//! to make room know of what came before.

use std::net::IpAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use analyzer::Analyzer;
use analyzer::names::{self, Learned, Learner, Name};
use capturer::decode::Skip;
use capturer::source::Source;
use capturer::{Frame, Packet, Timestamp};

use crate::cli::Failure;
use crate::cli::offline::{self, Hand, Outcome, Reading};

/// Packets that are handed over at a time: 128 KiB, half of a second-level cache with the one before.
const BATCH: usize = 1024;

/// Batches that may wait.
const WAITING: usize = 4;

/// Packets, of which the first so many count, and the names that they gave.
type Batch = (Box<[Packet]>, usize, Vec<Told>);

/// A name that a packet of a batch gave.
struct Told {
    /// Which packet.
    index: usize,
    address: IpAddr,
    name: Name,
    source: names::Source,
    at: Timestamp,
}

/// Reads a source to its end in a thread of its own, counting in this one; `together` packets are counted at a time.
pub(super) fn read(
    source: &mut dyn Source,
    reading: Reading,
    analyzer: &mut Analyzer,
    together: usize,
) -> Result<Outcome, Failure> {
    let (full, filled) = sync_channel::<Batch>(WAITING);
    let learns = analyzer.learns();
    let (used, empty) = sync_channel::<Box<[Packet]>>(WAITING + 2);
    (0..=WAITING).for_each(|_| drop(used.try_send(vec![Packet::empty(); BATCH].into())));
    thread::scope(move |scope| {
        let reader = thread::Builder::new().name("read".to_owned()).spawn_scoped(scope, move || {
            let packets = vec![Packet::empty(); BATCH].into();
            let mut hand = Ahead {
                packets,
                held: 0,
                told: learns.then(Vec::new),
                learner: Learner::default(),
                full,
                empty,
            };
            let outcome = offline::read(source, reading, &mut hand);
            hand.hand_over();
            outcome
        });
        let reader = reader.map_err(Failure::system("cannot start a thread to read in"))?;
        for (packets, held, told) in filled {
            let mut told = told.iter().peekable();
            for (part, some) in packets[..held].chunks(together).enumerate() {
                // What a part's packets tell is known before they are counted, as it is without threads.
                while let Some(one) = told.next_if(|told| told.index < (part + 1) * together) {
                    let Told { address, name, source, at, .. } = one;
                    analyzer.learned(&Learned { address: *address, name, source: *source, at: *at });
                }
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
    /// Where names are learned.
    told: Option<Vec<Told>>,
    learner: Learner,
    full: SyncSender<Batch>,
    empty: Receiver<Box<[Packet]>>,
}

impl Ahead {
    /// Sends what is there and takes an empty batch, waiting until there is one.
    fn hand_over(&mut self) {
        let Ok(next) = self.empty.recv() else { return };
        let packets = std::mem::replace(&mut self.packets, next);
        // The other side only goes away when it panics, which is told there.
        let told = self.told.as_mut().map(std::mem::take).unwrap_or_default();
        let _ = self.full.send((packets, std::mem::take(&mut self.held), told));
    }
}

impl Hand for Ahead {
    #[inline]
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    #[inline]
    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        let Self { packets, held: index, told, learner, .. } = self;
        if let (Some(told), None) = (told, skip) {
            learner.learn(&packets[*index], frame.bytes, |learned| {
                let Learned { address, name, source, at } = learned;
                told.push(Told { index: *index, address, name: *name, source, at });
            });
        }
        self.held += usize::from(skip.is_none());
        if self.held == self.packets.len() {
            self.hand_over();
        }
        Ok(())
    }
}
