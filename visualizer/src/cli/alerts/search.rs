//! Shows the packets of captures or of an interface to the detectors, some at a time with what their readers need of the
//! frames.

use std::path::PathBuf;
use std::time::Duration;

use analyzer::detect::Detection;
use analyzer::query::Query;
use analyzer::{Facts, LocalNetworks, Origin};
use capturer::decode::Skip;
use capturer::{Frame, Packet, Timestamp};

use crate::cli::Failure;
use crate::cli::offline::{self, Hand, Outcome, Range, Reading};
use crate::settings::Settings;
use crate::sieve::Sieve;
use crate::{geo_files, sources};

/// Where alerts are looked for.
pub(crate) struct Search<'a> {
    /// Captures; none: the interface.
    pub(crate) read: &'a [PathBuf],
    pub(crate) interface: Option<&'a str>,
    /// Which packets are looked at.
    pub(crate) filter: &'a str,
    pub(crate) range: Range,
}

impl Search<'_> {
    /// Reads all of it; what was found before some damage is kept.
    ///
    /// # Errors
    /// If nothing can be read, or the filter or the settings are wrong.
    pub(crate) fn run(self, settings: &Settings) -> Result<(Detection, Outcome), Failure> {
        let query = offline::query(self.filter)?;
        let thresholds = settings.detect.thresholds().map_err(|error| Failure::Usage(error.to_string()))?;
        let mut source = match self.interface {
            Some(name) => Box::new(sources::interface_alone(name, settings, query.as_ref())?.0),
            None => sources::files(self.read)?,
        };
        let sieve = query.map(|query| sieve((self.filter, query), self.read, settings)).transpose()?;
        let reading = Reading { range: self.range, sieve, decode: settings.decode.settings() };
        let mut hand = Watching::new(Detection::new(&thresholds, settings.analysis.memory_mb << 20));
        let outcome = offline::read(&mut *source, reading, &mut hand)?.or_failure()?;
        hand.show();
        hand.detection.finish();
        Ok((hand.detection, outcome))
    }
}

/// A filter with what it asks: tables are loaded, local networks guessed and names learned only for one that needs them.
pub(super) fn sieve(
    (text, query): (&str, Query),
    read: &[PathBuf],
    settings: &Settings,
) -> Result<Sieve, Failure> {
    let named = &settings.network.local;
    let local = match query.asks_direction() {
        true if !named.is_empty() => LocalNetworks::new(named.clone(), Origin::Settings),
        true => sources::guess(read),
        false => LocalNetworks::default(),
    };
    let geo = geo_files::load(settings, query.needs())?;
    let mut sieve = Sieve::new((text, query), Facts { geo, local }, settings)?;
    sieve.read_ahead(read, settings.decode.settings());
    Ok(sieve)
}

/// The least time between two looks at what has become too old, in packet time.
const TICK: Duration = Duration::from_millis(250);

/// Packets that are shown to the detectors together.
const TOGETHER: usize = 64;

/// Bytes of a frame that the detectors' readers may want.
const READABLE: usize = 2048;

/// Shows packets to the detectors, some at a time with what their readers need of the frames.
struct Watching {
    detection: Detection,
    packets: Vec<Packet>,
    held: usize,
    /// The frames' bytes one after another, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    looked: Timestamp,
}

impl Watching {
    fn new(detection: Detection) -> Self {
        Self {
            detection,
            packets: vec![Packet::empty(); TOGETHER],
            held: 0,
            bytes: Vec::with_capacity(TOGETHER * READABLE),
            ends: Vec::with_capacity(TOGETHER),
            looked: Timestamp::EPOCH,
        }
    }

    fn show(&mut self) {
        let Self { detection, packets, held, bytes, ends, .. } = self;
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let frames = begins.zip(ends.iter()).map(|(begin, &end)| &bytes[begin..end]);
        detection.observe_all(packets[..*held].iter().zip(frames));
        *held = 0;
        bytes.clear();
        ends.clear();
        if let Some(now) = detection.now()
            && (now.since(self.looked) >= TICK || now < self.looked)
        {
            self.looked = now;
            detection.advance(now);
        }
    }
}

impl Hand for Watching {
    #[inline]
    fn slot(&mut self) -> &mut Packet {
        &mut self.packets[self.held]
    }

    #[inline]
    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        if skip.is_some() {
            return Ok(());
        }
        self.bytes.extend_from_slice(&frame.bytes[..frame.bytes.len().min(READABLE)]);
        self.ends.push(self.bytes.len());
        self.held += 1;
        if self.held == TOGETHER {
            self.show();
        }
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.show();
        Ok(())
    }
}
