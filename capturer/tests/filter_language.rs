//! The filter language as people type it: what is read, how it prints, and what is said when it can't be read.

use capturer::LinkType;
use capturer::filter::{Filter, LinkError, MAX_TEXT};

fn canonical(text: &str) -> Result<String, String> {
    Filter::parse(text).map(|filter| filter.to_string()).map_err(|error| error.render(text))
}

/// What is typed, and the canonical text it reads as.
const SPELLINGS: &[(&str, &str)] = &[
    ("", ""),
    ("  ", ""),
    ("tcp", "tcp"),
    ("ip proto 6", "ip proto 6"),
    (r"proto \tcp", "tcp"),
    ("proto tcp", "tcp"),
    ("proto \"tcp\"", "tcp"),
    (r"ip proto \icmp", "icmp"),
    (r"ip6 proto \ipv6-icmp", "icmp6"),
    ("ip6 proto 58", "icmp6"),
    ("proto 17", "udp"),
    ("proto 47", "proto 47"),
    ("ip protochain 6", "ip protochain 6"),
    (r"ether proto \arp", "arp"),
    ("ether proto 0x0800", "ip"),
    ("ether proto 0x88cc", "ether proto 0x88cc"),
    ("link proto 2048", "ip"),
    ("isis", "isis"),
    (r"iso proto \clnp", "clnp"),
    ("port 80", "port 80"),
    ("port 0x50", "port 80"),
    ("port 0120", "port 80"),
    ("port http", "tcp port 80"),
    (r"port \http", "tcp port 80"),
    ("port domain", "port 53"),
    ("udp port domain", "udp port 53"),
    ("tcp src port https", "tcp src port 443"),
    ("dst or src port 5", "port 5"),
    ("dst and src port 5", "src and dst port 5"),
    ("portrange 1-1023", "portrange 1-1023"),
    ("portrange 90-80", "portrange 80-90"),
    ("portrange 80", "port 80"),
    ("portrange http-https", "portrange 80-443"),
    ("tcp dst portrange 80-443", "tcp dst portrange 80-443"),
    ("host 192.0.2.1", "host 192.0.2.1"),
    ("host 192.168", "net 192.168.0.0/16"),
    ("host 10", "host 0.0.0.10"),
    ("net 10", "net 10.0.0.0/8"),
    ("net 10/8", "net 10.0.0.0/8"),
    ("net 10.0.0.0", "host 10.0.0.0"),
    ("net 192.168", "net 192.168.0.0/16"),
    ("net 192.168.0.0 mask 255.255", "net 192.168.0.0/16"),
    ("net 1.0.3.0 mask 255.0.255.0", "net 1.0.3.0 mask 255.0.255.0"),
    ("net 0.0.0.0/0", "net 0.0.0.0/0"),
    ("src 192.0.2.1", "src host 192.0.2.1"),
    ("ip6 host 2001:DB8::1", "host 2001:db8::1"),
    ("ip6 net fe80::/10", "net fe80::/10"),
    ("net ::/0", "net ::/0"),
    ("arp host 192.0.2.1", "arp host 192.0.2.1"),
    ("ether host 0:11:22:33:44:5", "ether host 00:11:22:33:44:05"),
    ("ether src 00-11-22-33-44-55", "ether src host 00:11:22:33:44:55"),
    ("wlan dst 0011.2233.4455", "ether dst host 00:11:22:33:44:55"),
    ("ether host 001122334455", "ether host 00:11:22:33:44:55"),
    ("less 64", "len <= 64"),
    ("greater 1000", "len >= 1000"),
    ("length == 60", "len = 60"),
    ("byte 0 & 1", "ether[0] & 1 != 0"),
    ("ether broadcast", "broadcast"),
    ("ether multicast", "multicast"),
    ("ip multicast", "ip multicast"),
    ("vlan", "vlan"),
    ("vlan 0x64 and vlan 200", "vlan 100 and vlan 200"),
    ("mpls 100 and pppoes 5 and geneve 7", "mpls 100 and pppoes 5 and geneve 7"),
    ("pppoed", "pppoed"),
    ("inbound or outbound", "inbound or outbound"),
    ("ifindex 3", "ifindex 3"),
    ("tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn", "tcp[13] & (2 | 16) = 2"),
    ("icmp[icmptype] = icmp-echo", "icmp[0] = 8"),
    ("type MGT", "type mgt"),
    ("wlan type management subtype probereq", "type mgt subtype probe-req"),
    ("subtype ack", "type ctl subtype ack"),
    ("type 12 subtype 16", "type 12 subtype 0x10"),
    ("ether dir 1 or dir 7", "dir tods or dir 7"),
    ("wlan address1 host 00-11-22-33-44-55", "wlan addr1 00:11:22:33:44:55"),
    ("wlan ra 0:0:0:0:0:1 or 0:0:0:0:0:2", "wlan ra 00:00:00:00:00:01 or wlan ra 00:00:00:00:00:02"),
    ("llc and llc UI and !llc rnr", "llc and llc ui and not llc rnr"),
    ("inner tcp port http", "inner tcp port 80"),
    ("inner (tcp port 80)", "inner tcp port 80"),
    ("inner (host 10.0.0.1 && !udp)", "inner (host 10.0.0.1 and not udp)"),
    ("!outer net 10", "not outer net 10.0.0.0/8"),
    ("inner port 80 or 443", "inner port 80 or inner port 443"),
    ("inner port (80 or 443) and tcp", "inner (port 80 or port 443) and tcp"),
    ("port 80 or outer 443", "port 80 or outer port 443"),
    ("port 80 or inner (443 and tcp) or 22", "port 80 or inner (port 443 and tcp) or port 22"),
    ("inner tcp[tcpflags] & tcp-syn != 0", "inner tcp[13] & 2 != 0"),
    ("icmp6[icmp6type] = icmp6-neighborsolicit", "icmp6[0] = 135"),
    ("tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", "tcp[(tcp[12] & 240) >> 2:4] = 1195725856"),
    (
        "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
        "tcp port 80 and ip[2:2] - ((ip[0] & 15) << 2) - ((tcp[12] & 240) >> 2) != 0",
    ),
    ("(ip[2:2] + 14) > 500", "ip[2:2] + 14 > 500"),
    ("ip[4:2] ^ 0xffff != 0", "ip[4:2] ^ 65535 != 0"),
    ("-1 = 0xffffffff", "-1 = 4294967295"),
    // Elided qualifiers.
    ("port 80 or 443", "port 80 or port 443"),
    ("port (80 or 443)", "port 80 or port 443"),
    ("tcp dst port ftp or ftp-data or domain", "tcp dst port 21 or tcp dst port 20 or tcp dst port 53"),
    ("host 8.8.8.8 or 1.1.1.1", "host 8.8.8.8 or host 1.1.1.1"),
    ("src 1.1.1.1 or dst 2.2.2.2 or 3.3.3.3", "src host 1.1.1.1 or dst host 2.2.2.2 or dst host 3.3.3.3"),
    ("not host 1.1.1.1 and 2.2.2.2", "not host 1.1.1.1 and host 2.2.2.2"),
    ("not host (1.1.1.1 or 2.2.2.2)", "not (host 1.1.1.1 or host 2.2.2.2)"),
    ("port not 80", "not port 80"),
    ("port 80 or (udp) or 443", "port 80 or udp or port 443"),
    ("proto \\tcp or \\udp", "tcp or udp"),
    // Precedence: `and` and `or` equal and to the left, `not` tighter.
    ("tcp or udp and ip6", "(tcp or udp) and ip6"),
    ("tcp and udp or ip6", "(tcp and udp) or ip6"),
    ("tcp or (udp and ip6)", "tcp or (udp and ip6)"),
    ("tcp and (udp and ip6)", "tcp and (udp and ip6)"),
    ("not tcp and udp", "not tcp and udp"),
    ("! ! tcp", "not not tcp"),
    ("not (tcp or udp)", "not (tcp or udp)"),
    ("!tcp&&!udp||arp", "(not tcp and not udp) or arp"),
    ("not tcp[13] & 2 != 0", "not tcp[13] & 2 != 0"),
    ("ip[0] | 1 & 2 << 3 + 4 * 5 = 0", "ip[0] | (1 & (2 << (3 + (4 * 5)))) = 0"),
    ("ip[0] * 2 % 3 + 4 = 0", "ip[0] * (2 % (3 + 4)) = 0"),
    ("ip[0] - 1 - 2 = 0", "ip[0] - 1 - 2 = 0"),
    ("ip[0] - (1 - 2) = 0", "ip[0] - (1 - 2) = 0"),
];

