//! What is known of addresses' names: for each address a few names with source and time, the best first. It draws from
//! the memory budget; when it is full, an address that was not named again for long has to go, and is counted.
//!
//! *The best name* is the one from the best source ([`Source`]'s order: what a name server answered, then what clients asked
//! the address for, then what the host says of itself); of equals the first, so that a name does not flicker. What a host
//! says of itself is replaced by what it says later, because leases move on.

use std::collections::HashMap;
use std::net::IpAddr;

use ahash::RandomState;
use capturer::Timestamp;

use super::domains::Domains;
use super::{DomainId, Learned, Source, registered};

/// Names kept of an address.
const MOST_NAMES: usize = 8;

/// Bytes of an address's row with its share of the index, and of a name besides its text.
const ROW_COST: usize = 128;
const NAME_COST: usize = size_of::<Known>() + 16;

/// Of the budget, the part for registered domains, which stay.
const DOMAINS_SHARE: usize = 4;

/// A name of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name, in lower case.
    pub name: Box<str>,
    /// Who said so.
    pub source: Source,
    /// When it was first said.
    pub first: Timestamp,
    /// When it was last said.
    pub last: Timestamp,
}

#[derive(Clone)]
struct Row {
    address: IpAddr,
    /// The best first.
    names: Vec<Known>,
    /// The registered domain of its best name when that was learned.
    domain: Option<(DomainId, Source)>,
    /// Named since the hand last passed.
    touched: bool,
}

/// What the store counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamesCounts {
    /// Names told of addresses so far, each as often as it was told.
    pub learned: u64,
    /// Addresses that have names now.
    pub addresses: usize,
    /// Registered domains seen.
    pub domains: usize,
    /// Addresses whose names had to make room for others.
    pub evicted: u64,
    /// Names left out because their address has enough better ones.
    pub left_out: u64,
    /// Sightings of domains beyond the cap: their traffic counts as unknown.
    pub domains_refused: u64,
}

/// Names by address.
#[derive(Clone)]
pub struct Names {
    rows: Vec<Row>,
    index: HashMap<IpAddr, u32, RandomState>,
    domains: Domains,
    hand: usize,
    bytes: usize,
    budget: usize,
    learned: u64,
    evicted: u64,
    left_out: u64,
}

impl Names {
    /// A store that may take about so many bytes; with 0 it learns nothing.
    pub fn new(bytes: usize) -> Self {
        let domains = bytes / DOMAINS_SHARE;
        Self {
            rows: Vec::new(),
            index: HashMap::default(),
            domains: Domains::new(domains),
            hand: 0,
            bytes: 0,
            budget: bytes - domains,
            learned: 0,
            evicted: 0,
            left_out: 0,
        }
    }

    /// Whether it takes names at all.
    pub const fn learns(&self) -> bool {
        self.budget >= ROW_COST
    }

    /// Takes a name.
    pub fn take(&mut self, learned: &Learned<'_>) {
        if !self.learns() {
            return;
        }
        self.learned += 1;
        let index = match self.index.get(&learned.address) {
            Some(&index) => index as usize,
            None => self.add(learned.address),
        };
        let domain = self.domain_to_be(learned);
        let Some(row) = self.rows.get_mut(index) else { return };
        let before = row.cost();
        self.left_out += u64::from(!row.take(learned));
        row.touched = true;
        self.bytes = self.bytes + row.cost() - before;
        if let Some(domain) = domain {
            self.place(index, domain, learned.source);
        }
        self.make_room();
    }

    /// The best name of an address.
    pub fn best(&self, address: IpAddr) -> Option<&Known> {
        self.of(address).first()
    }

    /// All names kept of an address, the best first.
    pub fn of(&self, address: IpAddr) -> &[Known] {
        self.row(address).map_or(&[], |row| &row.names)
    }

    /// The registered domain an address's traffic counts for.
    #[inline]
    pub fn domain(&self, address: IpAddr) -> Option<DomainId> {
        self.row(address)?.domain.map(|(domain, _)| domain)
    }

    /// Whether one of an address's names is this domain or lies below it.
    pub fn is_within(&self, address: IpAddr, domain: &str) -> bool {
        self.of(address).iter().any(|known| super::is_within(&known.name, domain))
    }

    /// The domain that stands for a domain's aliases: the one seen first.
    pub fn group(&self, domain: DomainId) -> DomainId {
        self.domains.first(domain)
    }

    /// A domain's text.
    pub fn domain_text(&self, domain: DomainId) -> &str {
        self.domains.text(domain)
    }

