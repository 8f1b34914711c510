//! Packet time: the only clock of the analyzer. It never runs backwards, and one bad timestamp can't move it far
//! (design rules of the threat model: disorder is clamped and counted, a large jump must be confirmed).

use std::time::Duration;

use capturer::Timestamp;

/// A forward step of more than this has to be confirmed by a later packet.
const FREE_STEP: Duration = Duration::from_secs(60);

/// Packets that are captured together are out of order by less than this.
const DISORDER: Duration = Duration::from_secs(10);

/// So many packets in a row from longer ago, in their own order, tell that time was set back, or that the first packet's was wrong; each time
/// twice as many, up to 65 536, since who begins anew has work with it.
const SET_BACK: u32 = 16;
const MOST_DOUBLED: u32 = 12;

/// The moment the traffic has reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketClock {
    now: Option<Timestamp>,
    pending: Option<Timestamp>,
    disordered: u64,
    jumps: u64,
    /// Packets in a row from long ago, and the last one's time.
    behind: u32,
    last_behind: Timestamp,
    set_back: u32,
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

    /// The same for who can begin anew: `true` says that time was set back and that this is the time now.
    ///
    /// Without it all that comes would count under the moment before until that is reached again, an hour's traffic as an instant's.
    #[inline]
    pub fn follow(&mut self, at: Timestamp) -> (Timestamp, bool) {
        let told = self.tell(at);
        if told == at {
            self.behind = 0;
            return (told, false);
        }
        self.fall_behind(told, at)
    }

    #[cold]
    fn fall_behind(&mut self, told: Timestamp, at: Timestamp) -> (Timestamp, bool) {
        let goes_on = !self.last_behind.exceeds(at, DISORDER);
        self.behind = match self.behind {
            _ if !told.exceeds(at, DISORDER) => 0,
            behind if goes_on => behind + 1,
            _ => 1,
        };
        self.last_behind = at;
        if self.behind < SET_BACK << self.set_back.min(MOST_DOUBLED) {
            return (told, false);
        }
        self.behind = 0;
        self.set_back += 1;
        self.now = Some(at);
        (at, true)
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
    fn time_is_set_back_when_many_packets_in_a_row_say_so() {
        let mut clock = PacketClock::default();
        clock.follow(second(10_000));
        let told: Vec<_> = (0..20).map(|n| clock.follow(second(100 + n))).collect();
        assert_eq!(told[14], (second(10_000), false));
        assert_eq!(told[15..17], [(second(115), true), (second(116), false)]);
    }

    #[test]
    fn packets_from_long_ago_among_others_and_a_little_disorder_set_nothing_back() {
        let mut clock = PacketClock::default();
        clock.follow(second(10_000));
        for n in 0..1000 {
            assert!(!clock.follow(second(if n % 8 == 0 { 10_000 + n } else { 100 })).1);
            assert!(!clock.follow(second(10_000 + n - 9)).1);
        }
    }

    #[test]
    fn a_capture_in_the_order_of_nothing_sets_nothing_back() {
        let mut clock = PacketClock::default();
        assert!((0..10_000).all(|n| !clock.follow(second(1_000_000 - 60 * n)).1));
    }

    #[test]
    fn who_makes_time_go_back_again_and_again_is_believed_less_each_time() {
        let mut clock = PacketClock::default();
        let set_back = |clock: &mut PacketClock, from: i64| {
            clock.follow(second(from));
            clock.follow(second(from));
            (1..).find(|_| clock.follow(second(0)).1).unwrap()
        };
        assert_eq!([1000, 1000, 1000].map(|from| set_back(&mut clock, from)), [16, 32, 64]);
        assert_eq!((0..20).map(|_| set_back(&mut clock, 1000)).last(), Some(65_536));
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
