//! `[source]` and `[decode]`: where packets come from, and which of their headers count.

use std::path::PathBuf;

use capturer::decode::{Counted, DecodeSettings};
use capturer::source::live;
use serde::{Deserialize, Serialize};

/// Where packets come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// Which of the four.
    pub kind: Kind,
    /// The interface to watch, when `kind` is `interface`.
    pub interface: String,
    /// Capture files or directories to replay, when `kind` is `files`; `-` is standard input.
    pub read: Vec<PathBuf>,
    /// How many times as fast as recorded; 0 is as fast as it goes. Range 0 to 10 000.
    pub speed: f64,
    /// Whether a replay begins again at its end.
    pub r#loop: bool,
    /// Whether the interface hands over frames for others, too.
    pub promiscuous: bool,
    /// Whether an interface that was lost is opened again when it comes back. Without it CAP_NET_RAW is dropped once the interface is open.
    pub reopen: bool,
    /// Receive buffer of the capture socket in mebibytes. Range 1 to 1024.
    pub receive_buffer_mb: u32,
    /// How the interface is read; where that can't be had, the next slower method is used and shown.
    pub method: Method,
    /// Bytes taken of each frame from the interface; 0 is whole frames. Range 0 to 262 144.
    pub snap_length: u32,
    /// What is let in at all, in tcpdump's language and ours; empty lets everything in.
    pub filter: String,
    /// Whether the files are still being written: at their end more is waited for.
    pub follow: bool,
}

/// How an interface is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// From memory shared with the kernel (`TPACKET_V3`).
    #[default]
    Ring,
    /// By system calls for many frames at once (recvmmsg(2)).
    Packet,
    /// By `pnet_datalink`, the portable way.
    Pnet,
}

impl Method {
    /// As the source takes it.
    pub const fn method(self) -> live::Method {
        match self {
            Self::Ring => live::Method::Ring,
            Self::Packet => live::Method::Packet,
            Self::Pnet => live::Method::Pnet,
        }
    }
}

impl Source {
    /// Bytes of a frame, as the source takes them.
    pub const fn snap_length(&self) -> u32 {
        if self.snap_length == 0 { live::WHOLE_FRAMES } else { self.snap_length }
    }
}

/// What kind of source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The bundled, invented capture.
    #[default]
    Demo,
    /// A network interface.
    Interface,
    /// Capture files.
    Files,
    /// Nothing but flow exports.
    None,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            kind: Kind::Demo,
            interface: String::new(),
            read: Vec::new(),
            speed: 1.0,
            r#loop: true,
            promiscuous: true,
            reopen: true,
            receive_buffer_mb: 64,
            method: Method::Ring,
            snap_length: 0,
            filter: String::new(),
            follow: false,
        }
    }
}

/// How frames are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decode {
    /// Which IP header counts where there are several: those of the tunnel's ends, or those of the ends that talk
    /// through it.
    pub count: Layer,
    /// Whether checksums are verified, of packets that were captured whole.
    pub checksums: bool,
}

/// Which IP header of a frame counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The first.
    #[default]
    Outermost,
    /// The last that can be read.
    Innermost,
}

impl Layer {
    /// The name in settings and documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outermost => "outermost",
            Self::Innermost => "innermost",
        }
    }
}

impl Decode {
    /// As the decoder takes them.
    pub const fn settings(self) -> DecodeSettings {
        let count = match self.count {
            Layer::Outermost => Counted::Outermost,
            Layer::Innermost => Counted::Innermost,
        };
        DecodeSettings { count, checksums: self.checksums }
    }
}
