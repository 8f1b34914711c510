//! The filter language, upper half: tcpdump's words and those that need geography and direction, asked of
//! observations.

mod alert;
mod flow;
mod host;
mod record;
mod words;

use std::fmt;

use capturer::filter::bpf::Program;
use capturer::filter::tree::{Expression, Test, Upper};
use capturer::filter::{Extended, ExtendedFrame, Scope};
use capturer::{Frame, LinkType, Packet};

pub use capturer::filter::{FilterError, LinkError};
pub use record::RecordFact;
pub use words::{Fact, NamedService, System};

use crate::geo::Needs;
use crate::inventory::Knowledge;
use crate::observation::Observation;
use words::WORDS;

/// A filter over observations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Extended<Fact>);

impl Query {
    /// Reads a filter; an empty text lets everything pass.
    ///
    /// # Errors
    /// [`FilterError`] says where, what, and what was expected.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::parse_for(text, Scope::Frame)
    }

    /// Reads a filter that will be asked of something else than packets; what it can't answer is refused.
    ///
    /// # Errors
    /// [`FilterError`] says where, what, and what was expected.
    pub fn parse_for(text: &str, scope: Scope) -> Result<Self, FilterError> {
        Extended::parse(text, WORDS, scope).map(Self)
    }

    /// Whether a packet passes of which this is known, and of its ends; `bytes` is what was kept of its frame, from
    /// the link header on.
    #[inline]
    pub fn matches(&self, packet: &Packet, bytes: &[u8], known: (&Observation, Knowledge<'_>)) -> bool {
        self.0.matches(packet, bytes, |upper| upper.value.holds(upper.side, known))
    }

    /// The filter in capture position, for frames of one link type: tcpdump's words are asked of their bytes.
    ///
    /// # Errors
    /// [`LinkError`] when frames of this link type can't be asked.
    pub fn frame(&self, link: LinkType) -> Result<FrameQuery, LinkError> {
        self.0.frame(link).map(FrameQuery)
    }

    /// The filter itself.
    pub const fn filter(&self) -> &Extended<Fact> {
        &self.0
    }

    /// What the kernel can ask at a live socket of this link type: it loses nothing that would pass, but may keep more.
    /// `None`: it keeps everything. The flag says whether the filter has to be asked again of what it keeps.
    pub fn kernel(&self, link: LinkType) -> (Option<Program>, bool) {
        self.0.kernel(link)
    }

    /// Whether everything passes because nothing is asked.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it asks which way packets go, seen from the local networks.
    pub fn asks_direction(&self) -> bool {
        asks(self.0.tree(), &|fact| matches!(fact, Fact::Direction(_)))
    }

    /// Whether it asks for names of addresses.
    pub fn asks_names(&self) -> bool {
        asks(self.0.tree(), &|fact| matches!(fact, Fact::Domain(_)))
    }

    /// Whether it asks what only exporters' records tell.
    pub fn asks_records(&self) -> bool {
        asks(self.0.tree(), &|fact| matches!(fact, Fact::Record(asked) if asked.is_of_exporters()))
    }

    /// Whether it asks what hosts look like.
    pub fn asks_systems(&self) -> bool {
        asks(self.0.tree(), &|fact| matches!(fact, Fact::System(_)))
    }

    /// The tables that it asks.
    pub fn needs(&self) -> Needs {
        Needs {
            country: asks(self.0.tree(), &|fact| {
                matches!(fact, Fact::Country(_) | Fact::Continent(_) | Fact::PlaceUnknown)
            }),
            asn: asks(self.0.tree(), &|fact| matches!(fact, Fact::Asn(_) | Fact::Record(RecordFact::As(_)))),
        }
    }
}

/// A filter over the frames of one link type.
#[derive(Clone, Debug)]
pub struct FrameQuery(ExtendedFrame<Fact>);

impl FrameQuery {
    /// Whether it asks what only the decoded packet can tell.
    pub fn asks_packet(&self) -> bool {
        self.0.asks_upper()
    }

    /// Whether a frame passes of whose packet this is known; of a frame that is none, our own words hold nothing.
    #[inline]
    pub fn matches(&self, frame: &Frame<'_>, known: Option<(&Observation, Knowledge<'_>)>) -> bool {
        let upper = |upper: &Upper<Fact>| known.is_some_and(|known| upper.value.holds(upper.side, known));
        self.0.matches(frame.bytes, frame.wire_len, upper)
    }
}

fn asks(tree: &Expression<Fact>, of: &impl Fn(&Fact) -> bool) -> bool {
    match tree {
        Expression::Everything => false,
        Expression::Test(Test::Within(_, inside)) => asks(inside, of),
        Expression::Test(test) => matches!(test, Test::Upper(upper) if of(&upper.value)),
        Expression::Not(inner) => asks(inner, of),
        Expression::And(left, right) | Expression::Or(left, right) => asks(left, of) || asks(right, of),
    }
}

impl fmt::Display for Query {
    /// The canonical text: one text for one meaning, which reads as the same filter again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    use capturer::{Network, Ports, Protocol, Transport};

    use crate::geo::{Asn, Category, CountryCode, Place};
    use crate::names::Names;
    use crate::observation::{End, Service};

    fn end(address: &str, country: Option<&str>, asn: Option<u32>, local: bool) -> End {
        let address: IpAddr = address.parse().unwrap();
        let place = Place {
            category: Category::of(address),
            country: country.and_then(CountryCode::new),
            asn: asn.map(Asn),
            cell: None,
        };
        End { address, place, local }
    }

