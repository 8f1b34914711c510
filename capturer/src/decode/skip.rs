//! Why a frame did not become a packet.

/// The refusal of one frame. `Copy`: counted by reason, never logged one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The reason it is counted under.
    pub reason: SkipReason,
    /// Where in the frame reading stopped.
    pub offset: u16,
    /// Bytes needed from there.
    pub needed: u16,
    /// Bytes that were there.
    pub had: u16,
}

/// The reasons for skipping a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SkipReason {
    /// A link protocol that carries neither ARP nor IP.
    NonIp,
    /// A link type no decoder is registered for.
    UnknownLink,
    /// The link header is cut.
    CutLink,
    /// The network header is cut.
    CutNetwork,
    /// The network header contradicts itself (version, header length, total length).
    BadNetwork,
    /// More tags or labels in front of the network header than are looked through.
    TooDeep,
}

impl SkipReason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::NonIp, Self::UnknownLink, Self::CutLink, Self::CutNetwork, Self::BadNetwork, Self::TooDeep];

    /// The name in reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NonIp => "non_ip",
            Self::UnknownLink => "unknown_link",
            Self::CutLink => "cut_link",
            Self::CutNetwork => "cut_network",
            Self::BadNetwork => "bad_network",
            Self::TooDeep => "too_deep",
        }
    }
}
