//! Beginnings of heads that go on in further segments: a pool of buffers with a cap, each of which belongs to a connection.
//! When all are taken, the one that was begun first has to go, and its connection with it.

use super::flows::Place;
use super::http::LONGEST;

/// Beginnings that may wait at a time: 1 MiB of memory at most.
const MOST: usize = 128;

struct Head {
    bytes: Vec<u8>,
    owner: Option<Place>,
    begun: u64,
}

/// The buffers.
#[derive(Default)]
pub(super) struct Heads {
    heads: Vec<Head>,
    begun: u64,
    evicted: u64,
}

impl Heads {
    /// Heads that had to make room.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes they occupy.
    pub(super) fn bytes(&self) -> usize {
        self.heads.iter().map(|head| size_of::<Head>() + head.bytes.capacity()).sum()
    }

    /// An empty buffer for a connection, and the connection that lost its own for it.
    pub(super) fn begin(&mut self, owner: Place) -> (u16, Option<Place>) {
        self.begun += 1;
        let free = self.heads.iter().position(|head| head.owner.is_none());
        let at = free.unwrap_or_else(|| {
            if self.heads.len() < MOST {
                self.heads.push(Head { bytes: Vec::new(), owner: None, begun: 0 });
                return self.heads.len() - 1;
            }
            self.heads.iter().enumerate().min_by_key(|(_, head)| head.begun).map_or(0, |(at, _)| at)
        });
        let head = &mut self.heads[at];
        head.bytes.clear();
        head.begun = self.begun;
        let victim = head.owner.replace(owner);
        self.evicted += u64::from(victim.is_some());
        (at as u16, victim)
    }

    /// Adds bytes to one, as far as it takes them.
    pub(super) fn add(&mut self, head: u16, bytes: &[u8]) {
        let buffer = &mut self.heads[usize::from(head)].bytes;
        let room = LONGEST.saturating_sub(buffer.len());
        buffer.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// What waits in one.
    pub(super) fn get(&self, head: u16) -> &[u8] {
        &self.heads[usize::from(head)].bytes
    }

    /// The same, to be given back.
    pub(super) fn take(&mut self, head: u16) -> Vec<u8> {
        std::mem::take(&mut self.heads[usize::from(head)].bytes)
    }

    /// The memory of one that was taken.
    pub(super) fn give_back(&mut self, head: u16, bytes: Vec<u8>) {
        self.heads[usize::from(head)].bytes = bytes;
    }

    /// Nobody waits any more.
    pub(super) fn end(&mut self, head: Option<u16>) {
        if let Some(head) = head {
            self.heads[usize::from(head)].owner = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_is_bounded_and_the_first_has_to_go() {
        let mut heads = Heads::default();
        let victims: Vec<_> = (0..MOST + 2).map(|n| heads.begin(Place::numbered(n)).1).collect();
        assert!(victims[..MOST].iter().all(Option::is_none));
        assert_eq!(victims[MOST..], [Some(Place::numbered(0)), Some(Place::numbered(1))]);
        heads.end(Some(7));
        assert_eq!((heads.begin(Place::numbered(9)), heads.evicted()), ((7, None), 2));
        heads.add(7, &[1; LONGEST + 9]);
        assert_eq!(heads.get(7).len(), LONGEST);
    }
}
