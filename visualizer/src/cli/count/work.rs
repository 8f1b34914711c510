//! What is done a million times a second: an address is looked up and counted.
//!
//! Where the routing table numbers its prefixes ([`Slots`]), a vector remembers by that number in which rows an address
//! counts, so that no hash table is asked. Looking up and counting go over a handful of addresses each: the table is larger
//! than the processor's caches, and so it waits for several places of it at once.

use std::net::IpAddr;

use super::database::Database;
use super::feed::Batch;
use super::lines::{Portion, Remark};
use super::log::Log;
use super::tally::{Place, ROWS_MAX, Tally};
use super::text::Side;

/// So many addresses are looked up before they are counted.
const TOGETHER: usize = 256;

/// What an address needs to be counted.
pub(super) struct Work {
    pub(super) database: Database,
    pub(super) tally: Tally,
    pub(super) log: Log,
    /// By number of the prefix: where it counts, once that is known.
    places: Vec<Option<Place>>,
    /// Whether the database was never changed, so that what has no place yet was never counted.
    first: bool,
}

impl Work {
    pub(super) fn new(database: Database, log: Log) -> Self {
        let places = vec![None; database.slots()];
        Self { database, tally: Tally::new(ROWS_MAX), log, places, first: true }
    }

    /// From now on another database answers.
    pub(super) fn change(&mut self, database: Database) {
        self.tally.complete();
        self.places = vec![None; database.slots()];
        (self.database, self.first) = (database, false);
    }

    /// Counts what a block of text holds.
    pub(super) fn portion(&mut self, portion: &Portion, name: &str) {
        self.tally.tick();
        self.tally.skipped += portion.skipped;
        self.tally.failed += portion.failed;
        self.tally.joined += portion.joined;
        let mut counted = 0;
        for remark in &portion.remarks {
            self.stretch(portion, counted..remark.at);
            counted = remark.at;
            let Remark { line, expected, found, .. } = remark;
            self.log.bad((name, *line), expected, found);
        }
        self.stretch(portion, counted..portion.addresses.len());
    }

    fn stretch(&mut self, portion: &Portion, range: std::ops::Range<usize>) {
        let addresses = portion.addresses.get(range.clone()).unwrap_or_default();
        let amounts = portion.amounts.get(range).unwrap_or_default();
        if self.log.debugs() {
            let amounts = amounts.iter().chain(std::iter::repeat(&1.0));
            addresses.iter().zip(amounts).for_each(|(address, amount)| self.add(*address, *amount, 0));
            return;
        }
        let mut amounts = amounts.chunks(TOGETHER);
        for addresses in addresses.chunks(TOGETHER) {
            self.together(addresses, amounts.next().unwrap_or_default());
        }
    }

    /// Each step for all before the next one: their waits for memory overlap.
    fn together(&mut self, addresses: &[IpAddr], amounts: &[f64]) {
        let mut numbers = [0; TOGETHER];
        self.database.numbers(addresses, &mut numbers);
        let mut places = [None; TOGETHER];
        for (place, number) in places.iter_mut().zip(&numbers[..addresses.len()]) {
            *place = self.places.get(*number as usize).copied().flatten();
        }
        let amounts = amounts.iter().chain(std::iter::repeat(&1.0));
        for (((address, number), place), amount) in addresses.iter().zip(numbers).zip(places).zip(amounts) {
            let place = place.unwrap_or_else(|| self.place(*address, number));
            self.tally.add(place, *amount, 0);
        }
    }

    /// Counts packets.
    pub(super) fn packets(&mut self, batch: &Batch, side: Side) {
        self.tally.tick();
        self.tally.skipped += batch.skipped;
        self.tally.failed += batch.failed;
        for seen in &batch.seen {
            if side != Side::Dst {
                self.add(seen.source, 1.0, u64::from(seen.bytes));
            }
            if side != Side::Src {
                self.add(seen.destination, 1.0, u64::from(seen.bytes));
            }
        }
    }

    #[inline]
    fn add(&mut self, address: IpAddr, amount: f64, bytes: u64) {
        let place = self.place(address, self.database.number(address));
        self.tally.add(place, amount, bytes);
        if self.log.debugs() {
            self.log.debug(format_args!("{address}: {:?}", self.database.route(address)));
        }
    }

    /// Where an address counts whose prefix has a number.
    #[inline]
    fn place(&mut self, address: IpAddr, number: u32) -> Place {
        match self.places.get(number as usize) {
            Some(Some(place)) => *place,
            _ => self.begin(address, number),
        }
    }

    #[cold]
    fn begin(&mut self, address: IpAddr, number: u32) -> Place {
        let (route, whole) = self.database.route_whole(address);
        // A prefix with holes has several numbers, and has no place of its own for each.
        let alone = whole && self.first;
        let place = if alone { self.tally.new_place(route) } else { self.tally.place(route) };
        if let Some(known) = self.places.get_mut(number as usize) {
            *known = Some(place);
        }
        place
    }
}
