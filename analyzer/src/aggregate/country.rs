//! Totals by country: a fixed array, because there are no more than 676 two-letter codes.

use crate::aggregate::gate::{Gate, Side};
use crate::aggregate::rank::rank;
use crate::aggregate::row::Kept;
use crate::aggregate::tallied::Tallied;
use crate::aggregate::tally::{HostCounts, REGISTERS};
use crate::aggregate::{Aggregate, Ask, Ends, Entry, Label, Making, Row, Top};
use crate::counts::Missed;
use crate::flow::Volume;
use crate::geo::{CountryCode, country_name};
use crate::observation::{Direction, End, Observation};
use crate::sketch::space_saving::Weighed;

pub(super) const ENTRY: Entry = Entry {
    name: "country",
    summary: "ISO 3166-1 alpha-2 codes of public addresses",
    needs_country: true,
    needs_asn: false,
    most_keys: Some(676),
    per_packet: false,
    make,
};

/// Two letters of 26.
const CODES: usize = 676;

struct Countries {
    tallied: Box<[Tallied; CODES]>,
    hosts: HostCounts,
    gate: Gate,
}

fn make(making: Making) -> Box<dyn Aggregate> {
    let mut hosts = HostCounts::new(CODES * REGISTERS, making.hasher);
    (0..CODES as u32).for_each(|row| hosts.begin(row));
    let gate = Gate::new(making.ends, making.counting);
    let nothing = Tallied::begin(Missed::default());
    Box::new(Countries { tallied: Box::new([nothing; CODES]), hosts, gate })
}

impl Countries {
    #[inline]
    fn count(&mut self, country: CountryCode, end: &End, fresh: bool) -> &mut Tallied {
        if fresh {
            self.hosts.add(country.index() as u32, end.address);
        }
        let tallied = &mut self.tallied[country.index()];
        tallied.counts.hosts += u32::from(fresh);
        tallied
    }

    fn row(&self, code: CountryCode, tallied: &Tallied) -> Row {
        let kept = Kept { hosts: Some(self.hosts.of(code.index() as u32)), belong: true };
        let mut row = Row::new(code.to_string(), tallied.counts, Label::End).with_tallied(tallied, kept);
        row.name = Some(country_name(code).to_owned());
        row.country = Some(code);
        row
    }
}

impl Aggregate for Countries {
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        let (source, destination) = counted(seen, self.gate.ends);
        let country = |end: Option<&End>| end.and_then(|end| end.place.country);
        let from = self.gate.admit(country(source), Side::Source, seen);
        let to = self.gate.admit(country(destination), Side::Destination, seen);
        if let Some(country) = from {
            self.count(country, &seen.source, seen.fresh.source).send(seen);
        }
        if let Some(country) = to {
            self.count(country, &seen.destination, seen.fresh.destination).receive(seen, from == to);
        }
    }

    fn top(&self, ask: &Ask<'_>) -> Top {
        let seen: Vec<_> = (0..CODES)
            .filter(|&index| self.tallied[index].counts.packets() > 0)
            .filter_map(|index| Some((CountryCode::from_index(index)?, &self.tallied[index])))
            .collect();
        let total = seen.len();
        let figures =
            seen.into_iter().map(|(code, tallied)| (tallied.counts.get(ask.measure), code, tallied));
        let ranked = rank(figures, ask.limit);
        let mut listed = Volume::default();
        ranked.iter().for_each(|(.., tallied)| listed.merge(&tallied.counts.volume()));
        let rows = ranked.into_iter().map(|(_, code, tallied)| self.row(code, tallied)).collect();
        Top::exact(rows, total, self.gate.left(listed))
    }

    fn bytes(&self) -> usize {
        size_of::<[Tallied; CODES]>() + self.hosts.bytes()
    }
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
