//! What comes at a target in masses: how many a second, from how many sources, to how many ports, and who sends most.
//!
//! The size is fixed whatever comes: distinct sources and ports are counted by HyperLogLog, and of the sources only the
//! busiest are known by name (Space-Saving: Metwally, Agrawal, El Abbadi, 2005).

use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::Timestamp;

use super::book::{Found, key};
use super::tracker::Rate;
use crate::alert::Party;
use crate::sketch::hyperloglog;

/// Sources known by name.
const NAMED: usize = 8;

/// Registers for sources: 6.5 % standard error.
const SOURCES: usize = 256;

/// Registers for ports: 13 %.
const PORTS: usize = 64;

/// Frames kept until an alert takes them.
const FRAMES: usize = 32;

/// After this time shares and sources are gathered anew.
pub(super) const RENEWED: Duration = Duration::from_secs(10);

/// Different sources, and the busiest of them. The registers, of which a packet changes one, come last.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Sources {
    len: usize,
    overflown: bool,
    busiest: [(IpAddr, u32); NAMED],
    registers: [u8; SOURCES],
}

impl Default for Sources {
    fn default() -> Self {
        let nobody = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
        Self { registers: [0; SOURCES], busiest: [(nobody, 0); NAMED], len: 0, overflown: false }
    }
}

impl Sources {
    /// Takes a packet's source.
    pub fn see(&mut self, source: IpAddr, hasher: &RandomState) {
        hyperloglog::add(&mut self.registers, key(hasher, source) as u32);
        if let Some((_, count)) = self.busiest[..self.len].iter_mut().find(|(known, _)| *known == source) {
            *count = count.saturating_add(1);
        } else if self.len < NAMED {
            self.busiest[self.len] = (source, 1);
            self.len += 1;
        } else if let Some(least) = self.busiest.iter_mut().min_by_key(|(_, count)| *count) {
            *least = (source, least.1.saturating_add(1));
            self.overflown = true;
        }
    }

    /// How many different ones: exact up to eight, then by estimate.
    pub fn distinct(&self) -> f64 {
        if self.overflown { hyperloglog::estimate(&self.registers).round() } else { self.len as f64 }
    }

    /// How many came of the busiest; of many equally busy ones too many, but no more than an eighth of all.
    pub fn most(&self) -> u32 {
        self.busiest[..self.len].iter().map(|&(_, count)| count).max().unwrap_or(0)
    }

    /// Those known by name, busiest first.
    pub fn busiest(&self) -> impl Iterator<Item = IpAddr> {
        let mut order = self.busiest;
        order[..self.len].sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        order.into_iter().take(self.len).map(|(address, _)| address)
    }
}

/// How fast it comes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paces {
    /// In spans of a tenth of a second.
    tenth: Rate,
    /// In spans of a second.
    second: Rate,
    /// In spans of ten seconds.
    ten: Rate,
}

impl Paces {
    pub(super) fn add(&mut self, at: Timestamp) -> Pace {
        let second = self.second.add(at, Duration::from_secs(1), 1);
        let tenth = self.tenth.add(at, Duration::from_millis(100), 1);
        Pace { tenth, second, ten: self.ten.add(at, Duration::from_secs(10), 1) }
    }
}

/// What came at a target. What each packet changes lies together, before the registers.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Surge {
    /// Of them answered, completed or gone on: what a flood is not.
    pub done: u32,
    /// Since the surge began.
    pub total: u32,
    /// When it began.
    pub since: Timestamp,
    paces: Paces,
    /// Who.
    pub sources: Sources,
    ports: [[u8; PORTS / 2]; 2],
    frames: [u64; FRAMES],
}

/// The most that came in a tenth of a second, in a second and in ten, of late.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// In a tenth of a second.
    pub tenth: u32,
    /// In a second.
    pub second: u32,
    /// In ten seconds.
    pub ten: u32,
}

impl Surge {
    /// What began before its packets are taken.
    pub(super) fn after(paces: Paces, since: Timestamp, done: u32) -> Self {
        Self { paces, since, done, ..Self::default() }
    }

    /// Takes a packet from a source to a port.
    pub fn add(&mut self, at: Timestamp, (source, port): (IpAddr, u16), hasher: &RandomState) -> Pace {
        if self.total == 0 {
            self.since = at;
        }
        self.show((source, port), hasher);
        self.paces.add(at)
    }

    /// Takes who sends and where to.
    pub(super) fn show(&mut self, (source, port): (IpAddr, u16), hasher: &RandomState) {
        self.sources.see(source, hasher);
        let hash = key(hasher, port) as u32;
        hyperloglog::add(&mut self.ports[(hash & 1) as usize], hash);
        self.total = self.total.saturating_add(1);
    }

    /// Forgets shares and sources after ten seconds, so that what was normal before does not hide a flood.
    pub fn renew(&mut self, at: Timestamp) {
        if at.exceeds(self.since, RENEWED) {
            *self = Self { paces: self.paces, ..Self::default() };
        }
    }

    /// Remembers a frame that shows it, while there is room.
    pub fn keep(&mut self, frame: u64) {
        let place = (self.total as usize).saturating_sub(1);
        if let Some(kept) = self.frames.get_mut(place) {
            *kept = frame;
        }
    }

    /// The most in one second, of late.
    pub fn rate(&self) -> f64 {
        f64::from(self.paces.second.most())
    }

    /// How many different ports, about.
    pub fn ports(&self) -> f64 {
        self.ports.iter().map(|half| hyperloglog::estimate(half)).sum()
    }

    /// Of all that came the part that was answered or went on.
    pub fn done_share(&self) -> f64 {
        f64::from(self.done) / f64::from(self.total.max(1))
    }

    /// Few sources that try many ports are a scan, not a flood: every fourth packet goes to a port of its own.
    pub fn is_scan(&self) -> bool {
        self.sources.distinct() <= NAMED as f64 && self.ports() * 4.0 >= f64::from(self.total)
    }

    /// Writes what came so far to a new alert.
    pub fn begin(&self, found: &mut Found<'_>) {
        found.since(self.since).count(u64::from(self.total)).frames(self.frames);
    }

    /// Writes who does it, as far as known.
    pub fn name(&self, found: &mut Found<'_>) {
        for source in self.sources.busiest() {
            found.source(Party::host(source));
        }
        found.figure("sources", self.sources.distinct());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn sources_are_exact_while_few_and_near_when_many() {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        let mut sources = Sources::default();
        (0..70).for_each(|n| sources.see(address(n % 7), &hasher));
        assert_eq!(sources.distinct(), 7.0);
        (0..50_000).for_each(|n| sources.see(address(n), &hasher));
        let error = sources.distinct() / 50_000.0 - 1.0;
        assert!(error.abs() < 0.2, "{error}");
    }

    #[test]
    fn the_busiest_source_of_a_flood_is_known_by_name() {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        let mut sources = Sources::default();
        for n in 0..10_000 {
            sources.see(address(n), &hasher);
            sources.see(address(77), &hasher);
        }
        assert_eq!(sources.busiest().next(), Some(address(77)));
    }

    #[test]
    fn one_source_on_many_ports_is_a_scan_and_on_one_port_none() {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        let (mut scan, mut flood) = (Surge::default(), Surge::default());
        for port in 0..1000 {
            scan.add(Timestamp::EPOCH, (address(1), port), &hasher);
            flood.add(Timestamp::EPOCH, (address(1), 80), &hasher);
        }
        assert!(scan.is_scan() && !flood.is_scan());
    }
}
