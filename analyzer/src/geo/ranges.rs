//! A map from every address of a family to a value: sorted starts, searched by halves within the few that share the
//! address's top bits. Small (one start and one value a range), built once, never changed.
//!
//! IPv6 starts are kept as their upper 64 bits: nearly every range begins at a /64 or wider, and the few that do not
//! have their lower half in a list of their own. That halves memory and the cache lines that a search touches.

use std::borrow::Cow;
use std::fmt::Debug;

use bytemuck::Pod;

use super::flat::{Columns, Writer};
use super::pack::NotATable;

/// An address as a number: `u32` for IPv4, `u128` for IPv6.
pub trait Address: Copy + Ord + Debug {
    /// What is kept of every start.
    type High: Pod + Ord + Debug;
    /// The part that is kept of every start.
    fn high(self) -> Self::High;
    /// The rest, mostly 0.
    fn low(self) -> u64;
    /// Both together again.
    fn join(high: Self::High, low: u64) -> Self;
    /// The lowest and the highest.
    const ENDS: (Self, Self);
    /// Its bucket in the index, below [`BUCKETS`]; never falls as the address rises.
    fn bucket(self) -> usize;
    /// The one before; the lowest's is itself.
    fn before(self) -> Self;
    /// The one after, if there is one.
    fn after(self) -> Option<Self>;
    /// As 128 bits.
    fn wide(self) -> u128;
    /// From 128 bits, if it fits.
    fn narrow(wide: u128) -> Option<Self>;
}

/// Buckets of the index: 256 KiB a table.
const BUCKETS: usize = 1 << 16;

impl Address for u32 {
    type High = Self;

    #[inline]
    fn high(self) -> Self {
        self
    }

    #[inline]
    fn low(self) -> u64 {
        0
    }

    fn join(high: Self, _: u64) -> Self {
        high
    }

    const ENDS: (Self, Self) = (0, Self::MAX);

    #[inline]
    fn bucket(self) -> usize {
        (self >> 16) as usize
    }

    fn before(self) -> Self {
        self.saturating_sub(1)
    }

    fn after(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn wide(self) -> u128 {
        u128::from(self)
    }

    fn narrow(wide: u128) -> Option<Self> {
        Self::try_from(wide).ok()
    }
}

impl Address for u128 {
    type High = u64;

    #[inline]
    fn high(self) -> u64 {
        (self >> 64) as u64
    }

    #[inline]
    fn low(self) -> u64 {
        self as u64
    }

    fn join(high: u64, low: u64) -> Self {
        Self::from(high) << 64 | Self::from(low)
    }

    const ENDS: (Self, Self) = (0, Self::MAX);

    /// Only 2000::/3 is handed out (RFC 4291 §2.4), so the index spreads over that.
    #[inline]
    fn bucket(self) -> usize {
        let offset = self.saturating_sub(0x2000 << 112) >> (125 - 16);
        offset.min(BUCKETS as Self - 1) as usize
    }

    fn before(self) -> Self {
        self.saturating_sub(1)
    }

    fn after(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn wide(self) -> u128 {
        self
    }

    fn narrow(wide: u128) -> Option<Self> {
        Some(wide)
    }
}

/// A value for each address; `V::default()` means none.
#[derive(Clone, Debug)]
pub struct Ranges<A: Address, V: Pod> {
    /// Of each start, ascending; the first is the lowest address.
    highs: Cow<'static, [A::High]>,
    /// Positions of the starts whose lower part is not 0, ascending.
    lows_at: Cow<'static, [u32]>,
    /// Those lower parts.
    lows: Cow<'static, [u64]>,
    values: Cow<'static, [V]>,
    /// By bucket: how many starts lie in lower ones; one more entry closes the last.
    index: Cow<'static, [u32]>,
    /// How many ranges hold a value.
    len: usize,
}

impl<A: Address, V: Pod + PartialEq + Default> Ranges<A, V> {
    /// The value at an address.
    #[inline]
    pub fn get(&self, address: A) -> V {
        self.values[self.find(address)]
    }

    /// The position of the segment around an address, among [`Ranges::segments`].
    #[inline]
    pub fn position(&self, address: A) -> usize {
        self.find(address)
    }

    /// The first and last address around this one that share its value.
    pub fn around(&self, address: A) -> (A, A) {
        self.stretch(address).0
    }

