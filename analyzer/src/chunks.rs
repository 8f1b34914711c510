//! A vector that grows without moving: chunks of fixed size behind one small table. A growing vector of rows would be
//! copied at every doubling and hold twice its size meanwhile; this one costs a second index instead.

use std::ops::{Index, IndexMut};

/// Elements of a chunk; a power of two.
const CHUNK: usize = 1024;

/// A vector in chunks.
pub(crate) struct Chunks<T>(Vec<Vec<T>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Chunks<T> {
    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    /// Bytes of memory it has.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|chunk| chunk.capacity() * size_of::<T>()).sum()
    }

    /// Adds one at the end. Only the first chunk is ever moved, so that small tables stay small.
    pub(crate) fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(value),
            None => self.0.push(vec![value]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(value);
                self.0.push(chunk);
            }
        }
    }

    /// The element at `index`, if there is one.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.0.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// The element at `index` to change, if there is one.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.0.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// All in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// All in order, to change.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.0[index / CHUNK][index % CHUNK]
    }
}

impl<T> IndexMut<usize> for Chunks<T> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.0[index / CHUNK][index % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_index_and_their_place() {
        let mut chunks = Chunks::default();
        assert_eq!((chunks.len(), chunks.get(0)), (0, None));
        (0..CHUNK).for_each(|n| chunks.push(n));
        let first: *const usize = &raw const chunks[0];
        (CHUNK..3 * CHUNK + 7).for_each(|n| chunks.push(n));
        assert_eq!(&raw const chunks[0], first);
        assert_eq!(chunks.len(), 3 * CHUNK + 7);
        assert!((0..chunks.len()).all(|n| chunks[n] == n));
        assert!(chunks.iter().copied().eq(0..chunks.len()));
        assert_eq!(chunks.get(chunks.len()), None);
        *chunks.get_mut(CHUNK).unwrap() = 1;
        assert_eq!(chunks[CHUNK], 1);
        assert_eq!(chunks.bytes(), 4 * CHUNK * size_of::<usize>());
    }
}
