//! A map from every block of addresses to a place's number: half of what [`Ranges`](crate::geo::ranges::Ranges) would
//! take, for tables of millions.
//!
//! Keys are cut in two: the upper part numbers a bucket, and only the lower part of each start is kept, two bytes for
//! IPv4, four for IPv6. Every bucket begins with a start of its own, so a search never leaves it. A value has three
//! bytes. IPv6 is told apart down to /48, and only within 2000::/3, which alone is handed out (RFC 4291 §2.4).

use std::borrow::Cow;
use std::net::IpAddr;

use bytemuck::Pod;

use crate::geo::flat::{Columns, Writer};
use crate::geo::pack::NotATable;

/// The lower part of a key.
pub trait Suffix: Pod + Ord {
    /// Cut from a key.
    fn of(key: u64) -> Self;
    /// As part of a key; what belongs to the bucket may be in it.
    fn wide(self) -> u64;
}

impl Suffix for u16 {
    #[inline]
    fn of(key: u64) -> Self {
        key as Self
    }

    fn wide(self) -> u64 {
        u64::from(self)
    }
}

impl Suffix for u32 {
    #[inline]
    fn of(key: u64) -> Self {
        key as Self
    }

    fn wide(self) -> u64 {
        u64::from(self)
    }
}

/// Bits of a bucket's number.
const BUCKET_BITS: u32 = 16;
/// Bits of an IPv4 key: the address.
pub const V4_BITS: u32 = 32;
/// Bits of an IPv6 key: the 4th to the 48th of the address.
pub const V6_BITS: u32 = 45;
/// The longest IPv6 prefix told apart.
pub const V6_GRAIN: u8 = 48;

/// The largest place number.
pub const VALUE_MOST: u32 = (1 << 24) - 1;

/// The key of an address, and whether it is IPv4; `None` outside 2000::/3.
#[inline]
pub fn key(address: IpAddr) -> Option<(u64, bool)> {
    match address {
        IpAddr::V4(v4) => Some((u64::from(v4.to_bits()), true)),
        IpAddr::V6(v6) => key_v6(v6.to_bits()).map(|key| (key, false)),
    }
}

/// The key of an IPv6 address.
#[inline]
pub const fn key_v6(bits: u128) -> Option<u64> {
    let upper = (bits >> (128 - V6_GRAIN as u32)) as u64;
    if upper >> V6_BITS == 1 { Some(upper & ((1 << V6_BITS) - 1)) } else { None }
}

/// A place's number for each block; 0 is none.
#[derive(Clone, Debug)]
pub struct Blocks<S: Suffix> {
    bits: u32,
    /// By bucket: where its starts begin; one more entry closes the last.
    index: Cow<'static, [u32]>,
    starts: Cow<'static, [S]>,
    values: Cow<'static, [[u8; 3]]>,
    /// How many stretches have a place.
    len: usize,
}

impl<S: Suffix> Blocks<S> {
    /// The value at a key, which must be below 2 to the power of the table's bits.
    #[inline]
    pub fn get(&self, key: u64) -> u32 {
        let bucket = (key >> (self.bits - BUCKET_BITS)) as usize;
        let (from, to) = (self.index[bucket] as usize, self.index[bucket + 1] as usize);
        let within = self.starts[from..to].partition_point(|start| *start <= S::of(key));
        // A bucket's first start is its lowest key.
        self.value(from + within - 1)
    }

    /// Start and value of each stretch with one value, ascending, those without a place too.
    pub fn segments(&self) -> impl Iterator<Item = (u64, u32)> {
        let width = self.bits - BUCKET_BITS;
        let buckets = self.index.windows(2).zip(0_u64..);
        let all = buckets.flat_map(move |(ends, bucket)| {
            (ends[0] as usize..ends[1] as usize).map(move |at| {
                let low = self.starts[at].wide() & ((1 << width) - 1);
                (bucket << width | low, self.value(at))
            })
        });
        let mut before = None;
        all.filter(move |(_, value)| before.replace(*value) != Some(*value))
    }

