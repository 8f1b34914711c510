//! What is asked: by what, of which time, in which steps, how many, in which order.

use std::fmt;

use serde::Serialize;

use super::aggregation::Aggregation;
use super::cells::Counters;
use crate::geo::Needs;
use crate::query::Query;

/// The most intervals of an answer.
pub const MAX_INTERVALS: i64 = 3600;

/// As many intervals as there are at most when nobody says how long they are.
pub(super) const WANTED: i64 = 300;

/// The lengths of intervals that are chosen from, in seconds. Each is a multiple of the one before it, so that what was
/// counted by one is counted by the next.
pub const STEPS: [i64; 17] = [
    1, 2, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800, 864_000, 8_640_000,
    86_400_000,
];

macro_rules! words {
    ($(#[$about:meta])* $name:ident: $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in options, parameters and documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// By its word.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// What is measured.
    Measure:
    /// Bytes.
    #[default]
    Bytes = "bytes",
    /// Packets.
    Packets = "packets",
    /// Flows.
    Flows = "flows",
    /// Bits a second.
    Bps = "bps",
    /// Packets a second.
    Pps = "pps",
    /// Bytes a packet.
    Bpp = "bpp",
}

words! {
    /// Which end of the ranking comes first.
    Order:
    /// The highest.
    #[default]
    Desc = "desc",
    /// The lowest.
    Asc = "asc",
}

words! {
    /// What the top N are the top of.
    Per:
    /// Of the whole range.
    #[default]
    Range = "range",
    /// Of each interval.
    Interval = "interval",
}

words! {
    /// Which ends count, where an aggregation does not say.
    Side:
    /// Both: a record counts at each of its ends.
    #[default]
    Both = "both",
    /// Who sent.
    Source = "source",
    /// Who received.
    Destination = "destination",
}

impl Measure {
    /// What keys are weighed by to find the heaviest; rates are in the order of what they are rates of.
    pub(super) fn weight(self, counters: &Counters) -> u64 {
        match self {
            Self::Bytes | Self::Bps => counters.bytes,
            Self::Packets | Self::Pps => counters.packets,
            Self::Flows => counters.flows,
            Self::Bpp => counters.bytes.checked_div(counters.packets).unwrap_or(0),
        }
    }

    /// Its value over so many seconds; nothing for bytes a packet without packets.
    pub fn of(self, counters: &Counters, seconds: f64) -> Option<f64> {
        let rate = |all: f64| if seconds > 0.0 { all / seconds } else { 0.0 };
        Some(match self {
            Self::Bytes => counters.bytes as f64,
            Self::Packets => counters.packets as f64,
            Self::Flows => counters.flows as f64,
            Self::Bps => rate(counters.bytes as f64 * 8.0),
            Self::Pps => rate(counters.packets as f64),
            Self::Bpp if counters.packets == 0 => return None,
            Self::Bpp => counters.bytes as f64 / counters.packets as f64,
        })
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// By what.
    pub by: &'static Aggregation,
    /// The length of networks, where they are asked by length; none for the usual one.
    pub prefix_length: Option<u8>,
    /// What is measured.
    pub measure: Measure,
    /// What keys are ranked by; none for the measure.
    pub sort: Option<Measure>,
    /// From which end.
    pub order: Order,
    /// How many keys; 0 for all.
    pub top: usize,
    /// Of what they are the top.
    pub per: Per,
    /// Seconds of an interval; none to choose a length by which there are 300 at most.
    pub interval: Option<i64>,
    /// The first second asked, and the last: its interval is the last one. Seconds since the Unix epoch, UTC.
    pub from: Option<i64>,
    /// The last second.
    pub to: Option<i64>,
    /// Which ends count.
    pub side: Side,
    /// Which flows count; read by [`Query::parse_records`].
    pub filter: Option<Query>,
    /// Whether the same span just before is told, too; needs both ends of the range.
    pub previous: bool,
}

/// What is wrong with a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No aggregation is called so.
    #[error("by {0}: expected one of {known}", known = names())]
    By(String),
    /// A length that no address has, or one where none belongs.
    #[error("prefix length {length}: expected {expected}")]
    PrefixLength {
        /// What was asked.
        length: u8,
        /// What would do.
        expected: String,
    },
    /// A length of no time, or of too little for the range.
    #[error("interval {seconds} s: expected {expected}")]
    Interval {
        /// What was asked.
        seconds: i64,
        /// What would do.
        expected: String,
    },
    /// The range ends before it begins.
    #[error("the range ends before it begins")]
    Range,
    /// The span before is of no known length.
    #[error("the previous period needs a range with a beginning and an end")]
    Previous,
}

fn names() -> String {
    super::AGGREGATIONS.iter().map(|aggregation| aggregation.id).collect::<Vec<_>>().join(", ")
}

impl Plan {
    /// The usual question by an aggregation: bytes of the ten heaviest keys of all there is.
    ///
    /// # Errors
    /// No aggregation has this id.
    pub fn by(id: &str) -> Result<Self, PlanError> {
        let by = Aggregation::named(id).ok_or_else(|| PlanError::By(id.to_owned()))?;
        Ok(Self {
            by,
            prefix_length: None,
            measure: Measure::Bytes,
            sort: None,
            order: Order::Desc,
            top: 10,
            per: Per::Range,
            interval: None,
            from: None,
            to: None,
            side: Side::Both,
            filter: None,
            previous: false,
        })
    }

    /// Looks whether it can be answered, and settles what was left open: the usual prefix length, and the interval when
    /// the range is known.
    ///
    /// # Errors
    /// [`PlanError`] says what is wrong and what was expected.
    pub fn checked(mut self) -> Result<Self, PlanError> {
        self.prefix_length = self.checked_length()?;
        match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => return Err(PlanError::Range),
            (Some(from), Some(to)) => self.interval = Some(self.checked_interval(from, to)?),
            _ if self.previous => return Err(PlanError::Previous),
            _ => {}
        }
        if let Some(seconds) = self.interval.filter(|seconds| !(1..=STEPS[STEPS.len() - 1]).contains(seconds))
        {
            return Err(PlanError::Interval { seconds, expected: "a second or more".to_owned() });
        }
        Ok(self)
    }

    fn checked_length(&self) -> Result<Option<u8>, PlanError> {
        let Some((usual, longest)) = self.by.lengths else {
            return match self.prefix_length {
                Some(length) => {
                    let expected = "none but for sn4, sn6, dn4 and dn6".to_owned();
                    Err(PlanError::PrefixLength { length, expected })
                }
                None => Ok(None),
            };
        };
        let length = self.prefix_length.unwrap_or(usual);
        if length > longest {
            return Err(PlanError::PrefixLength { length, expected: format!("0 to {longest}") });
        }
        Ok(Some(length))
    }

    fn checked_interval(&self, from: i64, to: i64) -> Result<i64, PlanError> {
        let count = |seconds: i64| to.div_euclid(seconds) - from.div_euclid(seconds) + 1;
        let Some(seconds) = self.interval else {
            let fits = STEPS.into_iter().find(|step| count(*step) <= WANTED);
            return Ok(fits.unwrap_or(STEPS[STEPS.len() - 1]));
        };
        if seconds < 1 || count(seconds) > MAX_INTERVALS {
            let expected = format!("one of which the range has at most {MAX_INTERVALS}");
            return Err(PlanError::Interval { seconds, expected });
        }
        Ok(seconds)
    }

    /// Whether only exporters' own records answer it.
    pub fn asks_exporters(&self) -> bool {
        let by = ["exp", "nh", "nhb", "ra", "sas", "das", "nas", "pas", "in", "out"].contains(&self.by.id);
        by || self.filter.as_ref().is_some_and(Query::asks_records)
    }

    /// The tables that its facts need.
    pub fn needs(&self) -> Needs {
        let filter = self.filter.as_ref().map(Query::needs).unwrap_or_default();
        let by = self.by.needs;
        Needs { country: by.country || filter.country, asn: by.asn || filter.asn }
    }

    /// What keys are ranked by.
    pub fn rank(&self) -> Measure {
        self.sort.unwrap_or(self.measure)
    }
}
