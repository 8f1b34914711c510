//! What can be asked of an analyzer. A reading is only to be had settled, so that no figure lags behind.

use std::cmp::Reverse;
use std::net::IpAddr;

use capturer::Timestamp;

use super::{Analyzer, ViewId};
use crate::aggregate::{Ask, Ends, LeftOut, Row, Top, guaranteed, host_row, rank, systems_of_hosts};
use crate::arcs::Arc;
use crate::clock::PacketClock;
use crate::counts::{Measure, Missed};
use crate::facts::Facts;
use crate::feed::FeedRow;
use crate::flow::Volume;
use crate::geo::Place;
use crate::home::Home;
use crate::host::Host;
use crate::inventory::{Inventory, Knowledge};
use crate::names::{HelloCounts, Names};
use crate::series::Second;
use crate::sketch::hyperloglog;
use crate::view::{Dimension, Totals, View};

/// What the table of hosts itself lists.
const HOSTS: Dimension = Dimension { name: "host", ends: Ends::Both };

/// The same, put together by what hosts look like.
const SYSTEMS: Dimension = Dimension { name: "os", ends: Ends::Both };

/// The state of an analyzer, to be read; see [`Analyzer::read`].
#[derive(Clone, Copy)]
pub struct Reading<'a>(pub(super) &'a Analyzer);

impl<'a> Reading<'a> {
    /// The head of a dimension's ranking in a view.
    pub fn top(self, view: ViewId, dimension: Dimension, ask: &Ask<'_>) -> Option<Top> {
        if dimension == HOSTS && view == ViewId::MAIN && self.0.counts_hosts {
            return Some(self.top_hosts(ask));
        }
        if dimension == SYSTEMS && view == ViewId::MAIN && self.0.counts_hosts {
            return Some(systems_of_hosts(self.0.hosts.iter_with_rests(), &self.0.departed, ask));
        }
        let mut top = self.0.view(view)?.top(dimension, ask)?;
        if self.0.hosts.evicted() == 0 {
            top.rows.iter_mut().for_each(Row::trust_hosts);
        }
        if dimension.name == "mac" {
            let name = |row: &Row| self.0.devices.name_of(&row.key).map(str::to_owned);
            top.rows.iter_mut().for_each(|row| row.name = name(row));
        }
        if dimension.name == "domain" {
            self.0.place_domains(view, &mut top.rows);
        }
        Some(top)
    }