    /// How many stretches have a place.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no address has a place.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.index) + size_of_val(&*self.starts) + size_of_val(&*self.values)
    }

    /// Numbers places anew: the old number is the position in `to`.
    pub(super) fn renumber(&mut self, to: &[u32]) {
        for value in self.values.to_mut() {
            *value = narrow(to[widen(*value) as usize]);
        }
        self.count();
    }

    /// Lays them out as they lie in memory.
    pub(super) fn flatten(&self, out: &mut Writer) {
        out.column(&[self.len as u64]);
        out.column(&self.index);
        out.column(&self.starts);
        out.column::<u8>(self.values.as_flattened());
    }

    /// Those that were laid out so, for keys of that many bits.
    pub(super) fn of(columns: &mut Columns, bits: u32) -> Result<Self, NotATable> {
        let len = columns.number()? as usize;
        let (index, starts) = (columns.column()?, columns.column()?);
        Ok(Self { bits, index, starts, values: columns.column()?, len })
    }

    fn count(&mut self) {
        self.len = self.segments().filter(|(_, value)| *value != 0).count();
    }

    #[inline]
    fn value(&self, at: usize) -> u32 {
        widen(self.values[at])
    }
}

const fn narrow(value: u32) -> [u8; 3] {
    let [a, b, c, _] = value.to_le_bytes();
    [a, b, c]
}

#[inline]
const fn widen([a, b, c]: [u8; 3]) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// Why a block was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It starts below the end of one before, ends before it starts, or ends beyond the keys there are.
    #[error("a block overlaps one before it, or is not in ascending order")]
    Order,
    /// There are more places than three bytes can number.
    #[error("there are more than {VALUE_MOST} places")]
    TooManyPlaces,
}

/// Builds [`Blocks`] from ascending blocks; neighbours with one value become one.
#[derive(Debug)]
pub struct Builder<S> {
    bits: u32,
    index: Vec<u32>,
    starts: Vec<S>,
    values: Vec<[u8; 3]>,
    /// The value from the last start on.
    current: u32,
    /// The first key that is not covered yet.
    next: u64,
}

impl<S: Suffix> Builder<S> {
    /// For keys of that many bits.
    pub const fn new(bits: u32) -> Self {
        Self { bits, index: Vec::new(), starts: Vec::new(), values: Vec::new(), current: 0, next: 0 }
    }

    /// Makes room for that many starts, and one for each bucket.
    pub fn reserve(&mut self, starts: usize) {
        self.starts.reserve_exact(starts + (1 << BUCKET_BITS));
        self.values.reserve_exact(starts + (1 << BUCKET_BITS));
    }

    /// Adds the keys from `first` to below `end`.
    pub fn push(&mut self, first: u64, end: u64, value: u32) -> Result<(), Refused> {
        if first < self.next || end <= first || end > 1 << self.bits {
            return Err(Refused::Order);
        }
        if value > VALUE_MOST {
            return Err(Refused::TooManyPlaces);
        }
        if first > self.next {
            self.begin(self.next, 0);
        }
        self.begin(first, value);
        self.next = end;
        Ok(())
    }

    /// The whole map.
    pub fn build(mut self) -> Blocks<S> {
        if self.next < 1 << self.bits {
            self.begin(self.next, 0);
        }
        self.open(1 << BUCKET_BITS, None);
        self.index.push(self.starts.len() as u32);
        let (index, starts) = (self.index.into(), self.starts.into());
        let mut blocks = Blocks { bits: self.bits, index, starts, values: self.values.into(), len: 0 };
        blocks.count();
        blocks
    }

    fn begin(&mut self, key: u64, value: u32) {
        if value == self.current {
            return;
        }
        let bucket = (key >> (self.bits - BUCKET_BITS)) as usize;
        self.open(bucket + 1, Some(key));
        self.put(key, value);
        self.current = value;
    }

