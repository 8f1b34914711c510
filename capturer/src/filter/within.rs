//! Questions about one layer of a frame with tunnels: `outer …` and `inner …`. What stands behind the word is asked in
//! view position of the packet of that layer; a frame without a tunnel is its own outermost and innermost layer.

use std::fmt::{self, Display, Formatter};

use super::evaluate::Subject;
use super::tree::{Expression, Upper};
use crate::decode::{Counted, MAX_LAYERS, decode, inner, layers, link::LINKS};
use crate::{Frame, Packet, PacketFacts};

/// What a frame's bytes don't answer by libpcap's rules.
#[derive(Clone, Debug)]
pub(super) enum Own<U> {
    /// A word of the caller's.
    Upper(Upper<U>),
    /// A question about one layer.
    Within(Counted, Expression<U>),
}

impl<U: Display> Display for Own<U> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upper(upper) => upper.fmt(f),
            Self::Within(counted, asked) => within(f, *counted, asked),
        }
    }
}

impl<U> Own<U> {
    /// The answer; `None` fails the whole filter. A frame that is no packet has no layers: nothing holds of them.
    #[inline(never)]
    pub(super) fn answer(&self, frame: &Frame<'_>, upper: impl FnOnce(&Upper<U>) -> bool) -> Option<bool> {
        let (counted, asked) = match self {
            Self::Upper(asked) => return Some(upper(asked)),
            Self::Within(counted, asked) => (*counted, asked),
        };
        let Ok(outermost) = decode(frame) else { return Some(false) };
        let packet = match counted {
            Counted::Outermost => outermost,
            Counted::Innermost => innermost(outermost, frame.bytes),
        };
        Subject { packet: &packet, bytes: frame.bytes }.holds(asked)
    }
}

/// The word before a question about a layer.
pub(super) const fn word(counted: Counted) -> &'static str {
    match counted {
        Counted::Outermost => "outer",
        Counted::Innermost => "inner",
    }
}

/// Canonical text: one question stands alone, several in parentheses.
pub(super) fn within(f: &mut Formatter<'_>, counted: Counted, asked: &impl Grouped) -> fmt::Result {
    let word = word(counted);
    if asked.is_one() { write!(f, "{word} {asked}") } else { write!(f, "{word} ({asked})") }
}

/// What may need parentheses.
pub(super) trait Grouped: Display {
    /// Whether it needs none.
    fn is_one(&self) -> bool;
}

impl<U: Display> Grouped for Expression<U> {
    fn is_one(&self) -> bool {
        matches!(self, Self::Test(_))
    }
}

impl Subject<'_> {
    /// Asks the layer; `None` when it can't be read again from the kept bytes.
    #[cold]
    #[inline(never)]
    pub(super) fn within<U>(self, counted: Counted, asked: &Expression<U>) -> Option<bool> {
        let packet = match counted {
            Counted::Outermost => outermost(self.packet, self.bytes)?,
            Counted::Innermost => innermost(*self.packet, self.bytes),
        };
        Subject { packet: &packet, bytes: self.bytes }.holds(asked)
    }

    /// A whole expression; none of the caller's words can be in it. The parser limits how deep it nests.
    fn holds<U>(self, asked: &Expression<U>) -> Option<bool> {
        match asked {
            Expression::Everything => Some(true),
            Expression::Test(test) => self.answer(test, nobody),
            Expression::Not(inside) => self.holds(inside).map(|held| !held),
            Expression::And(left, right) => Some(self.holds(left)? && self.holds(right)?),
            Expression::Or(left, right) => Some(self.holds(left)? || self.holds(right)?),
        }
    }
}

fn nobody<U>(_: &Upper<U>) -> bool {
    false
}

/// The last IP packet that can be read, as a [`Decoder`](crate::decode::Decoder) that counts the innermost finds it.
fn innermost(mut packet: Packet, bytes: &[u8]) -> Packet {
    for _ in 1..MAX_LAYERS {
        match inner(&packet, bytes) {
            Some(next) if next.is_ip() => packet = next,
            _ => break,
        }
    }
    packet
}

