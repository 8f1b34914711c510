//! pyasn's text format: a prefix, white space, an AS number; `;` begins a comment. asncounter's cache has it as
//! `ipasn_DATE.TIME.dat`, `.gz` too. A prefix that comes with several numbers has several origins.

use std::io::{self, BufRead, Write};

use super::lines::Lines;
use super::{ROUTES_MAX, Routes, RoutesBuilder, RoutesError};
use crate::geo::Asn;
use crate::inet;
use crate::network::Network;

const RECORD: &str = "a prefix and an AS number, such as 192.0.2.0/24 and 64496";

/// Reads a whole table; `name` is for messages.
///
/// # Errors
/// [`RoutesError`] at the first record that is wrong, and for a file without any.
pub fn read(input: impl BufRead, name: &str) -> Result<Routes, RoutesError> {
    let mut lines = Lines::new(input, name);
    let mut builder = RoutesBuilder::new();
    lines.each(RECORD, |line| {
        let record = plain(line).or_else(|| record(line));
        record.inspect(|(network, origin)| builder.push(*network, *origin)).is_some()
    })?;
    if builder.dropped() > 0 {
        return Err(RoutesError::TooMany { name: name.to_owned(), most: ROUTES_MAX });
    }
    let routes = builder.build();
    if routes.is_empty() { Err(lines.empty(RECORD)) } else { Ok(routes) }
}

/// Writes a table so that [`read`], pyasn and asncounter read it; each line of `comment` goes before it.
///
/// # Errors
/// Those of `out`.
pub fn write(routes: &Routes, comment: &str, mut out: impl Write) -> io::Result<()> {
    for line in comment.lines() {
        writeln!(out, "; {line}")?;
    }
    for route in routes.iter() {
        for origin in route.origins {
            writeln!(out, "{}\t{}", route.network, origin.0)?;
        }
    }
    Ok(())
}

/// A record as pyasn's own tools write it, without a detour over text; nothing where it is anything else.
#[inline]
fn plain(line: &[u8]) -> Option<(Network, Asn)> {
    let (address, rest) = inet::prefix(line)?;
    let (len, rest) = number(rest.strip_prefix(b"/")?)?;
    let (origin, rest) = number(rest.strip_prefix(b"\t")?)?;
    let longest = if address.is_ipv6() { 128 } else { 32 };
    (len <= longest && rest.is_empty()).then(|| (Network::new(address, len as u8), Asn(origin)))
}

/// Digits that 32 bits hold in any case, and what follows them.
#[inline]
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at(digits);
    let value = digits.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    (1..=10).contains(&digits.len()).then_some((u32::try_from(value).ok()?, rest))
}

/// A record in any form that is allowed.
#[cold]
fn record(line: &[u8]) -> Option<(Network, Asn)> {
    let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let (prefix, origin) = (fields.next()?, fields.next()?);
    if fields.next().is_some() || !prefix.contains('/') {
        return None;
    }
    Some((prefix.parse().ok()?, Asn(origin.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blanks_are_no_records() {
        let text = "; made by hand\n\n192.0.2.0/24\t64496\r\n2001:db8::/32\t64496\n192.0.2.0/24\t64500";
        let routes = read(text.as_bytes(), "test.dat").unwrap();
        assert_eq!(routes.counts(), (1, 1));
        assert_eq!(routes.get("192.0.2.9".parse().unwrap()).unwrap().origins, [Asn(64_496), Asn(64_500)]);
    }

    #[test]
    fn a_wrong_record_is_named() {
        for (text, record) in [
            ("192.0.2.0/24\t64496\nnonsense\n", 2),
            ("; c\n192.0.2.0/33\t1\n", 2),
            ("192.0.2.0\t1\n", 1),
            ("192.0.2.0/24 1 2\n", 1),
            ("192.0.2.0/24\t-1\n", 1),
            ("192.0.2.0/24\t4294967296\n", 1),
            ("\u{0}\n", 1),
        ] {
            let error = read(text.as_bytes(), "ipasn.dat").unwrap_err();
            assert!(
                matches!(&error, RoutesError::Record { record: at, .. } if *at == record),
                "{text}: {error}"
            );
        }
        let error = read("x\u{1b}[31m\n".as_bytes(), "ipasn.dat").unwrap_err().to_string();
        assert_eq!(
            error,
            "ipasn.dat: record 1: expected a prefix and an AS number, such as 192.0.2.0/24 and 64496, found \"x\\u{1b}[31m\""
        );
        assert!(matches!(read("; nothing\n".as_bytes(), "a"), Err(RoutesError::Empty { .. })));
    }

    #[test]
    fn a_line_without_end_is_refused_in_bounded_memory() {
        let endless = io::BufReader::new(io::Read::take(io::repeat(b'1'), 1 << 30));
        assert!(matches!(read(endless, "a"), Err(RoutesError::Record { record: 1, .. })));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let text = "10.0.0.0/8\t1\n10.0.0.0/9\t2\n10.128.0.0/9\t2\n2001:db8::/32\t3\n2001:db8::/32\t4\n";
        let mut written = Vec::new();
        write(&read(text.as_bytes(), "a").unwrap(), "source: a\ndate: 2026-06-01", &mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written, format!("; source: a\n; date: 2026-06-01\n{text}"));
    }
}
