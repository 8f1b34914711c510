//! Where a city is, as far as its table tells: a square of a tenth of a degree, in four bytes.

use std::num::NonZeroU32;

/// Tenths of a degree, rounded; the side of a cell is 11 km from south to north, less from west to east.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(NonZeroU32);

/// Longitudes take the lower bits.
const LON_BITS: u32 = 12;
const LAT_MOST: i32 = 900;
const LON_MOST: i32 = 1800;

impl Cell {
    /// The side of a cell along a meridian, in kilometres: how exact a position is at best. The error of the data itself
    /// comes on top; the databases that are free do not state it.
    pub const KILOMETRES: u32 = 11;

    /// The cell of a position in degrees; `None` beyond the poles or the 180th meridian.
    pub fn of(lat: f64, lon: f64) -> Option<Self> {
        if !(lat.abs() <= 90.0 && lon.abs() <= 180.0) {
            return None;
        }
        Self::from_tenths((lat * 10.0).round() as i32, (lon * 10.0).round() as i32)
    }

    /// From tenths of a degree.
    pub fn from_tenths(lat: i32, lon: i32) -> Option<Self> {
        if lat.abs() > LAT_MOST || lon.abs() > LON_MOST {
            return None;
        }
        NonZeroU32::new((((lat + LAT_MOST) << LON_BITS) | (lon + LON_MOST)) as u32 + 1).map(Self)
    }

    /// As a number that is not 0.
    pub(super) const fn number(self) -> u32 {
        self.0.get()
    }

    /// From such a number; 0 is none.
    #[inline]
    pub(super) const fn of_number(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Latitude and longitude in tenths of a degree.
    pub const fn tenths(self) -> (i32, i32) {
        let packed = (self.0.get() - 1) as i32;
        ((packed >> LON_BITS) - LAT_MOST, (packed & ((1 << LON_BITS) - 1)) - LON_MOST)
    }

    /// Latitude in degrees, one decimal.
    pub fn lat(self) -> f64 {
        f64::from(self.tenths().0) / 10.0
    }

    /// Longitude in degrees, one decimal.
    pub fn lon(self) -> f64 {
        f64::from(self.tenths().1) / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_the_position_rounded_to_a_tenth() {
        for (lat, lon, tenths) in [
            (52.3676, 4.90414, (524, 49)),
            (-33.86, 151.21, (-339, 1512)),
            (90.0, -180.0, (900, -1800)),
            (-90.0, 180.0, (-900, 1800)),
            (0.0, 0.0, (0, 0)),
        ] {
            assert_eq!(Cell::of(lat, lon).unwrap().tenths(), tenths);
        }
        assert_eq!(size_of::<Option<Cell>>(), 4);
    }

    #[test]
    fn what_is_not_on_earth_has_no_cell() {
        for (lat, lon) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Cell::of(lat, lon), None);
        }
    }
}
