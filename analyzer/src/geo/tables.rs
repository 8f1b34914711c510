//! What a database says, kept compactly: a country table and a table of autonomous systems with their names.

use std::borrow::Cow;

use super::flat::{Columns, Writer};
use super::pack::NotATable;
use super::ranges::Ranges;
use super::{Asn, CountryCode};

/// Country of each address. A value is a [`CountryCode::index`] plus one; 0 is none.
#[derive(Clone, Debug)]
pub struct CountryTable {
    /// The day of the data, `YYYY-MM-DD`.
    pub date: String,
    /// IPv4.
    pub v4: Ranges<u32, u16>,
    /// IPv6.
    pub v6: Ranges<u128, u16>,
}

/// Autonomous system of each address. A value is its number; 0, which no one may announce (RFC 7607), is none.
#[derive(Clone, Debug)]
pub struct AsnTable {
    /// The day of the data, `YYYY-MM-DD`.
    pub date: String,
    /// IPv4.
    pub v4: Ranges<u32, u32>,
    /// IPv6.
    pub v6: Ranges<u128, u32>,
    /// Names of the systems.
    pub names: AsNames,
}

/// The value of a country in a table.
pub const fn country_value(code: CountryCode) -> u16 {
    code.index() as u16 + 1
}

/// The country of a table's value.
pub const fn country_of(value: u16) -> Option<CountryCode> {
    match value {
        0 => None,
        value => CountryCode::from_index(value as usize - 1),
    }
}

impl CountryTable {
    /// Lays it out as it lies in memory.
    pub fn flatten(&self, out: &mut Writer) {
        out.column(self.date.as_bytes());
        self.v4.flatten(out);
        self.v6.flatten(out);
    }

    /// One that was laid out so.
    pub fn of(columns: &mut Columns) -> Result<Self, NotATable> {
        Ok(Self { date: columns.text()?, v4: Ranges::of(columns)?, v6: Ranges::of(columns)? })
    }

    /// Every country it can name, ascending.
    pub fn codes(&self) -> Vec<CountryCode> {
        let values =
            self.v4.segments().map(|(_, value)| value).chain(self.v6.segments().map(|(_, value)| value));
        let mut seen = vec![false; 677];
        for value in values {
            seen[usize::from(value)] = true;
        }
        (0..676).filter(|index| seen[index + 1]).filter_map(CountryCode::from_index).collect()
    }
}

impl AsnTable {
    /// Lays it out as it lies in memory.
    pub fn flatten(&self, out: &mut Writer) {
        out.column(self.date.as_bytes());
        self.v4.flatten(out);
        self.v6.flatten(out);
        self.names.flatten(out);
    }

    /// One that was laid out so.
    pub fn of(columns: &mut Columns) -> Result<Self, NotATable> {
        Ok(Self {
            date: columns.text()?,
            v4: Ranges::of(columns)?,
            v6: Ranges::of(columns)?,
            names: AsNames::of(columns)?,
        })
    }
}

/// Names of autonomous systems: one text, sorted numbers, and where each name ends.
#[derive(Clone, Debug, Default)]
pub struct AsNames {
    asns: Cow<'static, [u32]>,
    ends: Cow<'static, [u32]>,
    /// UTF-8.
    text: Cow<'static, [u8]>,
}

impl AsNames {
    /// Those of a list in any order, each number once.
    pub(in crate::geo) fn sorted(named: impl IntoIterator<Item = (u32, String)>) -> Self {
        let mut named: Vec<_> = named.into_iter().collect();
        named.sort_unstable();
        let mut names = Self::default();
        for (asn, name) in &named {
            names.push(*asn, name);
        }
        names.shrink();
        names
    }

    /// Adds a name; numbers must ascend, others are refused.
    pub fn push(&mut self, asn: u32, name: &str) -> bool {
        if self.asns.last().is_some_and(|last| *last >= asn) {
            return false;
        }
        let Ok(end) = u32::try_from(self.text.len() + name.len()) else { return false };
        self.text.to_mut().extend_from_slice(name.as_bytes());
        self.asns.to_mut().push(asn);
        self.ends.to_mut().push(end);
        true
    }

    /// The name of a system.
    pub fn get(&self, asn: Asn) -> Option<&str> {
        self.asns.binary_search(&asn.0).ok().map(|position| self.at(position).1)
    }

    /// The number and name at a position.
    pub fn at(&self, position: usize) -> (u32, &str) {
        let start = if position == 0 { 0 } else { self.ends[position - 1] };
        let name = &self.text[start as usize..self.ends[position] as usize];
        (self.asns[position], std::str::from_utf8(name).unwrap_or_default())
    }

    /// Where a system stands.
    pub fn position(&self, asn: u32) -> Option<usize> {
        self.asns.binary_search(&asn).ok()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.asns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.asns.is_empty()
    }

    /// Gives back memory that growing left over.
    pub fn shrink(&mut self) {
        self.asns.to_mut().shrink_to_fit();
        self.ends.to_mut().shrink_to_fit();
        self.text.to_mut().shrink_to_fit();
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        4 * (self.asns.len() + self.ends.len()) + self.text.len()
    }

    fn flatten(&self, out: &mut Writer) {
        out.column(&self.asns);
        out.column(&self.ends);
        out.column(&self.text);
    }

    fn of(columns: &mut Columns) -> Result<Self, NotATable> {
        Ok(Self { asns: columns.column()?, ends: columns.column()?, text: columns.column()? })
    }
}
