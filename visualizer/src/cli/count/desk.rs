//! The desk between reading and counting, a thread of its own: takes events as they happen, makes portions of blocks of
//! text, and hands on everything as orders in the same order. So what was read before a signal is counted before it.

use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender};

use tokio::sync::oneshot;

use super::database::Shelf;
use super::feed::{Batch, Event, Signal};
use super::lines::{Lines, Portion};
use super::text::Format;
use crate::cli::Failure;
use crate::cli::offline::Outcome;

/// Addresses of text that are held back while the routing table is read.
const HELD: usize = 1 << 20;

/// With so many portions before it, the counting thread has enough to do: the numbers of a further one's prefixes are looked
/// up here, else there, so that neither thread waits for the other.
const BUSY: usize = 2;

/// Orders that may wait, half a million addresses.
pub(super) const fn waiting(format: Format) -> usize {
    match format {
        Format::Line | Format::Tuple => 32,
        Format::Tcpdump => 128,
    }
}

/// What to do, in the counting thread.
pub(super) enum Order {
    /// An input begins, by its number.
    Begin(usize),
    /// Addresses of text.
    Portion(Portion),
    /// Addresses of packets.
    Packets(Batch),
    /// The input could not be read on behind this line.
    Broken(io::Error, u64),
    /// The packets have ended.
    Read(Box<Result<Outcome, Failure>>),
    /// A signal that does not end the counting.
    Signal(Signal),
    /// Newer data were fetched, or why not.
    Refreshed(Result<String, String>),
    /// Somebody wants the metrics.
    Ask(oneshot::Sender<String>),
    /// The final report.
    Finish,
}

/// Nobody counts any more.
struct Closed;

/// Makes orders of events.
pub(super) struct Desk {
    pub(super) lines: Lines,
    pub(super) orders: SyncSender<Order>,
    /// The way back for blocks of text, and portions that were counted.
    pub(super) blocks: Option<Sender<Vec<u8>>>,
    pub(super) counted: Receiver<Portion>,
    /// Portions for further blocks, and how many are on their way to be counted.
    pub(super) spare: (Vec<Portion>, usize),
    /// Portions that are held back, and how many addresses they have together.
    pub(super) held: (Vec<Portion>, usize),
    pub(super) shelf: Shelf,
    /// Whether to go on after the end.
    pub(super) keep: bool,
}

impl Desk {
    /// Until there is nothing more to read, or a signal says stop, or nobody counts any more.
    pub(super) fn run(mut self, events: Receiver<Event>) {
        let mut done = false;
        for event in events {
            let end = matches!(event, Event::Done | Event::Signal(Signal::Stop));
            let last = matches!(event, Event::Signal(Signal::Stop)) || !self.keep;
            let sent = match event {
                _ if end && done => break,
                _ if end => self.finish(),
                event => self.take(event),
            };
            done |= end;
            if sent.is_err() || (end && last) {
                break;
            }
        }
    }

    /// Hands an order on, behind what was held back.
    fn send(&mut self, order: Order) -> Result<(), Closed> {
        self.release()?;
        self.orders.send(order).map_err(|_| Closed)
    }

    fn release(&mut self) -> Result<(), Closed> {
        self.held.1 = 0;
        for mut portion in std::mem::take(&mut self.held.0) {
            self.collect();
            if self.spare.1 >= BUSY
                && let Some(database) = self.shelf.get()
            {
                portion.number(database);
            }
            self.spare.1 += 1;
            self.orders.send(Order::Portion(portion)).map_err(|_| Closed)?;
        }
        Ok(())
    }

    /// Takes back what was counted.
    fn collect(&mut self) {
        let (spare, out) = &mut self.spare;
        for portion in self.counted.try_iter() {
            *out = out.saturating_sub(1);
            spare.push(portion);
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Closed> {
        match event {
            Event::Begin(number) => {
                self.lines.begin();
                self.send(Order::Begin(number))
            }
            Event::Block(block) => self.block(block),
            Event::End(error) => self.end(error),
            Event::Packets(batch) => self.send(Order::Packets(batch)),
            Event::Read(outcome) => self.send(Order::Read(outcome)),
            Event::Signal(signal) => self.send(Order::Signal(signal)),
            Event::Refreshed(result) => self.send(Order::Refreshed(result)),
            Event::Ask(reply) => self.send(Order::Ask(reply)),
            Event::Done => Ok(()),
        }
    }

    fn block(&mut self, block: Vec<u8>) -> Result<(), Closed> {
        self.collect();
        let mut portion = self.spare.0.pop().unwrap_or_default();
        self.lines.feed(&block, &mut portion);
        if let Some(blocks) = &self.blocks {
            // The reader may have ended.
            let _ = blocks.send(block);
        }
        self.held.1 += portion.addresses.len();
        self.held.0.push(portion);
        let waits = self.shelf.get().is_none() && self.held.1 < HELD;
        if waits { Ok(()) } else { self.release() }
    }

    fn end(&mut self, error: Option<io::Error>) -> Result<(), Closed> {
        self.shelf.wait();
        self.rest()?;
        match error {
            Some(error) => self.send(Order::Broken(error, self.lines.number())),
            None => Ok(()),
        }
    }

    /// A signal may end it in the middle of a line, which is then read as far as it came.
    fn finish(&mut self) -> Result<(), Closed> {
        self.rest()?;
        self.send(Order::Finish)
    }

    fn rest(&mut self) -> Result<(), Closed> {
        let mut portion = Portion::default();
        self.lines.finish(&mut portion);
        self.spare.1 += 1;
        self.send(Order::Portion(portion))
    }
}
