//! Totals by country: a fixed array, because there are no more than 676 two-letter codes.

use crate::aggregate::tally::rank;
use crate::aggregate::{Aggregate, Ask, Ends, Entry, Label, Making, Row, Top};
use crate::counts::Counts;
use crate::geo::{CountryCode, country_name};
use crate::observation::{Direction, End, Observation};

pub(super) const ENTRY: Entry = Entry {
    name: "country",
    summary: "ISO 3166-1 alpha-2 codes of public addresses",
    needs_country: true,
    needs_asn: false,
    per_packet: false,
    make,
};

/// Two letters of 26.
const CODES: usize = 676;

struct Countries {
    counts: Box<[Counts; CODES]>,
    ends: Ends,
}

fn make(making: Making) -> Box<dyn Aggregate> {
    Box::new(Countries { counts: Box::new([Counts::default(); CODES]), ends: making.ends })
}

impl Aggregate for Countries {
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        let flow = u32::from(seen.fresh.flow);
        let (source, destination) = counted(seen, self.ends);
        let source = source.and_then(|end| end.place.country);
        let destination = destination.and_then(|end| end.place.country);
        if let Some(country) = source {
            let counts = &mut self.counts[country.index()];
            counts.send(&seen.volume);
            counts.flows += flow;
            counts.hosts += u32::from(seen.fresh.source);
        }
        if let Some(country) = destination {
            let counts = &mut self.counts[country.index()];
            counts.receive(&seen.volume);
            counts.flows += if source == destination { 0 } else { flow };
            counts.hosts += u32::from(seen.fresh.destination);
        }
    }

    fn top(&self, ask: &Ask<'_>) -> Top {
        let seen: Vec<_> = (0..CODES)
            .filter(|&index| self.counts[index].packets() > 0)
            .filter_map(|index| Some((CountryCode::from_index(index)?, &self.counts[index])))
            .collect();
        let total = seen.len();
        let ranked =
            rank(seen.into_iter().map(|(code, counts)| (counts.get(ask.measure), code, counts)), ask.limit);
        Top { rows: ranked.into_iter().map(|(_, code, counts)| row(code, counts)).collect(), total }
    }

    fn bytes(&self) -> usize {
        size_of::<[Counts; CODES]>()
    }
}

fn row(code: CountryCode, counts: &Counts) -> Row {
    let mut row = Row::new(code.to_string(), *counts, Label::End);
    row.name = Some(country_name(code).to_owned());
    row.country = Some(code);
    row
}

/// The ends that count, of IP packets.
#[inline]
pub(super) fn counted(seen: &Observation, ends: Ends) -> (Option<&End>, Option<&End>) {
    if !seen.is_ip() {
        return (None, None);
    }
    match (ends, seen.direction) {
        (Ends::Remote, Direction::In) => (Some(&seen.source), None),
        (Ends::Remote, Direction::Out) => (None, Some(&seen.destination)),
        _ => (Some(&seen.source), Some(&seen.destination)),
    }
}
