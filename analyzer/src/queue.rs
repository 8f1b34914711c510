//! A queue that grows without moving and is swept piece by piece: in chunks of fixed size, so that no push copies what is
//! there already, and none looks at all of it.

use std::collections::VecDeque;

/// Elements of a chunk.
pub(crate) const CHUNK: usize = 256;

/// A queue in chunks, none of them empty.
pub(crate) struct Queue<T> {
    chunks: VecDeque<Vec<T>>,
    len: usize,
    /// How many of the first chunk are gone.
    gone: usize,
    /// An empty chunk for the next that is needed: a queue that stays as long as it is asks for no memory.
    spare: Vec<T>,
    /// The chunk that was swept last.
    hand: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), len: 0, gone: 0, spare: Vec::new(), hand: 0 }
    }
}

impl<T: Copy> Queue<T> {
    /// How many elements there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many elements have room in its chunks.
    pub(crate) fn room(&self) -> usize {
        self.chunks.len() * CHUNK
    }

    /// Bytes of memory it has.
    pub(crate) fn bytes(&self) -> usize {
        let elements: usize = self.chunks.iter().map(Vec::capacity).sum();
        (elements + self.spare.capacity()) * size_of::<T>()
    }

    /// The first.
    #[inline]
    pub(crate) fn front(&self) -> Option<&T> {
        self.chunks.front()?.get(self.gone)
    }

    /// Takes the first.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let first = self.chunks.front_mut()?;
        let taken = first.get(self.gone).copied();
        self.gone += 1;
        self.len -= 1;
        if self.gone >= first.len() {
            self.gone = 0;
            self.hand = self.hand.saturating_sub(1);
            self.drop_chunk(0);
        }
        taken
    }

    /// Adds one behind all others.
    #[inline]
    pub(crate) fn push_back(&mut self, element: T) {
        self.len += 1;
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => last.push(element),
            _ => self.begin(element),
        }
    }

    /// All in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        // What is gone is stepped over at once: the packet path looks at the first few.
        let gone = |number: usize| if number == 0 { self.gone } else { 0 };
        self.chunks.iter().enumerate().flat_map(move |(number, chunk)| &chunk[gone(number)..])
    }

    /// Looks at the elements of one chunk, another with each call, and lets those go that are not to be kept; gives their number.
    /// What is left goes to the chunk before if it has room.
    pub(crate) fn sweep(&mut self, keep: impl FnMut(&T) -> bool) -> usize {
        self.hand = if self.hand + 1 < self.chunks.len() { self.hand + 1 } else { 0 };
        let at = self.hand;
        let Some(chunk) = self.chunks.get_mut(at) else { return 0 };
        if at == 0 {
            chunk.drain(..std::mem::take(&mut self.gone));
        }
        let before = chunk.len();
        chunk.retain(keep);
        let swept = before - chunk.len();
        self.len -= swept;
        let mut left = std::mem::take(chunk);
        let before = if at > 0 { self.chunks.get_mut(at - 1) } else { None };
        match before {
            Some(before) if before.len() + left.len() <= CHUNK => before.append(&mut left),
            _ => {}
        }
        let is_empty = left.is_empty();
        self.chunks[at] = left;
        if is_empty {
            self.hand = at.saturating_sub(1);
            self.drop_chunk(at);
        }
        swept
    }

    #[cold]
    fn begin(&mut self, element: T) {
        let mut chunk = std::mem::take(&mut self.spare);
        // The first grows as it is needed, so that small queues stay small.
        if !self.chunks.is_empty() {
            chunk.reserve_exact(CHUNK);
        }
        chunk.push(element);
        self.chunks.push_back(chunk);
    }

    #[cold]
    fn drop_chunk(&mut self, at: usize) {
        if let Some(mut chunk) = self.chunks.remove(at)
            && chunk.capacity() >= self.spare.capacity()
        {
            chunk.clear();
            self.spare = chunk;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_queue_whatever_is_swept(steps in prop::collection::vec((0_u8..8, 1_usize..400), 0..60)) {
            let mut queue = Queue::default();
            let mut plain = VecDeque::new();
            let mut next = 0_u32;
            for (step, count) in steps {
                match step {
                    0..4 => for _ in 0..count {
                        queue.push_back(next);
                        plain.push_back(next);
                        next += 1;
                    },
                    4..6 => for _ in 0..count {
                        prop_assert_eq!(queue.front(), plain.front());
                        prop_assert_eq!(queue.pop_front(), plain.pop_front());
                    },
                    // A whole round, and some of it twice.
                    _ => {
                        let divisor = count as u32 % 5 + 1;
                        for _ in 0..queue.room() / CHUNK + 2 {
                            queue.sweep(|n| n % divisor == 0);
                        }
                        plain.retain(|n| n % divisor == 0);
                    }
                }
                prop_assert!(queue.iter().eq(plain.iter()));
                prop_assert_eq!(queue.len(), plain.len());
                prop_assert!(queue.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
            }
        }
    }

    #[test]
    fn sweeping_gives_back_what_went() {
        let mut queue = Queue::default();
        (0..10_000).for_each(|n| queue.push_back(n));
        let before = queue.room();
        for _ in 0..2 * before / CHUNK {
            queue.sweep(|n| n % 10 == 0);
        }
        assert_eq!(queue.iter().count(), 1000);
        assert!(queue.room() <= 2 * 1000 + CHUNK, "{}", queue.room());
    }

    #[test]
    fn a_queue_that_stays_as_long_as_it_is_asks_for_no_memory() {
        let mut queue = Queue::default();
        (0..600).for_each(|n| queue.push_back(n));
        (0..CHUNK).for_each(|_| _ = queue.pop_front());
        let bytes = queue.bytes();
        for n in 0..10_000 {
            queue.push_back(n);
            queue.pop_front();
        }
        assert!(queue.bytes() <= bytes + CHUNK * size_of::<u32>());
    }
}
