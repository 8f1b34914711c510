//! Names of systems as asncounter caches them, `asnames.json`: one object from number to name, `{"64496": "NAME, CC"}`.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::RoutesError;
use crate::geo::mmdb::printable;
use crate::geo::tables::AsNames;

/// The largest list taken, in bytes: twenty times the whole one of 2026.
const NAMES_BYTES_MAX: u64 = 64 << 20;

const OBJECT: &str = "an object of AS numbers and names, such as {\"64496\": \"EXAMPLE, NL\"}";

/// Reads a list of names.
///
/// # Errors
/// [`RoutesError`] when it is no such object; `record` is the line.
pub fn as_names(input: impl Read) -> Result<AsNames, RoutesError> {
    as_names_of(input, "asnames.json")
}

/// As [`as_names`]; `name` is for messages.
pub(in crate::geo) fn as_names_of(input: impl Read, name: &str) -> Result<AsNames, RoutesError> {
    let wrong = |error: &serde_json::Error| RoutesError::Record {
        name: name.to_owned(),
        record: error.line() as u64,
        expected: OBJECT,
        found: error.to_string(),
    };
    let mut bytes = Vec::new();
    // What an input can't give is an error as what stands wrong in it.
    input
        .take(NAMES_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(&serde_json::Error::io(error)))?;
    let List(mut list) = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    // Of a number that comes twice the last name holds.
    list.reverse();
    list.sort_by_key(|(asn, _)| *asn);
    let mut names = AsNames::default();
    for (asn, text) in &list {
        names.push(*asn, &printable(text));
    }
    names.shrink();
    Ok(names)
}

/// The members of the object as they come, their text lent where nothing in it is escaped.
struct List<'a>(Vec<(u32, Cow<'a, str>)>);

impl<'de> Deserialize<'de> for List<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = List<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some((asn, Name(text))) = map.next_entry()? {
            list.push((asn, text));
        }
        Ok(List(list))
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Asn;

    #[test]
    fn numbers_are_keys_in_any_order() {
        let names = as_names(br#"{"64497":"EXAMPLE, FR","13335":"A\u0007B"}"#.as_slice()).unwrap();
        assert_eq!(
            (names.get(Asn(64_497)), names.get(Asn(13_335)), names.get(Asn(1))),
            (Some("EXAMPLE, FR"), Some("AB"), None)
        );
    }

    #[test]
    fn of_a_number_that_comes_twice_the_last_name_holds() {
        let names = as_names(br#"{"7":"A","3":"B","7":"C"}"#.as_slice()).unwrap();
        assert_eq!((names.get(Asn(7)), names.get(Asn(3)), names.len()), (Some("C"), Some("B"), 2));
    }

    #[test]
    fn a_wrong_list_names_its_line() {
        for text in ["[]", "{\"a\": \"b\"}", "{\"1\": 2}", "{\"1\": \"x\"", ""] {
            assert!(matches!(as_names(text.as_bytes()), Err(RoutesError::Record { .. })), "{text}");
        }
    }
}
