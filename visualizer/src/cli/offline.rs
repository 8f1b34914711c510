//! The offline loop: every frame of a source, one after another, without threads or a ring.

use std::time::{Duration, Instant};

use analyzer::query::Query;
use capturer::decode::{DecodeSettings, Decoder, Skip};
use capturer::source::{Next, Source, SourceError};
use capturer::{Frame, Ledger, Packet, Timestamp};
use serde_json::Value;

use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::sieve::{Sieve, Verdict};

/// What became of a read.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) ledger: Ledger,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) truncated: Option<u64>,
    pub(super) error: Option<SourceError>,
    /// Of several files those that were damaged besides.
    pub(super) further: Vec<SourceError>,
    /// Of a read of flow records, what they were; the ledger's packets and bytes are theirs then.
    pub(super) records: Option<Records>,
}

/// Flow records that were read instead of packets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    /// Flows they stand for.
    pub(crate) flows: u64,
    /// Frames that carried no export.
    pub(crate) not_exports: u64,
    /// What exporters numbered and never came.
    pub(crate) lost: u64,
    /// What the collector met.
    pub(crate) exports: Value,
}

/// Which packets are taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Range {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    /// Stop after this long; for interfaces.
    pub(super) length: Option<Duration>,
}

impl Range {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
    }
}

/// Who takes the packets. They are decoded where the taker wants them, since copying one costs as much as decoding it.
pub(super) trait Hand {
    /// Where the next packet goes. What lies there is only valid once it is taken.
    fn slot(&mut self) -> &mut Packet;

    /// A frame was let through; the slot holds its packet, or `skip` says why there is none.
    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure>;

    /// Nothing comes for a moment: what was held back for speed should go.
    fn pause(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Which frames are read, and how.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) range: Range,
    pub(super) sieve: Option<Sieve>,
    pub(super) decode: DecodeSettings,
}

/// Reads a source to its end.
pub(super) fn read(
    source: &mut dyn Source,
    reading: Reading,
    hand: &mut impl Hand,
) -> Result<Outcome, Failure> {
    let mut decoder = Decoder::new(reading.decode);
    let Reading { range, mut sieve, .. } = reading;
    let mut outcome = Outcome::default();
    let mut watch = Watch::new(range.length);
    loop {
        // The frame is read where it was answered: copying it right after it was written stalls the processor.
        let next = source.next_frame();
        let frame = match &next {
            Ok(Next::Frame(frame)) => frame,
            Ok(Next::Idle) => {
                hand.pause()?;
                if watch.is_over() {
                    break;
                }
                continue;
            }
            Ok(Next::End) => break,
            Err(_) => {
                if next.is_err_and(|error| outcome.fail(error)) {
                    break;
                }
                continue;
            }
        };
        outcome.begin(frame.at);
        if range.holds(frame.at) {
            outcome.sift(frame, sieve.as_mut(), &mut decoder, hand)?;
        } else {
            outcome.ledger.filtered += 1;
        }
        if outcome.ledger.frames & 0xffff == 0 && watch.is_over_after(outcome.ledger.frames) {
            break;
        }
    }
    watch.progress.clear();
    outcome.ledger.lost_kernel = source.lost();
    outcome.ledger.frames += outcome.ledger.lost_kernel;
    outcome.truncated = source.truncated_at();
    Ok(outcome)
}

/// The clock of a read: progress on a terminal, and the end of a read from an interface.
struct Watch {
    began: Instant,
    progress: Progress,
    length: Option<Duration>,
}

impl Watch {
    fn new(length: Option<Duration>) -> Self {
        Self { began: Instant::now(), progress: Progress::new(), length }
    }

    fn is_over(&self) -> bool {
        self.length.is_some_and(|length| self.began.elapsed() >= length)
    }

    /// The same, and says how far the read is when it is time to.
    fn is_over_after(&mut self, frames: u64) -> bool {
        self.progress.tell(|| format!("{frames} frames read"));
        self.is_over()
    }
}

impl Outcome {
    /// Keeps an error; says whether nothing more can come. Each damaged file of several is told of in turn.
    pub(super) fn fail(&mut self, error: SourceError) -> bool {
        let ends = matches!(error, SourceError::Interface { .. });
        if self.error.is_none() {
            self.error = Some(error);
        } else {
            self.further.push(error);
        }
        ends
    }

    #[inline]
    fn begin(&mut self, at: Timestamp) {
        self.ledger.frames += 1;
        self.reach(at);
    }

    /// Something of this time counts.
    #[inline]
    pub(super) fn reach(&mut self, at: Timestamp) {
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
        self.to = Some(self.to.map_or(at, |to| to.max(at)));
    }

    /// Counts a packet that was decoded elsewhere.
    pub(super) fn saw(&mut self, packet: &Packet) {
        self.begin(packet.at);
        self.ledger.packets += 1;
        self.ledger.bytes += u64::from(packet.wire_len);
    }

    /// Filters, decodes and counts a frame.
    #[inline]
    fn sift(
        &mut self,
        frame: &Frame<'_>,
        sieve: Option<&mut Sieve>,
        decoder: &mut Decoder,
        hand: &mut impl Hand,
    ) -> Result<(), Failure> {
        let mut verdict = match sieve {
            Some(sieve) => {
                sieve.verdict(frame).map_err(|error| Failure::Usage(format!("--filter\n{error}")))?
            }
            None => Verdict::Passes,
        };
        if matches!(verdict, Verdict::Fails) {
            self.ledger.filtered += 1;
            return Ok(());
        }
        let slot = hand.slot();
        let skip = decoder.decode_into(frame, slot).err();
        if !verdict.of(frame, skip.is_none().then_some(slot)) {
            self.ledger.filtered += 1;
            return Ok(());
        }
        match skip {
            None => {
                self.ledger.packets += 1;
                self.ledger.bytes += u64::from(slot.wire_len);
            }
            Some(skip) => self.ledger.skipped.add(skip.reason),
        }
        hand.take(frame, skip)
    }
}

/// Takes nothing: for a pass that only wants to know the times of a capture.
pub(super) struct Nobody(Packet);

impl Default for Nobody {
    fn default() -> Self {
        Self(Packet::empty())
    }
}

impl Hand for Nobody {
    fn slot(&mut self) -> &mut Packet {
        &mut self.0
    }

    fn take(&mut self, _: &Frame<'_>, _: Option<Skip>) -> Result<(), Failure> {
        Ok(())
    }
}

impl Outcome {
    /// An error before the first frame is all there is to say.
    pub(super) fn or_failure(mut self) -> Result<Self, Failure> {
        match self.error.take() {
            Some(error) if self.ledger.frames == 0 && self.ledger.packets == 0 => Err(error.into()),
            error => Ok(Self { error, ..self }),
        }
    }

    /// Says on standard error what was not read; gives the exit code.
    pub(super) fn exit_code(&self) -> std::process::ExitCode {
        if let Some(error) = &self.error {
            super::failure::complain(&format!("{error}; what was read before is shown"));
            self.further.iter().for_each(|error| super::failure::complain(&error.to_string()));
            return std::process::ExitCode::from(3);
        }
        if let Some(offset) = self.truncated {
            super::failure::complain(&format!("the capture is cut in its last record, at byte {offset}"));
        }
        std::process::ExitCode::SUCCESS
    }
}

/// Reads a filter; an error shows the expression with a caret.
pub(super) fn query(text: &str) -> Result<Option<Query>, Failure> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Query::parse(text).map(Some).map_err(|error| Failure::Usage(format!("--filter\n{}", error.render(text))))
}
