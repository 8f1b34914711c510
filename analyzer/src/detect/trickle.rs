//! What comes at a target that gets little: the same as a [`Surge`] knows, as long as it is so few packets that they can be
//! kept as they are. Nearly all targets stay like that, and cost three cache lines instead of fifteen.

use std::net::IpAddr;

use ahash::RandomState;
use capturer::Timestamp;

use super::surge::{Paces, RENEWED, Surge};

/// Packets that are kept.
pub(super) const FEW: usize = 4;

/// Who sent a packet, to which port, in which frame.
#[derive(Clone, Copy)]
struct Seen {
    source: IpAddr,
    port: u16,
    frame: u64,
}

/// What came at a target.
#[derive(Clone, Copy)]
pub(super) struct Trickle {
    paces: Paces,
    since: Timestamp,
    total: u32,
    /// Of them answered, completed or gone on.
    pub(super) done: u32,
    seen: [Option<Seen>; FEW],
}

impl Default for Trickle {
    fn default() -> Self {
        Self { paces: Paces::default(), since: Timestamp::EPOCH, total: 0, done: 0, seen: [None; FEW] }
    }
}

impl Trickle {
    /// Takes a packet from a source to a port; `false` if there are too many.
    pub(super) fn add(&mut self, at: Timestamp, (source, port): (IpAddr, u16), frame: u64) -> bool {
        if at.exceeds(self.since, RENEWED) {
            (self.total, self.done, self.since) = (0, 0, at);
        }
        let Some(place) = self.seen.get_mut(self.total as usize) else { return false };
        *place = Some(Seen { source, port, frame });
        self.total += 1;
        self.paces.add(at);
        true
    }

    /// What came so far, for more to come.
    pub(super) fn grow(&self, hasher: &RandomState) -> Surge {
        let mut surge = Surge::after(self.paces, self.since, self.done);
        for seen in self.seen.iter().take(self.total as usize).flatten() {
            surge.show((seen.source, seen.port), hasher);
            surge.keep(seen.frame);
        }
        surge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_out_of_a_trickle_is_what_a_surge_would_be() {
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        let (mut trickle, mut surge) = (Trickle::default(), Surge::default());
        let came = [(0, 1, 80), (3, 2, 80), (12, 1, 81), (13, 1, 81), (14, 3, 80), (14, 3, 82)];
        for (frame, (second, source, port)) in (1..).zip(came) {
            let (at, from) =
                (Timestamp::from_parts(1_700_000_000 + second, 0), IpAddr::from([0, 0, 0, source]));
            assert!(trickle.add(at, (from, port), frame));
            surge.renew(at);
            surge.add(at, (from, port), &hasher);
            surge.keep(frame);
        }
        assert_eq!(format!("{:?}", trickle.grow(&hasher)), format!("{surge:?}"));
        let last = Timestamp::from_parts(1_700_000_014, 0);
        assert!(!trickle.add(last, (IpAddr::from([0, 0, 0, 9]), 80), 7));
    }
}
