//! A filter asked of an alert: whether it is about a source and a target for which it holds.

use capturer::{Network, Packet, Ports, Protocol, TcpFlags, TcpOptions, TcpQuirks, Transport};

use super::Query;
use crate::alert::{Alert, Party};
use crate::facts::Facts;
use crate::names::Names;

impl Query {
    /// Whether an alert passes: for one of its sources with one of its targets. Of a party that the alert does not name
    /// nothing holds. The filter must have been read for [`Scope::Alert`](capturer::filter::Scope::Alert).
    pub fn matches_alert(&self, alert: &Alert, (facts, names): (&Facts, &Names)) -> bool {
        let ends = |parties: &[Party]| match parties {
            [] => vec![None],
            some => some.iter().copied().map(Some).collect(),
        };
        let targets = ends(&alert.targets);
        ends(&alert.sources).into_iter().any(|source| {
            targets.iter().any(|target| {
                let packet = between(source, *target);
                let mut seen = facts.observation(&packet);
                seen.rule = Some(alert.rule.id);
                self.matches(&packet, &[], (&seen, names.into()))
            })
        })
    }
}

/// A packet from one party to the other, as a filter looks at it.
fn between(source: Option<Party>, target: Option<Party>) -> Packet {
    let nobody = Packet::empty();
    let (from, to) = (source.map(|party| party.address), target.map(|party| party.address));
    let port = |party: Option<Party>| party.and_then(|party| party.port).unwrap_or(0);
    let tcp = capturer::Tcp {
        ports: Ports { source: port(source), destination: port(target) },
        sequence: 0,
        acknowledgment: 0,
        flags: TcpFlags::default(),
        window: 0,
        quirks: TcpQuirks::default(),
        options: TcpOptions::NONE,
    };
    let is_v6 = from.or(to).is_some_and(|address| address.is_ipv6());
    Packet {
        source: from.unwrap_or(nobody.source),
        destination: to.unwrap_or(nobody.destination),
        network: if is_v6 { Network::Ipv6 } else { Network::Ipv4 },
        protocol: Protocol::TCP,
        transport: Transport::Tcp(tcp),
        ..nobody
    }
}

#[cfg(test)]
mod tests {
    use capturer::Timestamp;
    use capturer::filter::Scope;

    use super::*;
    use crate::detect::{Book, Group, Thresholds, rules};
    use crate::geo::{Geo, Needs};
    use crate::local::LocalNetworks;

    #[test]
    fn filters_ask_an_alert_for_its_rule_parties_and_places() {
        let rule = rules().find(|rule| rule.id == "scan.port.tcp_syn").unwrap();
        let mut book = Book::new(Thresholds::default(), ahash::RandomState::with_seeds(1, 2, 3, 4));
        let source = Party::host("192.0.2.7".parse().unwrap());
        let target = Party::service("198.51.100.1".parse().unwrap(), 22);
        book.case(rule, Group::between(source, target), Timestamp::EPOCH).count(1);
        let facts = Facts {
            geo: Geo::bundled(Needs { country: false, asn: false }),
            local: LocalNetworks::default(),
        };
        let holds = |text: &str| {
            let query = Query::parse_for(text, Scope::Alert).unwrap();
            query.matches_alert(&book.alerts()[0], (&facts, &Names::new(0)))
        };
        for text in ["alert scan.port", "alert scan and src net 192.0.2.0/24", "dst host 198.51.100.1"] {
            assert!(holds(text), "{text}");
        }
        for text in ["alert scan.host", "src host 198.51.100.1", "not alert scan.port.tcp_syn"] {
            assert!(!holds(text), "{text}");
        }
        assert!(Query::parse("alert scan.port").is_err(), "packets have no rule");
        assert!(Query::parse_for("alert scan.none", Scope::Alert).is_err());
    }
}
