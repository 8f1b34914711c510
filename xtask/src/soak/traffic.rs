//! The traffic of a day: an uplink's everyday mix without end, and over it what the demo's home does, anew every five minutes, with its
//! attacks. Strangers, ports and times are others each time, so tables fill, age and turn over as they do in a day.

use std::collections::VecDeque;

use crate::bench_captures::imix;
use crate::craft::frame::Frame;
use crate::demo;

/// Of the mix, a packet each so many microseconds: a hundred a second.
const STEP: u64 = 10_000;

/// Strangers of the mix. Each keeps coming back, so that a table of them is full early on and not at the end of the day.
const STRANGERS: u64 = 5000;

/// A seed that neither the demo nor a bench has.
const SEED: u64 = 1000;

/// Frames without end, each with its time in microseconds since the start.
pub(super) struct Traffic<M> {
    mix: M,
    /// When the mix' next frame comes.
    next: u64,
    /// What is left of the home's five minutes, which began at `began`.
    home: VecDeque<(u64, Frame)>,
    round: u64,
}

pub(super) fn traffic() -> Traffic<impl Iterator<Item = Frame>> {
    Traffic { mix: imix::frames(SEED, STRANGERS), next: 0, home: VecDeque::new(), round: 0 }
}

impl<M: Iterator<Item = Frame>> Iterator for Traffic<M> {
    type Item = (u64, Frame);

    fn next(&mut self) -> Option<(u64, Frame)> {
        if self.home.is_empty() {
            let began = self.round * demo::LENGTH_MICROS;
            self.home = demo::frames(SEED + self.round).map(|(at, frame)| (began + at, frame)).collect();
            self.round += 1;
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
        let frames = traffic().take_while(|(at, _)| *at < demo::LENGTH_MICROS + 2_000_000);
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
}
