//! Which fields of v9 and IPFIX are read: their numbers (<https://www.iana.org/assignments/ipfix>, of which v9's, RFC 3954
//! §8, are the first 127) and what they say. All others are stepped over.

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Element {
    /// Nothing that is read.
    Skip,
    Octets,
    Packets,
    TotalOctets,
    TotalPackets,
    PostOctets,
    PostPackets,
    InitiatorOctets,
    InitiatorPackets,
    ReverseOctets,
    ReversePackets,
    Flows,
    Protocol,
    TrafficClass,
    TcpFlags,
    SourcePort,
    DestinationPort,
    Source,
    Destination,
    SourceMask,
    DestinationMask,
    Input,
    Output,
    SourceAs,
    DestinationAs,
    PreviousAs,
    NextAs,
    NextHop,
    BgpNextHop,
    /// Milliseconds of uptime.
    FirstUptime,
    LastUptime,
    FirstSeconds,
    LastSeconds,
    FirstMillis,
    LastMillis,
    /// NTP's 64 bits, of either name.
    FirstNtp,
    LastNtp,
    /// Microseconds before the export.
    FirstDelta,
    LastDelta,
    DurationMillis,
    DurationMicros,
    ObservedMillis,
    /// When uptime was 0.
    InitMillis,
    IcmpTypeCode,
    IcmpType,
    IcmpCode,
    SourceMac,
    DestinationMac,
    Vlan,
    EndReason,
    /// Which sampler counted, or is told of.
    Sampler,
    /// One packet of so many.
    SamplingInterval,
    RandomInterval,
    /// So many packets in a row are counted, so many then are not.
    PacketInterval,
    PacketSpace,
    /// So many packets out of so many are counted, at random.
    SampleSize,
    Population,
    /// What is told is told of one template alone.
    OfTemplate,
}

use Element as E;

/// Numbers without an enterprise.
const ELEMENTS: [(u16, Element); 78] = [
    (1, E::Octets),
    (2, E::Packets),
    (3, E::Flows),
    (4, E::Protocol),
    (5, E::TrafficClass),
    (6, E::TcpFlags),
    (7, E::SourcePort),
    (8, E::Source),
    (9, E::SourceMask),
    (10, E::Input),
    (11, E::DestinationPort),
    (12, E::Destination),
    (13, E::DestinationMask),
    (14, E::Output),
    (15, E::NextHop),
    (16, E::SourceAs),
    (17, E::DestinationAs),
    (18, E::BgpNextHop),
    (21, E::LastUptime),
    (22, E::FirstUptime),
    (23, E::PostOctets),
    (24, E::PostPackets),
    (27, E::Source),
    (28, E::Destination),
    (29, E::SourceMask),
    (30, E::DestinationMask),
    (32, E::IcmpTypeCode),
    (34, E::SamplingInterval),
    (48, E::Sampler),
    (50, E::RandomInterval),
    (56, E::SourceMac),
    (57, E::DestinationMac),
    (58, E::Vlan),
    (62, E::NextHop),
    (63, E::BgpNextHop),
    (80, E::DestinationMac),
    (81, E::SourceMac),
    (85, E::TotalOctets),
    (86, E::TotalPackets),
    (128, E::NextAs),
    (129, E::PreviousAs),
    (136, E::EndReason),
    (139, E::IcmpTypeCode),
    (145, E::OfTemplate),
    (150, E::FirstSeconds),
    (151, E::LastSeconds),
    (152, E::FirstMillis),
    (153, E::LastMillis),
    (154, E::FirstNtp),
    (155, E::LastNtp),
    (156, E::FirstNtp),
    (157, E::LastNtp),
    (158, E::FirstDelta),
    (159, E::LastDelta),
    (160, E::InitMillis),
    (161, E::DurationMillis),
    (162, E::DurationMicros),
    (176, E::IcmpType),
    (177, E::IcmpCode),
    (178, E::IcmpType),
    (179, E::IcmpCode),
    (180, E::SourcePort),
    (181, E::DestinationPort),
    (182, E::SourcePort),
    (183, E::DestinationPort),
    (231, E::InitiatorOctets),
    (232, E::ReverseOctets),
    (243, E::Vlan),
    (252, E::Input),
    (253, E::Output),
    (298, E::InitiatorPackets),
    (299, E::ReversePackets),
    (302, E::Sampler),
    (305, E::PacketInterval),
    (306, E::PacketSpace),
    (309, E::SampleSize),
    (310, E::Population),
    (323, E::ObservedMillis),
];

/// Numbers under [`REVERSE`]: the same of the other direction (RFC 5103).
const REVERSED: [(u16, Element); 4] =
    [(1, E::ReverseOctets), (2, E::ReversePackets), (85, E::ReverseOctets), (86, E::ReversePackets)];

/// The enterprise of reverse fields, RFC 5103 §6.1.
const REVERSE: u32 = 29_305;

/// Where a template has the first of two, the second says nothing more: it would count the same again.
const INSTEAD: [(Element, Element); 12] = [
    (E::Octets, E::TotalOctets),
    (E::Octets, E::InitiatorOctets),
    (E::Octets, E::PostOctets),
    (E::TotalOctets, E::InitiatorOctets),
    (E::TotalOctets, E::PostOctets),
    (E::InitiatorOctets, E::PostOctets),
    (E::Packets, E::TotalPackets),
    (E::Packets, E::InitiatorPackets),
    (E::Packets, E::PostPackets),
    (E::TotalPackets, E::InitiatorPackets),
    (E::TotalPackets, E::PostPackets),
    (E::InitiatorPackets, E::PostPackets),
];

impl Element {
    /// What a field says; `enterprise` is 0 for those of IANA.
    pub(super) fn of(enterprise: u32, id: u16) -> Self {
        let table: &[(u16, Self)] = match enterprise {
            0 => &ELEMENTS,
            REVERSE => &REVERSED,
            _ => return Self::Skip,
        };
        table.binary_search_by_key(&id, |(id, _)| *id).map_or(Self::Skip, |at| table[at].1)
    }

    /// Whether a field of this many bytes can be read; 0 for one whose length each record tells.
    pub(super) const fn fits(self, length: u16) -> bool {
        match self {
            Self::Skip => true,
            Self::Source | Self::Destination | Self::NextHop | Self::BgpNextHop => matches!(length, 4 | 16),
            Self::SourceMac | Self::DestinationMac => length == 6,
            Self::FirstNtp | Self::LastNtp => length == 8,
            _ => length >= 1 && length <= 8,
        }
    }

    /// Whether another field of the same template says the same better.
    pub(super) fn gives_way(self, others: impl Fn(Self) -> bool) -> bool {
        INSTEAD.iter().any(|&(first, second)| second == self && others(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        assert!(ELEMENTS.is_sorted_by_key(|(id, _)| *id) && REVERSED.is_sorted_by_key(|(id, _)| *id));
    }

    #[test]
    fn an_enterprise_has_numbers_of_its_own() {
        assert_eq!(Element::of(0, 8), Element::Source);
        assert_eq!(Element::of(REVERSE, 1), Element::ReverseOctets);
        assert_eq!((Element::of(26_866, 1), Element::of(0, 999)), (Element::Skip, Element::Skip));
    }

    #[test]
    fn totals_count_where_there_are_no_deltas() {
        let has = |some: &'static [Element]| move |other| some.contains(&other);
        assert!(Element::TotalOctets.gives_way(has(&[Element::Octets])));
        assert!(!Element::TotalOctets.gives_way(has(&[Element::Packets, Element::PostOctets])));
        assert!(!Element::Octets.gives_way(has(&[Element::TotalOctets])));
    }
}
