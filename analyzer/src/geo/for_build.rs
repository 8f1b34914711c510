//! What the build script needs of this folder: reading the packed tables, and laying them out. These files use nothing else
//! of the crate.

pub mod city {
    //! Cities.

    pub mod blocks;
    pub mod cell;
    pub mod pack;
    pub mod table;

    pub use cell::Cell;
    pub use table::City;
}
pub mod code;
pub mod flat;
pub mod pack;
pub mod ranges;
pub mod tables;

pub use code::{Asn, CountryCode};
