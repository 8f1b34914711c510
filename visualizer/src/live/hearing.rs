//! The detectors of flow records, beside those of packets: records come late and by their own clocks, so they have detectors
//! of their own.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use analyzer::detect::{Detection, Retelling, Untold};
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use capturer::stream::PacketStream;

use crate::alerts::Ask;
use crate::live::watch::Watch;

/// Numbers of alerts from records begin here, beyond all from packets.
const FIRST: u64 = 1 << 40;

/// Time between two tellings: with [`Retelling::tell`]'s bound 200 000 packets a second.
const PACE: Duration = Duration::from_millis(50);

pub(crate) struct Hearing {
    watch: Watch,
    retelling: Retelling,
    /// When was told last.
    told: Instant,
    ended: bool,
}

impl Hearing {
    pub(crate) fn new(detection: Detection, store: Sender<Ask>) -> Self {
        Self {
            watch: Watch::new(detection, store, FIRST),
            retelling: Retelling::live(),
            told: Instant::now(),
            ended: false,
        }
    }

    /// Nothing that was heard counts for what comes.
    pub(crate) fn begin_again(&mut self, detection: Detection, stream: &PacketStream) {
        (self.retelling, self.ended) = (Retelling::live(), false);
        self.watch.begin_again(detection, stream);
    }

    pub(crate) fn hear(&mut self, records: &[FlowRecord]) {
        records.iter().for_each(|record| self.retelling.take(record));
    }

    /// Records that could not be told.
    pub(crate) const fn untold(&self) -> Untold {
        self.retelling.untold()
    }

    /// The source is over: what still waits is told. Some at a time, as it may be much: to be called again and again.
    pub(crate) fn end(&mut self, stream: &PacketStream) {
        if self.ended || !self.retelling.tell_rest(&mut self.watch.detection) {
            return;
        }
        self.ended = true;
        self.retelling.finish(&mut self.watch.detection);
        self.watch.hand_over(stream);
    }

    /// Moves time on, by the clock if that is the records', and tells some of what is due; not more often than each
    /// [`PACE`], be there ever so much.
    pub(crate) fn tell(&mut self, clock: Option<Timestamp>) {
        if self.told.elapsed() < PACE {
            return;
        }
        if let Some(now) = clock {
            self.retelling.pass(now);
        }
        self.retelling.tell(&mut self.watch.detection);
        self.told = Instant::now();
    }

    /// Hands over what changed.
    pub(crate) fn hand_over(&mut self, stream: &PacketStream) {
        self.watch.hand_over(stream);
    }
}
