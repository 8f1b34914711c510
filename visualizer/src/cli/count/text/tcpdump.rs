//! tcpdump's text: which addresses a line tells of. Read are the forms of `-n`, `-q`, `-t` to `-ttttt`, `-#`, `-e`, `-v`,
//! `-i any` and service names, in any mixture; the grammar was taken from what tcpdump 4.99 prints.
//!
//! With `-v` a packet of IPv4 has two lines: the first tells of the header, the second, indented, of the addresses. What
//! hangs below a packet with a tab (hex, decoded options, the packet inside an ICMP error) belongs to it and is not
//! another one.

use super::cursor::Cursor;
use super::{Read, Side, Verdict, stamp};

const PACKET: &str =
    "a packet of tcpdump -n, such as `12:00:00.000000 IP 192.0.2.1.443 > 198.51.100.1.5555: ...`";
const ADDRESSES: &str = "numbers for addresses: run tcpdump with -n";
const SECOND: &str = "the second line of a packet after its header";

/// What the lines before this one say of it.
#[derive(Debug, Default)]
pub(super) struct Tcpdump {
    /// There was a packet, so that lines with a tab hang below it.
    began: bool,
    /// The last line was the first of two.
    held: bool,
    /// The last line was the first of two of a packet inside a packet.
    inner: bool,
}

/// What a line holds.
enum Parsed<'a> {
    /// Source and destination as they stand there.
    Pair(&'a [u8], &'a [u8]),
    /// The header of a packet whose addresses are on the next line.
    Header,
    Nothing,
}

impl Tcpdump {
    /// Reads a line: as it came, and trimmed.
    #[inline]
    pub(super) fn read(&mut self, raw: &[u8], text: &[u8], side: Side) -> Read {
        if self.hangs_below(raw, text) {
            return Verdict::Joined.into();
        }
        let held = std::mem::take(&mut self.held);
        self.inner = false;
        let parsed = if held { pair(&mut Cursor(text)) } else { parse(text) };
        match parsed {
            Parsed::Pair(source, destination) => {
                self.began = true;
                Read {
                    abandoned: None,
                    joined: held,
                    verdict: side.of(source, destination).unwrap_or(Verdict::Failed(ADDRESSES)),
                }
            }
            // The header stands alone: this line is read for itself.
            _ if held => Read { abandoned: Some(SECOND), ..self.read(raw, text, side) },
            Parsed::Header => {
                (self.began, self.held) = (true, true);
                Verdict::Held.into()
            }
            Parsed::Nothing => Verdict::Failed(PACKET).into(),
        }
    }

    /// At the end: what is missing, if a header waits for its second line.
    pub(super) fn finish(&mut self) -> Option<&'static str> {
        std::mem::take(&mut self.held).then_some(SECOND)
    }

    /// Whether a line belongs to a packet that was read already.
    fn hangs_below(&mut self, raw: &[u8], text: &[u8]) -> bool {
        match raw.first() {
            Some(b'\t') if self.began && !self.held => {
                self.inner = text.starts_with(b"IP") && text.ends_with(b")");
                true
            }
            Some(b' ') => std::mem::take(&mut self.inner),
            _ => false,
        }
    }
}

#[inline]
fn parse(text: &[u8]) -> Parsed<'_> {
    match plain(text) {
        Some((source, destination)) => Parsed::Pair(source, destination),
        None => parse_any(text),
    }
}

fn parse_any(text: &[u8]) -> Parsed<'_> {
    let mut at = Cursor(text);
    stamp::skip(&mut at);
    if !stamp::is_keyword(at.peek()) {
        link_header(&mut at);
        shim(&mut at);
    }
    if stamp::is_keyword(at.peek()) {
        at.token();
    }
    // PPP writes its number and the length behind the keyword.
    if at.rest().starts_with(b"(0x") && !at.behind(b": ") {
        return Parsed::Nothing;
    }
    remarks(&mut at)
}

