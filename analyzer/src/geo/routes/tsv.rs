//! Ranges as tab-separated values, as iptoasn.com publishes them: first address, last address, AS number, country of
//! the system's registration, name. Number 0 is "not routed". The country is that of the holder, not of the address, so
//! it is not used.

use std::io::BufRead;

use super::RoutesError;
use super::csv::{address, read_with};
use super::listed::{Line, Listed};

const RECORD: &str = "first and last address, AS number, country and name, separated by tabs";

/// Reads a whole list; `name` is for messages.
///
/// # Errors
/// [`RoutesError`] at the first line that is wrong, and for a file without any.
pub fn read(input: impl BufRead, name: &str) -> Result<Listed, RoutesError> {
    read_with(input, name, fields, RECORD)
}

fn fields(line: &str) -> Option<Line<'_>> {
    let mut fields = line.splitn(5, '\t');
    let ends = (address(fields.next()?)?, address(fields.next()?)?);
    let asn = fields.next()?.parse().ok()?;
    Some(Line { ends, asn, name: fields.nth(1).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Asn;

    #[test]
    fn not_routed_is_none() {
        let text = "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n";
        let list = read(text.as_bytes(), "ip2asn.tsv").unwrap();
        assert_eq!((list.table.v4.get(0x0100_0001), list.table.v4.get(0x0100_0101)), (13_335, 0));
        assert_eq!(list.table.names.get(Asn(13_335)), Some("CLOUDFLARENET"));
        assert!(read("1.0.0.0 1.0.0.255 13335\n1\n".as_bytes(), "a").is_err());
    }
}
