//! The filter language against any input: reading never panics, printing and reading again changes nothing, and
//! evaluation agrees with the plain meaning of `and`, `or` and `not`.

use capturer::decode::decode;
use capturer::filter::Filter;
use capturer::{Frame, LinkType, Timestamp};
use proptest::prelude::*;

/// Questions of every kind, as typed.
fn question() -> impl Strategy<Value = String> {
    let side = prop::sample::select(vec!["", "src ", "dst ", "src or dst ", "src and dst "]);
    let transport = prop::sample::select(vec!["", "tcp ", "udp ", "sctp "]);
    let plain = prop::sample::select(vec![
        "tcp",
        "udp",
        "ip",
        "ip6",
        "arp",
        "rarp",
        "icmp",
        "icmp6",
        "vlan",
        "vlan 5",
        "mpls 3",
        "broadcast",
        "ip multicast",
        "inbound",
        "ip proto 2",
        "ip6 protochain 44",
        "ether proto 0x88cc",
        "less 64",
        "geneve",
        "ether src 00:11:22:33:44:55",
        "isis",
        "pppoes 9",
        "type ctl",
        "subtype beacon",
        "dir tods",
        "wlan ta 00:11:22:33:44:55",
        "llc ui",
    ]);
    let layer = prop::sample::select(vec!["", "", "inner ", "outer "]);
    let question = prop_oneof![
        plain.prop_map(str::to_owned),
        (transport, side.clone(), any::<u16>()).prop_map(|(t, s, port)| format!("{t}{s}port {port}")),
        (side.clone(), any::<u16>(), any::<u16>()).prop_map(|(s, a, b)| format!("{s}portrange {a}-{b}")),
        (side.clone(), any::<[u8; 4]>()).prop_map(|(s, [a, b, c, d])| format!("{s}host {a}.{b}.{c}.{d}")),
        (side.clone(), any::<[u8; 2]>()).prop_map(|(s, [a, b])| format!("{s}net {a}.{b}.0.0/16")),
        (side, any::<u32>()).prop_map(|(s, a)| format!("{s}net {:x}:{:x}::/32", a >> 16, a & 0xffff)),
        (value(), relation(), value()).prop_map(|(a, r, b)| format!("{a} {r} {b}")),
    ];
    (layer, question).prop_map(|(layer, question)| format!("{layer}{question}"))
}

fn relation() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="])
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<u32>().prop_map(|n| n.to_string()),
        Just("len".to_owned()),
        prop::sample::select(vec![
            "ip[8]",
            "tcp[13]",
            "udp[4:2]",
            "ether[0:4]",
            "ip6[6]",
            "tcp[(tcp[12] & 0xf0) >> 2]"
        ])
        .prop_map(str::to_owned),
    ];
    let operator = prop::sample::select(vec!["+", "-", "*", "&", "|", "^"]);
    leaf.prop_recursive(4, 12, 2, move |inner| {
        prop_oneof![
            (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, o, b)| format!("{a} {o} {b}")),
            (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

fn expression() -> impl Strategy<Value = String> {
    question().prop_recursive(5, 16, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or not ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// Texts made of the language's own pieces, mostly wrong.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "tcp",
        "port",
        "host",
        "src",
        "dst",
        "or",
        "and",
        "not",
        "(",
        ")",
        "[",
        "]",
        ":",
        "/",
        "80",
        "10.0.0.0",
        "::1",
        "00:11:22:33:44:55",
        "mask",
        "ether",
        "len",
        "=",
        "&",
        "-",
        "<<",
        "%",
        "\\tcp",
        "\"a b\"",
        "proto",
        "vlan",
        "net",
        "portrange",
        "80-443",
        "gateway",
        "é",
        "\u{0}",
        "less",
        "byte",
        "6",
        "tcp-syn",
        "99999999999",
        "inner",
        "outer",
        "wlan",
        "addr1",
        "type",
        "subtype",
        "llc",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.join(" "))
}

fn reads_or_says_why(text: &str) -> Result<(), TestCaseError> {
    if let Err(error) = Filter::parse(text) {
        prop_assert!(text.get(error.at..error.at + error.len).is_some(), "{error:?}");
        prop_assert!(!error.message.is_empty() && !error.expected.is_empty());
        let rendered = error.render(text);
        prop_assert!(rendered.lines().nth(2).is_some_and(|line| line.contains('^')), "{rendered}");
        prop_assert!(!rendered.contains(|c: char| c.is_control() && c != '\n'));
    }
    Ok(())
}

/// An Ethernet frame that carries these bytes as IPv4 or IPv6.
fn frame(version_6: bool, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 12];
    bytes.extend(if version_6 { [0x86, 0xdd, 0x60] } else { [0x08, 0x00, 0x45] });
    bytes.extend(rest);
    bytes
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in any::<String>()) {
        reads_or_says_why(&text)?;
    }

    #[test]
    fn any_row_of_pieces_is_read_or_refused_with_a_place(text in fragments()) {
        reads_or_says_why(&text)?;
    }

    #[test]
    fn printing_and_reading_again_changes_nothing(text in expression()) {
        let filter = Filter::parse(&text).map_err(|error| TestCaseError::fail(error.render(&text)))?;
        let canonical = filter.to_string();
        let again = Filter::parse(&canonical).map_err(|error| TestCaseError::fail(error.render(&canonical)))?;
        prop_assert_eq!(&again, &filter);
        prop_assert_eq!(again.to_string(), canonical);
    }

    #[test]
    fn and_or_and_not_mean_what_they_say(
        (a, b) in (question(), question()),
        version_6 in any::<bool>(),
        rest in prop::collection::vec(any::<u8>(), 60..120),
    ) {
        let bytes = frame(version_6, &rest);
        let wire_len = u32::try_from(bytes.len()).unwrap_or(0);
        let frame = Frame { number: 1, at: Timestamp::EPOCH, wire_len, link: LinkType::ETHERNET, bytes: &bytes };
        let Ok(packet) = decode(&frame) else { return Ok(()) };
        let passes = |text: &str| Filter::parse(text).map(|filter| filter.matches(&packet, &bytes));
        // A byte that is not there fails the whole filter, whatever stands around it.
        let fails = |text: &str| passes(text) == Ok(false) && passes(&format!("not ({text})")) == Ok(false);
        if fails(&a) || fails(&b) {
            return Ok(());
        }
        let (left, right) = (passes(&a) == Ok(true), passes(&b) == Ok(true));
        prop_assert_eq!(passes(&format!("({a}) and ({b})")), Ok(left && right));
        prop_assert_eq!(passes(&format!("({a}) or ({b})")), Ok(left || right));
        prop_assert_eq!(passes(&format!("not ({a})")), Ok(!left));
    }
}
