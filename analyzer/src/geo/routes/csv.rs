//! Ranges as comma-separated values, as ip-location-db publishes them: first address, last address, AS number, name;
//! the name may stand in quotes, doubled inside (RFC 4180). A first line that begins with no address is a heading.

use std::io::BufRead;
use std::net::IpAddr;

use super::lines::Lines;
use super::listed::{Line, List, Listed};
use super::{ROUTES_MAX, RoutesError};

const RECORD: &str =
    "first and last address, AS number and name, such as 192.0.2.0,192.0.2.255,64496,\"Example\"";

/// Reads a whole list; `name` is for messages.
///
/// # Errors
/// [`RoutesError`] at the first line that is wrong, and for a file without any.
pub fn read(input: impl BufRead, name: &str) -> Result<Listed, RoutesError> {
    read_with(input, name, fields, RECORD)
}

/// Reads a list whose lines `fields` takes apart.
pub(super) fn read_with(
    input: impl BufRead,
    name: &str,
    fields: fn(&str) -> Option<Line<'_>>,
    expected: &'static str,
) -> Result<Listed, RoutesError> {
    let mut lines = Lines::new(input, name);
    let mut list = List::default();
    while let Some(line) = lines.next()? {
        let line = std::str::from_utf8(line).ok().and_then(fields);
        let taken = line.and_then(|line| list.push(&line));
        if taken.is_none() && !(lines.number() == 1 && lines.is_heading()) {
            return Err(lines.wrong(expected));
        }
        if list.len() > ROUTES_MAX {
            return Err(RoutesError::TooMany { name: name.to_owned(), most: ROUTES_MAX });
        }
    }
    if list.len() == 0 { Err(lines.empty(expected)) } else { Ok(list.finish()) }
}

fn fields(line: &str) -> Option<Line<'_>> {
    let mut fields = line.splitn(4, ',').map(unquoted);
    let ends = (address(fields.next()?)?, address(fields.next()?)?);
    let asn = fields.next()?.trim_start_matches("AS").parse().ok()?;
    Some(Line { ends, asn, name: fields.next().unwrap_or_default() })
}

pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

/// Without quotes around; doubled ones inside stay, since names are for people only.
fn unquoted(field: &str) -> &str {
    field.trim().strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Asn;

    #[test]
    fn ranges_need_not_be_networks_and_may_come_in_any_order() {
        let text = "start,end,asn,name\n192.0.2.7,192.0.2.9,64496,\"Example, Ltd\"\n8.8.8.0,8.8.8.255,15169,Google\n\
                    2001:db8::,2001:db8::ff,64497,\"\"\n";
        let list = read(text.as_bytes(), "a.csv").unwrap();
        let at = |last: u8| list.table.v4.get(u32::from_be_bytes([192, 0, 2, last]));
        assert_eq!([6, 7, 9, 10].map(at), [0, 64_496, 64_496, 0]);
        assert_eq!(list.table.names.get(Asn(64_496)), Some("Example, Ltd"));
        assert_eq!(list.table.v6.get(0x2001_0db8 << 96 | 0xff), 64_497);
        assert_eq!(list.overlaps, 0);
    }

    #[test]
    fn overlapping_ranges_are_counted_and_the_later_start_holds() {
        let text = "10.0.0.0,10.0.0.99,1,a\n10.0.0.50,10.0.0.149,2,b\n10.0.0.60,10.0.0.69,3,c\n";
        let list = read(text.as_bytes(), "a.csv").unwrap();
        let at = |last: u8| list.table.v4.get(u32::from_be_bytes([10, 0, 0, last]));
        assert_eq!([49, 50, 60, 69, 70, 149, 150].map(at), [1, 2, 3, 3, 2, 2, 0]);
        assert_eq!(list.overlaps, 2);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for text in [
            "10.0.0.0,10.0.0.1,1,a\n10.0.0.9,10.0.0.1,1,a\n",
            "10.0.0.0,10.0.0.1,1,a\n10.0.0.0,::1,1,a\n",
            "10.0.0.0,10.0.0.1,1,a\n10.0.0.0,10.0.0.1,x,a\n",
            "10.0.0.0,10.0.0.1,1,a\nrow\n",
        ] {
            let error = read(text.as_bytes(), "a.csv").unwrap_err();
            assert!(matches!(error, RoutesError::Record { record: 2, .. }), "{text}: {error}");
        }
    }
}