    /// First and last address and value of the range around an address.
    pub fn stretch(&self, address: A) -> ((A, A), V) {
        let found = self.find(address);
        let next = found + 1;
        let last = if next < self.highs.len() { self.start(next).before() } else { A::ENDS.1 };
        ((self.start(found), last), self.values[found])
    }

    /// How many ranges hold a value.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no address has a value.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Start and value of each range, those without one too, ascending.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = (A, V)> {
        self.values.iter().enumerate().map(|(position, value)| (self.start(position), *value))
    }

    /// The segments from the one around an address on.
    pub fn segments_from(&self, address: A) -> impl Iterator<Item = (A, V)> {
        (self.find(address)..self.values.len()).map(|position| (self.start(position), self.values[position]))
    }

    /// First and last address and value of each range, those without one too, ascending.
    pub fn stretches(&self) -> impl Iterator<Item = ((A, A), V)> {
        let ends = self.segments().skip(1).map(|(next, _)| next.before()).chain([A::ENDS.1]);
        self.segments().zip(ends).map(|((first, value), last)| ((first, last), value))
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        let starts = size_of_val(&*self.highs) + size_of_val(&*self.lows_at) + size_of_val(&*self.lows);
        starts + size_of_val(&*self.values) + size_of_val(&*self.index)
    }

    #[inline]
    fn find(&self, address: A) -> usize {
        let bucket = address.bucket();
        let (from, to) = (self.index[bucket] as usize, self.index[bucket + 1] as usize);
        // The lowest address is a start, so at least one start is not above the address.
        let found = from + self.highs[from..to].partition_point(|start| *start <= address.high()) - 1;
        if self.lows.is_empty() || self.highs[found] != address.high() {
            return found;
        }
        self.find_among_equals(found, address)
    }

    /// Of the starts up to `found` that share the address's upper part, the last that is not above it; or the one
    /// before them.
    #[cold]
    fn find_among_equals(&self, found: usize, address: A) -> usize {
        let mut from = self.highs[..found].partition_point(|start| *start < address.high());
        let mut to = found + 1;
        while from < to {
            let middle = from.midpoint(to);
            if self.low(middle) <= address.low() { from = middle + 1 } else { to = middle }
        }
        from - 1
    }

    fn start(&self, position: usize) -> A {
        A::join(self.highs[position], self.low(position))
    }

    fn low(&self, position: usize) -> u64 {
        let found = self.lows_at.binary_search_by_key(&position, |position| *position as usize);
        found.map_or(0, |found| self.lows[found])
    }

    /// Lays them out as they lie in memory.
    pub(super) fn flatten(&self, out: &mut Writer) {
        out.column(&self.highs);
        out.column(&self.lows_at);
        out.column(&self.lows);
        out.column(&self.values);
        out.column(&self.index);
        out.column(&[self.len as u64]);
    }

    /// Those that were laid out so.
    pub(super) fn of(columns: &mut Columns) -> Result<Self, NotATable> {
        Ok(Self {
            highs: columns.column()?,
            lows_at: columns.column()?,
            lows: columns.column()?,
            values: columns.column()?,
            index: columns.column()?,
            len: columns.number()? as usize,
        })
    }
}

/// Why a range was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It ends before it starts.
    #[error("the range ends before it starts")]
    Reversed,
    /// It starts at or below the end of one before.
    #[error("the range overlaps one before it, or is not in ascending order")]
    Overlaps,
}

/// Builds [`Ranges`] from ascending ranges; neighbours with one value become one.
#[derive(Debug)]
pub struct Builder<A, V> {
    starts: Vec<A>,
    values: Vec<V>,
    /// The first address not covered yet; `None` once the highest is.
    next: Option<A>,
}

impl<A: Address, V: Pod + PartialEq + Default> Default for Builder<A, V> {
    fn default() -> Self {
        Self { starts: vec![A::ENDS.0], values: vec![V::default()], next: Some(A::ENDS.0) }
    }
}

impl<A: Address, V: Pod + PartialEq + Default> Builder<A, V> {
    /// With room for that many segments.
    pub fn with_capacity(segments: usize) -> Self {
        let mut builder = Self::default();
        builder.starts.reserve(segments);
        builder.values.reserve(segments);
        builder
    }

    /// Adds a range, both ends included.
    pub fn push(&mut self, first: A, last: A, value: V) -> Result<(), Refused> {
        if last < first {
            return Err(Refused::Reversed);
        }
        let next = self.next.filter(|next| first >= *next).ok_or(Refused::Overlaps)?;
        if first > next {
            self.begin(next, V::default());
        }
        self.begin(first, value);
        self.next = last.after();
        Ok(())
    }

