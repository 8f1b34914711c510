//! Packet time: the only clock of the analyzer. It never runs backwards, and one bad timestamp can't move it far
//! (design rules of the threat model: disorder is clamped and counted, a large jump must be confirmed).

use std::time::Duration;

use capturer::Timestamp;

/// A forward step of more than this has to be confirmed by a later packet.
const FREE_STEP: Duration = Duration::from_secs(60);

/// The moment the traffic has reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketClock {
    now: Option<Timestamp>,
    pending: Option<Timestamp>,
    disordered: u64,
    jumps: u64,
}

impl PacketClock {
    /// Takes a packet's time and gives the time to count it under.
    #[inline]
    pub fn tell(&mut self, at: Timestamp) -> Timestamp {
        let Some(now) = self.now else {
            self.now = Some(at);
            return at;
        };
        if at >= now && !at.exceeds(now, FREE_STEP) {
            self.now = Some(at);
            self.pending = None;
            return at;
        }
        self.unusual(now, at)
    }

    /// Moves to `now` when nothing arrives: an idle interface, a pause in a paced replay.
    pub fn advance(&mut self, now: Timestamp) {
        if self.now.is_some_and(|before| now > before) {
            self.now = Some(now);
        }
    }

    /// The moment the traffic has reached; `None` before the first packet.
    pub const fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Packets that came with a time before their predecessors'.
    pub const fn disordered(&self) -> u64 {
        self.disordered
    }

    /// Confirmed forward jumps of more than a minute.
    pub const fn jumps(&self) -> u64 {
        self.jumps
    }

    #[cold]
    fn unusual(&mut self, now: Timestamp, at: Timestamp) -> Timestamp {
        if at < now {
            self.disordered += 1;
            self.pending = None;
            return now;
        }
        let confirmed = self.pending.is_some_and(|pending| at >= pending.before(FREE_STEP));
        if confirmed {
            self.jumps += 1;
            self.pending = None;
            self.now = Some(at);
            return at;
        }
        self.pending = Some(at);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_parts(n, 0)
    }

    #[test]
    fn time_does_not_go_back() {
        let mut clock = PacketClock::default();
        clock.tell(second(100));
        assert_eq!(clock.tell(second(40)), second(100));
        assert_eq!(clock.disordered(), 1);
    }

    #[test]
    fn one_packet_from_the_far_future_moves_nothing() {
        let mut clock = PacketClock::default();
        clock.tell(second(100));
        assert_eq!(clock.tell(second(4_000_000_000)), second(100));
        assert_eq!(clock.tell(second(101)), second(101));
        assert_eq!(clock.jumps(), 0);
    }

    #[test]
    fn a_jump_that_a_second_packet_confirms_is_taken() {
        let mut clock = PacketClock::default();
        clock.tell(second(100));
        clock.tell(second(1000));
        assert_eq!(clock.tell(second(1400)), second(1400));
        assert_eq!(clock.jumps(), 1);
    }
}