#[test]
fn every_spelling_reads_as_its_canonical_text_and_that_as_itself() {
    for (text, expected) in SPELLINGS {
        let once = canonical(text).unwrap();
        assert_eq!(once, *expected, "{text}");
        assert_eq!(canonical(&once), Ok(once.clone()), "{text}");
        assert_eq!(Filter::parse(text), Filter::parse(&once), "{text}");
    }
}

/// What is typed, the part under the caret, and what the message and the hint say of it.
const FAULTS: &[(&str, &str, &str)] = &[
    ("tcp and prot 80", "prot", "did you mean `port`?"),
    ("hsot 192.0.2.1", "hsot", "did you mean `host`?"),
    ("TCP", "TCP", "did you mean `tcp`?"),
    ("tcp AND udp", "AND", "did you mean `and`?"),
    ("tcp udp", "udp", "join questions: `… and udp …`"),
    ("tcp and", "", "ends too early"),
    ("(tcp or udp", "(", "never closed"),
    ("tcp)", ")", "closes nothing"),
    ("tcp[1)", ")", "before the `]`"),
    ("tcp & udp", "&", "did you mean `&&`?"),
    ("192.0.2.1", "192.0.2.1", "did you mean `host 192.0.2.1`?"),
    ("192.168", "192.168", "did you mean `net 192.168`?"),
    ("2001:db8::1", "2001:db8::1", "did you mean `host 2001:db8::1`?"),
    ("443", "443", "did you mean `port 443`?"),
    ("tcp or 80", "80", "did you mean `port 80`?"),
    ("ssh", "ssh", "did you mean `port ssh`?"),
    ("gre", "gre", "did you mean `proto \\gre`?"),
    ("(port 80) or 443", "443", "did you mean `port 443`?"),
    ("host example.org", "example.org", "names aren't looked up"),
    ("host example.org", "example.org", "getent ahosts example.org"),
    ("host 1.2.3.4.5", "1.2.3.4.5", "is no IPv4 address"),
    ("host 10.0.0.0/8", "/", "write `net 10.0.0.0/8`"),
    ("net 192.168.1.1/24", "192.168.1.1/24", "did you mean `192.168.1.0/24`?"),
    ("net 2001:db8::1/64", "2001:db8::1/64", "did you mean `2001:db8::/64`?"),
    ("net 10.0.0.0/33", "33", "too long"),
    ("tcp host 192.0.2.1", "tcp host 192.0.2.1", "`tcp` doesn't qualify this address"),
    ("ip6 host 192.0.2.1", "ip6 host 192.0.2.1", "`ip6` doesn't qualify"),
    ("ip port 80", "ip port", "write `ip and port …`"),
    ("port 65536", "65536", "is no port"),
    ("port htpp", "htpp", "did you mean `http`?"),
    ("udp port http", "http", "write `udp port 80`"),
    ("port 80-90", "80-90", "a range is `portrange 80-443`"),
    ("portrange 80-70000", "80-70000", "is no range of ports"),
    ("host 00:11:22:33:44:55", "00:11:22:33:44:55", "did you mean `ether host 00:11:22:33:44:55`?"),
    ("ether host 192.0.2.1", "192.0.2.1", "leave out `ether`"),
    ("ether", "ether", "alone asks nothing"),
    ("gateway snup", "gateway", "needs host names resolved"),
    ("type mgmt", "mgmt", "did you mean `mgt`?"),
    ("type 1", "1", "bits"),
    ("type ctl subtype beacon", "beacon", "subtype of this type"),
    ("subtype 0x80", "0x80", "none of these names"),
    ("dir tds", "tds", "did you mean `tods`?"),
    ("wlan addr1 192.0.2.1", "192.0.2.1", "leave out `wlan`"),
    ("addr1 00:11:22:33:44:55", "addr1", "write `wlan addr1"),
    ("wlan addr2 port 80", "wlan addr2 port", "only hardware addresses"),
    ("llc rx", "rx", "did you mean `rr`?"),
    ("radio[0] = 0", "radio", "aren't read as one"),
    ("inner", "", "ends too early"),
    ("inner inner tcp", "inner", "no layers of its own"),
    ("outer (tcp and inner udp)", "inner", "no layers of its own"),
    ("inner not icmp", "not", "`not inner …`"),
    ("inner and tcp", "and", "several in parentheses"),
    ("tcp inner port 80", "inner", "join questions"),
    ("iner tcp", "iner", "did you mean `inner`?"),
    ("vlan 5000", "5000", "is no `vlan` identifier"),
    ("tcp[13] & 2", "", "did you mean `tcp[13] & 2 != 0`?"),
    ("tcp[0:3] = 1", "3", "can't be read at once"),
    ("ip[0] / 0 = 1", "0", "division by zero"),
    ("ip[0] << 33 = 1", "33", "shift by 33 bits"),
    ("esp[0] = 1", "esp", "can't be asked"),
    ("len = 5-3", "5-3", "put blanks around `-`"),
    ("ip proto 300", "300", "is no protocol's number"),
    ("icmp proto 1", "icmp proto", "`icmp proto` asks nothing"),
    ("src proto 6", "src proto", "no source or destination"),
    ("ip6 broadcast", "ip6 broadcast", "IPv6 has no broadcast"),
    ("tcp broadcast", "tcp broadcast", "only links and IP know"),
    ("@include home.filter", "@include", "can't be included here"),
    ("tcp; udp", ";", "means nothing in a filter"),
    ("less", "", "ends too early"),
    ("country NL", "country", "unknown word"),
];

