//! Cities through the one door.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Cell, City, CityTable};
use crate::geo::flat::{Aligned, Columns};
use crate::geo::lookup::located;
use crate::geo::sources::{self, Source};
use crate::geo::tables::country_value;
use crate::geo::{Category, CountryCode, Geo};

static CITY: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/city.flat")));

impl Geo {
    /// What the city table says of an address, whatever the country table says. Special-purpose addresses have none.
    pub fn city(&self, address: IpAddr) -> Option<City<'_>> {
        let (table, _) = self.city.as_deref()?;
        if Category::of(address) != Category::Global {
            return None;
        }
        table.get(located(address))
    }

    /// With the bundled city table, unless there is one already. It costs no time; who shows no cities does without, as each new
    /// host would be looked up in it.
    #[expect(clippy::expect_used, reason = "the bytes are part of the program, and tests read them")]
    #[must_use]
    pub fn with_cities(self) -> Self {
        if self.has_city() {
            return self;
        }
        let table = CityTable::of(&mut Columns::new(CITY)).expect("a sound table");
        let source = sources::bundled_city(&table.date, table.len());
        self.with_city(table, source)
    }

    /// Whether cities are known.
    pub const fn has_city(&self) -> bool {
        self.city.is_some()
    }

    /// Knows no cities.
    #[must_use]
    pub fn without_city(self) -> Self {
        Self { city: None, ..self }
    }

    pub(in crate::geo) fn with_city(self, table: CityTable, source: Source) -> Self {
        Self { city: Some(Arc::new((table, source))), ..self }
    }

    /// The cell of a global address, if the city is in that country.
    #[inline]
    pub(in crate::geo) fn cell(&self, address: IpAddr, country: Option<CountryCode>) -> Option<Cell> {
        let (cell, of) = self.city.as_ref()?.0.cell(address)?;
        (country.is_none_or(|country| country_value(country) == of)).then_some(cell)
    }
}
