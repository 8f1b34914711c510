//! What a record of a database says of a city, in every layout we know.
//!
//! MaxMind, and DB-IP's own files: `city.names.en`, `subdivisions[0].names.en`, `location.latitude`. ip-location-db:
//! `city`, `state1`, `latitude`, `longitude`. IPinfo: `city`, `region`, `lat` and `lng` as text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Cell;

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct CityRecord<'a> {
    #[serde(borrow)]
    city: Name<'a>,
    state1: Name<'a>,
    region: Name<'a>,
    subdivisions: Name<'a>,
    location: Position,
    latitude: Degrees,
    longitude: Degrees,
    lat: Degrees,
    lng: Degrees,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Position {
    latitude: Degrees,
    longitude: Degrees,
}

impl<'a> CityRecord<'a> {
    /// Of a list's fields; a position that is no number is none.
    pub(super) fn at(city: &'a str, region: &'a str, (lat, lon): (f64, f64)) -> Self {
        let degrees = |degrees| Degrees(Some(degrees));
        Self {
            city: Name(city),
            region: Name(region),
            lat: degrees(lat),
            lng: degrees(lon),
            ..Self::default()
        }
    }

    /// The city's name; empty if the record has none.
    pub fn name(&self) -> &str {
        self.city.0
    }

    /// The region's name; empty if the record has none.
    pub fn region(&self) -> &str {
        [self.state1.0, self.region.0, self.subdivisions.0]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or("")
    }

    /// Where it is.
    pub fn cell(&self) -> Option<Cell> {
        let pairs = [
            (&self.location.latitude, &self.location.longitude),
            (&self.latitude, &self.longitude),
            (&self.lat, &self.lng),
        ];
        pairs.into_iter().find_map(|(lat, lon)| Cell::of(lat.0?, lon.0?))
    }
}

/// A name: a text, the English one of a map's `names`, or that of the first of a list.
#[derive(Default)]
struct Name<'a>(&'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Name(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Name::default();
        while let Some(key) = map.next_key::<&str>()? {
            if matches!(key, "names" | "en") {
                found = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let first = seq.next_element()?.unwrap_or_default();
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Name::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Name::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Name::default())
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Name::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Name::default())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Name::default())
    }
}

/// A coordinate: a number, or a text that is one.
#[derive(Default)]
struct Degrees(Option<f64>);

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DegreesVisitor)
    }
}

struct DegreesVisitor;

impl<'de> Visitor<'de> for DegreesVisitor {
    type Value = Degrees;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_f64<E>(self, degrees: f64) -> Result<Self::Value, E> {
        Ok(Degrees(Some(degrees)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Degrees(text.trim().parse().ok()))
    }

    fn visit_i64<E>(self, degrees: i64) -> Result<Self::Value, E> {
        Ok(Degrees(Some(degrees as f64)))
    }

    fn visit_u64<E>(self, degrees: u64) -> Result<Self::Value, E> {
        Ok(Degrees(Some(degrees as f64)))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Degrees(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Degrees(None))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Degrees(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Degrees(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Degrees(None))
    }
}
