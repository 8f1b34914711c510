//! A filter in capture position, as tcpdump has it: asked of each frame's bytes before anything is counted. A capture may
//! hold several link types; the filter is compiled for each when its first frame comes.

use std::path::PathBuf;

use analyzer::Facts;
use analyzer::fingerprint::Fingerprints;
use analyzer::inventory::Knowledge;
use analyzer::names::{Learner, Names};
use analyzer::query::{FrameQuery, Query};
use capturer::decode::{DecodeSettings, Decoder};
use capturer::flow::FlowRecord;
use capturer::source::Next;
use capturer::source::paths::is_read_once;
use capturer::{Frame, LinkType, Packet};

use crate::cli::Failure;
use crate::settings::Settings;
use crate::{signatures, sources};

/// A filter and what it needs to know of addresses.
pub(crate) struct Sieve {
    text: Box<str>,
    query: Query,
    facts: Facts,
    lore: Lore,
    compiled: Vec<(LinkType, FrameQuery)>,
}

/// Bytes of names.
const NAMES: usize = 16 << 20;

/// Bytes of what hosts look like.
const SYSTEMS: usize = 32 << 20;

/// What is learned from the frames that pass by, as far as it is asked for.
pub(crate) struct Lore {
    names: Names,
    learner: Learner,
    systems: Option<Box<Fingerprints>>,
    /// All frames were learned from before the first is asked.
    whole: bool,
}

impl Lore {
    fn new(query: &Query, settings: &Settings) -> Result<Self, Failure> {
        let names = Names::new(if query.asks_names() { NAMES } else { 0 });
        let systems = if query.asks_systems() {
            let database = signatures::load(&settings.fingerprints.p0f_db)?;
            Some(Box::new(Fingerprints::new(database, SYSTEMS)))
        } else {
            None
        };
        Ok(Self { names, learner: Learner::default(), systems, whole: false })
    }

    #[inline]
    fn learn(&mut self, packet: &Packet, bytes: &[u8]) {
        let Self { names, learner, systems, .. } = self;
        if names.learns() {
            learner.learn(packet, bytes, |learned| names.take(&learned));
        }
        if let Some(systems) = systems {
            systems.observe(packet, bytes, &mut |_| {});
        }
    }

    fn knowledge(&self) -> Knowledge<'_> {
        match self.systems.as_deref() {
            Some(systems) => Knowledge { names: &self.names, systems },
            None => (&self.names).into(),
        }
    }
}

impl Sieve {
    /// For a filter that was read from `text`; `facts` answers its words for countries, networks and directions.
    ///
    /// # Errors
    /// If it asks what hosts look like, and the signature file of the settings can't be read.
    pub(crate) fn new(
        (text, query): (&str, Query),
        facts: Facts,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let lore = Lore::new(&query, settings)?;
        Ok(Self { text: text.into(), query, facts, lore, compiled: Vec::new() })
    }

    /// Whether a flow record is let through, by what is known of its ends.
    pub(crate) fn lets_record_through(&self, record: &FlowRecord) -> bool {
        self.facts.let_record_through(&self.query, record, self.lore.knowledge())
    }

    /// Learns from these captures by a pass of its own what the filter asks of hosts, their names and what they look like: a
    /// host is then known from its first packet on. Of what can be read only once, it is known from where it was told.
    pub(crate) fn read_ahead(&mut self, captures: &[PathBuf], decode: DecodeSettings) {
        let asks = self.query.asks_names() || self.query.asks_systems();
        if !asks || captures.is_empty() || captures.iter().any(|path| is_read_once(path)) {
            return;
        }
        let Ok(mut source) = sources::files(captures) else { return };
        let (mut decoder, mut packet) = (Decoder::new(decode), Packet::empty());
        // Damage is told of by the pass that counts.
        loop {
            match source.next_frame() {
                Ok(Next::Frame(frame)) => {
                    if decoder.decode_into(&frame, &mut packet).is_ok() {
                        self.lore.learn(&packet, frame.bytes);
                    }
                }
                Ok(Next::End) => break,
                Ok(Next::Idle) | Err(_) => {}
            }
        }
        self.lore.whole = true;
    }

    /// Takes other databases.
    pub(crate) fn set_facts(&mut self, facts: Facts) {
        self.facts = facts;
    }

    /// Whether a frame may pass as far as its bytes say; the second step is [`Verdict::of`].
    ///
    /// # Errors
    /// [`CannotAsk`] when frames of its link type can't be asked.
    #[inline]
    pub(crate) fn verdict(&mut self, frame: &Frame<'_>) -> Result<Verdict<'_>, CannotAsk> {
        let index = match self.compiled.iter().position(|(link, _)| *link == frame.link) {
            Some(index) => index,
            None => self.compile(frame.link)?,
        };
        let query = &self.compiled[index].1;
        Ok(if query.asks_packet() {
            Verdict::Asks(query, &self.facts, &mut self.lore)
        } else if query.matches(frame, None) {
            Verdict::Passes
        } else {
            Verdict::Fails
        })
    }

    #[cold]
    fn compile(&mut self, link: LinkType) -> Result<usize, CannotAsk> {
        let query = self.query.frame(link).map_err(|error| CannotAsk(error.render(&self.text)))?;
        self.compiled.push((link, query));
        Ok(self.compiled.len() - 1)
    }
}

/// What frames of a link type can't be asked: the filter with a caret, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CannotAsk(String);

/// What the bytes of a frame say.
pub(crate) enum Verdict<'a> {
    Passes,
    Fails,
    /// The packet has to be asked, too.
    Asks(&'a FrameQuery, &'a Facts, &'a mut Lore),
}

impl Verdict<'_> {
    /// The verdict once the frame is decoded, or could not be.
    #[inline]
    pub(crate) fn of(&mut self, frame: &Frame<'_>, packet: Option<&Packet>) -> bool {
        match self {
            Self::Passes => true,
            Self::Fails => false,
            Self::Asks(query, facts, lore) => {
                let seen = packet.map(|packet| facts.observation(packet));
                if let Some(packet) = packet.filter(|_| !lore.whole) {
                    lore.learn(packet, frame.bytes);
                }
                query.matches(frame, seen.as_ref().map(|seen| (seen, lore.knowledge())))
            }
        }
    }
}
