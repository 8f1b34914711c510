//! Who the last prints were found to be: hosts send the same SYN again and again, and so does a flood. A small table in which a
//! print has one place; who comes to a taken one replaces it. What is found doesn't depend on it.

use super::layout::Layout;
use super::pattern::Glance;
use super::quirks::Quirks;
use super::table::Found;
use super::tcp::TcpPrint;
use super::window::Window;

/// Places: as many as there are kinds of stacks among the hosts of a network, and small enough for a cache.
const PLACES: usize = 64;

/// All of a print that signatures are held against.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    seen: u128,
    quirks: Quirks,
    ttl: u8,
    layout: Layout,
}

/// The table.
pub(super) struct Recent(Vec<Option<(Key, Found)>>);

impl Default for Recent {
    fn default() -> Self {
        Self(vec![None; PLACES])
    }
}

impl Recent {
    /// What was found of such a print, or is found now.
    pub(super) fn find(&mut self, print: &TcpPrint, window: Window, find: impl FnOnce() -> Found) -> Found {
        let seen = Glance::of(print, window);
        let key = Key { seen, quirks: print.quirks, ttl: print.ttl, layout: print.layout };
        let place = &mut self.0[key.place()];
        match place {
            Some((known, found)) if *known == key => *found,
            _ => place.insert((key, find())).1,
        }
    }
}

impl Key {
    fn place(&self) -> usize {
        let mixed = (self.seen as u64 ^ (self.seen >> 64) as u64).wrapping_add(u64::from(self.ttl));
        let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(self.layout.hash());
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_looked_for_once_and_another_anew() {
        let mut recent = Recent::default();
        let mut looked = 0;
        let mut ask = |ttl: u8, window: u16| {
            let print = TcpPrint { ttl, window, ..TcpPrint::empty() };
            let found = recent.find(&print, Window::Exact(window), || {
                looked += 1;
                Found { entry: None, fuzzy: false, distance: ttl }
            });
            assert_eq!(found.distance, ttl);
            looked
        };
        assert_eq!([ask(64, 9), ask(64, 9), ask(63, 9), ask(64, 8)], [1, 1, 2, 3]);
        assert!((0..1000).all(|window| ask(64, window) > 0));
        assert_eq!(ask(64, 999), ask(64, 999));
    }
}
