//! The capture thread: frames → packets → batches → ring. It logs nothing per packet, allocates nothing in the steady
//! state, and waits for the analysis only where nothing is lost meanwhile: a file stays where it is, an interface goes on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use analyzer::fingerprint;
use analyzer::names::{NAMING_BYTES, Watch};
use capturer::decode::Decoder;
use capturer::flow::{Collector, FlowRecord, Limits};
use capturer::source::{Next, Source, SourceError};
use capturer::stream::{Batch, Writer};
use capturer::{Frame, Ledger, Packet, Timestamp};

use crate::live::{Exports, Status};
use crate::sieve::{CannotAsk, Sieve, Verdict};

/// A batch is handed over when its first packet is this old, full or not.
const PATIENCE: Duration = Duration::from_millis(20);

/// What the thread owns.
pub(crate) struct Feeder {
    pub(crate) source: Box<dyn Source>,
    /// What is let in, if not everything.
    pub(crate) sieve: Option<Sieve>,
    pub(crate) decoder: Decoder,
    pub(crate) writer: Writer,
    /// Whether its source can wait until there is room.
    pub(crate) patient: bool,
    pub(crate) kept_bytes: usize,
    pub(crate) status: Arc<Status>,
    /// Which databases the sieve asks.
    pub(crate) generation: u64,
    pub(crate) stop: Arc<AtomicBool>,
    /// Where the exports that frames carry are meant instead of the frames' packets.
    pub(crate) carried: Option<Carried>,
}

/// Reads the exports in a replay's frames.
pub(crate) struct Carried {
    exports: Arc<Exports>,
    collector: Collector,
    /// Records that the analysis has not got yet.
    records: Vec<FlowRecord>,
    told: Instant,
}

/// Records of a replay that are handed over together.
const MOST_RECORDS: usize = 1024;

/// How often counters are told.
const ROUND: Duration = Duration::from_millis(200);

impl Carried {
    /// Hands records to the analysis over `exports`.
    pub(crate) fn new(exports: Arc<Exports>) -> Self {
        let collector = Collector::new(Limits::of_captures());
        Self { exports, collector, records: Vec::new(), told: Instant::now() }
    }

    fn read(&mut self, packet: &Packet, frame: &Frame<'_>) {
        let records = &mut self.records;
        self.collector.read_frame(packet, frame.bytes, &mut |record| records.push(*record));
    }

    /// A replay loses nothing: it waits until the analysis has room.
    fn hand_over(&mut self, stop: &AtomicBool) {
        loop {
            self.exports.offer_some(&mut self.records);
            if self.records.is_empty() || stop.load(Relaxed) {
                break;
            }
            std::thread::sleep(PATIENCE);
        }
        if self.told.elapsed() >= ROUND {
            self.tell();
        }
    }

    fn tell(&mut self) {
        self.told = Instant::now();
        self.exports.tell(&self.collector);
    }

    fn forget(&mut self) {
        self.records.clear();
        self.exports.forget();
    }
}

/// The thread that captures, before it has anything to do: it is started first, as it may keep a capability that no other
/// thread has (threads have those of who starts them).
pub(crate) struct Capture {
    feeder: Sender<Feeder>,
    thread: JoinHandle<()>,
}

impl Capture {
    /// Starts the thread.
    pub(crate) fn prepare() -> io::Result<Self> {
        let (feeder, fed) = channel::<Feeder>();
        // Without a feeder the start has failed, and there is nothing to do.
        let work = move || fed.recv().into_iter().for_each(Feeder::run);
        Ok(Self { feeder, thread: Builder::new().name("capture".into()).spawn(work)? })
    }

    /// Has it begin; it ends with its source, or when `stop` is set.
    pub(crate) fn begin(self, feeder: Feeder) -> JoinHandle<()> {
        // It waits for just this.
        let _ = self.feeder.send(feeder);
        self.thread
    }
}

struct Pending {
    batch: Batch,
    ledger: Ledger,
    since: Option<Timestamp>,
    packet: Packet,
    watch: Watch,
}

impl Feeder {
    fn run(mut self) {
        let mut pending = Pending {
            batch: Batch::new(self.kept_bytes),
            ledger: Ledger::default(),
            since: None,
            packet: Packet::empty(),
            watch: Watch::default(),
        };
        loop {
            let result = self.pump(&mut pending);
            self.hand_over(&mut pending);
            if let Some(carried) = &mut self.carried {
                carried.tell();
            }
            if self.stop.load(Relaxed) {
                return;
            }
            self.end(result.err().map(|error| error.to_string()));
            if !self.may_go_on() {
                return;
            }
        }
    }

