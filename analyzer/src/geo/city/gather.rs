//! From the networks of a database to a [`CityTable`]: places are numbered as they come and sorted at the end; IPv6
//! networks longer than the grain share one answer, that of most of their addresses.

use std::net::IpAddr;

use ahash::AHashMap;

use super::blocks::{self, Builder, Refused, V4_BITS, V6_BITS, V6_GRAIN, key_v6};
use super::table::{CityTable, Places};
use super::{Cell, record::CityRecord};
use crate::network::Network;

/// A place while places are gathered: country value, region, name, cell.
type Key = (u16, String, String, Option<Cell>);

/// Longest name kept of a city or region, in bytes.
const NAME_MAX: usize = 100;

/// Gathers the blocks of both families and their places.
#[derive(Debug)]
pub struct Gather {
    places: AHashMap<Key, u32>,
    v4: Builder<u16>,
    v6: Builder<u32>,
    grain: Grain,
    named: bool,
}

/// The addresses of one block of the grain, by place.
#[derive(Debug)]
struct Grain {
    /// The prefix length below which IPv6 is not told apart.
    len: u8,
    block: u128,
    shares: Vec<(u32, u128)>,
    /// Blocks that several places share.
    shared: usize,
}

impl Gather {
    /// `grain`: the longest IPv6 prefix that is told apart, at most 48.
    pub fn new(grain: u8) -> Self {
        let len = grain.min(V6_GRAIN);
        Self {
            places: AHashMap::new(),
            v4: Builder::new(V4_BITS),
            v6: Builder::new(V6_BITS),
            grain: Grain { len, block: 0, shares: Vec::new(), shared: 0 },
            named: false,
        }
    }

    /// The number of a record's place; 0 if it names none.
    pub(in crate::geo) fn place(&mut self, country: u16, record: &CityRecord<'_>) -> u32 {
        let (name, cell) = (clean(record.name()), record.cell());
        if name.is_empty() && cell.is_none() {
            return 0;
        }
        self.named = true;
        let next = self.places.len() as u32 + 1;
        *self.places.entry((country, clean(record.region()), name, cell)).or_insert(next)
    }

    /// A network of either family; those of a family come in ascending order.
    pub fn push(&mut self, network: &Network, place: u32) -> Result<(), Refused> {
        match network.address() {
            IpAddr::V4(first) => self.push_v4(first.to_bits(), network.prefix_len(), place),
            IpAddr::V6(first) => self.push_v6(first.to_bits(), network.prefix_len(), place),
        }
    }

    /// An IPv4 network; networks come in ascending order.
    pub fn push_v4(&mut self, first: u32, len: u8, place: u32) -> Result<(), Refused> {
        let first = u64::from(first);
        self.v4.push(first, first + (1 << (32 - u32::from(len.min(32)))), place)
    }

    /// An IPv6 network; what is outside 2000::/3 is left out.
    pub fn push_v6(&mut self, first: u128, len: u8, place: u32) -> Result<(), Refused> {
        let Some(start) = key_v6(first) else { return Ok(()) };
        if len <= self.grain.len {
            self.flush()?;
            let size = 1 << (V6_GRAIN - len.max(3));
            return self.v6.push(start, start + size, place);
        }
        let block = first >> (128 - u32::from(self.grain.len));
        if block != self.grain.block {
            self.flush()?;
            self.grain.block = block;
        }
        self.grain.add(place, 1 << (128 - u32::from(len.min(128))));
        Ok(())
    }

    /// Blocks of the grain that had several places, so far.
    pub const fn shared(&self) -> usize {
        self.grain.shared
    }

    /// The table; `None` if nothing named a city.
    pub fn finish(mut self, date: String) -> Result<Option<CityTable>, Refused> {
        self.flush()?;
        if !self.named {
            return Ok(None);
        }
        let (mut v4, mut v6) = (self.v4.build(), self.v6.build());
        let (places, to) = sorted(self.places, [used(&v4), used(&v6)].concat());
        v4.renumber(&to);
        v6.renumber(&to);
        Ok(Some(CityTable { date, places, v4, v6 }))
    }

    /// Writes the block of the grain that is at hand.
    fn flush(&mut self) -> Result<(), Refused> {
        let Some(place) = self.grain.most() else { return Ok(()) };
        let first = self.grain.block << (128 - u32::from(self.grain.len));
        let Some(start) = key_v6(first) else { return Ok(()) };
        self.v6.push(start, start + (1 << (V6_GRAIN - self.grain.len)), place)
    }
}

impl Grain {
    fn add(&mut self, place: u32, addresses: u128) {
        match self.shares.iter_mut().find(|share| share.0 == place) {
            Some(share) => share.1 += addresses,
            None => self.shares.push((place, addresses)),
        }
    }

    /// Whom most of the block's known addresses belong to, of equals the first; the block is over.
    fn most(&mut self) -> Option<u32> {
        let known = self.shares.iter().filter(|share| share.0 != 0);
        let most = known.max_by_key(|share| (share.1, std::cmp::Reverse(share.0))).map(|share| share.0);
        self.shared += usize::from(self.shares.len() > 1);
        self.shares.clear();
        most
    }
}

fn clean(text: &str) -> String {
    let mut clean: String = text.chars().filter(|char| !char.is_control()).collect();
    clean.truncate(clean.floor_char_boundary(NAME_MAX));
    clean.trim().to_owned()
}

fn used<S: blocks::Suffix>(blocks: &blocks::Blocks<S>) -> Vec<u32> {
    let mut used: Vec<u32> = blocks.segments().map(|(_, value)| value).collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// Places that are in use, in order, and the new number of each old one.
fn sorted(places: AHashMap<Key, u32>, used: Vec<u32>) -> (Places, Vec<u32>) {
    let mut to = vec![0; places.len() + 1];
    let mut kept = vec![false; places.len() + 1];
    used.into_iter().for_each(|number| kept[number as usize] = true);
    let mut all: Vec<(Key, u32)> = places.into_iter().filter(|(_, number)| kept[*number as usize]).collect();
    all.sort_unstable();
    let mut places = Places::default();
    let mut before: Option<(&Key, u32)> = None;
    for (new, (key, old)) in (1..).zip(&all) {
        let same_region = before.is_some_and(|(other, _)| (other.0, &other.1) == (key.0, &key.1));
        if !same_region {
            places.begin_region(key.0, &key.1);
        }
        let name = match before {
            Some((other, name)) if same_region && other.2 == key.2 => name,
            _ => places.write(&key.2),
        };
        places.push(name, key.3);
        to[*old as usize] = new;
        before = Some((key, name));
    }
    places.shrink();
    (places, to)
}
