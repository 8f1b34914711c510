//! Registered domains: what somebody can register below a registry's suffix, by the Public Suffix List
//! (publicsuffix.org; compiled in by the `psl` crate). Only the list's registry part counts; of a provider's suffix such as
//! `github.io` the provider is the holder, and it is what both seeds of this feature show, too.

use psl::Type;

/// `example.co.uk` of `www.example.co.uk`; `None` for a name below no registry's suffix (`printer.local`), for a suffix
/// itself, and for an underscored name.
pub fn registered(name: &str) -> Option<&str> {
    let mut tail = name;
    let suffix = loop {
        let suffix = psl::suffix(tail.as_bytes())?;
        match suffix.typ()? {
            Type::Icann => break suffix.as_bytes().len(),
            Type::Private => {
                let from = tail.len().checked_sub(suffix.as_bytes().len())?;
                tail = tail.get(from..)?.split_once('.')?.1;
            }
        }
    };
    let rest = name.get(..name.len().checked_sub(suffix + 1)?)?;
    let label = rest.rsplit('.').next().filter(|label| !label.is_empty() && !label.starts_with('_'))?;
    name.get(rest.len() - label.len()..)
}

/// Whether a name is a domain or lies below it; both in lower case.
pub fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_domains_follow_the_registries_part_of_the_list() {
        for (name, expected) in [
            ("www.example.org", Some("example.org")),
            ("example.org", Some("example.org")),
            ("a.b.example.co.uk", Some("example.co.uk")),
            ("someone.github.io", Some("github.io")),
            ("bucket.s3.dualstack.eu-west-1.amazonaws.com", Some("amazonaws.com")),
            ("d111111abcdef8.cloudfront.net", Some("cloudfront.net")),
            ("city.kawasaki.jp", Some("city.kawasaki.jp")),
            ("a.b.kawasaki.jp", Some("a.b.kawasaki.jp")),
            ("org", None),
            ("co.uk", None),
            ("printer.local", None),
            ("localhost", None),
            ("_dmarc.org", None),
        ] {
            assert_eq!(registered(name), expected, "{name}");
        }
    }

    #[test]
    fn a_domain_holds_itself_and_what_is_below() {
        assert!(is_within("example.org", "example.org") && is_within("a.example.org", "example.org"));
        assert!(!is_within("badexample.org", "example.org") && !is_within("org", "example.org"));
    }
}