    /// Begins all buckets below `end` with the present value, save the one that begins at `key` itself.
    fn open(&mut self, end: usize, key: Option<u64>) {
        for bucket in self.index.len()..end {
            self.index.push(self.starts.len() as u32);
            let base = (bucket as u64) << (self.bits - BUCKET_BITS);
            if key != Some(base) {
                self.put(base, self.current);
            }
        }
    }

    fn put(&mut self, key: u64, value: u32) {
        self.starts.push(S::of(key));
        self.values.push(narrow(value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn answers_as_a_linear_scan_does(
            rows in prop::collection::vec((0_u64..400, 1_u64..40, 0_u32..4), 0..60),
            scale in prop::sample::select(vec![1_u64, 77, 65_536, 10_000_000]),
        ) {
            let (mut v4, mut v6) = (Builder::<u16>::new(V4_BITS), Builder::<u32>::new(V6_BITS));
            let mut taken = Vec::new();
            for (first, len, value) in rows {
                let (first, end) = (first * scale, (first + len) * scale);
                if v4.push(first, end, value).is_ok() {
                    v6.push(first << 13, end << 13, value).unwrap();
                    taken.push((first, end, value));
                }
            }
            let (v4, v6) = (v4.build(), v6.build());
            let ends = taken.iter().flat_map(|(first, end, _)| [first.saturating_sub(1), *first, end - 1, *end]);
            for probe in ends.chain([0, (1 << V4_BITS) - 1]).filter(|probe| *probe < 1 << V4_BITS) {
                let scan = taken.iter().find(|(first, end, _)| (*first..*end).contains(&probe)).map_or(0, |row| row.2);
                prop_assert_eq!(v4.get(probe), scan);
                prop_assert_eq!(v6.get(probe << 13), scan);
                prop_assert_eq!(v6.get((probe << 13) + 0x1fff), scan);
            }
            let mut rebuilt = Builder::<u16>::new(V4_BITS);
            let segments: Vec<_> = v4.segments().collect();
            for (at, (start, value)) in segments.iter().enumerate() {
                let end = segments.get(at + 1).map_or(1 << V4_BITS, |next| next.0);
                rebuilt.push(*start, end, *value).unwrap();
            }
            prop_assert!(rebuilt.build().segments().eq(v4.segments()));
        }
    }

    #[test]
    fn refuses_what_overlaps_is_reversed_or_beyond_the_end() {
        let mut builder = Builder::<u16>::new(V4_BITS);
        builder.push(10, 21, 1).unwrap();
        assert_eq!(builder.push(20, 30, 2), Err(Refused::Order));
        assert_eq!(builder.push(40, 40, 2), Err(Refused::Order));
        assert_eq!(builder.push(40, (1 << 32) + 1, 2), Err(Refused::Order));
        assert_eq!(builder.push(40, 41, VALUE_MOST + 1), Err(Refused::TooManyPlaces));
        builder.push(u64::from(u32::MAX), 1 << 32, 3).unwrap();
        let map = builder.build();
        assert_eq!([9, 10, 20, 21, u64::from(u32::MAX)].map(|key| map.get(key)), [0, 1, 1, 0, 3]);
        assert_eq!(map.len(), 2);
    }

    #[test]
    fn only_what_is_handed_out_of_ipv6_has_a_key() {
        let key = |text: &str| key(text.parse().unwrap());
        assert_eq!(key("2000::"), Some((0, false)));
        assert_eq!(key("2000:0:1:ffff::1"), Some((1, false)));
        assert_eq!(key("3fff:ffff:ffff::"), Some(((1 << V6_BITS) - 1, false)));
        assert_eq!([key("1fff::"), key("4000::"), key("fe80::1")], [None; 3]);
        assert_eq!(key("0.0.1.0"), Some((256, true)));
    }
}
