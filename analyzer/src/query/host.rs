//! A filter asked of a host: of its address, its place, its names and what it looks like.

use capturer::{Mac, Network, Packet};

use super::Query;
use crate::inventory::Knowledge;
use crate::observation::{End, Observation};

impl Query {
    /// Whether a host passes, of which this is known; `mac` is its hardware address on the captured link. Source and destination
    /// mean the host itself. The filter must have been read for [`Scope::Host`](capturer::filter::Scope::Host).
    pub fn matches_host(&self, end: &End, mac: Mac, known: Knowledge<'_>) -> bool {
        let packet = Packet {
            source: end.address,
            destination: end.address,
            source_mac: mac,
            destination_mac: mac,
            network: if end.address.is_ipv6() { Network::Ipv6 } else { Network::Ipv4 },
            ..Packet::empty()
        };
        self.matches(&packet, &[], (&Observation::of(&packet, *end, *end), known))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::IpAddr;

    use capturer::filter::Scope;

    use super::*;
    use crate::Facts;
    use crate::fingerprint::Family;
    use crate::geo::{Geo, Needs};
    use crate::local::LocalNetworks;
    use crate::names::Names;

    #[test]
    fn filters_ask_a_host_for_its_address_and_for_what_it_looks_like() {
        let geo = Geo::bundled(Needs { country: true, asn: false });
        let facts = Facts { geo, local: LocalNetworks::default() };
        let address: IpAddr = "192.168.1.7".parse().unwrap();
        let (names, systems) = (Names::new(0), HashMap::from([(address, Family::MacOs)]));
        let known = Knowledge { names: &names, systems: &systems };
        let mac = Mac([2, 0, 0, 0, 0, 9]);
        let holds = |address: &str, text: &str| {
            let query = Query::parse_for(text, Scope::Host).unwrap();
            query.matches_host(&facts.end(address.parse().unwrap()), mac, known)
        };
        for text in
            ["os macos", "os Apple", "src os unix", "net 192.168.0.0/16 and not os linux", "place private"]
        {
            assert!(holds("192.168.1.7", text), "{text}");
        }
        for text in ["os ios", "os unknown", "dst os windows", "not os apple", "ip6"] {
            assert!(!holds("192.168.1.7", text), "{text}");
        }
        assert!(holds("8.8.8.8", "os unknown and country US") && !holds("8.8.8.8", "os apple"));
        assert!(holds("2001:db8::1", "ip6") && holds("192.168.1.7", "ether host 02:00:00:00:00:09"));
        let error = Query::parse_for("tcp[13] & 2 != 0", Scope::Host).unwrap_err();
        assert!(error.message.contains("not on hosts"));
    }

    #[test]
    fn an_unknown_system_is_an_error_with_the_known_names() {
        let text = "country NL and os beos";
        let error = Query::parse(text).unwrap_err();
        let rendered = error.render(text);
        assert_eq!(&text[error.at..error.at + error.len], "beos");
        assert!(
            ["windows", "macos", "linux", "unknown"].iter().all(|known| rendered.contains(known)),
            "{rendered}"
        );
        for text in ["os apple", "os unix", "os network", "src os linux", "os unknown", "not os windows"] {
            assert_eq!(Query::parse(text).unwrap().to_string(), text);
        }
        assert!(Query::parse_for("os linux", Scope::Alert).is_err());
    }
}
