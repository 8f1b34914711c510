//! The detectors' thread. It is shown what the analysis reads of the ring, batch by batch in the same order and through the same
//! filter of losses, so that what is found does not depend on how many processors there are; with two, packets are counted and
//! judged at the same time.
//!
//! Batches are shared, not copied. Few may wait: detectors that are behind hold the analysis up, and what the ring loses then
//! is lost, and counted, for both.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use analyzer::Table;
use analyzer::detect::{Detection, Thresholds, Untold};
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use capturer::stream::{PacketStream, ReadBuffer};

use crate::alerts::Ask;
use crate::live::Status;
use crate::live::hearing::Hearing;
use crate::live::watch::Watch;

/// Messages that may wait.
const WAITING: usize = 2;

/// Batches that the analysis has to take in turn so that the next one is never still looked at: those that wait, the one at the
/// detectors, and its own.
pub(super) const BATCHES: usize = WAITING + 2;

/// What detectors are made from.
#[derive(Clone)]
pub(crate) struct Making {
    pub(crate) thresholds: Thresholds,
    /// Bytes that sessions may take.
    pub(crate) memory: usize,
}

impl Making {
    fn detection(&self) -> Detection {
        Detection::new(&self.thresholds, self.memory)
    }

    fn detection_of_records(&self) -> Detection {
        Detection::of_records(&self.thresholds, self.memory)
    }
}

/// What the analysis tells.
pub(super) enum Message {
    /// Packets came, of which those with these sequence numbers count.
    Packets(Arc<ReadBuffer>, Range<u64>),
    /// Flow records came.
    Records(Vec<FlowRecord>),
    /// The replay goes on from somewhere else: nothing that was seen counts for what comes.
    Again,
    /// Other thresholds. What was only half seen is let go; what was found stays.
    Thresholds(Box<Thresholds>),
    /// Time passed: the packets', where there is one; and the clock's, if that is theirs.
    Tick { packets: Option<Timestamp>, clock: Option<Timestamp> },
    /// The source is over.
    End,
}

/// What the detectors say of themselves, once a tick.
#[derive(Clone, Copy, Default)]
pub(crate) struct Detected {
    /// Their sessions, if they are switched on.
    pub(crate) table: Option<Table>,
    /// Flow records that they could not hear.
    pub(crate) untold: Untold,
}

/// The thread, as the analysis knows it.
pub(super) struct Detecting {
    messages: SyncSender<Message>,
    thread: JoinHandle<()>,
}

impl Detecting {
    /// Starts it; it ends when [`end`](Self::end) is called.
    pub(super) fn spawn(
        making: Making,
        store: Sender<Ask>,
        stream: PacketStream,
        status: Arc<Status>,
    ) -> io::Result<Self> {
        let (messages, told) = sync_channel(WAITING);
        let hears = status.exports().is_some();
        let thread = Thread {
            hearing: hears.then(|| Hearing::new(making.detection_of_records(), store.clone())),
            watch: Watch::new(making.detection(), store, 0),
            making,
            stream,
            status,
        };
        let thread = Builder::new().name("detection".into()).spawn(move || thread.run(told))?;
        Ok(Self { messages, thread })
    }

    /// Tells it something, and waits while it is behind.
    pub(super) fn tell(&self, message: Message) {
        // It only goes by a panic, which ends the process.
        let _ = self.messages.send(message);
    }

    /// Waits until all that was told is done.
    pub(super) fn end(self) {
        drop(self.messages);
        // Its panic was told where it happened.
        let _ = self.thread.join();
    }
}

struct Thread {
    making: Making,
    watch: Watch,
    /// The detectors that hear of flow records, where there are some.
    hearing: Option<Hearing>,
    stream: PacketStream,
    status: Arc<Status>,
}

impl Thread {
    fn run(mut self, told: Receiver<Message>) {
        for message in told {
            self.hear(message);
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Packets(batch, wanted) => {
                let seen = batch.iter().filter(|seen| wanted.contains(&seen.sequence));
                self.watch.detection.observe_all(seen.map(|seen| (seen.packet, seen.bytes)));
            }
            Message::Records(records) => {
                if let Some(hearing) = &mut self.hearing {
                    hearing.hear(&records);
                }
            }
            Message::Again => self.begin_again(),
            Message::Thresholds(thresholds) => {
                self.making.thresholds = *thresholds;
                self.begin_again();
            }
            Message::Tick { packets, clock } => self.tick(packets, clock),
            Message::End => {
                self.watch.end();
                if let Some(hearing) = &mut self.hearing {
                    hearing.end(&self.stream);
                }
            }
        }
    }

    fn begin_again(&mut self) {
        self.watch.begin_again(self.making.detection(), &self.stream);
        if let Some(hearing) = &mut self.hearing {
            hearing.begin_again(self.making.detection_of_records(), &self.stream);
        }
    }

    fn tick(&mut self, packets: Option<Timestamp>, clock: Option<Timestamp>) {
        if let Some(at) = packets {
            self.watch.advance(at, &self.stream);
        }
        if let Some(hearing) = &mut self.hearing {
            hearing.advance(clock, &self.stream);
        }
        self.status.set_detected(Detected {
            table: Some(self.watch.detection.table()),
            untold: self.hearing.as_ref().map(Hearing::untold).unwrap_or_default(),
        });
    }
}
