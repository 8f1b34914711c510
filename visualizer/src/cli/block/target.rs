//! What is to be blocked: an autonomous system, a country, a network or an address.
//!
//! Written as in filters (`asn 1136`, `country NL`, `prefix 192.0.2.0/24`, `host 192.0.2.1`) or for short (`AS1136`, `NL`,
//! `192.0.2.0/24`). A network with host bits is refused: rounding it would block more than was asked.

use std::fmt;
use std::net::IpAddr;

use analyzer::Network;
use analyzer::geo::{Asn, CountryCode};

/// One thing to block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All networks of an autonomous system.
    Asn(Asn),
    /// All networks that are used in a country.
    Country(CountryCode),
    /// A network, or an address as the network of its own.
    Network(Network),
}

impl Target {
    /// The kind in documents.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Asn(_) => "asn",
            Self::Country(_) => "country",
            Self::Network(_) => "prefix",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asn(asn) => write!(f, "AS{}", asn.0),
            Self::Country(code) => write!(f, "{code}"),
            Self::Network(network) => write!(f, "{network}"),
        }
    }
}

/// Reads targets, parted by blanks or commas.
///
/// # Errors
/// Says which word is no target and what was expected.
pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Target>, String> {
    let mut words = texts
        .into_iter()
        .flat_map(|text| text.split(|c: char| c == ',' || c.is_whitespace()))
        .filter(|word| !word.is_empty());
    let mut targets = Vec::new();
    while let Some(word) = words.next() {
        let read = match KEYWORDS.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word)) {
            Some((_, read)) => {
                let value = words.next().ok_or_else(|| format!("{word}: what follows is missing"))?;
                read(value).ok_or_else(|| format!("{word} {value}: expected {EXPECTED}"))?
            }
            None => short(word)?,
        };
        if !targets.contains(&read) {
            targets.push(read);
        }
    }
    Ok(targets)
}

/// What a target looks like.
pub(crate) const EXPECTED: &str = "AS1136, NL, 192.0.2.0/24 or an address";

type Reader = fn(&str) -> Option<Target>;

/// The words of the filter language, and what follows each.
const KEYWORDS: [(&str, Reader); 5] =
    [("asn", asn), ("country", country), ("prefix", network), ("net", network), ("host", host)];

fn short(word: &str) -> Result<Target, String> {
    if word.contains(['.', ':']) {
        return network(word).ok_or_else(|| no_network(word));
    }
    let number = word.get(..2).filter(|letters| letters.eq_ignore_ascii_case("as")).map(|_| &word[2..]);
    let number = number.filter(|number| !number.is_empty());
    number
        .map_or_else(|| country(word), asn)
        .ok_or_else(|| format!("\"{word}\" is no target: expected {EXPECTED}"))
}

fn asn(text: &str) -> Option<Target> {
    let digits =
        text.get(..2).filter(|letters| letters.eq_ignore_ascii_case("as")).map_or(text, |_| &text[2..]);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).map(|number| Target::Asn(Asn(number)))
}

fn country(text: &str) -> Option<Target> {
    CountryCode::new(text).map(Target::Country)
}

fn host(text: &str) -> Option<Target> {
    text.parse::<IpAddr>().ok().and_then(|address| network(&address.to_string()))
}

/// A network without host bits; an IPv4-mapped one is the IPv4 network, which is what goes over the wire.
fn network(text: &str) -> Option<Target> {
    let network: Network = text.parse().ok()?;
    let address: IpAddr = text.split('/').next()?.trim().parse().ok()?;
    if network.address() != address {
        return None;
    }
    let mapped = match address {
        IpAddr::V6(v6) if network.prefix_len() >= 96 => v6.to_ipv4_mapped(),
        _ => None,
    };
    Some(Target::Network(mapped.map_or(network, |v4| Network::new(v4.into(), network.prefix_len() - 96))))
}

/// Host bits, or no network at all.
fn no_network(word: &str) -> String {
    match word.parse::<Network>() {
        Ok(network) => {
            let address = word.split('/').next().unwrap_or_default();
            format!("{word} has bits set behind its length: expected {network} or {address}")
        }
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<String>, String> {
        Ok(parse(texts.iter().copied())?.iter().map(Target::to_string).collect())
    }

    #[test]
    fn targets_are_read_in_every_spelling() {
        let facts: [(&[&str], &[&str]); 7] = [
            (&["AS1136"], &["AS1136"]),
            (&["as1136", "asn", "1136", "asn 1136", "ASN AS1136"], &["AS1136"]),
            (&["NL", "country be"], &["NL", "BE"]),
            (&["192.0.2.0/24,198.51.100.7"], &["192.0.2.0/24", "198.51.100.7/32"]),
            (&["prefix", "2001:db8::/32", "host 2001:DB8::1"], &["2001:db8::/32", "2001:db8::1/128"]),
            (&["::ffff:192.0.2.1", "::ffff:192.0.2.0/120"], &["192.0.2.1/32", "192.0.2.0/24"]),
            (&["AS"], &["AS"]), // American Samoa
        ];
        for (given, expected) in facts {
            assert_eq!(read(given).unwrap(), expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_no_target_is_named_with_what_was_expected() {
        for (given, part) in [
            ("1136", "\"1136\" is no target"),
            ("AS99999999999", "is no target"),
            ("AS-1", "is no target"),
            ("asn", "asn: what follows is missing"),
            ("asn NL", "asn NL: expected"),
            ("country 12", "country 12: expected"),
            (
                "192.0.2.7/24",
                "192.0.2.7/24 has bits set behind its length: expected 192.0.2.0/24 or 192.0.2.7",
            ),
            ("192.0.2.0/33", "expected a network such as"),
            ("é\u{301}x", "is no target"),
            ("example.org", "expected a network such as"),
        ] {
            let error = read(&[given]).unwrap_err();
            assert!(error.contains(part), "{given}: {error}");
        }
    }
}
