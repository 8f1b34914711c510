//! Cities through the one door: the table comes after the others, in the background, and all clones have it at once.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::pack;
use super::{Cell, City, CityTable};
use crate::geo::lookup::located;
use crate::geo::sources::{self, Source};
use crate::geo::tables::country_value;
use crate::geo::{Category, CountryCode, Geo};

const CITY: &[u8] = include_bytes!("../../../data/city.bin.gz");

impl Geo {
    /// What the city table says of an address, whatever the country table says. Special-purpose addresses have none.
    pub fn city(&self, address: IpAddr) -> Option<City<'_>> {
        let (table, _) = self.city.get()?;
        if Category::of(address) != Category::Global {
            return None;
        }
        table.get(located(address))
    }

    /// Reads the bundled city table, unless there is one already; takes a tenth of a second, so it is for a thread of
    /// its own. All clones have it from then on.
    #[expect(clippy::expect_used, reason = "the bytes are part of the program, and tests unpack them")]
    pub fn load_city(&self) {
        self.city.get_or_init(|| {
            let table = pack::unpack(CITY).expect("the bundled city table is sound");
            let source = sources::bundled_city(&table.date, table.len());
            (table, source)
        });
    }

    /// Whether cities are known.
    pub fn has_city(&self) -> bool {
        self.city.get().is_some()
    }

    /// Knows no cities, and learns none from its clones.
    #[must_use]
    pub fn without_city(self) -> Self {
        Self { city: Arc::default(), ..self }
    }

    pub(in crate::geo) fn with_city(self, table: CityTable, source: Source) -> Self {
        Self { city: Arc::new(OnceLock::from((table, source))), ..self }
    }

    /// The cell of a global address, if the city is in that country.
    #[inline]
    pub(in crate::geo) fn cell(&self, address: IpAddr, country: Option<CountryCode>) -> Option<Cell> {
        let (cell, of) = self.city.get()?.0.cell(address)?;
        (country.is_none_or(|country| country_value(country) == of)).then_some(cell)
    }
}
