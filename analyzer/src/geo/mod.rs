//! Whose network is it and where: the [`Place`] of an address.
//!
//! The special-purpose registries answer first ([`special`]); what is global is looked up in two compact tables, one
//! of countries and one of autonomous systems, bundled or made of the user's own files.

mod continent;
mod country;
mod holdings;
mod lookup;
pub mod mmdb;
mod mmdb_record;
pub mod pack;
mod place;
pub mod ranges;
pub mod routes;
mod sources;
mod special;
pub mod tables;

pub use continent::Continent;
pub use country::country_name;
pub use lookup::{Geo, Needs, Prefix};
pub use mmdb::{GeoError, MMDB_BYTES_MAX};
pub use place::{Asn, Category, CountryCode, Place};
pub use sources::{Attribution, Source, SourceOrigin, Sources};
pub use special::{embedded_v4, special_networks};
