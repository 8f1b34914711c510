//! A filter in capture position, as tcpdump has it: asked of each frame's bytes before anything is counted. A capture may
//! hold several link types; the filter is compiled for each when its first frame comes.

use std::path::PathBuf;

use analyzer::Facts;
use analyzer::names::{Learner, Names};
use analyzer::query::{FrameQuery, Query};
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::Next;
use capturer::source::paths::is_read_once;
use capturer::{Frame, LinkType, Packet};

use crate::sources;

/// A filter and what it needs to know of addresses.
pub(crate) struct Sieve {
    text: Box<str>,
    query: Query,
    facts: Facts,
    /// Names learned from the frames that passed by, when they are asked for.
    names: Names,
    learner: Learner,
    compiled: Vec<(LinkType, FrameQuery)>,
}

/// Bytes of names.
const NAMES: usize = 16 << 20;

impl Sieve {
    /// For a filter that was read from `text`; `facts` answers its words for countries, networks and directions.
    pub(crate) fn new(text: &str, query: Query, facts: Facts) -> Self {
        let names = Names::new(if query.asks_names() { NAMES } else { 0 });
        Self { text: text.into(), query, facts, names, learner: Learner::default(), compiled: Vec::new() }
    }

    /// Learns the names in these captures by a pass of its own, when the filter asks for names: a server is then known from
    /// its first packet on. Of what can be read only once, names are known from where they were told.
    pub(crate) fn read_names(&mut self, captures: &[PathBuf], decode: DecodeSettings) {
        if !self.query.asks_names() || captures.is_empty() || captures.iter().any(|path| is_read_once(path)) {
            return;
        }
        let Ok(mut source) = sources::files(captures) else { return };
        let mut decoder = Decoder::new(decode);
        let (mut packet, mut learner) = (Packet::empty(), Learner::default());
        // Damage is told of by the pass that counts.
        loop {
            match source.next_frame() {
                Ok(Next::Frame(frame)) => {
                    if decoder.decode_into(&frame, &mut packet).is_ok() {
                        learner.learn(&packet, frame.bytes, |learned| self.names.take(&learned));
                    }
                }
                Ok(Next::End) => break,
                Ok(Next::Idle) | Err(_) => {}
            }
        }
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
            Verdict::Asks(query, &self.facts, (&mut self.names, &mut self.learner))
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
    Asks(&'a FrameQuery, &'a Facts, (&'a mut Names, &'a mut Learner)),
}

impl Verdict<'_> {
    /// The verdict once the frame is decoded, or could not be.
    #[inline]
    pub(crate) fn of(&mut self, frame: &Frame<'_>, packet: Option<&Packet>) -> bool {
        match self {
            Self::Passes => true,
            Self::Fails => false,
            Self::Asks(query, facts, (names, learner)) => {
                let seen = packet.map(|packet| facts.observation(packet));
                if let Some(packet) = packet.filter(|_| names.learns()) {
                    learner.learn(packet, frame.bytes, |learned| names.take(&learned));
                }
                query.matches(frame, seen.as_ref().map(|seen| (seen, &**names)))
            }
        }
    }
}
