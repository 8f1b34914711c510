//! Names of systems as asncounter caches them, `asnames.json`: one object from number to name, `{"64496": "NAME, CC"}`.

use std::collections::BTreeMap;
use std::io::Read;

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
    let list: BTreeMap<u32, String> =
        serde_json::from_reader(input.take(NAMES_BYTES_MAX)).map_err(|error| wrong(&error))?;
    let mut names = AsNames::default();
    for (asn, text) in &list {
        names.push(*asn, &printable(text));
    }
    names.shrink();
    Ok(names)
}

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
    fn a_wrong_list_names_its_line() {
        for text in ["[]", "{\"a\": \"b\"}", "{\"1\": 2}", "{\"1\": \"x\"", ""] {
            assert!(matches!(as_names(text.as_bytes()), Err(RoutesError::Record { .. })), "{text}");
        }
    }
}
