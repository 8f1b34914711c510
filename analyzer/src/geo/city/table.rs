//! The city table in memory: numbered places in the order of country, region, name and cell, and the blocks that have
//! them.

use std::borrow::Cow;
use std::net::IpAddr;

use super::Cell;
use super::blocks::{Blocks, V4_BITS, V6_BITS, key};
use crate::geo::CountryCode;
use crate::geo::flat::{Columns, Writer};
use crate::geo::pack::NotATable;
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
        let [_, region, cell] = self.places.row(self.number(address))?;
        Some((Cell::of_number(cell)?, self.places.region(region).0))
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

    /// Lays it out as it lies in memory.
    pub fn flatten(&self, out: &mut Writer) {
        out.column(self.date.as_bytes());
        self.places.flatten(out);
        self.v4.flatten(out);
        self.v6.flatten(out);
    }

    /// One that was laid out so.
    pub fn of(columns: &mut Columns) -> Result<Self, NotATable> {
        let (date, places) = (columns.text()?, Places::of(columns)?);
        let (v4, v6) = (Blocks::of(columns, V4_BITS)?, Blocks::of(columns, V6_BITS)?);
        Ok(Self { date, places, v4, v6 })
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

/// A place: where its name begins, its region's position, the number of its cell.
pub(super) type Row = [u32; 3];

/// Places by number. A name that several cells share stands once in a region.
#[derive(Clone, Debug, Default)]
pub struct Places {
    rows: Cow<'static, [Row]>,
    /// Country value, and where the region's name begins.
    regions: Cow<'static, [[u32; 2]]>,
    /// Names in UTF-8, each with a line feed behind it.
    text: Cow<'static, [u8]>,
}

impl Places {
    /// The place of a number.
    pub fn get(&self, number: u32) -> Option<City<'_>> {
        let [name, region, cell] = self.row(number)?;
        let (country, region) = self.region(region);
        Some(City {
            country: country_of(country),
            region: self.line(region),
            name: self.line(name),
            cell: Cell::of_number(cell),
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
        size_of_val(&*self.rows) + size_of_val(&*self.regions) + self.text.len()
    }

    /// Begins a region; names and cells that follow belong to it. Line feeds in a name become blanks.
    pub(super) fn begin_region(&mut self, country: u16, name: &str) {
        let at = self.write(name);
        self.regions.to_mut().push([country.into(), at]);
    }

    /// A name in the region that was begun last; cells that follow have the position it returns.
    pub(super) fn write(&mut self, name: &str) -> u32 {
        let at = self.text.len() as u32;
        let text = self.text.to_mut();
        text.extend(name.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
        text.push(b'\n');
        at
    }

    /// A place: the name at a position, and a cell.
    pub(super) fn push(&mut self, name: u32, cell: Option<Cell>) {
        self.push_in(self.regions.len(), name, cell);
    }

    /// The same in a region begun before: `regions` were begun with it.
    pub(super) fn push_in(&mut self, regions: usize, name: u32, cell: Option<Cell>) {
        self.rows.to_mut().push([name, regions.saturating_sub(1) as u32, cell.map_or(0, Cell::number)]);
    }

    /// Gives back memory that growing left over.
    pub(super) fn shrink(&mut self) {
        self.rows.to_mut().shrink_to_fit();
        self.regions.to_mut().shrink_to_fit();
        self.text.to_mut().shrink_to_fit();
    }

    #[inline]
    fn row(&self, number: u32) -> Option<Row> {
        self.rows.get((number as usize).checked_sub(1)?).copied()
    }

    /// Country value of a region, and where its name begins.
    #[inline]
    fn region(&self, position: u32) -> (u16, u32) {
        let [country, name] = self.regions[position as usize];
        (country as u16, name)
    }

    fn line(&self, at: u32) -> &str {
        let rest = self.text.get(at as usize..).unwrap_or_default();
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        std::str::from_utf8(line).unwrap_or_default()
    }

    fn flatten(&self, out: &mut Writer) {
        out.column::<u32>(self.rows.as_flattened());
        out.column::<u32>(self.regions.as_flattened());
        out.column(&self.text);
    }

    fn of(columns: &mut Columns) -> Result<Self, NotATable> {
        Ok(Self { rows: columns.column()?, regions: columns.column()?, text: columns.column()? })
    }
}
