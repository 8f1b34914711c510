//! The city table in memory: numbered places in the order of country, region, name and cell, and the blocks that have
//! them.

use std::net::IpAddr;

use super::Cell;
use super::blocks::{Blocks, key};
use crate::geo::CountryCode;
use crate::geo::tables::country_of;

/// What the table says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct City<'a> {
    /// The country, as the city database has it.
    pub country: Option<CountryCode>,
    /// State, province or whatever comes below the country; empty when the database has none.
    pub region: &'a str,
    /// The name, in the spelling of the database; empty when it has none.
    pub name: &'a str,
    /// Where it is; `None` when the database has no coordinates.
    pub cell: Option<Cell>,
}

/// Cities of both families.
#[derive(Clone, Debug)]
pub struct CityTable {
    /// The day of the data, `YYYY-MM-DD`.
    pub date: String,
    /// Numbers begin at 1.
    pub places: Places,
    /// IPv4.
    pub v4: Blocks<u16>,
    /// IPv6, down to /48.
    pub v6: Blocks<u32>,
}

impl CityTable {
    /// The city of an address.
    #[inline]
    pub fn get(&self, address: IpAddr) -> Option<City<'_>> {
        self.places.get(self.number(address))
    }

    /// The cell of an address, and the country it is in as a table's value.
    #[inline]
    pub fn cell(&self, address: IpAddr) -> Option<(Cell, u16)> {
        let row = self.places.row(self.number(address))?;
        Some((row.cell?, self.places.regions[row.region as usize].0))
    }

    /// How many stretches of addresses have a place.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether no address has a place.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        self.places.memory() + self.v4.memory() + self.v6.memory()
    }

    #[inline]
    fn number(&self, address: IpAddr) -> u32 {
        match key(address) {
            Some((key, true)) => self.v4.get(key),
            Some((key, false)) => self.v6.get(key),
            None => 0,
        }
    }
}

/// A place: where its name begins, its region's position, its cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    name: u32,
    region: u32,
    cell: Option<Cell>,
}

/// Places by number. A name that several cells share stands once in a region.
#[derive(Clone, Debug, Default)]
pub struct Places {
    rows: Vec<Row>,
    /// Country value, and where the region's name begins.
    regions: Vec<(u16, u32)>,
    /// Names, each with a line feed behind it.
    text: String,
}

impl Places {
    /// The place of a number.
    pub fn get(&self, number: u32) -> Option<City<'_>> {
        let row = self.row(number)?;
        let (country, region) = self.regions[row.region as usize];
        Some(City {
            country: country_of(country),
            region: self.line(region),
            name: self.line(row.name),
            cell: row.cell,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many regions there are.
    pub fn regions(&self) -> usize {
        self.regions.len()
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        size_of::<Row>() * self.rows.capacity()
            + size_of::<(u16, u32)>() * self.regions.capacity()
            + self.text.capacity()
    }

    /// Begins a region; names and cells that follow belong to it. Line feeds in a name become blanks.
    pub(super) fn begin_region(&mut self, country: u16, name: &str) {
        let at = self.write(name);
        self.regions.push((country, at));
    }

    /// A name in the region that was begun last; cells that follow have the position it returns.
    pub(super) fn write(&mut self, name: &str) -> u32 {
        let at = self.text.len() as u32;
        self.text.extend(name.chars().map(|char| if char == '\n' { ' ' } else { char }));
        self.text.push('\n');
        at
    }

    /// A place: the name at a position, and a cell.
    pub(super) fn push(&mut self, name: u32, cell: Option<Cell>) {
        self.push_in(self.regions.len(), name, cell);
    }

    /// The same in a region begun before: `regions` were begun with it.
    pub(super) fn push_in(&mut self, regions: usize, name: u32, cell: Option<Cell>) {
        self.rows.push(Row { name, region: regions.saturating_sub(1) as u32, cell });
    }

    /// Gives back memory that growing left over.
    pub(super) fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.regions.shrink_to_fit();
        self.text.shrink_to_fit();
    }

    #[inline]
    fn row(&self, number: u32) -> Option<Row> {
        self.rows.get((number as usize).checked_sub(1)?).copied()
    }

    fn line(&self, at: u32) -> &str {
        let rest = self.text.get(at as usize..).unwrap_or("");
        rest.split_once('\n').map_or("", |(line, _)| line)
    }
}