    fn end(&self, reason: Option<String>) {
        match &reason {
            Some(reason) => tracing::error!(%reason, "the source failed"),
            None => tracing::info!("the source has ended"),
        }
        self.status.set_ended(reason);
    }

    /// A replay that has ended waits for somebody who wants to go on from somewhere; all else is over.
    fn may_go_on(&self) -> bool {
        let Some(progress) = &self.status.progress else { return false };
        while !self.stop.load(Relaxed) {
            if progress.is_sought() {
                return true;
            }
            std::thread::sleep(PATIENCE);
        }
        false
    }

    /// Goes on from where somebody wants to, and tells with which packet that begins.
    fn seek(&mut self, pending: &mut Pending) -> Result<(), SourceError> {
        let Some(sought) = self.status.progress.as_ref().and_then(|progress| progress.take_sought()) else {
            return Ok(());
        };
        self.hand_over(pending);
        if self.source.seek(sought)? {
            if let Some(carried) = &mut self.carried {
                carried.forget();
            }
            pending.watch = Watch::default();
            self.status.begin_again(self.writer.written());
        }
        Ok(())
    }

    fn pump(&mut self, pending: &mut Pending) -> Result<(), Stop> {
        while !self.stop.load(Relaxed) {
            if self.status.progress.as_ref().is_some_and(|progress| progress.is_sought()) {
                self.seek(pending)?;
            }
            match self.source.next_frame()? {
                Next::Frame(frame) => {
                    let reading = (&mut self.decoder, self.carried.as_mut());
                    if pending.take(&frame, self.sieve.as_mut(), reading)? {
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
            while self.patient
                && !self.writer.wait_for_room(&pending.batch, PATIENCE)
                && !self.stop.load(Relaxed)
            {}
            self.writer.append(&mut pending.batch);
            pending.batch.clear();
        }
        pending.since = None;
        if let Some(carried) = &mut self.carried {
            carried.hand_over(&self.stop);
        }
        self.renew();
        self.status.set_ledger(pending.ledger);
        self.status.set_decoding(self.decoder.counts());
    }
}

impl Feeder {
    /// Takes other databases, if there are any.
    fn renew(&mut self) {
        let generation = self.status.generation();
        if generation != self.generation {
            self.generation = generation;
            if let Some(sieve) = &mut self.sieve {
                sieve.set_facts(self.status.known());
            }
        }
    }
}

impl Pending {
    /// Takes a frame; says whether the batch should go.
    fn take(
        &mut self,
        frame: &Frame<'_>,
        sieve: Option<&mut Sieve>,
        (decoder, carried): (&mut Decoder, Option<&mut Carried>),
    ) -> Result<bool, CannotAsk> {
        self.ledger.frames += 1;
        let mut verdict = sieve.map_or(Ok(Verdict::Passes), |sieve| sieve.verdict(frame))?;
        if matches!(verdict, Verdict::Fails) {
            self.ledger.filtered += 1;
            return Ok(false);
        }
        let skip = decoder.decode_into(frame, &mut self.packet).err();
        if !verdict.of(frame, skip.is_none().then_some(&self.packet)) {
            self.ledger.filtered += 1;
            return Ok(false);
        }
        let mut is_full = false;
        match (skip, carried) {
            (None, Some(carried)) => {
                self.ledger.packets += 1;
                self.ledger.bytes += u64::from(self.packet.wire_len);
                carried.read(&self.packet, frame);
                is_full = carried.records.len() >= MOST_RECORDS;
            }
            (None, None) => {
                self.ledger.packets += 1;
                self.ledger.bytes += u64::from(self.packet.wire_len);
                let may_name = self.watch.may_name(&self.packet, frame.bytes);
                let more = may_name || fingerprint::may_tell(&self.packet, frame.bytes);
                self.batch.push_keeping(self.packet, frame, if more { NAMING_BYTES } else { 0 });
            }
            (Some(skip), _) => self.ledger.skipped.add(skip.reason),
        }
        let since = *self.since.get_or_insert(frame.at);
        Ok(is_full || self.batch.is_full() || frame.at.since(since) >= PATIENCE)
    }
}

/// Why the thread stops before its source's end.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the filter can't be asked here: {0}")]
    Filter(#[from] CannotAsk),
}
