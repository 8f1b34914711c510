//! Whose network is it and where: the [`Place`] of an address.
//!
//! The special-purpose registries answer first ([`special`]); what is global is looked up in two compact tables, one
//! of countries and one of autonomous systems, bundled or made of the user's own files ([`database`]). A routing table
//! ([`routes`]), where one is loaded, names the system and the announced prefix instead, and what the user set for a
//! network wins over all of them.
//! Cities have a table of their own ([`city`]).

pub mod city;
mod code;
mod continent;
mod country;
pub mod database;
mod flat;
mod hints;
mod holdings;
mod lookup;
pub mod mmdb;
mod mmdb_record;
mod overrides;
pub mod pack;
mod place;
mod provenance;
pub mod ranges;
pub mod routes;
mod sources;
mod special;
pub mod tables;

pub use city::{Cell, City};
pub use code::{Asn, CountryCode};
pub use continent::Continent;
pub use country::country_name;
pub use hints::{Hint, hints};
pub use holdings::Holdings;
pub use lookup::{Geo, Needs, Prefix, PrefixKind};
pub use mmdb::{GeoError, MMDB_BYTES_MAX};
pub use overrides::Override;
pub use place::{Category, Place};
pub use provenance::Provenance;
pub use sources::{Attribution, Source, SourceOrigin, Sources};
pub use special::{embedded_v4, special_networks};