/// The most frequent form, `TIME IP SOURCE > DESTINATION: …` with a blank each; nothing for all others, and where a word is
/// not the beginning of an address.
#[inline]
fn plain(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (time, rest) = word(text)?;
    let rest = rest.strip_prefix(b"IP")?;
    let (source, rest) = word(rest.strip_prefix(b"6").unwrap_or(rest).strip_prefix(b" ")?)?;
    let (destination, _) = word(rest.strip_prefix(b"> ")?)?;
    let is_address = |word: &[u8]| word.len() > 1 && (word[0].is_ascii_hexdigit() || word[0] == b':');
    let plain = is_address(source) && is_address(destination) && stamp::is_stamp(time);
    plain.then_some((source, destination.strip_suffix(b":")?))
}

/// What stands before the next blank and what behind it.
#[inline]
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b' ')?;
    Some((&text[..end], &text[end + 1..]))
}

/// The link header of `-e`: up to the colon behind the length; then VLAN tags, each with the type of what follows.
fn link_header(at: &mut Cursor<'_>) {
    let word = at.peek();
    if !(is_mac(word) || matches!(word, b"ethertype" | b"AF" | b"Broadcast")) {
        return;
    }
    let mut ahead = at.clone();
    if ahead.behind(b"length ") && ahead.behind(b": ") {
        *at = ahead;
    }
    while at.peek() == b"vlan" {
        if !(at.behind(b"ethertype ") && at.behind(b"), ")) {
            return;
        }
    }
}

/// MPLS labels and PPPoE sessions stand before the keyword.
fn shim(at: &mut Cursor<'_>) {
    if !matches!(at.peek(), b"MPLS" | b"PPPoE") {
        return;
    }
    while !stamp::is_keyword(at.peek()) && !at.rest().is_empty() {
        let passed = !at.rest().starts_with(b"(") && !at.token().is_empty();
        if !passed && !at.behind_group() {
            return;
        }
    }
}

/// `aa:bb:cc:dd:ee:ff`
fn is_mac(word: &[u8]) -> bool {
    word.len() == 17
        && word.chunks(3).all(|part| {
            part[..2].iter().all(u8::is_ascii_hexdigit) && part.get(2).is_none_or(|byte| *byte == b':')
        })
}

/// Remarks between the keyword and the addresses: cut, contradicting lengths, the header of `-v`.
#[inline]
fn remarks<'a>(at: &mut Cursor<'a>) -> Parsed<'a> {
    let mut header = false;
    loop {
        let rest = at.rest();
        let passed = match rest.first() {
            Some(b'(') => {
                header = true;
                at.behind_group()
            }
            Some(b'[') => at.behind(b"]"),
            Some(b't') if rest.starts_with(b"truncated-ip") => at.behind(b"missing!"),
            Some(_) => return pair(at),
            None => return if header { Parsed::Header } else { Parsed::Nothing },
        };
        if !passed {
            return Parsed::Nothing;
        }
    }
}

