//! The capture thread: frames → packets → batches → ring. It never waits for a reader, logs nothing per packet and
//! allocates nothing in the steady state.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use capturer::source::{Next, Source, SourceError};
use capturer::stream::{Batch, Writer};
use capturer::{Frame, Ledger, Timestamp, decode};

use crate::live::Status;

/// A batch is handed over when its first packet is this old, full or not.
const PATIENCE: Duration = Duration::from_millis(20);

/// What the thread owns.
pub(crate) struct Feeder {
    pub(crate) source: Box<dyn Source>,
    pub(crate) writer: Writer,
    pub(crate) kept_bytes: usize,
    pub(crate) status: Arc<Status>,
    pub(crate) stop: Arc<AtomicBool>,
}

/// Starts the thread; it ends with its source, or when `stop` is set.
pub(crate) fn spawn(feeder: Feeder) -> io::Result<JoinHandle<()>> {
    Builder::new().name("capture".into()).spawn(move || feeder.run())
}

struct Pending {
    batch: Batch,
    ledger: Ledger,
    since: Option<Timestamp>,
}

impl Feeder {
    fn run(mut self) {
        let mut pending =
            Pending { batch: Batch::new(self.kept_bytes), ledger: Ledger::default(), since: None };
        let result = self.pump(&mut pending);
        self.hand_over(&mut pending);
        if !self.stop.load(Relaxed) {
            let reason = result.err().map(|error| error.to_string());
            match &reason {
                Some(reason) => tracing::error!(%reason, "the source failed"),
                None => tracing::info!("the source has ended"),
            }
            self.status.set_ended(reason);
        }
    }

    fn pump(&mut self, pending: &mut Pending) -> Result<(), SourceError> {
        while !self.stop.load(Relaxed) {
            match self.source.next_frame()? {
                Next::Frame(frame) => {
                    if pending.take(&frame) {
                        self.hand_over(pending);
                    }
                }
                Next::Idle => self.hand_over(pending),
                Next::End => return Ok(()),
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, pending: &mut Pending) {
        let lost = self.source.lost();
        pending.ledger.frames += lost - pending.ledger.lost_kernel;
        pending.ledger.lost_kernel = lost;
        if !pending.batch.is_empty() {
            self.writer.append(&mut pending.batch);
            pending.batch.clear();
        }
        pending.since = None;
        self.status.set_ledger(pending.ledger);
    }
}

impl Pending {
    /// Takes a frame; says whether the batch should go.
    fn take(&mut self, frame: &Frame<'_>) -> bool {
        self.ledger.frames += 1;
        match decode::decode(frame) {
            Ok(packet) => {
                self.ledger.packets += 1;
                self.ledger.bytes += u64::from(packet.wire_len);
                self.batch.push(packet, frame);
            }
            Err(skip) => self.ledger.skipped.add(skip.reason),
        }
        let since = *self.since.get_or_insert(frame.at);
        self.batch.is_full() || frame.at.since(since) >= PATIENCE
    }
}
