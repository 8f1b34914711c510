//! Whose network is it and where: the [`Place`] of an address.

mod place;

pub use place::{Asn, Category, CountryCode, Place};
