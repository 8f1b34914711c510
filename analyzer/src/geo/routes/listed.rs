//! Lists of ranges with the system that holds each, in the two text forms in which they are published. Neighbours of
//! one system may have been merged in them, so what they give is a covering range, not an announced prefix.

use std::net::IpAddr;

use ahash::AHashMap;

use super::flatten::{Row, flatten, sort};
use crate::geo::mmdb::printable;
use crate::geo::ranges::Address;
use crate::geo::tables::{AsNames, AsnTable};

/// What a list of ranges gave.
#[derive(Debug)]
pub struct Listed {
    /// Its ranges and the names in it. The day is not in such a list, so `date` is empty.
    pub table: AsnTable,
    /// Ranges that overlap another; where they do, the one that starts later holds, and of two that start together the
    /// shorter.
    pub overlaps: u64,
}

/// One line: first address, last address, number, name.
pub(super) struct Line<'a> {
    pub ends: (IpAddr, IpAddr),
    pub asn: u32,
    pub name: &'a str,
}

/// Collects lines in any order.
#[derive(Default)]
pub(super) struct List {
    v4: Vec<Row<u32>>,
    v6: Vec<Row<u128>>,
    names: AHashMap<u32, String>,
}

impl List {
    /// Adds a line; `None` when its ends are of two families or in the wrong order. Number 0, "not routed", is none.
    pub fn push(&mut self, line: &Line<'_>) -> Option<()> {
        let Line { ends, asn, name } = line;
        if ends.1 < ends.0 {
            return None;
        }
        match ends {
            _ if *asn == 0 => return Some(()),
            (IpAddr::V4(first), IpAddr::V4(last)) => self.v4.push((first.to_bits(), last.to_bits(), *asn)),
            (IpAddr::V6(first), IpAddr::V6(last)) => self.v6.push((first.to_bits(), last.to_bits(), *asn)),
            _ => return None,
        }
        if !self.names.contains_key(asn) {
            self.names.insert(*asn, printable(name));
        }
        Some(())
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    pub fn finish(mut self) -> Listed {
        sort(&mut self.v4);
        sort(&mut self.v6);
        let names = AsNames::sorted(self.names);
        let overlaps = overlaps(&self.v4) + overlaps(&self.v6);
        let (v4, v6) = (flatten(&self.v4).ranges, flatten(&self.v6).ranges);
        Listed { table: AsnTable { date: String::new(), v4, v6, names }, overlaps }
    }
}

/// Of sorted rows, how many begin before one of those above has ended.
pub(in crate::geo) fn overlaps<A: Address>(rows: &[Row<A>]) -> u64 {
    let mut end: Option<A> = None;
    let mut count = 0;
    for row in rows {
        count += u64::from(end.is_some_and(|end| row.0 <= end));
        end = end.max(Some(row.1));
    }
    count
}
