//! Columns of numbers and addresses as bytes: LEB128 for numbers, each address once and then by its place.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ahash::RandomState;
use capturer::{Mac, Vlan};

/// A VLAN as a number; none is one that no VLAN can have.
pub(super) fn of_vlan(vlan: Vlan) -> u16 {
    vlan.id().unwrap_or(u16::MAX)
}

/// The same back.
pub(super) const fn vlan(number: u16) -> Vlan {
    if number == u16::MAX { Vlan::NONE } else { Vlan::from_tci(number) }
}

/// Columns that are written.
#[derive(Default)]
pub struct Columns(Vec<u8>);

/// Columns that are read.
pub struct Cursor<'a>(&'a [u8]);

impl Columns {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn numbers(&mut self, all: impl Iterator<Item = u64>) {
        all.for_each(|number| self.number(number));
    }

    /// Numbers that lie near a common one on either side.
    pub(super) fn near(&mut self, base: i64, all: impl Iterator<Item = i64>) {
        for number in all {
            let apart = number.wrapping_sub(base);
            self.number((apart.wrapping_shl(1) ^ (apart >> 63)) as u64);
        }
    }

    pub(super) fn bytes_of(&mut self, all: impl Iterator<Item = u8>) {
        self.0.extend(all);
    }

    /// Numbers of which most need both bytes.
    pub(super) fn shorts(&mut self, all: impl Iterator<Item = u16>) {
        all.for_each(|short| self.0.extend(short.to_le_bytes()));
    }

    pub(super) fn addresses(&mut self, all: impl Iterator<Item = IpAddr>) {
        self.by_place(all, |bytes, address| match address {
            IpAddr::V4(address) => {
                bytes.push(4);
                bytes.extend(address.octets());
            }
            IpAddr::V6(address) => {
                bytes.push(6);
                bytes.extend(address.octets());
            }
        });
    }

    pub(super) fn macs(&mut self, all: impl Iterator<Item = Mac>) {
        self.by_place(all, |bytes, mac| bytes.extend(mac.0));
    }

    fn by_place<T: Copy + Eq + Hash>(&mut self, all: impl Iterator<Item = T>, put: impl Fn(&mut Vec<u8>, T)) {
        let mut places: HashMap<T, u64, RandomState> = HashMap::default();
        let (mut entries, mut order) = (Vec::new(), Columns::default());
        for one in all {
            let next = places.len() as u64;
            let place = *places.entry(one).or_insert_with(|| {
                put(&mut entries, one);
                next
            });
            order.number(place);
        }
        self.number(places.len() as u64);
        self.0.extend(entries);
        self.0.extend(order.0);
    }
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn numbers(&mut self, count: usize) -> Option<Vec<u64>> {
        (0..count).map(|_| self.number()).collect()
    }

    pub(super) fn near(&mut self, base: i64, count: usize) -> Option<Vec<i64>> {
        let apart = |number: u64| (number >> 1) as i64 ^ -((number & 1) as i64);
        (0..count).map(|_| Some(base.wrapping_add(apart(self.number()?)))).collect()
    }

    pub(super) fn bytes_of(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn shorts(&mut self, count: usize) -> Option<Vec<u16>> {
        let bytes = self.bytes_of(count * 2)?;
        Some(bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
    }

    pub(super) fn addresses(&mut self, count: usize) -> Option<Vec<IpAddr>> {
        self.by_place(count, |cursor| match cursor.byte()? {
            4 => Some(IpAddr::V4(Ipv4Addr::from(*cursor.bytes_of(4)?.first_chunk::<4>()?))),
            6 => Some(IpAddr::V6(Ipv6Addr::from(*cursor.bytes_of(16)?.first_chunk::<16>()?))),
            _ => None,
        })
    }

    pub(super) fn macs(&mut self, count: usize) -> Option<Vec<Mac>> {
        self.by_place(count, |cursor| Some(Mac(*cursor.bytes_of(6)?.first_chunk()?)))
    }

    fn by_place<T: Copy>(
        &mut self,
        count: usize,
        mut take: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let different = usize::try_from(self.number()?).ok().filter(|different| *different <= count)?;
        let entries: Vec<T> = (0..different).map(|_| take(self)).collect::<Option<_>>()?;
        (0..count).map(|_| entries.get(usize::try_from(self.number()?).ok()?).copied()).collect()
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }
}
