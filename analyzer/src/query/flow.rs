//! A filter asked of a flow record: tcpdump's words of its addresses, ports and protocol, ours of its ends, and those of
//! flow exports of its own fields. nfdump's spellings of these are understood, too: they are put into one word each, in
//! as many characters, so that an error points at the place.

use std::borrow::Cow;

use capturer::Packet;
use capturer::filter::Scope;
use capturer::flow::FlowRecord;

use super::{Fact, FilterError, Query};
use crate::inventory::Knowledge;
use crate::observation::Observation;

/// Two words of nfdump's that are one of ours.
const PHRASES: [(&str, &str, &str); 9] = [
    ("in", "if", "inif"),
    ("out", "if", "outif"),
    ("next", "ip", "nextip"),
    ("bgpnext", "ip", "bgpnextip"),
    ("router", "ip", "routerip"),
    ("next", "as", "nextas"),
    ("prev", "as", "prevas"),
    ("src", "ip", "srcip"),
    ("dst", "ip", "dstip"),
];

/// Words of nfdump's that tcpdump has another for, which is no longer.
const WORDS: [(&str, &str); 5] =
    [("inet6", "ip6"), ("ipv6", "ip6"), ("inet", "ip"), ("ipv4", "ip"), ("any", "")];

/// Protocols that tcpdump asks for without `proto`.
const BARE: [&str; 8] = ["tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "esp", "ah"];

impl Query {
    /// Reads a filter that will be asked of flow records.
    ///
    /// # Errors
    /// [`FilterError`] says where, what, and what was expected.
    pub fn parse_records(text: &str) -> Result<Self, FilterError> {
        Self::parse_for(&respelled(text), Scope::Record)
    }

    /// Whether a flow record passes; `packet` and the observation are what [`flow_packet`](crate::flows::flow_packet) and
    /// [`flow_observation`](crate::flows::flow_observation) say of it. The filter must have been read by
    /// [`parse_records`](Self::parse_records).
    pub fn matches_flow(
        &self,
        record: &FlowRecord,
        packet: &Packet,
        known: (&Observation, Knowledge<'_>),
    ) -> bool {
        self.0.matches(packet, &[], |upper| match &upper.value {
            Fact::Record(asked) => asked.holds(upper.side, record, known.0),
            fact => fact.holds(upper.side, known),
        })
    }
}

/// The text with nfdump's spellings replaced by ours, each as long as it was.
fn respelled(text: &str) -> Cow<'_, str> {
    let words = words(text);
    let mut respelled = text.to_owned();
    for (at, &(from, to)) in words.iter().enumerate() {
        let word = &text[from..to];
        let next = words.get(at + 1).filter(|next| text[to..next.0].trim().is_empty());
        if let Some(&(begin, end)) = next {
            let phrase =
                PHRASES.iter().find(|(first, second, _)| *first == word && *second == &text[begin..end]);
            if let Some((.., ours)) = phrase {
                respelled.replace_range(from..end, &padded(ours, end - from));
                continue;
            }
            if word == "proto" && BARE.contains(&&text[begin..end]) {
                respelled.replace_range(from..to, &padded("", to - from));
            }
        }
        if let Some((_, ours)) = WORDS.iter().find(|(theirs, _)| *theirs == word) {
            respelled.replace_range(from..to, &padded(ours, to - from));
        }
    }
    if respelled == text { Cow::Borrowed(text) } else { Cow::Owned(respelled) }
}

fn padded(word: &str, length: usize) -> String {
    format!("{word:length$}")
}

/// Where words begin and end.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric() || *c == '_') {
        match words.last_mut() {
            Some((_, end)) if *end == at => *end += c.len_utf8(),
            _ => words.push((at, at + c.len_utf8())),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use capturer::flow::Exporter;
    use capturer::{Ports, Protocol, TcpFlags, Timestamp, Vlan};

    use crate::Facts;
    use crate::flows::{flow_observation, flow_packet};
    use crate::geo::Geo;
    use crate::local::LocalNetworks;
    use crate::names::Names;

    fn record() -> FlowRecord {
        FlowRecord {
            first: Timestamp::from_parts(1000, 0),
            last: Timestamp::from_parts(1010, 0),
            source: [192, 0, 2, 1].into(),
            destination: [198, 51, 100, 2].into(),
            ports: Ports { source: 50_000, destination: 443 },
            protocol: Protocol::TCP,
            tcp_flags: TcpFlags(0x13),
            traffic_class: 8,
            packets: 10,
            bytes: 5000,
            input: 3,
            output: 4,
            source_as: 64_496,
            next_as: 64_499,
            next_hop: [203, 0, 113, 1].into(),
            bgp_next_hop: "2001:db8::1".parse().unwrap(),
            exporter: Exporter { address: [203, 0, 113, 9].into(), domain: 77 },
            vlan: Vlan::from_tci(5),
            ..FlowRecord::empty()
        }
    }

    fn holds(text: &str) -> bool {
        let query = Query::parse_records(text).unwrap_or_else(|error| panic!("{}", error.render(text)));
        let again = Query::parse_records(&query.to_string()).unwrap();
        assert_eq!(again, query, "{query}");
        let facts = Facts { geo: Geo::empty(), local: LocalNetworks::default() };
        let (record, names) = (record(), Names::new(0));
        let packet = flow_packet(&record);
        let seen = flow_observation(&record, &packet, &facts);
        query.matches_flow(&record, &packet, (&seen, Knowledge::from(&names)))
    }

    #[test]
    fn words_of_flow_exports_ask_the_record() {
        for text in [
            "any",
            "src as 64496 and not dst as 64496",
            "as 64496",
            "in if 3 and out if 4 and if 4",
            "inif 3 and not outif 3",
            "next ip 203.0.113.1",
            "bgpnext ip 2001:db8::1",
            "router ip 203.0.113.9 and exporter 77 and sysid 77",
            "next as 64499 and not prev as 64499",
            "packets > 9 and bytes = 5000 and flows = 1",
            "pps < 2 and bps = 4000 and bpp >= 500",
            "duration = 10000",
            "flags S and flags AF and not flags R",
            "tos 8",
            "proto tcp and inet and ipv4",
            "not proto udp",
            "src ip 192.0.2.1 and dst ip 198.51.100.2",
            "src host 192.0.2.1 and tcp port 443 and vlan 5",
            "src net 192.0.2.0/24 and dst port 443 and place bogon",
            "(in   if 3) or (router\tip 192.0.2.9)",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in ["in if 4", "dst as 64496", "packets > 10", "src ip 198.51.100.2", "inet6", "exporter 1"]
        {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn packets_are_not_asked_what_only_records_tell_and_errors_point_at_it() {
        for (text, at) in
            [("next ip 300.1.1.1", 8), ("host 192.0.2.1 and in if x", 25), ("tcp[13] & 2 != 0", 0)]
        {
            let error = Query::parse_records(text).unwrap_err();
            assert_eq!(error.at, at, "{}", error.render(text));
        }
        for text in ["inif 3", "src as 64496", "packets > 5", "flags S"] {
            let error = Query::parse(text).unwrap_err();
            assert!(error.message.contains("flow records, not on frames"), "{}", error.render(text));
        }
        for text in ["os linux", "domain example.org"] {
            assert!(
                Query::parse_records(text).unwrap_err().message.contains("not on flow records"),
                "{text}"
            );
        }
    }
}