/// `SOURCE > DESTINATION:`
#[inline]
fn pair<'a>(at: &mut Cursor<'a>) -> Parsed<'a> {
    let source = at.token();
    if at.token() != b">" {
        return Parsed::Nothing;
    }
    match at.token().strip_suffix(b":") {
        Some(destination) => Parsed::Pair(source, destination),
        None => Parsed::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::count::text::{Format, Reader};

    fn read(text: &str) -> Vec<Verdict> {
        let mut reader = Reader::new(Format::Tcpdump, Side::Src);
        let mut all = Vec::new();
        for line in text.lines() {
            let read = reader.read(line.as_bytes());
            all.extend(read.abandoned.map(Verdict::Failed));
            all.push(read.verdict);
        }
        all.extend(reader.finish().map(Verdict::Failed));
        all
    }

    fn sources(text: &str) -> Vec<String> {
        let address = |verdict| match verdict {
            Verdict::Counted { first, .. } => Some(first.to_string()),
            Verdict::Failed(_) => Some("failed".to_owned()),
            Verdict::Skipped => Some("skipped".to_owned()),
            Verdict::Joined | Verdict::Held => None,
        };
        read(text).into_iter().filter_map(address).collect()
    }

    #[test]
    fn every_form_of_time_and_link_header_is_read() {
        for line in [
            "IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "12:00:00.000001 IP 192.0.2.1.443 > 198.51.100.1.5555: Flags [S], seq 1, win 1, length 0",
            "1748347200.000001 IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            " 00:00:00.000001 IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "2025-05-27 12:00:00.000001 IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "    7  2025-05-27 12:00:00.000001 IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "someday IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "12:00:00.000001 eth0  In  IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "wlan0 Out IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "12:00:00.000001 lo    In  ifindex 1 00:00:00:00:00:00 ethertype IPv4 (0x0800), length 66: 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "12:00:00.000001  In 00:00:00:00:00:00 ethertype IPv4 (0x0800), length 76: 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "12:00:00.000001 aa:bb:cc:dd:ee:ff > 11:22:33:44:55:66, ethertype IPv4 (0x0800), length 66: 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "aa:bb:cc:dd:ee:ff (oui Unknown) > Broadcast, ethertype IPv4 (0x0800), length 66: 192.0.2.1.bootps > 255.255.255.255.bootpc: BOOTP/DHCP",
            "12:00:00.1 aa:bb:cc:dd:ee:ff > 11:22:33:44:55:66, ethertype 802.1Q (0x8100), length 70: vlan 5, p 0, ethertype IPv4 (0x0800), 192.0.2.1.1 > 192.0.2.2.2: tcp 0",
            "12:00:00.1 aa:bb:cc:dd:ee:ff > 11:22:33:44:55:66, ethertype MPLS unicast (0x8847), length 70: MPLS (label 16, exp 0, [S], ttl 64) IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 1, length 64",
            "12:00:00.1 PPPoE  [ses 0x1] IP 192.0.2.1.1 > 192.0.2.2.2: tcp 0",
            "12:00:00.1 PPPoE  [ses 0x1] IP (0x0021), length 58: 192.0.2.1.1 > 192.0.2.2.2: tcp 0",
            "12:00:00.1 AF IPv4 (2), length 60: 192.0.2.1.1 > 192.0.2.2.2: tcp 0",
            "12:00:00.1 IP [total length 52 > length 44] (invalid) 192.0.2.1.62122 > 198.51.100.1.443: tcp 0",
            "12:00:00.1 IP truncated-ip - 10 bytes missing! 192.0.2.1.443 > 198.51.100.1.5555: tcp 0",
            "12:00:00.1 IP 192.0.2.1.https > 198.51.100.1.5555: tcp 0",
            "12:00:00.1 IP 192.0.2.1 > 198.51.100.1: ICMP echo request, id 1, seq 1, length 64",
            "12:00:00.1 IP 192.0.2.1.443 > host.example.com.5555: tcp 0",
        ] {
            assert_eq!(sources(line), ["192.0.2.1"], "{line}");
        }
    }

    #[test]
    fn ipv6_with_and_without_ports_headers_and_mapped_addresses() {
        for (line, source) in [
            ("12:00:00.1 IP6 2001:db8::2.443 > 2001:db8:1::5.6666: tcp 1208", "2001:db8::2"),
            (
                "12:00:00.1 IP6 2001:db8::2 > 2001:db8:1::5: ICMP6, echo request, seq 1, length 64",
                "2001:db8::2",
            ),
            (
                "12:00:00.1 IP6 ::ffff:192.0.2.1 > 2001:db8:1::5: ICMP6, echo request, length 64",
                "::ffff:192.0.2.1",
            ),
            ("12:00:00.1 IP6 ::ffff:192.0.2.1.443 > 2001:db8:1::5.1: tcp 0", "::ffff:192.0.2.1"),
            (
                "IP6 (flowlabel 0x1, hlim 64, next-header TCP (6) payload length: 32) 2001:db8::2.443 > 2001:db8:1::5.1: Flags [.]",
                "2001:db8::2",
            ),
            ("IP6 truncated-ip6 - 8 bytes missing!2001:db8::2.443 > 2001:db8:1::5.1: tcp 0", "2001:db8::2"),
            ("IP6 :: > ff02::16: HBH ICMP6, multicast listener report v2", "::"),
        ] {
            assert_eq!(sources(line), [source], "{line}");
        }
    }

    #[test]
    fn two_lines_of_one_packet_count_once() {
        let text = "12:00:00.1 IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60)\n    192.0.2.1.443 > 198.51.100.1.5555: Flags [S]\n";
        assert_eq!(sources(text), ["192.0.2.1"]);
        let linked = "aa:bb:cc:dd:ee:ff > 11:22:33:44:55:66, ethertype IPv4 (0x0800), length 66: (tos 0x0, ttl 64, proto UDP (17), length 60)\n    192.0.2.1.443 > 198.51.100.1.5555: UDP\n";
        assert_eq!(sources(linked), ["192.0.2.1"]);
    }

    #[test]
    fn a_header_without_its_second_line_fails_alone() {
        let header = "12:00:00.1 IP (tos 0x0, proto TCP (6), length 60)\n";
        let next = "12:00:00.1 IP 192.0.2.1.443 > 198.51.100.1.5555: tcp 0\n";
        assert_eq!(sources(&format!("{header}{next}")), ["failed", "192.0.2.1"]);
        assert_eq!(
            sources(&format!("{header}{header}    192.0.2.1.1 > 192.0.2.2.2: tcp 0")),
            ["failed", "192.0.2.1"]
        );
        assert_eq!(sources(header), ["failed"]);
    }

    #[test]
    fn what_hangs_below_a_packet_is_not_another_one() {
        let text = "12:00:00.1 IP (tos 0x0, ttl 64, proto ICMP (1), length 56)\n    192.0.2.1 > 198.51.100.1: ICMP host 192.0.2.9 unreachable, length 36\n\
                    \tIP (tos 0x0, ttl 1, proto UDP (17), length 28)\n    198.51.100.1.53 > 203.0.113.1.53: UDP, length 0\n\
                    \t0x0000:  4500 0038 0000 0000\n12:00:01.1 IP 192.0.2.2.1 > 192.0.2.3.2: tcp 0\n";
        assert_eq!(sources(text), ["192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn what_is_no_packet_of_ip_fails() {
        for line in [
            "12:00:00.000001 ARP, Request who-has 192.0.2.1 tell 192.0.2.2, length 28",
            "12:00:00.000001 IP host.example.com.443 > 198.51.100.1.5555: tcp 0",
            "IP",
            "IP (",
            "12:00:00",
            "> :",
            "IP 192.0.2.1.443 >",
            "IP 192.0.2.1.443 > 198.51.100.1.5555",
            "(((((",
            "IP [x",
            "IP truncated-ip - ",
            "aa:bb:cc:dd:ee:ff > ",
            "vlan",
            "MPLS",
            "MPLS (",
            "IP 192.0.2.1 192.0.2.2:",
        ] {
            assert_eq!(sources(line), ["failed"], "{line}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_is_the_long_one(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..7)) {
            let text = format!("12:00:00.1 IP {}", words.concat());
            let text = super::super::trim(text.as_bytes());
            if let Some(found) = plain(text) {
                let Parsed::Pair(source, destination) = parse_any(text) else { panic!("{text:?}") };
                prop_assert_eq!(found, (source, destination));
            }
        }

        #[test]
        fn never_panics_and_every_line_has_one_fate(
            lines in prop::collection::vec(prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..12), 0..12),
            noise in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut reader = Reader::new(Format::Tcpdump, Side::Src);
            let (mut fates, mut held) = (0, 0);
            let mut texts: Vec<Vec<u8>> = lines.iter().map(|words| words.concat().into_bytes()).collect();
            texts.push(noise.into_iter().filter(|byte| *byte != b'\n').collect());
            for text in &texts {
                let read = reader.read(text);
                fates += usize::from(read.abandoned.is_some()) + usize::from(read.joined);
                held -= i32::from(read.abandoned.is_some()) + i32::from(read.joined);
                match read.verdict {
                    Verdict::Held => held += 1,
                    _ => fates += 1,
                }
                prop_assert!((0..=1).contains(&held));
            }
            fates += usize::from(reader.finish().is_some());
            prop_assert_eq!(fates, texts.len());
        }
    }

    const WORDS: [&str; 26] = [
        "IP ",
        "IP6 ",
        "> ",
        "192.0.2.1.443 ",
        "198.51.100.1: ",
        "2001:db8::1 ",
        "2001:db8::2.53: ",
        "12:00:00.1 ",
        "\t",
        "    ",
        "(",
        ") ",
        "[",
        "] ",
        "aa:bb:cc:dd:ee:ff ",
        "ethertype ",
        "length 66: ",
        "vlan 5, ",
        "truncated-ip ",
        "missing! ",
        "#",
        "In ",
        "MPLS ",
        "(0x0021), ",
        ": ",
        "\u{e9} ",
    ];
}