    /// The whole map.
    pub fn build(mut self) -> Ranges<A, V> {
        if let Some(next) = self.next {
            self.begin(next, V::default());
        }
        let mut index = vec![0_u32; BUCKETS + 1];
        for start in &self.starts {
            index[start.bucket() + 1] += 1;
        }
        let mut sum = 0;
        for count in &mut index {
            sum += *count;
            *count = sum;
        }
        let highs = self.starts.iter().map(|start| start.high()).collect();
        let lows = self.starts.iter().zip(0..).map(|(start, position)| (position, start.low()));
        let (lows_at, lows): (Vec<u32>, Vec<u64>) = lows.filter(|(_, low)| *low != 0).unzip();
        let len = self.values.iter().filter(|value| **value != V::default()).count();
        let (values, index) = (self.values.into(), index.into());
        Ranges { highs, lows_at: lows_at.into(), lows: lows.into(), values, index, len }
    }

    fn begin(&mut self, start: A, value: V) {
        if self.values.last() == Some(&value) {
            return;
        }
        if self.starts.last() == Some(&start) {
            // Only the lowest address is there before anything was pushed.
            self.values[0] = value;
            return;
        }
        self.starts.push(start);
        self.values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn answers_as_a_linear_scan_does(
            rows in prop::collection::vec((0_u32..400, 0_u32..40, 1_u8..4), 0..60),
            scale in prop::sample::select(vec![1_u32, 77, 65_536, 10_000_000]),
        ) {
            let mut builder = Builder::default();
            let mut taken = Vec::new();
            for (first, len, value) in rows {
                let (first, last) = (first.saturating_mul(scale), (first + len).saturating_mul(scale));
                if builder.push(first, last, value).is_ok() {
                    taken.push((first, last, value));
                }
            }
            let map = builder.build();
            let probes = taken.iter().flat_map(|(first, last, _)| [first.before(), *first, *last, last.saturating_add(1)]);
            for probe in probes.chain([0, u32::MAX]) {
                let scan = taken.iter().find(|(first, last, _)| (*first..=*last).contains(&probe)).map_or(0, |row| row.2);
                prop_assert_eq!(map.get(probe), scan);
                let (first, last) = map.around(probe);
                prop_assert!(first <= probe && probe <= last && map.get(first) == scan && map.get(last) == scan);
                prop_assert!(last.after().is_none_or(|next| map.get(next) != scan));
            }
        }

        #[test]
        fn ipv6_answers_as_a_linear_scan_does(mut starts in prop::collection::vec(any::<u128>(), 1..60), probe in any::<u128>()) {
            // Some share their upper half.
            let near: Vec<u128> = starts.iter().map(|start| start & !0xffff_ffff | start >> 100).collect();
            starts.extend(near);
            starts.sort_unstable();
            let (mut builder, mut taken) = (Builder::default(), Vec::new());
            for (value, start) in starts.iter().enumerate() {
                if builder.push(*start, *start | 0xffff, value + 1).is_ok() {
                    taken.push((*start, *start | 0xffff, value + 1));
                }
            }
            let map = builder.build();
            let ends = taken.iter().flat_map(|(first, last, _)| [first.before(), *first, *last, last.saturating_add(1)]);
            for probe in ends.chain([probe, 0, u128::MAX]) {
                let scan = taken.iter().find(|(first, last, _)| (*first..=*last).contains(&probe)).map_or(0, |row| row.2);
                let (first, last) = map.around(probe);
                prop_assert_eq!(map.get(probe), scan);
                prop_assert!(first <= probe && probe <= last && map.get(first) == scan && map.get(last) == scan);
            }
        }
    }

    #[test]
    fn refuses_what_overlaps_or_is_reversed() {
        let mut builder = Builder::default();
        builder.push(10_u32, 20, 1_u8).unwrap();
        assert_eq!(builder.push(20, 30, 2), Err(Refused::Overlaps));
        assert_eq!(builder.push(5, 6, 2), Err(Refused::Overlaps));
        assert_eq!(builder.push(40, 39, 2), Err(Refused::Reversed));
        builder.push(21, u32::MAX, 1).unwrap();
        assert_eq!(builder.push(u32::MAX, u32::MAX, 3), Err(Refused::Overlaps));
        let map = builder.build();
        assert_eq!((map.len(), map.around(15)), (1, (10, u32::MAX)));
    }
}
