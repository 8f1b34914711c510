//! A filter in capture position, as tcpdump has it: asked of each frame's bytes before anything is counted. A capture may
//! hold several link types; the filter is compiled for each when its first frame comes.

use analyzer::Facts;
use analyzer::query::{FrameQuery, LinkError, Query};
use capturer::{Frame, LinkType, Packet};

/// A filter and what it needs to know of addresses.
pub(crate) struct Sieve {
    query: Query,
    facts: Facts,
    compiled: Vec<(LinkType, FrameQuery)>,
}

impl Sieve {
    /// For a filter that was read; `facts` answers its words for countries, networks and directions.
    pub(crate) const fn new(query: Query, facts: Facts) -> Self {
        Self { query, facts, compiled: Vec::new() }
    }

    /// Whether a frame may pass as far as its bytes say; the second step is [`Verdict::of`].
    ///
    /// # Errors
    /// [`LinkError`] when frames of its link type can't be asked.
    #[inline]
    pub(crate) fn verdict(&mut self, frame: &Frame<'_>) -> Result<Verdict<'_>, LinkError> {
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
    fn compile(&mut self, link: LinkType) -> Result<usize, LinkError> {
        self.compiled.push((link, self.query.frame(link)?));
        Ok(self.compiled.len() - 1)
    }
}

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
