//! What a frame passes in the program, on one thread: decoder, analyzer with names and inventory, detectors; each with its
//! part of the program's default budget.

use analyzer::aggregate::{AGGREGATES, Counting, Ends};
use analyzer::detect::{Detection, Thresholds};
use analyzer::fingerprint::Database;
use analyzer::geo::{Geo, Needs};
use analyzer::inventory::Plan;
use analyzer::{Analyzer, Devices, Dimension, Facts, LocalNetworks, Origin, Setup};
use capturer::decode::{DecodeSettings, Decoder};
use capturer::{Frame, Packet, Timestamp};

/// Bytes of a frame that readers may want, as offline; live it is 256.
const READABLE: usize = 2048;

/// Bytes that hosts, flows, totals and names may take.
const ANALYSIS: usize = 60 << 20;

/// Bytes that the detectors' sessions may take.
const SESSIONS: usize = 10 << 20;

/// Bytes that what hosts look like may take.
const INVENTORY: usize = 10 << 20;

/// What a [`Pipeline`] is made from; read once, as places take longer than many a measurement.
pub(crate) fn setup() -> Setup {
    // Hosts, and what they look like, have tables of their own.
    let counted = AGGREGATES.iter().filter(|entry| !matches!(entry.name, "host" | "os"));
    Setup {
        facts: Facts {
            geo: Geo::bundled(Needs { country: true, asn: true }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions: counted.map(|entry| Dimension { name: entry.name, ends: Ends::Both }).collect(),
        live: true,
        hosts: true,
        names: true,
        memory: ANALYSIS,
        counting: Counting::default(),
        devices: Devices::default(),
        inventory: Some(Plan { database: Database::own(), memory: INVENTORY }),
    }
}

/// A program that has seen nothing.
pub(crate) struct Pipeline {
    decoder: Decoder,
    analyzer: Analyzer,
    detection: Detection,
    packet: Packet,
}

impl Pipeline {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self {
            decoder: Decoder::new(DecodeSettings::default()),
            analyzer: Analyzer::new(setup.clone()),
            detection: Detection::new(&Thresholds::default(), SESSIONS),
            packet: Packet::empty(),
        }
    }

    /// Takes a frame to the end; one that is no packet ends at the decoder.
    pub(crate) fn show(&mut self, frame: &Frame<'_>) {
        if self.decoder.decode_into(frame, &mut self.packet).is_ok() {
            let bytes = &frame.bytes[..frame.bytes.len().min(READABLE)];
            self.analyzer.observe(&self.packet, bytes);
            self.detection.observe(&self.packet, bytes);
        }
    }

    /// What the program does four times a second.
    pub(crate) fn tick(&mut self, at: Timestamp) {
        self.analyzer.advance(at);
        self.detection.advance(at);
        // What changed goes to the store, which empties the list.
        std::hint::black_box(self.detection.changed(usize::MAX));
    }
}
