//! The metering process (RFC 7011 §2): what flows carry by the second becomes flow records, each told once it is over: its packets
//! stopped coming, or it said goodbye, or it goes on for so long that a part of it is told. It holds so many flows and no more;
//! what finds no room is told at once, and counted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ahash::RandomState;
use capturer::flow::{EndReason, FlowRecord};
use capturer::{Network, TcpFlags};

use crate::flow::State;
use crate::history::{Between, Slice};

/// After its end a flow is told this much later, seconds: late packets still belong to it.
const LINGER: i64 = 15;

/// Seconds between two looks at all flows.
const ROUND: i64 = 5;

/// When flows are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A flow that goes on is told in parts of so many seconds.
    pub active: i64,
    /// A flow without packets for so many seconds is over.
    pub idle: i64,
}

impl Default for Timeouts {
    /// As long as a flow lives in the analyzer's table; parts of five minutes, as collectors rotate.
    fn default() -> Self {
        Self { active: 300, idle: 120 }
    }
}

/// A flow, or a part of it, that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metered {
    /// What it carried; `at` is its first second.
    pub slice: Slice,
    /// Why it is over.
    pub end: EndReason,
}

impl Metered {
    /// As one record of both ways (RFC 5103), with the flags of both.
    pub fn biflow(&self) -> Option<FlowRecord> {
        let slice = &self.slice;
        let forth = FlowRecord {
            reverse_packets: slice.received.packets,
            reverse_bytes: slice.received.bytes,
            tcp_flags: TcpFlags((slice.flags[0] | slice.flags[1]).into()),
            end: self.end,
            ..slice.way(true)
        };
        (forth.all_packets() > 0).then_some(forth)
    }

    /// As a record for each way that something went.
    pub fn records(&self) -> impl Iterator<Item = FlowRecord> {
        let end = self.end;
        self.slice.records().into_iter().flatten().map(move |record| FlowRecord { end, ..record })
    }
}

/// Flows under way.
pub struct Meter {
    timeouts: Timeouts,
    most: usize,
    open: HashMap<Between, Slice, RandomState>,
    over: Vec<Metered>,
    looked: i64,
    early: u64,
}

impl Meter {
    /// An empty one that holds at most so many flows.
    pub fn new(timeouts: Timeouts, most: usize) -> Self {
        Self { timeouts, most, open: HashMap::default(), over: Vec::new(), looked: 0, early: 0 }
    }

    /// Takes what a flow carried in a second; time does not go back. ARP is no flow (RFC 7011 §2: of IP packets).
    pub fn take(&mut self, slice: &Slice) {
        if slice.between.network == Network::Arp {
            return;
        }
        let full = self.open.len() >= self.most;
        match self.open.entry(slice.between) {
            Entry::Occupied(mut place) => {
                let open = place.get_mut();
                let begins_anew = !slice.continues;
                if begins_anew || slice.at - open.at >= self.timeouts.active {
                    let end = if begins_anew { ended(open) } else { EndReason::ActiveTimeout };
                    self.over.push(Metered { slice: *open, end });
                    *open = *slice;
                } else {
                    open.join(&slice.within(open.at));
                }
            }
            Entry::Vacant(_) if full => {
                self.early += 1;
                self.over.push(Metered { slice: *slice, end: EndReason::LackOfResources });
            }
            Entry::Vacant(place) => {
                place.insert(*slice);
            }
        }
    }

    /// Moves time on: flows that are silent for long enough are over.
    pub fn advance(&mut self, now: i64) {
        if now < self.looked + ROUND {
            return;
        }
        self.looked = now;
        let Self { open, over, timeouts, .. } = self;
        open.retain(|_, slice| {
            let last = slice.at + i64::from(slice.last_ms / 1000);
            let is_over = slice.state != State::Active;
            let limit = if is_over { LINGER.min(timeouts.idle) } else { timeouts.idle };
            let stays = now - last <= limit;
            if !stays {
                let end = if is_over { EndReason::EndOfFlow } else { EndReason::IdleTimeout };
                over.push(Metered { slice: *slice, end });
            }
            stays
        });
    }

    /// The observation ends: all flows are told.
    pub fn finish(&mut self) {
        let rest = self.open.drain().map(|(_, slice)| {
            let end = if slice.state == State::Active { EndReason::ForcedEnd } else { EndReason::EndOfFlow };
            Metered { slice, end }
        });
        self.over.extend(rest);
    }

    /// What is over since the last time.
    pub fn drain(&mut self) -> impl Iterator<Item = Metered> {
        self.over.drain(..)
    }

