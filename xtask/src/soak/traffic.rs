//! The traffic of a day: an uplink's everyday mix without end, and over it what the demo's home does, anew every five minutes, with its
//! attacks. Strangers, ports and times are others each time, so tables fill, age and turn over as they do in a day. Lists of alerts would
//! fill for days: so at first scanners come by the thousands, each an alert of its own.

use std::collections::VecDeque;

use crate::bench_captures::{imix, space};
use crate::craft::frame::{Endpoint, Frame, Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{Segment, flag, tcp};
use crate::demo;

/// Of the mix, a packet each so many microseconds: a hundred a second.
const STEP: u64 = 10_000;

/// Strangers of the mix. Each keeps coming back, so that a table of them is full early on and not at the end of the day.
const STRANGERS: u64 = 5000;

/// A seed that neither the demo nor a bench has.
const SEED: u64 = 1000;

/// Scanners that come while tables fill: more than the detectors, or the page, keep alerts.
const SCANNERS: u64 = 9000;

/// Ports that a scanner finds closed.
const CLOSED: u64 = 40;

/// Frames without end, each with its time in microseconds since the start.
pub(super) struct Traffic<M> {
    mix: M,
    /// When the mix' next frame comes.
    next: u64,
    /// What is left of the home's five minutes, which began at `began`.
    home: VecDeque<(u64, Frame)>,
    round: u64,
    /// Rounds in which scanners come.
    filling: u64,
}

/// Tables fill in the first so many microseconds.
pub(super) fn traffic(filling: u64) -> Traffic<impl Iterator<Item = Frame>> {
    let filling = (filling / demo::LENGTH_MICROS).max(1);
    Traffic { mix: imix::frames(SEED, STRANGERS), next: 0, home: VecDeque::new(), round: 0, filling }
}

impl<M> Traffic<M> {
    /// What the home does in a round, and who scans it.
    fn begin_round(&mut self) {
        let began = self.round * demo::LENGTH_MICROS;
        let scanners = if self.round < self.filling { SCANNERS.div_ceil(self.filling) } else { 0 };
        let scans = (0..scanners).flat_map(|index| {
            scan(self.round * scanners + index)
                .map(move |(at, frame)| (at + index * demo::LENGTH_MICROS / scanners, frame))
        });
        let mut frames: Vec<_> = demo::frames(SEED + self.round).chain(scans).collect();
        frames.sort_by_key(|(at, _)| *at);
        self.home = frames.into_iter().map(|(at, frame)| (began + at, frame)).collect();
        self.round += 1;
    }
}

/// A stranger tries one port after the other of a host at home, a millisecond each; all are closed.
fn scan(number: u64) -> impl Iterator<Item = (u64, Frame)> {
    let mut random = Random::new(SEED + number).fork("scanner");
    let (scanner, target) =
        (space::stranger(random.next(), false), space::at_home(random.next() as u16 & 0xff, false));
    (0..CLOSED).flat_map(move |index| {
        let ports = (random.port(), 1 + index as u16);
        let sequence = random.next() as u32;
        let syn = Segment { ports, sequence, flags: flag::SYN, window: 1024, ..Segment::default() };
        let reset = Segment {
            ports: (ports.1, ports.0),
            sequence: 0,
            acknowledgment: sequence.wrapping_add(1),
            flags: flag::RST | flag::ACK,
            ..syn
        };
        let mut frame = |from: Endpoint, to: Endpoint, segment: &Segment<'_>| {
            tcp(&Route { from, to, identification: random.next() as u16 }, segment, Payload::default())
        };
        let at = index * 1000;
        [(at, frame(scanner, target, &syn)), (at + 100, frame(target, scanner, &reset))]
    })
}

impl<M: Iterator<Item = Frame>> Iterator for Traffic<M> {
    type Item = (u64, Frame);

    fn next(&mut self) -> Option<(u64, Frame)> {
        if self.home.is_empty() {
            self.begin_round();
        }
        if self.home.front().is_some_and(|(at, _)| *at <= self.next) {
            return self.home.pop_front();
        }
        let at = self.next;
        self.next += STEP;
        Some((at, self.mix.next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_the_home_begins_anew() {
        let frames = traffic(0).take_while(|(at, _)| *at < demo::LENGTH_MICROS + 2_000_000);
        let (mut last, mut before, mut after) = (0, 0, 0);
        for (at, _) in frames {
            assert!(at >= last, "{at} after {last}");
            last = at;
            if at < 2_000_000 {
                before += 1;
            } else if at >= demo::LENGTH_MICROS {
                after += 1;
            }
        }
        assert!(before > 200 && after > 200, "{before} and {after} in two seconds, of which the mix has 200");
    }

    #[test]
    fn scanners_come_while_tables_fill_and_then_no_more() {
        let mut rounds = [0; 3];
        for (at, _) in traffic(2 * demo::LENGTH_MICROS).take_while(|(at, _)| *at < 3 * demo::LENGTH_MICROS) {
            rounds[(at / demo::LENGTH_MICROS) as usize] += 1;
        }
        let scanned = SCANNERS * CLOSED;
        assert!(
            rounds[0] > rounds[2] + scanned * 9 / 10 && rounds[1] > rounds[2] + scanned * 9 / 10,
            "{rounds:?}"
        );
    }
}
