//! How a routing table is put together: rows in any order, several origins for one prefix, then sorted and flattened.

use std::net::IpAddr;

use ahash::AHashMap;

use super::flatten::{Flat, Row, flatten, sort};
use super::{Routes, SET_BITS};
use crate::geo::Asn;
use crate::geo::ranges::Address;
use crate::network::Network;

/// Most rows of a table; the whole table of the Internet has 1.3 million in 2026. What comes beyond is counted. So every
/// row may have a set of origins of its own.
pub const ROUTES_MAX: usize = (1 << SET_BITS) - 1;

/// Collects announced prefixes.
#[derive(Debug, Default)]
pub struct RoutesBuilder {
    /// First address, prefix length, origin.
    v4: Vec<(u32, u8, u32)>,
    v6: Vec<(u128, u8, u32)>,
    dropped: u64,
}

impl RoutesBuilder {
    /// Without any.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a prefix with its origin. Called again for the same prefix, it has several.
    pub fn push(&mut self, network: Network, origin: Asn) {
        if self.v4.len() + self.v6.len() >= ROUTES_MAX {
            self.dropped += 1;
            return;
        }
        match network.address() {
            IpAddr::V4(first) => self.v4.push((first.to_bits(), network.prefix_len(), origin.0)),
            IpAddr::V6(first) => self.v6.push((first.to_bits(), network.prefix_len(), origin.0)),
        }
    }

    /// How many rows did not fit, beyond [`ROUTES_MAX`].
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The table.
    pub fn build(self) -> Routes {
        let mut sets = Sets::default();
        let v4 = sets.family(self.v4, |first, len| Network::new(IpAddr::V4(first.into()), len));
        let v6 = sets.family(self.v6, |first, len| Network::new(IpAddr::V6(first.into()), len));
        let hidden: Vec<_> = v4.hidden.into_iter().chain(v6.hidden).collect();
        Routes {
            v4: v4.flat.ranges,
            v6: v6.flat.ranges,
            hidden: hidden.into(),
            origins: sets.origins.into(),
            ends: sets.ends.into(),
            counts: (v4.count, v6.count),
        }
    }
}

/// AS numbers below this are looked up without a hash: the registries have given out those up to 402 000 (IANA, 2026), and
/// few others are announced.
const NEAR: usize = 1 << 19;

/// Sets of origins, each kept once. Nearly all have one member.
struct Sets {
    /// The number of the set of one origin, by the origin, of those below [`NEAR`]; 0 where there is none yet.
    near: Vec<u32>,
    /// The same of all others.
    far: AHashMap<u32, u32>,
    numbers: AHashMap<Vec<u32>, u32>,
    origins: Vec<Asn>,
    ends: Vec<u32>,
}

impl Default for Sets {
    fn default() -> Self {
        // Set 0 is the empty one.
        let (far, numbers) = (AHashMap::new(), AHashMap::new());
        Self { near: vec![0; NEAR], far, numbers, origins: Vec::new(), ends: vec![0] }
    }
}

struct Family<A: Address> {
    flat: Flat<A>,
    hidden: Vec<(Network, u32)>,
    count: usize,
}

impl Sets {
    fn family<A: Address>(
        &mut self,
        mut rows: Vec<(A, u8, u32)>,
        network: fn(A, u8) -> Network,
    ) -> Family<A> {
        rows.sort_unstable();
        rows.dedup();
        let mut spans: Vec<Row<A>> = Vec::with_capacity(rows.len());
        spans.extend(rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|same| {
            let (first, len, _) = same[0];
            let set = if let [one] = same { self.single(one.2) } else { self.several(same) };
            (first, last_of(first, len), u32::from(len) << SET_BITS | set)
        }));
        // Its memory serves what follows.
        drop(rows);
        sort(&mut spans);
        let flat = flatten(&spans);
        let unseen = spans.iter().zip(&flat.seen).filter(|(_, seen)| !**seen).map(|(row, _)| row);
        let hidden = unseen
            .map(|row| (network(row.0, (row.2 >> SET_BITS) as u8), row.2 & ((1 << SET_BITS) - 1)))
            .collect();
        Family { flat, hidden, count: spans.len() }
    }

    /// The number of the set of one origin.
    fn single(&mut self, origin: u32) -> u32 {
        let known = self.near.get(origin as usize).or_else(|| self.far.get(&origin)).copied();
        known.filter(|number| *number > 0).unwrap_or_else(|| {
            let number = self.begin([origin]);
            match self.near.get_mut(origin as usize) {
                Some(place) => *place = number,
                None => drop(self.far.insert(origin, number)),
            }
            number
        })
    }

    /// The number of the set of several origins, ascending and without doubles.
    fn several<A>(&mut self, same: &[(A, u8, u32)]) -> u32 {
        let set: Vec<u32> = same.iter().map(|row| row.2).collect();
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        let number = self.begin(set.iter().copied());
        self.numbers.insert(set, number);
        number
    }

    fn begin(&mut self, origins: impl IntoIterator<Item = u32>) -> u32 {
        let number = self.ends.len() as u32;
        self.origins.extend(origins.into_iter().map(Asn));
        self.ends.push(self.origins.len() as u32);
        number
    }
}

/// The last address of a prefix.
fn last_of<A: Address>(first: A, len: u8) -> A {
    let bits = u128::BITS - A::ENDS.1.wide().leading_zeros();
    let host = 1_u128.checked_shl(bits - u32::from(len)).unwrap_or(0).wrapping_sub(1);
    A::narrow(first.wide() | host).unwrap_or(A::ENDS.1)
}
