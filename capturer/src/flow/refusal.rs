//! Why something that an exporter sent does not count, and how often that was so.

use std::collections::BTreeMap;

/// Why a datagram, a set of records, a template or a record is refused. Each is one of what its description begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Refusal {
    /// A datagram of an exporter that is not on the list.
    NotListed,
    /// A datagram of an exporter that finds no room.
    TooManyExporters,
    /// A datagram of no version that is read.
    UnknownVersion,
    /// A datagram whose length is not what its header says.
    BadLength,
    /// A set whose length runs past its datagram or is shorter than its own header.
    BadSet,
    /// A set of records whose template is not known (yet).
    NoTemplate,
    /// A set of a reserved number.
    ReservedSet,
    /// A template that is cut, or has a number that is reserved.
    BadTemplate,
    /// A template of records of no length.
    EmptyRecord,
    /// A template of more fields than are kept.
    TooManyFields,
    /// A template that finds no room.
    TooManyTemplates,
    /// A record that runs past its set.
    CutRecord,
    /// A record that tells neither ends nor figures.
    NotAFlow,
    /// A record of more than [`Limits::MOST`](super::Limits::MOST) packets or bytes.
    Implausible,
    /// A sample of counters, which tells of no flow (sFlow).
    CountersSample,
    /// A sample of a kind that is not read (sFlow).
    UnknownSample,
    /// A sample that is cut (sFlow).
    BadSample,
    /// A sample without a packet that can be read (sFlow).
    UnreadablePacket,
}

impl Refusal {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::NotListed,
        Self::TooManyExporters,
        Self::UnknownVersion,
        Self::BadLength,
        Self::BadSet,
        Self::NoTemplate,
        Self::ReservedSet,
        Self::BadTemplate,
        Self::EmptyRecord,
        Self::TooManyFields,
        Self::TooManyTemplates,
        Self::CutRecord,
        Self::NotAFlow,
        Self::Implausible,
        Self::CountersSample,
        Self::UnknownSample,
        Self::BadSample,
        Self::UnreadablePacket,
    ];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotListed => "not_listed",
            Self::TooManyExporters => "too_many_exporters",
            Self::UnknownVersion => "unknown_version",
            Self::BadLength => "bad_length",
            Self::BadSet => "bad_set",
            Self::NoTemplate => "no_template",
            Self::ReservedSet => "reserved_set",
            Self::BadTemplate => "bad_template",
            Self::EmptyRecord => "empty_record",
            Self::TooManyFields => "too_many_fields",
            Self::TooManyTemplates => "too_many_templates",
            Self::CutRecord => "cut_record",
            Self::NotAFlow => "not_a_flow",
            Self::Implausible => "implausible",
            Self::CountersSample => "counters_sample",
            Self::UnknownSample => "unknown_sample",
            Self::BadSample => "bad_sample",
            Self::UnreadablePacket => "unreadable_packet",
        }
    }
}

/// Refusals by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusalCounts([u64; Refusal::ALL.len()]);

impl RefusalCounts {
    /// Counts one.
    pub const fn add(&mut self, reason: Refusal) {
        self.0[reason as usize] += 1;
    }

    /// How often `reason` was met.
    pub const fn get(&self, reason: Refusal) -> u64 {
        self.0[reason as usize]
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The reasons that occurred, by name.
    pub fn named(&self) -> BTreeMap<&'static str, u64> {
        let all = Refusal::ALL.iter().map(|&reason| (reason.name(), self.get(reason)));
        all.filter(|(_, n)| *n > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_place_and_a_name_of_its_own() {
        for (i, reason) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, i);
            assert_eq!(Refusal::ALL.iter().filter(|other| other.name() == reason.name()).count(), 1);
        }
    }
}
