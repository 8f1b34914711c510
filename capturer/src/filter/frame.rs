//! A filter in capture position: asked of a frame's bytes, with libpcap's own offsets for its link type.

use std::convert::Infallible;
use std::fmt::Display;

use super::assemble::{Uncompilable, assemble};
use super::bpf::Program;
use super::compile::graph::Graph;
use super::compile::{LinkError, compile};
use super::kernel::widened;
use super::run::{Bytes, Machine};
use super::socket::at_socket;
use super::tree::Upper;
use super::within::Own;
use super::{Extended, Filter};
use crate::{Frame, LinkType, Timestamp};

/// A filter with a caller's own words, for frames of one link type.
#[derive(Clone, Debug)]
pub struct ExtendedFrame<U> {
    graph: Graph,
    machine: Machine,
    own: Box<[Own<U>]>,
    link: LinkType,
}

impl<U: Clone + Display> ExtendedFrame<U> {
    fn new(filter: &Extended<U>, link: LinkType) -> Result<Self, LinkError> {
        let (graph, own) = compile(&filter.tree, &filter.spans, link)?;
        Ok(Self { machine: Machine::new(&graph), graph, own: own.into(), link })
    }

    /// Whether the frame passes. `bytes` is what was captured of it, `wire_len` its length on the wire in bytes; `upper`
    /// answers the caller's words, of the decoded packet.
    #[inline]
    pub fn matches(&self, bytes: &[u8], wire_len: u32, mut upper: impl FnMut(&Upper<U>) -> bool) -> bool {
        self.machine.run(Bytes { captured: bytes, wire_len }, |number| {
            let frame = Frame { number: 0, at: Timestamp::default(), wire_len, link: self.link, bytes };
            self.own.get(number)?.answer(&frame, &mut upper)
        })
    }

    /// Whether the caller's words occur at all; if not, the caller needs no decoded packet to answer.
    pub fn asks_upper(&self) -> bool {
        self.own.iter().any(|own| matches!(own, Own::Upper(_)))
    }

    /// The same as classic BPF.
    ///
    /// # Errors
    /// [`Uncompilable`] names the word that BPF can't ask, or the limit.
    pub fn program(&self) -> Result<Program, Uncompilable> {
        self.assemble(&self.graph)
    }

    /// The same for a live socket, where Linux keeps the outermost VLAN tag beside the frame: selects the frames that
    /// pass once the tag is put back.
    ///
    /// # Errors
    /// [`Uncompilable`] names the word that BPF can't ask, or the limit.
    pub fn socket_program(&self) -> Result<Program, Uncompilable> {
        self.assemble(&at_socket(&self.graph, self.link)?)
    }

    fn assemble(&self, graph: &Graph) -> Result<Program, Uncompilable> {
        assemble(graph, |number| self.own.get(number).map_or_else(String::new, ToString::to_string))
    }

    /// The link type it was made for.
    pub const fn link(&self) -> LinkType {
        self.link
    }
}

/// A filter of tcpdump's own words, for frames of one link type.
#[derive(Clone, Debug)]
pub struct FrameFilter(ExtendedFrame<Infallible>);

impl FrameFilter {
    /// Whether the frame passes: what `tcpdump` would let through. `bytes` is what was captured of it, `wire_len` its
    /// length on the wire in bytes.
    #[inline]
    pub fn matches(&self, bytes: &[u8], wire_len: u32) -> bool {
        self.0.matches(bytes, wire_len, |upper| match upper.value {})
    }

    /// The same as classic BPF.
    ///
    /// # Errors
    /// [`Uncompilable`] names the word that BPF can't ask, or the limit.
    pub fn program(&self) -> Result<Program, Uncompilable> {
        self.0.program()
    }

    /// The same for a live socket, where Linux keeps the outermost VLAN tag beside the frame: selects the frames that
    /// pass once the tag is put back.
    ///
    /// # Errors
    /// [`Uncompilable`] names the word that BPF can't ask, or the limit.
    pub fn socket_program(&self) -> Result<Program, Uncompilable> {
        self.0.socket_program()
    }
}

impl<U: Clone + Display + 'static> Extended<U> {
    /// The filter for frames of a link type.
    ///
    /// # Errors
    /// [`LinkError`] says what frames of this link type can't answer.
    pub fn frame(&self, link: LinkType) -> Result<ExtendedFrame<U>, LinkError> {
        ExtendedFrame::new(self, link)
    }

    /// What the kernel can ask at a live socket, and whether user space must ask again: the program loses no frame that
    /// would pass, but may keep others. No program means that the kernel keeps everything.
    pub fn kernel(&self, link: LinkType) -> (Option<Program>, bool) {
        let Ok(frame) = self.frame(link) else { return (None, true) };
        if let Ok(program) = frame.socket_program() {
            return (Some(program), false);
        }
        let widened = widened(&frame.graph, &self.tree, link);
        let program = widened.and_then(|graph| frame.assemble(&at_socket(&graph, link).ok()?).ok());
        (program, true)
    }
}

impl Filter {
    /// The filter for frames of a link type.
    ///
    /// # Errors
    /// [`LinkError`] says what frames of this link type can't answer.
    pub fn frame(&self, link: LinkType) -> Result<FrameFilter, LinkError> {
        self.0.frame(link).map(FrameFilter)
    }

    /// What the kernel can ask at a live socket, and whether user space must ask again: see [`Extended::kernel`].
    pub fn kernel(&self, link: LinkType) -> (Option<Program>, bool) {
        self.0.kernel(link)
    }
}
