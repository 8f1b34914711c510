//! Small states of many keys, of which most are seen once or twice: a bounded table in which a key has [`WAYS`] places. Their
//! keys and times fill one cache line, so that a key that is not there costs that line and one that is there its state besides.
//! [`super::tracker`] keeps what is large or must last; its index, queue and rows cost a newcomer five lines and more.
//!
//! Of a full set goes who is too old, else who came less than [`KNOWN`] times, else the oldest: so a flood of keys that come
//! once evicts itself.

use std::time::Duration;

use capturer::Timestamp;

/// Places that a key may be in.
const WAYS: usize = 4;

/// Hits after which a key outlives others: the most that two bits hold.
const KNOWN: u64 = 3;

/// The keys of a set's places.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Set([Head; WAYS]);

/// Whose a place is. The lowest two bits of the key count its hits; 0: nobody's.
#[derive(Clone, Copy, Default)]
struct Head {
    key: u64,
    last: Timestamp,
}

/// A bounded table of small states with an age.
pub struct Sets<S> {
    sets: Box<[Set]>,
    states: Box<[[S; WAYS]]>,
    age: Duration,
}

impl<S: Copy + Default> Sets<S> {
    /// About `cap` keys; a key is forgotten after `age` without a hit.
    pub fn new(cap: usize, age: Duration) -> Self {
        let sets = (cap / WAYS).next_power_of_two();
        let states = vec![[S::default(); WAYS]; sets].into_boxed_slice();
        Self { sets: vec![Set::default(); sets].into_boxed_slice(), states, age }
    }

    /// The state of a key to change, `fresh` if there is none or it is too old.
    #[inline]
    pub fn entry(&mut self, key: u64, at: Timestamp, fresh: impl FnOnce() -> S) -> &mut S {
        let (home, age) = (self.home(key), self.age);
        let heads = &mut self.sets[home].0;
        let known = heads.iter().position(|head| head.is(key));
        let way = known.unwrap_or_else(|| victim(heads, (at, age)));
        let (head, state) = (&mut heads[way], &mut self.states[home][way]);
        if known.is_none() || at.exceeds(head.last, age) {
            head.key = named(key);
            *state = fresh();
        }
        head.key += u64::from(head.key & KNOWN < KNOWN);
        head.last = at;
        state
    }

    /// The state of a key that is known and not too old.
    #[inline]
    pub fn find(&mut self, key: u64, at: Timestamp) -> Option<&mut S> {
        let (home, age) = (self.home(key), self.age);
        let way = self.sets[home].0.iter().position(|head| head.is(key))?;
        (!at.exceeds(self.sets[home].0[way].last, age)).then(|| &mut self.states[home][way])
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: u64) {
        let home = self.home(key);
        if let Some(head) = self.sets[home].0.iter_mut().find(|head| head.is(key)) {
            *head = Head::default();
        }
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        (key >> 32) as usize & (self.sets.len() - 1)
    }
}

impl Head {
    #[inline]
    const fn is(&self, key: u64) -> bool {
        self.key & !KNOWN == named(key)
    }
}

/// The place for a newcomer.
fn victim(heads: &[Head; WAYS], (at, age): (Timestamp, Duration)) -> usize {
    let mut goes = (0, u64::MAX);
    for (way, head) in heads.iter().enumerate() {
        let stays = head.key != 0 && !at.exceeds(head.last, age);
        let known = u64::from(head.key & KNOWN == KNOWN) << (u64::BITS - 1);
        // Known ones are worth more than others, later ones more than earlier, and who is too old nothing.
        let worth = if stays { known | 1 | (head.last.as_nanos() as u64 >> 1) } else { 0 };
        if worth < goes.1 {
            goes = (way, worth);
        }
    }
    goes.0
}

/// A key without its lowest bits, and never 0.
#[inline]
const fn named(key: u64) -> u64 {
    (key | (KNOWN + 1)) & !KNOWN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_parts(n, 0)
    }

    /// Keys are seeded hashes: good in all bits.
    fn key(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn table(cap: usize) -> Sets<u32> {
        Sets::new(cap, Duration::from_secs(60))
    }

    #[test]
    fn a_key_keeps_its_state_until_it_is_too_old() {
        let mut table = table(64);
        *table.entry(key(7), second(0), || 5) += 1;
        *table.entry(key(7), second(60), || 5) += 1;
        assert_eq!(table.find(key(7), second(120)).copied(), Some(7));
        assert!(table.find(key(7), second(121)).is_none() && table.find(key(8), second(0)).is_none());
        assert_eq!(*table.entry(key(7), second(200), || 9), 9);
        table.remove(key(7));
        assert_eq!(table.find(key(7), second(200)), None);
    }

    #[test]
    fn keys_that_came_once_go_before_the_known_ones() {
        let mut table = table(256);
        for round in 0..3 {
            (0..64).for_each(|known| *table.entry(key(known), second(round), || 0) += 1);
        }
        (1000..100_000).for_each(|once| *table.entry(key(once), second(4), || 0) += 1);
        let kept = (0..64).filter(|&known| table.find(key(known), second(5)).is_some()).count();
        assert!(kept >= 60, "{kept} of 64");
    }

    #[test]
    fn who_begins_anew_takes_nobodys_place() {
        let mut table = table(WAYS);
        (0..WAYS as u64).for_each(|n| *table.entry(key(n), second(0), || 0) += 1);
        (0..WAYS as u64).for_each(|n| *table.entry(key(n), second(100), || 1) += 1);
        assert!((0..WAYS as u64).all(|n| table.find(key(n), second(100)).copied() == Some(2)));
    }
}
