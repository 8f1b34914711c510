//! A filter in capture position, as tcpdump has it: asked of each frame's bytes before anything is counted. A capture may
//! hold several link types; the filter is compiled for each when its first frame comes.

use analyzer::Facts;
use analyzer::query::{FrameQuery, Query};
use capturer::{Frame, LinkType, Packet};

/// A filter and what it needs to know of addresses.
pub(crate) struct Sieve {
    text: Box<str>,
    query: Query,
    facts: Facts,
    compiled: Vec<(LinkType, FrameQuery)>,
}

impl Sieve {
    /// For a filter that was read from `text`; `facts` answers its words for countries, networks and directions.
    pub(crate) fn new(text: &str, query: Query, facts: Facts) -> Self {
        Self { text: text.into(), query, facts, compiled: Vec::new() }
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
            Verdict::Asks(query, &self.facts)
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
    Asks(&'a FrameQuery, &'a Facts),
}

impl Verdict<'_> {
    /// The verdict once the frame is decoded, or could not be.
    #[inline]
    pub(crate) fn of(&self, frame: &Frame<'_>, packet: Option<&Packet>) -> bool {
        match self {
            Self::Passes => true,
            Self::Fails => false,
            Self::Asks(query, facts) => {
                let seen = packet.map(|packet| facts.observation(packet));
                query.matches(frame, seen.as_ref())
            }
        }
    }
}
