//! Counts by the number of the prefix: one step a look-up. Which rows they belong to is asked when the rows are wanted, once
//! for each prefix and by all processors at once, as that takes several look-ups in tables larger than their caches.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::thread;
use std::time::SystemTime;

use super::database::Database;
use super::tally::{Route, Tally};

/// So many addresses have their places found before the first is counted: the waits for memory overlap.
const TOGETHER: usize = 256;

/// A thread more for so many prefixes.
const PREFIXES_A_THREAD: usize = 8192;

/// What was counted since the rows were last wanted, once for each look-up.
#[derive(Default)]
pub(super) struct Held {
    /// By number of the prefix: which of the following is its, from 1.
    places: Vec<Option<NonZeroU32>>,
    /// The first address of each, and when that came.
    firsts: Vec<(IpAddr, SystemTime)>,
    counts: Vec<u64>,
}

impl Held {
    /// For a database with so many numbers.
    pub(super) fn new(slots: usize) -> Self {
        Self { places: vec![None; slots], ..Self::default() }
    }

    /// Counts addresses with their numbers.
    pub(super) fn count(&mut self, addresses: &[IpAddr], numbers: &[u32], now: SystemTime) {
        for (addresses, numbers) in addresses.chunks(TOGETHER).zip(numbers.chunks(TOGETHER)) {
            let mut places = [None; TOGETHER];
            for (place, number) in places.iter_mut().zip(numbers) {
                *place = self.places.get(*number as usize).copied().flatten();
            }
            for ((address, number), place) in addresses.iter().zip(numbers).zip(places) {
                let place = place.or_else(|| self.place((*address, *number), now));
                if let Some(count) = place.and_then(|place| self.counts.get_mut(place.get() as usize - 1)) {
                    *count += 1;
                }
            }
        }
    }

    /// The place of a number that had none a moment ago.
    #[cold]
    fn place(&mut self, (address, number): (IpAddr, u32), now: SystemTime) -> Option<NonZeroU32> {
        let place = self.places.get_mut(number as usize)?;
        if place.is_none() {
            self.firsts.push((address, now));
            self.counts.push(0);
            *place = NonZeroU32::new(self.counts.len() as u32);
        }
        *place
    }

    /// Writes what was counted into the rows, in the order of the first addresses, and begins anew.
    pub(super) fn settle(&mut self, database: &Database, tally: &mut Tally) {
        if self.counts.is_empty() {
            return;
        }
        let routes = routes(database, &self.firsts);
        // Rows that begin now need not be found by their prefix later, unless one has several numbers.
        let all_new = tally.prefixes.len() == 0;
        if !all_new {
            tally.complete();
        }
        for (((route, whole), (_, first)), count) in routes.into_iter().zip(&self.firsts).zip(&self.counts) {
            let place = if whole && all_new {
                tally.new_place(route, *first)
            } else {
                tally.place_since(route, *first)
            };
            tally.add_many(place, *count);
        }
        self.firsts.clear();
        self.counts.clear();
        self.places.fill(None);
    }
}

/// The route of each, and whether its prefix has one number.
fn routes(database: &Database, firsts: &[(IpAddr, SystemTime)]) -> Vec<(Route, bool)> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(firsts.len() / PREFIXES_A_THREAD + 1);
    let share = firsts.len().div_ceil(threads);
    let some = |firsts: &[(IpAddr, SystemTime)]| -> Vec<(Route, bool)> {
        firsts.iter().map(|(address, _)| database.route_whole(*address)).collect()
    };
    thread::scope(|scope| {
        let mut shares = firsts.chunks(share);
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares.map(|share| (share, scope.spawn(move || some(share)))).collect();
        let mut routes = some(own);
        for (share, other) in others {
            routes.extend(other.join().unwrap_or_else(|_| some(share)));
        }
        routes
    })
}

#[cfg(test)]
mod tests {
    use analyzer::geo::Asn;
    use analyzer::geo::routes::{RoutesBuilder, Slots};

    use super::*;

    fn database() -> Database {
        let mut builder = RoutesBuilder::new();
        // The first has a hole, so that it has two numbers.
        for (network, asn) in [("10.0.0.0/8", 1), ("10.1.0.0/16", 2), ("192.0.2.0/24", 1)] {
            builder.push(network.parse().unwrap(), Asn(asn));
        }
        let routes = Box::new(builder.build());
        let slots = Slots::new(&routes);
        Database::Announced { routes, slots, name: "table".to_owned() }
    }

    fn count(held: &mut Held, database: &Database, addresses: &[&str]) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let mut numbers = Vec::new();
        database.numbers(&addresses, &mut numbers);
        held.count(&addresses, &numbers, SystemTime::now());
    }

    type Counted<K> = Vec<(K, f64)>;

    fn rows(tally: &Tally) -> (Counted<String>, Counted<u32>) {
        let prefix = |route: Route| route.prefix.map_or("-".to_owned(), |prefix| prefix.to_string());
        let prefixes = tally.prefixes.top(9).iter().map(|row| (prefix(row.key), row.count)).collect();
        let asn = |asn: Option<Asn>| asn.map_or(0, |asn| asn.0);
        (prefixes, tally.asns.top(9).iter().map(|row| (asn(row.key), row.count)).collect())
    }

    #[test]
    fn what_was_held_is_in_the_rows_once_however_often_they_are_wanted() {
        let (database, mut tally) = (database(), Tally::new(10));
        let mut held = Held::new(database.slots());
        let addresses = ["10.0.0.1", "10.255.0.1", "10.1.0.1", "192.0.2.1", "198.51.100.1", "10.0.0.2"];
        for round in 1..4 {
            count(&mut held, &database, &addresses);
            held.settle(&database, &mut tally);
            held.settle(&database, &mut tally);
            let times = f64::from(round);
            let prefixes = [("10.0.0.0/8", 3.0), ("10.1.0.0/16", 1.0), ("192.0.2.0/24", 1.0), ("-", 1.0)];
            let expected: Vec<_> = prefixes.map(|(name, count)| (name.to_owned(), count * times)).into();
            assert_eq!(rows(&tally), (expected, vec![(1, 4.0 * times), (2, times), (0, times)]));
        }
    }

    #[test]
    fn what_has_no_room_is_counted_beyond() {
        let (database, mut tally) = (database(), Tally::new(1));
        let mut held = Held::new(database.slots());
        count(&mut held, &database, &["10.0.0.1", "192.0.2.1", "192.0.2.2"]);
        held.settle(&database, &mut tally);
        assert_eq!((tally.prefixes.len(), tally.asns.len(), tally.beyond), (1, 1, 2));
    }
}
