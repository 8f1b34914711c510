//! How operating systems open TCP connections: window, options and their order, first TTL, IPv4 identification. Facts
//! that passive fingerprinting goes by, as seen in today's systems' own SYNs.

/// An option in a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynOption {
    /// Maximum segment size.
    SegmentSize,
    /// No operation.
    Nop,
    /// Window scale (RFC 7323).
    Scale,
    /// Selective acknowledgments permitted (RFC 2018).
    Sack,
    /// Timestamps (RFC 7323).
    Timestamps,
    /// End of the list, and its padding.
    End,
}

use SynOption::{End, Nop, Sack, Scale, SegmentSize, Timestamps};

/// How IPv4 identifications run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identification {
    /// Always 0, allowed with "don't fragment" (RFC 6864).
    Zero,
    /// One more with each packet.
    Counting,
}

/// One operating system's habits.
#[derive(Debug)]
pub struct Stack {
    /// First TTL or hop limit.
    pub hop_limit: u8,
    /// The SYN's window.
    pub window: u16,
    /// The window field later on, scaled.
    pub later_window: u16,
    /// Window scale.
    pub scale: u8,
    /// A SYN's options in their order.
    pub options: &'static [SynOption],
    /// How IPv4 identifications run.
    pub identification: Identification,
}

impl Stack {
    /// Whether its SYNs offer timestamps.
    pub fn has_timestamps(&self) -> bool {
        self.options.contains(&Timestamps)
    }
}

const LINUX_ORDER: &[SynOption] = &[SegmentSize, Sack, Timestamps, Nop, Scale];

/// Linux 5 and 6, servers and desktops.
pub const LINUX: Stack = Stack {
    hop_limit: 64,
    window: 64_240,
    later_window: 502,
    scale: 7,
    options: LINUX_ORDER,
    identification: Identification::Counting,
};

/// Linux 3.11 to 4.x, as in cameras and televisions.
pub const OLD_LINUX: Stack = Stack { window: 29_200, later_window: 229, ..LINUX };

/// Android 12 and later.
pub const ANDROID: Stack = Stack { window: 65_535, later_window: 342, scale: 9, ..LINUX };

/// macOS and iOS.
pub const APPLE: Stack = Stack {
    hop_limit: 64,
    window: 65_535,
    later_window: 2058,
    scale: 6,
    options: &[SegmentSize, Nop, Scale, Nop, Nop, Timestamps, Sack, End, End],
    identification: Identification::Zero,
};

/// Windows 10 and 11.
pub const WINDOWS: Stack = Stack {
    hop_limit: 128,
    window: 64_240,
    later_window: 1026,
    scale: 8,
    options: &[SegmentSize, Nop, Scale, Nop, Nop, Sack],
    identification: Identification::Counting,
};

/// FreeBSD, as in game consoles.
pub const FREEBSD: Stack = Stack {
    hop_limit: 64,
    window: 65_535,
    later_window: 1027,
    scale: 6,
    options: &[SegmentSize, Nop, Scale, Sack, Timestamps],
    identification: Identification::Counting,
};

/// A scanner's own SYN: nothing but a segment size.
pub const SCANNER: Stack = Stack {
    hop_limit: 64,
    window: 1024,
    later_window: 1024,
    scale: 0,
    options: &[SegmentSize],
    identification: Identification::Counting,
};
