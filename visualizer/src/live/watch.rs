//! The detectors beside the analysis: they see the same packets, and each tick what changed goes to the store with the
//! packets that show it, as long as the ring still has them.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::Sender;

use analyzer::Alert;
use analyzer::detect::Detection;
use capturer::stream::{self, Kept, PacketStream};
use capturer::write::PcapNgWriter;
use capturer::{Frame, Timestamp};

use crate::alerts::{Ask, Found};

/// Alerts that are handed over a tick; the others wait for the next.
const TOGETHER: usize = 512;

/// Packets that are kept of an alert.
const EVIDENCE: usize = 64;

/// Alerts whose evidence is remembered to be whole.
const MOST: usize = 16_384;

/// The detectors, and where what they find goes.
pub(crate) struct Watch {
    pub(crate) detection: Detection,
    store: Sender<Ask>,
    /// Packets that were kept of an alert so far.
    kept: HashMap<u64, usize>,
    ended: bool,
    /// Added to numbers: where those of this watch begin, and alerts of detections before this one.
    before: u64,
    /// How many alerts of this detection the store was told of.
    told: u64,
}

impl Watch {
    /// Numbers of alerts go on from one.
    pub(crate) fn new(detection: Detection, store: Sender<Ask>, before: u64) -> Self {
        Self { detection, store, kept: HashMap::new(), ended: false, before, told: 0 }
    }

    /// The replay goes on from somewhere else: nothing that was seen counts for what comes.
    pub(crate) fn begin_again(&mut self, detection: Detection, stream: &PacketStream) {
        if let Some(now) = self.detection.now() {
            self.advance(now, stream);
        }
        let (_, made) = self.detection.changed(0);
        self.before += made;
        (self.detection, self.ended, self.told) = (detection, false, 0);
    }

    /// The source is over: what still waits for an answer gets none.
    pub(crate) fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.detection.finish();
        }
    }

    /// Moves time on, and hands over what changed.
    pub(crate) fn advance(&mut self, at: Timestamp, stream: &PacketStream) {
        self.detection.advance(at);
        self.hand_over(stream);
    }

    /// Hands over what changed.
    pub(crate) fn hand_over(&mut self, stream: &PacketStream) {
        let (mut changed, made) = self.detection.changed(TOGETHER);
        self.detection.forget();
        changed.iter_mut().for_each(|alert| alert.number += self.before);
        if changed.is_empty() {
            return;
        }
        let mut evidence = self.gather(&changed, stream);
        let found = changed.into_iter().map(|alert| {
            let evidence = evidence.remove(&alert.number);
            Found { alert, evidence, earlier: self.before }
        });
        // The store's thread has gone only when the process is about to.
        let _ = self.store.send(Ask::Found(found.collect(), made - self.told));
        self.told = made;
    }

    /// Captures of those alerts whose evidence has grown, from one look through the ring.
    fn gather(&mut self, changed: &[Alert], stream: &PacketStream) -> HashMap<u64, (Vec<u8>, u32)> {
        if self.kept.len() > MOST {
            self.kept.clear();
        }
        let grown = |alert: &&Alert| {
            let kept = self.kept.get(&alert.number).copied().unwrap_or(0);
            kept < EVIDENCE && alert.frames.len() > kept
        };
        let grown: Vec<&Alert> = changed.iter().filter(grown).collect();
        let wanted: HashSet<u64> =
            grown.iter().flat_map(|alert| alert.frames.iter().take(EVIDENCE)).copied().collect();
        if wanted.is_empty() {
            return HashMap::new();
        }
        let all = stream::Query::default();
        let packets = stream.find(&all, |seen| wanted.contains(&seen.packet.number));
        let by_number: HashMap<u64, &Kept> = packets.iter().map(|kept| (kept.packet.number, kept)).collect();
        let mut captures = HashMap::new();
        for alert in grown {
            let frames = alert.frames.iter().take(EVIDENCE);
            let found: Vec<&Kept> = frames.filter_map(|frame| by_number.get(frame).copied()).collect();
            // Older packets may have left the ring: then the first capture stays.
            if found.len() > self.kept.get(&alert.number).copied().unwrap_or(0) {
                self.kept.insert(alert.number, found.len());
                captures.insert(alert.number, (capture(&found), found.len() as u32));
            }
        }
        captures
    }
}

/// Packets as a capture file.
fn capture(packets: &[&Kept]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = PcapNgWriter::new(&mut bytes, "wireglobe");
    for kept in packets {
        let packet = &kept.packet;
        let frame = Frame {
            number: packet.number,
            at: packet.at,
            wire_len: packet.wire_len,
            link: kept.link,
            bytes: &kept.bytes,
        };
        // Memory takes everything.
        let _ = writer.write(&frame, "");
    }
    let _ = writer.finish();
    bytes
}
