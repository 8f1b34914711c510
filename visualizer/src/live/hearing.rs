//! The detectors of flow records, beside those of packets: records come late and by their own clocks, so they have detectors
//! of their own.

use std::sync::mpsc::Sender;

use analyzer::detect::{Detection, Retelling, Untold};
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use capturer::stream::PacketStream;

use crate::alerts::Ask;
use crate::live::watch::Watch;

/// Numbers of alerts from records begin here, beyond all from packets.
const FIRST: u64 = 1 << 40;

pub(crate) struct Hearing {
    watch: Watch,
    retelling: Retelling,
    ended: bool,
}

impl Hearing {
    pub(crate) fn new(detection: Detection, store: Sender<Ask>) -> Self {
        Self { watch: Watch::new(detection, store, FIRST), retelling: Retelling::live(), ended: false }
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

    /// The source is over: what still waits is told.
    pub(crate) fn end(&mut self, stream: &PacketStream) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.retelling.finish(&mut self.watch.detection);
        self.watch.hand_over(stream);
    }

    /// Moves time on, by the clock if that is the records', and hands over what changed.
    pub(crate) fn advance(&mut self, clock: Option<Timestamp>, stream: &PacketStream) {
        if let Some(now) = clock {
            self.retelling.pass(now);
        }
        self.retelling.tell(&mut self.watch.detection);
        self.watch.hand_over(stream);
    }
}