/// The packet around a counted one that is not the outermost. A record doesn't tell its link type, so the one is taken
/// whose layers lead to the very packet.
fn outermost(packet: &Packet, bytes: &[u8]) -> Option<Packet> {
    if !packet.facts.has(PacketFacts::INNER) {
        return Some(*packet);
    }
    let leads = |layer: &Packet| {
        let same = |of: &Packet| (of.network_offset, of.source, of.destination, of.protocol);
        same(layer) == same(packet)
    };
    LINKS.iter().find_map(|link| {
        let (number, at, wire_len) = (packet.number, packet.at, packet.wire_len);
        let frame = Frame { number, at, wire_len, link: link.kind, bytes };
        let mut layers = layers(&frame).map_while(Result::ok).map(|layer| layer.packet);
        let first = layers.next()?;
        layers.any(|layer| leads(&layer)).then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::bpf::Program;
    use crate::filter::{Filter, Uncompilable};
    use crate::{LinkType, Timestamp};

    const OUTER: [[u8; 4]; 2] = [[192, 0, 2, 1], [192, 0, 2, 2]];
    const INNER: [[u8; 4]; 2] = [[10, 0, 0, 1], [10, 0, 0, 2]];
    const GRE: [u8; 4] = [0, 0, 8, 0];

    fn ipv4(protocol: u8, [from, to]: [[u8; 4]; 2], payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(20 + payload.len()).unwrap();
        let begin = [0x45, 0, 0, length, 0, 1, 0, 0, 64, protocol, 0, 0];
        [&begin[..], &from, &to, payload].concat()
    }

    fn udp(to: u16, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(8 + payload.len()).unwrap();
        [&[0xc0, 0], &to.to_be_bytes()[..], &length.to_be_bytes(), &[0, 0], payload].concat()
    }

    fn ethernet(address: u8, packet: &[u8]) -> Vec<u8> {
        [&[address; 6][..], &[address + 1; 6], &[8, 0], packet].concat()
    }

    fn dns() -> Vec<u8> {
        ipv4(17, INNER, &udp(53, &[]))
    }

    /// An Ethernet frame within VXLAN, a packet within GRE, one within IP, and one without tunnel.
    fn frames() -> [Vec<u8>; 4] {
        let vxlan = [&[8, 0, 0, 0, 0, 0, 42, 0][..], &ethernet(4, &dns())].concat();
        [
            ethernet(2, &ipv4(17, OUTER, &udp(4789, &vxlan))),
            ethernet(2, &ipv4(47, OUTER, &[&GRE[..], &dns()].concat())),
            ethernet(2, &ipv4(4, OUTER, &dns())),
            ethernet(2, &ipv4(17, OUTER, &udp(53, &[]))),
        ]
    }

    fn ethernet_frame(bytes: &[u8]) -> Frame<'_> {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        Frame { number: 1, at: Timestamp::default(), wire_len, link: LinkType::ETHERNET, bytes }
    }

    /// In capture position, and in view position of the outermost and of the innermost packet.
    fn answers(text: &str, bytes: &[u8]) -> [bool; 3] {
        let filter = Filter::parse(text).unwrap();
        let frame = ethernet_frame(bytes);
        let outermost = decode(&frame).unwrap();
        let asked = filter.frame(LinkType::ETHERNET).unwrap();
        [
            asked.matches(bytes, frame.wire_len),
            filter.matches(&outermost, bytes),
            filter.matches(&innermost(outermost, bytes), bytes),
        ]
    }

    #[test]
    fn each_layer_answers_for_itself_whichever_counts() {
        for (text, expected) in [
            ("outer host 192.0.2.1", [true, true, true, true]),
            ("inner host 192.0.2.1", [false, false, false, true]),
            ("inner (host 10.0.0.1 and udp)", [true, true, true, false]),
            ("inner udp port 53", [true, true, true, true]),
            ("outer udp port 53", [false, false, false, true]),
            ("not inner net 10.0.0.0/8", [false, false, false, true]),
            ("inner net 10 and outer proto 47", [false, true, false, false]),
            ("inner udp[2:2] = 53", [true, true, true, true]),
            ("outer udp[2:2] = 53", [false, false, false, true]),
            ("inner ether host 04:04:04:04:04:04", [true, false, false, false]),
            ("outer port 4789 or 53", [true, false, false, true]),
            ("inner (not dst host 10.0.0.2)", [false, false, false, true]),
        ] {
            for (bytes, expected) in frames().iter().zip(expected) {
                assert_eq!(answers(text, bytes), [expected; 3], "{text} {bytes:02x?}");
            }
        }
    }

    #[test]
    fn a_frame_that_is_no_packet_has_no_layer_that_anything_holds_of() {
        let bytes = [&[2; 12][..], &[0x88, 0xcc, 0, 0]].concat();
        let passes = |text: &str| {
            let filter = Filter::parse(text).unwrap().frame(LinkType::ETHERNET).unwrap();
            filter.matches(&bytes, 16)
        };
        assert!(!passes("inner udp") && !passes("outer ip"));
        assert!(passes("not inner udp") && passes("ether proto 0x88cc"));
    }

    #[test]
    fn a_read_beyond_the_kept_bytes_fails_the_filter() {
        let [vxlan, ..] = frames();
        assert_eq!(answers("not inner udp[100] = 1", &vxlan), [false; 3]);
        let whole = ethernet_frame(&vxlan);
        let packet = innermost(decode(&whole).unwrap(), &vxlan);
        let unread = Filter::parse("not outer tcp").unwrap();
        assert!(unread.matches(&packet, &vxlan) && !unread.matches(&packet, &vxlan[..40]));
    }

    #[test]
    fn the_kernel_is_asked_the_rest() {
        let filter = Filter::parse("udp and inner tcp port 80").unwrap();
        let program = filter.frame(LinkType::ETHERNET).unwrap().program();
        assert_eq!(program, Err(Uncompilable::Word("inner tcp port 80".to_owned())));
        let shown = |text: &str| {
            let (program, again) = Filter::parse(text).unwrap().kernel(LinkType::ETHERNET);
            (program.map(|program: Program| program.to_string()), again)
        };
        assert_eq!(shown("udp and inner tcp port 80"), (shown("udp").0, true));
        assert_eq!(shown("not outer tcp"), (None, true));
    }

    #[test]
    fn the_outline_shows_what_is_asked_of_a_layer() {
        let filter = Filter::parse("udp and not inner (icmp or tcp port 80)").unwrap();
        let outline = filter.tree().outline();
        assert_eq!(outline, "and\n  udp\n  not\n    inner\n      or\n        icmp\n        tcp port 80\n");
    }
}