    /// Flows under way.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Flows told early because there was no room for them.
    pub const fn early(&self) -> u64 {
        self.early
    }
}

/// Why a flow is over after which another begins under its key.
fn ended(slice: &Slice) -> EndReason {
    if slice.state == State::Active { EndReason::IdleTimeout } else { EndReason::EndOfFlow }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Volume;
    use crate::history::Side;
    use crate::observation::Direction;
    use capturer::{Mac, Protocol, Vlan};

    fn slice(at: i64, port: u16) -> Slice {
        let side = |host, port| Side { address: [192, 0, 2, host].into(), port, mac: Mac([0; 6]) };
        Slice {
            at,
            between: Between {
                opener: side(1, port),
                answerer: side(2, 80),
                network: Network::Ipv4,
                protocol: Protocol::TCP,
                vlan: Vlan::NONE,
                has_ports: true,
            },
            direction: Direction::Out,
            sent: Volume { packets: 2, bytes: 200 },
            received: Volume { packets: 1, bytes: 1000 },
            begun: 1,
            continues: false,
            led: true,
            state: State::Active,
            first_ms: 100,
            last_ms: 900,
            flags: [0x02, 0x12],
        }
    }

    fn later(at: i64, port: u16) -> Slice {
        Slice { begun: 0, continues: true, flags: [0x10, 0x18], ..slice(at, port) }
    }

    fn over(meter: &mut Meter) -> Vec<Metered> {
        meter.drain().collect()
    }

    #[test]
    fn a_flow_is_told_once_when_it_is_silent_for_long() {
        let mut meter = Meter::new(Timeouts { active: 300, idle: 60 }, 10);
        meter.take(&slice(1000, 5000));
        meter.take(&later(1003, 5000));
        meter.advance(1060);
        assert!(over(&mut meter).is_empty());
        meter.advance(1070);
        let told = over(&mut meter);
        let both = told[0].biflow().unwrap();
        assert_eq!((told.len(), told[0].end), (1, EndReason::IdleTimeout));
        assert_eq!((both.packets, both.bytes, both.reverse_packets, both.reverse_bytes), (4, 400, 2, 2000));
        assert_eq!((both.first.as_millis(), both.last.as_millis()), (1_000_100, 1_003_900));
        assert_eq!((both.flows, both.tcp_flags), (1, TcpFlags(0x1a)));
        let each: Vec<FlowRecord> = told[0].records().collect();
        assert_eq!((each[0].tcp_flags, each[1].tcp_flags), (TcpFlags(0x12), TcpFlags(0x1a)));
        assert_eq!((each[1].source, each[1].packets, each[1].flows), (both.destination, 2, 0));
        assert!(meter.is_empty());
    }

    #[test]
    fn one_that_goes_on_is_told_in_parts_and_counts_once() {
        let mut meter = Meter::new(Timeouts { active: 60, idle: 30 }, 10);
        meter.take(&slice(0, 5000));
        (1..150).for_each(|at| meter.take(&later(at, 5000)));
        meter.finish();
        let told = over(&mut meter);
        assert_eq!(
            told.iter().map(|one| (one.slice.at, one.end)).collect::<Vec<_>>(),
            [(0, EndReason::ActiveTimeout), (60, EndReason::ActiveTimeout), (120, EndReason::ForcedEnd)]
        );
        assert_eq!(told.iter().map(|one| one.slice.sent.packets).sum::<u64>(), 300);
        assert_eq!(told.iter().map(|one| one.slice.begun).sum::<u32>(), 1);
    }

    #[test]
    fn one_that_said_goodbye_is_over_soon_and_a_new_one_under_its_key_is_another() {
        let mut meter = Meter::new(Timeouts::default(), 10);
        meter.take(&Slice { state: State::Closed, ..slice(0, 5000) });
        meter.take(&slice(5, 5000));
        assert_eq!(over(&mut meter)[0].end, EndReason::EndOfFlow);
        meter.take(&Slice { state: State::Reset, ..later(6, 5000) });
        meter.advance(30);
        assert_eq!(over(&mut meter)[0].end, EndReason::EndOfFlow);
    }

    #[test]
    fn what_finds_no_room_is_told_early_and_counted() {
        let mut meter = Meter::new(Timeouts::default(), 2);
        (0..5).for_each(|port| meter.take(&slice(0, port)));
        assert_eq!((meter.len(), meter.early()), (2, 3));
        assert!(over(&mut meter).iter().all(|one| one.end == EndReason::LackOfResources));
    }
}
