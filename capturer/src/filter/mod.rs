//! tcpdump's filter language, pcap-filter(7), and the words that upper floors add to it.
//!
//! Text is cut into tokens, parsed as libpcap's grammar does, checked, and kept as a tree ([`tree`]) and as a flat
//! program, which asks decoded packets (view position). For a link type it is compiled to a graph, which asks a frame's
//! bytes (capture position) and becomes classic BPF. Nothing is ever resolved or looked up outside this program.

mod assemble;
pub mod bpf;
mod compile;
mod display;
mod error;
mod evaluate;
mod frame;
mod kernel;
mod keyword;
mod layers;
mod link_names;
mod names;
mod number;
mod parse;
mod program;
mod run;
mod socket;
mod suggest;
mod token;
pub mod tree;
mod within;
mod words;

use std::convert::Infallible;
use std::fmt;

pub use assemble::Uncompilable;
pub use compile::LinkError;
pub use error::FilterError;
use error::Span;
pub use frame::{ExtendedFrame, FrameFilter};
pub use link_names::{Bits, WirelessEnd};
pub use names::{service, services};
pub use token::MAX_TEXT;
pub use tree::{Comparison, Ported, Side, Upper};
pub use words::{Operand, Scope, Scopes, Word};

use crate::Packet;
use evaluate::Subject;
use program::Program;
use tree::Expression;

/// A filter with a caller's own words: `U` is what they ask.
#[derive(Clone, Debug)]
pub struct Extended<U> {
    tree: Expression<U>,
    /// Where each question stands in the text, from left to right.
    spans: Box<[Span]>,
    program: Program<U>,
}

impl<U: Clone + 'static> Extended<U> {
    /// Reads a filter that will be asked of `scope`; an empty text lets everything pass.
    ///
    /// # Errors
    /// [`FilterError`] says where, what, and what was expected.
    pub fn parse(text: &str, words: &'static [Word<U>], scope: Scope) -> Result<Self, FilterError> {
        let (tree, spans) = parse::parse(text, words, scope)?;
        let program = Program::new(&tree);
        Ok(Self { tree, spans: spans.into(), program })
    }

    /// Whether the packet passes; `bytes` is what was kept of its frame, from the link header on. `upper` answers the
    /// caller's words.
    #[inline]
    pub fn matches(&self, packet: &Packet, bytes: &[u8], upper: impl Fn(&Upper<U>) -> bool) -> bool {
        self.program.run(Subject { packet, bytes }, upper)
    }

    /// Whether everything passes because nothing is asked.
    pub const fn is_empty(&self) -> bool {
        matches!(self.tree, Expression::Everything)
    }

    /// The checked tree.
    pub const fn tree(&self) -> &Expression<U> {
        &self.tree
    }
}

impl<U: fmt::Display> fmt::Display for Extended<U> {
    /// The canonical text: one text for one meaning, which reads as the same filter again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.fmt(f)
    }
}

impl<U: PartialEq> PartialEq for Extended<U> {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

impl<U: Eq> Eq for Extended<U> {}

/// A filter of tcpdump's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Extended<Infallible>);

impl Filter {
    /// Reads a filter; an empty text lets everything pass.
    ///
    /// # Errors
    /// [`FilterError`] says where, what, and what was expected.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Extended::parse(text, &[], Scope::Frame).map(Self)
    }

    /// Whether the packet passes; `bytes` is what was kept of its frame, from the link header on.
    #[inline]
    pub fn matches(&self, packet: &Packet, bytes: &[u8]) -> bool {
        self.0.matches(packet, bytes, |upper| match upper.value {})
    }

    /// Whether everything passes because nothing is asked.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The checked tree.
    pub const fn tree(&self) -> &Expression<Infallible> {
        self.0.tree()
    }
}

impl fmt::Display for Filter {
    /// The canonical text: one text for one meaning, which reads as the same filter again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
