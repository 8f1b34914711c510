//! What a record of a database says, in every layout we know.
//!
//! MaxMind (and DB-IP's own files): `country.iso_code`, else `registered_country.iso_code`; and
//! `autonomous_system_number` with `autonomous_system_organization`. IPinfo: `country` or `country_code` as two
//! letters (its Lite edition puts the English name into `country`), `asn` as `"AS15169"`, `as_name`. ip-location-db:
//! `country_code`. Others write the number plainly or call the name `as_organization`, `organization` or `name`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::CountryCode;
use super::tables::country_value;

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    country: Field<'a>,
    country_code: Field<'a>,
    registered_country: Field<'a>,
    autonomous_system_number: Field<'a>,
    asn: Field<'a>,
    as_number: Field<'a>,
    autonomous_system_organization: Field<'a>,
    as_organization: Field<'a>,
    as_name: Field<'a>,
    organization: Field<'a>,
    name: Field<'a>,
}

impl Record<'_> {
    /// The country as a table's value, 0 if the record names none.
    pub fn country_value(&self) -> u16 {
        let fields = [&self.country, &self.country_code, &self.registered_country];
        let code = fields.into_iter().find_map(|field| CountryCode::new(field.text()?));
        code.map_or(0, country_value)
    }

    /// The system's number, 0 if the record names none.
    pub fn asn(&self) -> u32 {
        let fields = [&self.autonomous_system_number, &self.asn, &self.as_number];
        fields.into_iter().find_map(Field::asn).unwrap_or(0)
    }

    /// The system's name.
    pub fn as_name(&self) -> Option<&str> {
        let fields = [
            &self.autonomous_system_organization,
            &self.as_organization,
            &self.as_name,
            &self.organization,
            &self.name,
        ];
        fields.into_iter().find_map(Field::text).filter(|name| !name.is_empty())
    }
}

/// A field whose type differs from vendor to vendor.
#[derive(Default)]
enum Field<'a> {
    #[default]
    Nothing,
    /// A text, or the `iso_code` of a map.
    Text(&'a str),
    Number(u64),
}

impl<'a> Field<'a> {
    const fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn asn(&self) -> Option<u32> {
        match self {
            Self::Nothing => None,
            Self::Number(number) => u32::try_from(*number).ok(),
            Self::Text(text) => text.trim_start_matches("AS").parse().ok(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Field::Number(number))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Field::Nothing;
        while let Some(key) = map.next_key::<&str>()? {
            if key == "iso_code" {
                found = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }
}
