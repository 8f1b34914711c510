//! What was seen of a key first. Most keys of a flood with forged sources are seen once and never again; they get no larger
//! state than this, and take no more than one cache line each.
//!
//! A table of sets: a key has [`WAYS`] places that it may be in, next to each other, so that nothing points anywhere and a
//! flood costs a line a key where an index, a row and a queue cost five. Of a full set the oldest key goes that came only
//! once; one that came again has a second chance. (PERFORMANCE of such tables: analyzer/benches/detect.rs.)

use std::time::Duration;

use capturer::Timestamp;

use super::tracker::Sight;

/// Places that a key may be in.
const WAYS: usize = 4;

/// The places of some keys: two cache lines that are fetched together.
#[derive(Clone, Copy, Default)]
#[repr(align(128))]
struct Set([Place; WAYS]);

/// A key with its first thing.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The lowest bit tells whether it came again; 0: nobody.
    key: u64,
    first: Sight,
}

/// The first things of keys.
pub struct Firsts {
    sets: Box<[Set]>,
    age: Duration,
}

impl Firsts {
    /// At most about `cap` keys; a key is forgotten `age` after it was first seen.
    pub fn new(cap: usize, age: Duration) -> Self {
        let sets = (cap / WAYS).next_power_of_two();
        Self { sets: vec![Set::default(); sets].into_boxed_slice(), age }
    }

    /// Whether something of a key was seen.
    pub fn knows(&self, key: u64, at: Timestamp) -> bool {
        let set = &self.sets[self.home(key)];
        set.0.iter().any(|place| place.is(key) && at.since(place.first.at) <= self.age)
    }

    /// Takes a thing of a key; gives the first one when this is another.
    pub fn other(&mut self, key: u64, thing: u64, (at, frame): (Timestamp, u64)) -> Option<Sight> {
        let (home, age) = (self.home(key), self.age);
        let set = &mut self.sets[home];
        if let Some(known) = set.0.iter_mut().find(|place| place.is(key)) {
            if at.since(known.first.at) <= age {
                known.key |= 1;
                return (known.first.key != thing).then_some(known.first);
            }
            known.first = Sight { key: thing, at, frame };
            return None;
        }
        *set.place() = Place { key: named(key), first: Sight { key: thing, at, frame } };
        None
    }

    fn home(&self, key: u64) -> usize {
        (key >> 32) as usize & (self.sets.len() - 1)
    }
}

impl Set {
    /// The place for a newcomer. Who came again and is passed over has no further chance.
    fn place(&mut self) -> &mut Place {
        let mut goes = 0;
        for (index, place) in self.0.iter().enumerate() {
            let known = &self.0[goes];
            if (place.came_again(), place.first.at) < (known.came_again(), known.first.at) {
                goes = index;
            }
        }
        if self.0[goes].key != 0 {
            self.0.iter_mut().for_each(|place| place.key &= !1);
        }
        &mut self.0[goes]
    }
}

impl Place {
    const fn is(&self, key: u64) -> bool {
        self.key & !1 == named(key)
    }

    const fn came_again(&self) -> bool {
        self.key & 1 == 1
    }
}

/// A key without its lowest bit, and never 0.
const fn named(key: u64) -> u64 {
    (key | 2) & !1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tracker::Window;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_parts(n, 0)
    }

    /// Keys are seeded hashes: good in all bits.
    fn key(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_key_gets_a_larger_state_with_its_second_thing_only() {
        let mut firsts = Firsts::new(8, Duration::from_secs(60));
        assert!(
            firsts.other(7, 80, (second(0), 1)).is_none() && firsts.other(7, 80, (second(1), 2)).is_none()
        );
        let mut window = Window::<4>::default();
        window.remember(firsts.other(7, 81, (second(2), 3)).unwrap());
        assert!(window.has(80) && window.frames(second(2), Duration::from_secs(5)).eq([1]));
    }

    #[test]
    fn a_key_is_forgotten_with_age_and_begins_anew() {
        let mut firsts = Firsts::new(8, Duration::from_secs(60));
        firsts.other(7, 80, (second(0), 1));
        assert!(firsts.knows(7, second(60)) && !firsts.knows(7, second(61)) && !firsts.knows(8, second(0)));
        assert!(firsts.other(7, 81, (second(61), 2)).is_none());
        assert!(firsts.other(7, 82, (second(62), 3)).is_some());
    }

    #[test]
    fn who_came_again_has_a_second_chance_when_a_place_is_needed() {
        let mut firsts = Firsts::new(WAYS, Duration::from_secs(60));
        for n in [1, 1, 2, 3, 4] {
            firsts.other(key(n), 80, (second(n as i64), n));
        }
        firsts.other(key(5), 80, (second(5), 5));
        assert!(firsts.knows(key(1), second(5)) && !firsts.knows(key(2), second(5)));
        firsts.other(key(6), 80, (second(6), 6));
        assert!(!firsts.knows(key(1), second(6)) && firsts.knows(key(3), second(6)));
    }
}