#[test]
fn every_fault_is_shown_where_it_is_with_what_to_do() {
    for (text, under, says) in FAULTS {
        let error = match Filter::parse(text) {
            Err(error) => error,
            Ok(filter) => panic!("{text} was read as {filter}"),
        };
        assert_eq!(&text[error.at..error.at + error.len], *under, "{text}: {}", error.render(text));
        let rendered = error.render(text);
        assert!(rendered.contains(says), "{text}: {rendered}");
        println!("{rendered}\n");
    }
}

#[test]
fn depth_and_length_are_capped_without_overflow() {
    let nested = |open: &str, close: &str, n: usize| format!("{}tcp{}", open.repeat(n), close.repeat(n));
    assert!(Filter::parse(&nested("(", ")", 50)).is_ok());
    for deep in [
        nested("(", ")", 1000),
        nested("!", "", 1000),
        format!("{}1 = 1", "-".repeat(1000)),
        format!("{}1 = 1", "1 % ".repeat(900)),
        format!("{}1{} = 1", "(".repeat(1000), ")".repeat(1000)),
        format!("{}1{} = 1", "ip[".repeat(800), "]".repeat(800)),
        format!("port {}1{}", "(".repeat(1000), ")".repeat(1000)),
        "ip or ip and ".repeat(200) + "ip",
    ] {
        let error = Filter::parse(&deep).expect_err("too deep");
        assert!(error.message.contains("deeper than"), "{}", error.message);
    }
    let long = "ip or ".repeat(MAX_TEXT / 6) + "ip";
    assert!(long.len() <= MAX_TEXT && Filter::parse(&long).is_ok());
    assert!(Filter::parse(&(long + " or ip6 ")).is_err());
}

#[test]
fn what_a_link_type_cannot_answer_is_shown_where_it_is() {
    for (text, under) in [
        ("tcp and vlan 5 or udp", "vlan 5"),
        ("tcp port (80 or 443) and not ether src 0:0:0:0:0:1", "ether src 0:0:0:0:0:1"),
        ("inner (tcp and port 80) and llc ui", "llc ui"),
        ("port 80 or inner 443 or (len > 3 and wlan type mgt)", "wlan type mgt"),
        ("outer (host 192.0.2.1 or 192.0.2.2) or dir tods", "dir tods"),
    ] {
        let error = Filter::parse(text).unwrap().frame(LinkType::RAW).unwrap_err();
        println!("{}\n", error.render(text));
        let LinkError::Missing { at, len, .. } = error else { panic!("{text}: {error}") };
        assert_eq!(&text[at..at + len], under, "{text}");
        assert!(error.render(text).contains("raw IP frames can answer"), "{text}");
    }
    let unknown = Filter::parse("tcp").unwrap().frame(LinkType::NFLOG).unwrap_err();
    assert_eq!(unknown.render("tcp"), unknown.to_string());
}
