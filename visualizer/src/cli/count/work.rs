//! What is done a million times a second: an address is looked up and counted.
//!
//! Where the routing table numbers its prefixes ([`Slots`]), a vector remembers by that number in which rows an address
//! counts, so that no hash table is asked. Each step goes over many addresses before the next one: the tables are larger
//! than the processor's caches, and so it waits for several places of them at once.

use std::iter::repeat;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use super::database::{Database, Shelf};
use super::feed::Batch;
use super::lines::{Portion, Remark};
use super::log::Log;
use super::tally::{Place, ROWS_MAX, Tally};
use super::text::Side;

/// So many addresses have their places found before they are counted.
const TOGETHER: usize = 256;

/// What an address needs to be counted.
pub(super) struct Work {
    pub(super) database: Arc<Database>,
    shelf: Shelf,
    pub(super) tally: Tally,
    pub(super) log: Log,
    /// By number of the prefix: where it counts, once that is known.
    places: Vec<Option<Place>>,
    /// Whether the database was never changed, so that what has no place yet was never counted.
    first: bool,
}

impl Work {
    pub(super) fn new(database: Database, shelf: Shelf, log: Log) -> Self {
        let places = vec![None; database.slots()];
        let database = Arc::new(database);
        shelf.put(&database);
        Self { database, shelf, tally: Tally::new(ROWS_MAX), log, places, first: true }
    }

    /// From now on another database answers.
    pub(super) fn change(&mut self, database: Database) {
        self.tally.complete();
        self.places = vec![None; database.slots()];
        (self.database, self.first) = (Arc::new(database), false);
        self.shelf.put(&self.database);
    }

    /// Counts what a block of text holds.
    pub(super) fn portion(&mut self, portion: &mut Portion, name: &str) {
        self.tally.tick();
        self.tally.skipped += portion.skipped;
        self.tally.failed += portion.failed;
        self.tally.joined += portion.joined;
        if !portion.is_numbered_by(&self.database) {
            portion.number(Arc::clone(&self.database));
        }
        let mut counted = 0;
        for remark in &portion.remarks {
            self.stretch(portion, counted..remark.at);
            counted = remark.at;
            let Remark { line, expected, found, .. } = remark;
            self.log.bad((name, *line), expected, found);
        }
        self.stretch(portion, counted..portion.addresses.len());
    }

    /// Counts some of its addresses.
    fn stretch(&mut self, portion: &Portion, range: Range<usize>) {
        let addresses = portion.addresses.get(range.clone()).unwrap_or_default();
        let numbers = portion.numbers.get(range.clone()).unwrap_or_default();
        let amounts = portion.amounts.get(range).unwrap_or_default();
        if self.log.debugs() {
            let amounts = amounts.iter().chain(repeat(&1.0));
            addresses.iter().zip(amounts).for_each(|(address, amount)| self.add(*address, *amount, 0));
            return;
        }
        let mut amounts = amounts.chunks(TOGETHER);
        for (addresses, numbers) in addresses.chunks(TOGETHER).zip(numbers.chunks(TOGETHER)) {
            self.together(addresses, numbers, amounts.next().unwrap_or_default());
        }
    }

    /// Finds the places of all before the first is counted: the waits for memory overlap.
    fn together(&mut self, addresses: &[IpAddr], numbers: &[u32], amounts: &[f64]) {
        let mut places = [None; TOGETHER];
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = self.places.get(*number as usize).copied().flatten();
        }
        let amounts = amounts.iter().chain(repeat(&1.0));
        for (((address, number), place), amount) in addresses.iter().zip(numbers).zip(places).zip(amounts) {
            let place = place.unwrap_or_else(|| self.place(*address, *number));
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
