//! A small number for each announced prefix, so that who counts by prefix keeps a vector instead of a hash table.
//!
//! A segment of the table may hold several prefixes, being the neighbours of one length and origin; their numbers are the
//! segment's own and those after it. A prefix with holes has a number a piece. All that is not announced has number 0.

use std::net::IpAddr;

use super::{Routes, SET_BITS};
use crate::geo::ranges::{Address, Ranges};

/// The numbers of a table's prefixes. They hold for the table that they were made of.
#[derive(Clone, Debug)]
pub struct Slots {
    v4: Box<[Base]>,
    v6: Box<[Base]>,
    len: usize,
}

/// Of a segment: how far addresses are shifted to tell its prefixes apart, and what is then added, modulo 2³².
#[derive(Clone, Copy, Debug)]
struct Base {
    bias: u32,
    shift: u8,
}

/// What is not announced: all of it is one.
const NONE: Base = Base { bias: 0, shift: 128 };

impl Slots {
    /// Numbers a table's prefixes.
    pub fn new(routes: &Routes) -> Self {
        let mut next = 1;
        let v4 = bases(&routes.v4, 32, &mut next);
        let v6 = bases(&routes.v6, 128, &mut next);
        Self { v4, v6, len: next as usize }
    }

    /// The number of the longest prefix around an address in the table; 0 without one.
    #[inline]
    pub fn of(&self, routes: &Routes, address: IpAddr) -> u32 {
        match address {
            IpAddr::V4(v4) => number(&self.v4, &routes.v4, v4.to_bits()),
            IpAddr::V6(v6) => number(&self.v6, &routes.v6, v6.to_bits()),
        }
    }

    /// All numbers are below this.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no number but 0.
    pub const fn is_empty(&self) -> bool {
        self.len == 1
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.v4) + size_of_val(&*self.v6)
    }
}

#[inline]
fn number<A: Address>(bases: &[Base], ranges: &Ranges<A, u32>, address: A) -> u32 {
    bases.get(ranges.position(address)).copied().unwrap_or(NONE).number(address)
}

impl Base {
    #[inline]
    fn number<A: Address>(self, address: A) -> u32 {
        let shifted = address.wide().checked_shr(self.shift.into()).unwrap_or(0);
        (shifted as u32).wrapping_add(self.bias)
    }
}

/// Gives the prefixes of a family the numbers from `next` on.
fn bases<A: Address>(ranges: &Ranges<A, u32>, bits: u32, next: &mut u32) -> Box<[Base]> {
    let base = |((first, last), value): ((A, A), u32)| {
        if value == 0 {
            return NONE;
        }
        let raw = Base { bias: 0, shift: (bits - (value >> SET_BITS)) as u8 };
        let base = Base { bias: next.wrapping_sub(raw.number(first)), ..raw };
        *next = base.number(last) + 1;
        base
    };
    ranges.stretches().map(base).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geo::Asn;
    use crate::geo::routes::RoutesBuilder;
    use crate::network::Network;

    proptest! {
        #[test]
        fn two_addresses_of_one_number_have_one_route(
            rows in prop::collection::vec((any::<bool>(), any::<u8>(), 0_u8..=8, 1_u32..3), 0..40),
        ) {
            let mut builder = RoutesBuilder::new();
            let (v4, v6) = (|last: u8| IpAddr::from([192, 0, 2, last]), |last: u8| IpAddr::V6(((0x2001 << 112) | u128::from(last)).into()));
            for (six, last, host, asn) in rows {
                let (address, bits) = if six { (v6(last), 128) } else { (v4(last), 32) };
                builder.push(Network::new(address, bits - host), Asn(asn));
            }
            let routes = builder.build();
            let slots = Slots::new(&routes);
            let mut known = vec![None; slots.len()];
            for address in (0..=255).flat_map(|last| [v4(last), v6(last)]).chain([IpAddr::from([0; 4]), IpAddr::from([0xff; 16])]) {
                let (number, route) = (slots.of(&routes, address), routes.get(address));
                prop_assert_eq!(number == 0, route.is_none());
                prop_assert_eq!(*known[number as usize].get_or_insert(route), route, "{}", address);
            }
        }
    }

    #[test]
    fn the_widest_prefixes_have_numbers() {
        let mut builder = RoutesBuilder::new();
        ["0.0.0.0/0", "::/0"].iter().for_each(|net| builder.push(net.parse().unwrap(), Asn(1)));
        let routes = builder.build();
        let slots = Slots::new(&routes);
        let of = |text: &str| slots.of(&routes, text.parse().unwrap());
        assert_eq!(
            (of("1.2.3.4"), of("255.255.255.255"), of("::"), of("ffff::"), slots.len()),
            (1, 1, 2, 2, 3)
        );
    }
}
