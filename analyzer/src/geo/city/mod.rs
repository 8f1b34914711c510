//! Cities: region, name and coordinates of addresses, from a table of millions of blocks that takes little memory.
//!
//! A block of addresses has the number of a place ([`blocks`]); a place is a name in a region of a country, and a cell
//! of a tenth of a degree ([`Cell`], [`table`]). The bundled table's file format is in [`pack`]; it and the user's own
//! files come from a walk over a database ([`gather`]).

pub mod blocks;
mod cell;
pub mod csv;
mod door;
pub mod gather;
pub mod pack;
pub(super) mod record;
pub mod table;

pub use cell::Cell;
pub use table::{City, CityTable};