    /// From 192.168.1.7 port 50000 to 145.7.7.7 port 443 in AS1136, NL, over UDP.
    fn outgoing(test: impl FnOnce(&Packet, &Observation)) {
        let (from, to) =
            (end("192.168.1.7", None, None, true), end("145.7.7.7", Some("NL"), Some(1136), false));
        let packet = Packet {
            source: from.address,
            destination: to.address,
            network: Network::Ipv4,
            protocol: Protocol::UDP,
            transport: Transport::Udp(Ports { source: 50000, destination: 443 }),
            ..Packet::empty()
        };
        test(&packet, &Observation::of(&packet, from, to));
    }

    #[test]
    fn words_ask_the_ends_the_direction_and_the_service() {
        outgoing(|packet, seen| {
            for (text, expected) in [
                ("", true),
                ("country NL", true),
                ("country nl and asn 1136", true),
                ("dst country NL", true),
                ("src country NL", false),
                ("src and dst country NL", false),
                ("country DE or NL", true),
                ("country DE or BE", false),
                ("not country NL", false),
                ("continent EU", true),
                ("dst continent eu and not continent NA", true),
                ("src continent EU", false),
                ("asn AS1136", true),
                ("src asn 1136", false),
                ("prefix 145.0.0.0/8 and dst prefix 145.7.0.0/16", true),
                ("src prefix 145.0.0.0/8", false),
                ("place private", true),
                ("dst place private", false),
                ("dst place global", true),
                ("place unknown", false),
                ("direction out", true),
                ("direction in or internal", false),
                ("service quic", true),
                ("service https", false),
                ("service udp/443", true),
                ("(udp port 443) and country NL", true),
                ("udp[0:2] = 50000", false),
            ] {
                let query = Query::parse(text).unwrap();
                assert_eq!(query.matches(packet, &[], (seen, (&Names::new(0)).into())), expected, "{text}");
                assert_eq!(Query::parse(&query.to_string()).unwrap(), query, "{query}");
            }
        });
    }

    #[test]
    fn a_known_service_is_that_of_the_answering_end() {
        outgoing(|packet, seen| {
            let service = Service { protocol: Protocol::UDP, port: 50000, sent: true };
            let seen = Observation { service: Some(service), ..*seen };
            let names = Names::new(0);
            let known = (&seen, (&names).into());
            assert!(!Query::parse("service quic").unwrap().matches(packet, &[], known));
            assert!(Query::parse("service udp/50000").unwrap().matches(packet, &[], known));
        });
    }

    #[test]
    fn canonical_text_is_one_for_one_meaning() {
        for (text, expected) in [
            ("asn AS1136", "asn 1136"),
            ("country nl or de", "country NL or country DE"),
            ("service tcp/443", "service https"),
            ("domain WWW.Example.org.", "domain www.example.org"),
            ("service domain", "service domain"),
            ("src or dst place link_local", "place link_local"),
            ("country TR and direction in", "country TR and direction in"),
            ("place broadcast or place multicast", "place broadcast or place multicast"),
        ] {
            assert_eq!(Query::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn faults_say_what_suits_the_word() {
        for (text, at, says) in [
            ("country Netherlands", 8, "two letters"),
            ("contry NL", 0, "did you mean `country`?"),
            ("asn KPN", 4, "1136"),
            ("prefix 192.0.2.1/24", 7, "192.0.2.0/24"),
            ("prefix 192.0.2.1", 7, "192.0.2.0/24"),
            ("place home", 6, "private"),
            ("direction sideways", 10, "transit"),
            ("src direction in", 0, "no source or destination"),
            ("tcp country NL", 0, "write `tcp and country …`"),
            ("tcp and NL", 8, "did you mean `country NL`?"),
            ("AS1136", 0, "did you mean `asn AS1136`?"),
            ("service htpps", 8, "https"),
            ("country", 7, "two letters"),
            ("domain localhost", 7, "example.org"),
        ] {
            let error = Query::parse(text).unwrap_err();
            let rendered = error.render(text);
            println!("{rendered}\n");
            assert_eq!(error.at, at, "{rendered}");
            assert!(rendered.contains(says), "{rendered}");
        }
    }

    #[test]
    fn what_a_host_cant_answer_is_refused_with_a_hint() {
        let text = "country NL and tcp[13] & 2 != 0";
        let error = Query::parse_for(text, Scope::Host).unwrap_err();
        println!("{}", error.render(text));
        assert_eq!(&text[error.at..error.at + error.len], "tcp[13] & 2 != 0");
        assert!(error.message.contains("works on frames, not on hosts") && error.hint.is_some());
        assert!(Query::parse_for("port 80", Scope::Host).is_err());
        assert!(Query::parse_for("country NL and net 145.0.0.0/8", Scope::Host).is_ok());
        assert!(Query::parse_for("tcp port 80 and direction in", Scope::Flow).is_ok());
    }

    #[test]
    fn one_layer_is_asked_beside_what_is_known_of_the_packet() {
        outgoing(|packet, seen| {
            for (text, expected) in [
                ("inner udp port 443 and country NL", true),
                ("country NL and not outer host 192.168.1.7", false),
            ] {
                let query = Query::parse(text).unwrap();
                assert_eq!(query.matches(packet, &[], (seen, (&Names::new(0)).into())), expected, "{text}");
                assert_eq!(query.needs(), Needs { country: true, asn: false });
            }
        });
        let error = Query::parse("inner country NL").unwrap_err();
        assert!(error.message.contains("counted packet only"), "{}", error.message);
    }

    #[test]
    fn only_what_is_asked_needs_its_table() {
        let needs = |text| Query::parse(text).unwrap().needs();
        assert_eq!(needs("tcp port 80 and place private"), Needs::default());
        assert_eq!(needs("tcp and not (udp or country NL)"), Needs { country: true, asn: false });
        assert_eq!(needs("asn 1136 or place unknown"), Needs::ALL);
    }
}
