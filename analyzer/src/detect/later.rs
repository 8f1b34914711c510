//! What is looked at again when a while has passed, because answers or a stronger finding may still come.

use std::collections::VecDeque;
use std::time::Duration;

use capturer::Timestamp;

/// Things that wait at a time; who finds no room is looked at with its next packet, or not at all.
const MOST: usize = 256;

/// Things that wait equally long, so that they are due in their order.
pub(super) struct Later<T> {
    waiting: VecDeque<(Timestamp, T)>,
    delay: Duration,
}

impl<T> Later<T> {
    /// Each waits this long.
    pub(super) fn new(delay: Duration) -> Self {
        Self { waiting: VecDeque::with_capacity(MOST), delay }
    }

    /// A thing begins to wait; `false` if too many do.
    pub(super) fn put(&mut self, thing: T, at: Timestamp) -> bool {
        let has_room = self.waiting.len() < MOST;
        if has_room {
            self.waiting.push_back((at, thing));
        }
        has_room
    }

    /// The next that has waited long enough, and since when it waits.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        let (since, _) = self.waiting.front()?;
        if now.reaches(*since, self.delay) { self.waiting.pop_front() } else { None }
    }

    /// The next of all, when nothing more comes.
    pub(super) fn rest(&mut self) -> Option<(Timestamp, T)> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_due_in_its_turn_and_no_more_wait_than_there_is_room_for() {
        let second = |n| Timestamp::from_parts(n, 0);
        let mut later = Later::new(Duration::from_secs(3));
        assert!(later.put('a', second(0)) && later.put('b', second(2)));
        assert_eq!(later.due(second(2)), None);
        assert_eq!(later.due(second(3)), Some((second(0), 'a')));
        assert_eq!((later.due(second(3)), later.rest()), (None, Some((second(2), 'b'))));
        assert_eq!((0..1000).filter(|_| later.put('c', second(9))).count(), MOST);
    }
}