    /// A domain with all its aliases, sorted.
    pub fn aliases(&self, domain: DomainId) -> Vec<&str> {
        self.domains.group(domain)
    }

    /// What is known of these addresses alone.
    pub fn only(&self, addresses: impl Iterator<Item = IpAddr>) -> Self {
        let mut some = Self { domains: self.domains.clone(), budget: self.budget, ..Self::new(0) };
        for row in addresses.filter_map(|address| self.row(address)) {
            if !some.index.contains_key(&row.address) {
                some.index.insert(row.address, some.rows.len() as u32);
                some.bytes += row.cost();
                some.rows.push(row.clone());
            }
        }
        some
    }

    /// All addresses with their names.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &[Known])> {
        self.rows.iter().map(|row| (row.address, &row.names[..]))
    }

    /// All addresses that have a domain, with it.
    pub fn domains(&self) -> impl Iterator<Item = (IpAddr, DomainId)> {
        self.rows.iter().filter_map(|row| Some((row.address, row.domain?.0)))
    }

    /// Its figures.
    pub fn counts(&self) -> NamesCounts {
        NamesCounts {
            learned: self.learned,
            addresses: self.rows.len(),
            domains: self.domains.len(),
            evicted: self.evicted,
            left_out: self.left_out,
            domains_refused: self.domains.refused(),
        }
    }

    /// Bytes it occupies, about.
    pub fn bytes(&self) -> usize {
        self.bytes + self.domains.bytes()
    }

    #[inline]
    fn row(&self, address: IpAddr) -> Option<&Row> {
        if self.rows.is_empty() {
            return None;
        }
        self.rows.get(*self.index.get(&address)? as usize)
    }

    fn add(&mut self, address: IpAddr) -> usize {
        let index = self.rows.len();
        self.rows.push(Row { address, names: Vec::new(), domain: None, touched: true });
        self.index.insert(address, index as u32);
        self.bytes += ROW_COST;
        index
    }

    fn domain_to_be(&mut self, learned: &Learned<'_>) -> Option<DomainId> {
        if matches!(learned.source, Source::Alias) {
            return None;
        }
        self.domains.id(registered(learned.name.as_str())?)
    }

    /// An address has a domain from a source. A better source takes the place of a worse; domains that name servers gave
    /// the same address become aliases, and those that clients asked it for. What clients claim joins nothing that a name
    /// server said, since they can claim anything.
    fn place(&mut self, index: usize, domain: DomainId, source: Source) {
        let Some(row) = self.rows.get_mut(index) else { return };
        match row.domain {
            Some((known, best)) if best.is_like(source) => self.domains.unite(known, domain),
            Some((_, best)) if best <= source => {}
            _ => row.domain = Some((domain, source)),
        }
    }

    /// Removes rows until the budget holds: the next that was not touched since the hand last passed.
    fn make_room(&mut self) {
        while self.bytes > self.budget && self.rows.len() > 1 {
            self.hand = (self.hand + 1) % self.rows.len();
            if std::mem::take(&mut self.rows[self.hand].touched) {
                continue;
            }
            let gone = self.rows.swap_remove(self.hand);
            self.index.remove(&gone.address);
            self.bytes -= gone.cost();
            self.evicted += 1;
            if let Some(moved) = self.rows.get(self.hand) {
                self.index.insert(moved.address, self.hand as u32);
            }
        }
    }
}

impl Row {
    fn cost(&self) -> usize {
        ROW_COST + self.names.iter().map(|known| NAME_COST + known.name.len()).sum::<usize>()
    }

    /// Takes a name; `false` when there are enough better ones.
    fn take(&mut self, learned: &Learned<'_>) -> bool {
        let text = learned.name.as_str();
        if let Some(at) = self.names.iter().position(|known| &*known.name == text) {
            let known = &mut self.names[at];
            known.last = known.last.max(learned.at);
            known.source = known.source.min(learned.source);
            self.names.sort_by_key(|known| known.source);
            return true;
        }
        if learned.source.is_own() {
            self.names.retain(|known| known.source != learned.source);
        }
        if self.names.len() >= MOST_NAMES {
            if self.names.last().is_some_and(|worst| worst.source <= learned.source) {
                return false;
            }
            self.names.pop();
        }
        let at = self.names.partition_point(|known| known.source <= learned.source);
        let known = Known { name: text.into(), source: learned.source, first: learned.at, last: learned.at };
        self.names.insert(at, known);
        true
    }
}