    /// A question for rows, with all that is known of them.
    pub fn ask(self, limit: usize, measure: Measure) -> Ask<'a> {
        let Knowledge { names, systems } = self.0.knowledge();
        Ask { limit, measure, geo: &self.0.facts.geo, names, systems }
    }

    /// Totals of a view.
    pub fn totals(self, view: ViewId) -> Totals {
        self.0.view(view).map(|view| view.totals).unwrap_or_default()
    }

    /// Since when a view counts.
    pub fn from(self, view: ViewId) -> Option<Timestamp> {
        self.0.view(view)?.from
    }

    /// The moment the traffic has reached.
    pub const fn now(self) -> Option<Timestamp> {
        self.0.clock.now()
    }

    /// Its clock: disorder and jumps.
    pub const fn clock(self) -> &'a PacketClock {
        &self.0.clock
    }

    /// Per-second traffic of a view, oldest first.
    pub fn seconds(self, view: ViewId) -> Vec<Second> {
        let (Some(from), Some(now)) = (self.from(view), self.0.now()) else { return Vec::new() };
        self.0
            .view(view)
            .and_then(|view| view.live.as_ref())
            .map_or_else(Vec::new, |live| live.series.until(from, now))
    }

    /// The mean of a view's last whole seconds, and how many those are.
    pub fn mean_second(self, view: ViewId) -> Option<(Second, f64)> {
        Some(self.0.view(view)?.live.as_ref()?.series.mean(self.from(view)?, self.0.now()?))
    }

    /// A view's arcs, most bytes first.
    pub fn arcs(self, view: ViewId) -> Vec<Arc> {
        let Some(now) = self.0.now() else { return Vec::new() };
        self.0
            .view(view)
            .and_then(|view| view.live.as_ref())
            .map_or_else(Vec::new, |live| live.arcs.until(now))
    }

    /// A view's newest flows, newest first, and how many were left out.
    pub fn feed(self, view: ViewId) -> (Vec<FeedRow>, u64) {
        let live = self.0.view(view).and_then(|view| view.live.as_ref());
        live.map_or_else(Default::default, |live| (live.feed.rows().copied().collect(), live.feed.dropped()))
    }

    /// A host's row.
    pub fn host(self, address: IpAddr) -> Option<&'a Host> {
        self.0.hosts.get(self.0.find_host(address)?)
    }

    /// The homes; where none is set, the place of the first public local address stands for it.
    pub fn homes(self) -> (&'a [Home], Option<Place>) {
        (&self.0.homes, self.0.home_address.map(|address| self.0.facts.geo.place(address)))
    }

    /// Names of addresses, as far as they were learned.
    pub const fn names(self) -> &'a Names {
        &self.0.names
    }

    /// What became of TLS hellos in several segments.
    pub const fn hellos(self) -> HelloCounts {
        self.0.learner.hellos()
    }

    /// What is kept of how hosts look, if it is.
    pub fn inventory(self) -> Option<&'a Inventory> {
        self.0.inventory.as_deref()
    }

    /// The databases and local networks in use.
    pub const fn facts(self) -> &'a Facts {
        &self.0.facts
    }

    /// Rows that had to make room: hosts, flows, keys of the main view's dimensions.
    pub fn evicted(self) -> (u64, u64, u64) {
        (self.0.hosts.evicted(), self.0.flows.evicted(), self.0.view(ViewId::MAIN).map_or(0, View::evicted))
    }

    /// Rows in the tables: hosts, flows.
    pub fn rows(self) -> (usize, usize) {
        (self.0.hosts.len(), self.0.flows.len())
    }

    /// Bytes that hosts, flows and totals may occupy together.
    pub const fn budget(self) -> usize {
        self.0.memory
    }

    /// Bytes that hosts, flows with the list of those that wait to be settled, names, the inventory and all views occupy.
    pub fn bytes(self) -> usize {
        self.0.hosts.bytes()
            + self.0.flows.bytes()
            + self.0.waiting.bytes()
            + self.0.names.bytes()
            + self.0.inventory.as_ref().map_or(0, |inventory| inventory.bytes())
            + self.0.views.iter().flatten().map(View::bytes).sum::<usize>()
    }

    /// How many hosts there were; an estimate once some had to make room.
    pub(super) fn hosts_seen(self) -> usize {
        let Analyzer { hosts, different, .. } = self.0;
        let estimate = || hyperloglog::estimate(different).round() as usize;
        if hosts.evicted() > 0 { estimate().max(hosts.len()) } else { hosts.len() }
    }

    fn top_hosts(self, ask: &Ask<'_>) -> Top {
        let Analyzer { hosts, missed, different, .. } = self.0;
        let mut unlisted = Volume::default();
        let rows = hosts.iter_with_rests().map(|(host, missed)| {
            unlisted.merge(&host.counts().volume());
            (host.counts().get(ask.measure), host.address(), (host, *missed))
        });
        let ranked = rank(rows, ask.limit);
        let most = |host: &Host, missed: Missed| missed.and(&host.counts()).get(ask.measure);
        let total = self.hosts_seen();
        let total_error =
            if hosts.evicted() > 0 { hyperloglog::relative_error(different.len()) } else { 0.0 };
        let bound = match ranked.last() {
            Some((least, last, _)) if !missed.is_nothing() => {
                let beyond = |host: &Host| {
                    (host.counts().get(ask.measure), Reverse(host.address())) < (*least, Reverse(*last))
                };
                let others = hosts.iter_with_rests().filter(|(host, _)| beyond(host));
                others
                    .map(|(host, missed)| most(host, *missed))
                    .max()
                    .unwrap_or(0)
                    .max(missed.get(ask.measure))
            }
            _ => 0,
        };
        let figures = ranked.iter().map(|(least, _, (host, missed))| (*least, most(host, *missed)));
        let guaranteed = guaranteed(figures, bound);
        for (.., (host, _)) in &ranked {
            let listed = host.counts().volume();
            unlisted.packets -= listed.packets;
            unlisted.bytes -= listed.bytes;
        }
        let left = LeftOut { unlisted, ..LeftOut::default() };
        let rows = ranked.into_iter().map(|(_, _, (host, missed))| host_row(host, missed, ask)).collect();
        Top { rows, total, total_error, missed: *missed, guaranteed, left }
    }
}
