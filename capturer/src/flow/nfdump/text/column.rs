//! Names of columns and fields, and how each is read into a record. One line of [`COLUMNS`] for each spelling.

use std::net::IpAddr;

use crate::flow::FlowRecord;
use crate::{Mac, Protocol, TcpFlags, Timestamp, Vlan};

/// How a field is read: whether the text is one of its kind.
pub(super) type Fill = fn(&str, &mut FlowRecord) -> Option<()>;

/// Reads a text as a number or address and puts it there.
macro_rules! puts {
    ($field:ident $(. $inner:ident)?) => {
        |text, record| {
            record.$field $(. $inner)? = text.parse().ok()?;
            Some(())
        }
    };
}

/// Spellings and what they are: those of CSV (1.6 and 1.7, then the short form), those of JSON.
pub(super) static COLUMNS: &[(&str, Fill)] = &[
    ("ts", |text, record| time(text).map(|time| record.first = time)),
    ("firstSeen", |text, record| time(text).map(|time| record.first = time)),
    ("first", |text, record| time(text).map(|time| record.first = time)),
    ("te", |text, record| time(text).map(|time| record.last = time)),
    ("lastSeen", |text, record| time(text).map(|time| record.last = time)),
    ("last", |text, record| time(text).map(|time| record.last = time)),
    ("tr", |text, record| time(text).map(|time| record.received = time)),
    ("received", |text, record| time(text).map(|time| record.received = time)),
    // Behind the times: with the short form the end is the beginning and the duration.
    ("duration", |text, record| {
        let seconds: f64 = text.parse().ok().filter(|seconds| (0.0..1e9).contains(seconds))?;
        record.last = record.first.after(std::time::Duration::from_secs_f64(seconds));
        Some(())
    }),
    ("sa", |text, record| address(text).map(|address| record.source = address)),
    ("srcAddr", |text, record| address(text).map(|address| record.source = address)),
    ("src4_addr", |text, record| address(text).map(|address| record.source = address)),
    ("src6_addr", |text, record| address(text).map(|address| record.source = address)),
    ("da", |text, record| address(text).map(|address| record.destination = address)),
    ("dstAddr", |text, record| address(text).map(|address| record.destination = address)),
    ("dst4_addr", |text, record| address(text).map(|address| record.destination = address)),
    ("dst6_addr", |text, record| address(text).map(|address| record.destination = address)),
    ("sp", puts!(ports.source)),
    ("srcPort", puts!(ports.source)),
    ("src_port", puts!(ports.source)),
    ("dp", |text, record| port(text).map(|port| record.ports.destination = port)),
    ("dstPort", |text, record| port(text).map(|port| record.ports.destination = port)),
    ("dst_port", |text, record| port(text).map(|port| record.ports.destination = port)),
    ("icmp_type", |text, record| {
        record.ports.destination |= u16::from(text.parse::<u8>().ok()?) << 8;
        Some(())
    }),
    ("icmp_code", |text, record| {
        record.ports.destination |= u16::from(text.parse::<u8>().ok()?);
        Some(())
    }),
    ("pr", |text, record| protocol(text).map(|protocol| record.protocol = protocol)),
    ("proto", |text, record| protocol(text).map(|protocol| record.protocol = protocol)),
    ("flg", |text, record| flags(text).map(|flags| record.tcp_flags = flags)),
    ("tcp_flags", |text, record| flags(text).map(|flags| record.tcp_flags = flags)),
    ("stos", puts!(traffic_class)),
    ("src_tos", puts!(traffic_class)),
    ("ipkt", puts!(packets)),
    ("pkt", puts!(packets)),
    ("packets", puts!(packets)),
    ("in_packets", puts!(packets)),
    ("ibyt", puts!(bytes)),
    ("byt", puts!(bytes)),
    ("bytes", puts!(bytes)),
    ("in_bytes", puts!(bytes)),
    ("opkt", puts!(reverse_packets)),
    ("out_packets", puts!(reverse_packets)),
    ("obyt", puts!(reverse_bytes)),
    ("out_bytes", puts!(reverse_bytes)),
    ("fl", puts!(flows)),
    ("flows", puts!(flows)),
    ("aggr_flows", puts!(flows)),
    ("in", puts!(input)),
    ("input_snmp", puts!(input)),
    ("out", puts!(output)),
    ("output_snmp", puts!(output)),
    ("sas", puts!(source_as)),
    ("src_as", puts!(source_as)),
    ("das", puts!(destination_as)),
    ("dst_as", puts!(destination_as)),
    ("next_as", puts!(next_as)),
    ("prev_as", puts!(previous_as)),
    ("smk", puts!(source_mask)),
    ("src_mask", puts!(source_mask)),
    ("dmk", puts!(destination_mask)),
    ("dst_mask", puts!(destination_mask)),
    ("nh", |text, record| hop(text, &mut record.next_hop)),
    ("ip4_next_hop", |text, record| hop(text, &mut record.next_hop)),
    ("ip6_next_hop", |text, record| hop(text, &mut record.next_hop)),
    ("nhb", |text, record| hop(text, &mut record.bgp_next_hop)),
    ("bgp4_next_hop", |text, record| hop(text, &mut record.bgp_next_hop)),
    ("bgp6_next_hop", |text, record| hop(text, &mut record.bgp_next_hop)),
    ("ra", |text, record| hop(text, &mut record.exporter.address)),
    ("ip4_router", |text, record| hop(text, &mut record.exporter.address)),
    ("ip6_router", |text, record| hop(text, &mut record.exporter.address)),
    ("svln", |text, record| vlan(text, record)),
    ("src_vlan", |text, record| vlan(text, record)),
    ("ismc", |text, record| mac(text, &mut record.source_mac)),
    ("in_src_mac", |text, record| mac(text, &mut record.source_mac)),
    ("idmc", |text, record| mac(text, &mut record.destination_mac)),
    ("in_dst_mac", |text, record| mac(text, &mut record.destination_mac)),
];

/// How a field of this name is read, if it is.
pub(super) fn named(name: &str) -> Option<Fill> {
    COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, fill)| *fill)
}

/// An address; nfdump writes an IPv4 one in an IPv6 record as `::192.0.2.1`.
fn address(text: &str) -> Option<IpAddr> {
    let mixed = text.strip_prefix("::").and_then(|rest| rest.parse::<std::net::Ipv4Addr>().ok());
    mixed.map(IpAddr::V4).or_else(|| text.parse().ok())
}

/// A hop of the family that is not meant is empty.
fn hop(text: &str, place: &mut IpAddr) -> Option<()> {
    let found = address(text)?;
    if !found.is_unspecified() {
        *place = found;
    }
    Some(())
}

/// A port, or ICMP's type and code as `8.0`.
fn port(text: &str) -> Option<u16> {
    match text.split_once('.') {
        Some((kind, code)) => {
            Some(u16::from(kind.parse::<u8>().ok()?) << 8 | u16::from(code.parse::<u8>().ok()?))
        }
        None => text.parse().ok(),
    }
}

/// A protocol by number or by the name that nfdump gives it; one whose name is not known is 255 (reserved).
fn protocol(text: &str) -> Option<Protocol> {
    const NAMES: [(&str, u8); 21] = [
        ("ICMP", 1),
        ("IGMP", 2),
        ("IPIP", 4),
        ("TCP", 6),
        ("EGP", 8),
        ("IGP", 9),
        ("UDP", 17),
        ("DCCP", 33),
        ("IPv6", 41),
        ("RSVP", 46),
        ("GRE", 47),
        ("ESP", 50),
        ("AH", 51),
        ("ICMP6", 58),
        ("EIGRP", 88),
        ("OSPF", 89),
        ("PIM", 103),
        ("VRRP", 112),
        ("L2TP", 115),
        ("SCTP", 132),
        ("UDPLt", 136),
    ];
    let named = || NAMES.iter().find(|(name, _)| *name == text).map_or(255, |(_, number)| *number);
    Some(Protocol(text.parse().unwrap_or_else(|_| named())))
}

/// Letters where flags are set: `...AP.SF`.
fn flags(text: &str) -> Option<TcpFlags> {
    const LETTERS: [(char, u16); 8] =
        [('F', 1), ('S', 2), ('R', 4), ('P', 8), ('A', 16), ('U', 32), ('E', 64), ('C', 128)];
    let bit = |letter| LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, bit)| *bit);
    let mut set = text.chars().filter(|c| *c != '.').map(bit);
    set.try_fold(0, |all, bit| Some(all | bit?)).map(TcpFlags)
}

fn vlan(text: &str, record: &mut FlowRecord) -> Option<()> {
    let number: u32 = text.parse().ok()?;
    record.vlan = if number == 0 { Vlan::NONE } else { Vlan::from_tci(number as u16) };
    Some(())
}

fn mac(text: &str, place: &mut Mac) -> Option<()> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    if parts.next().is_none() && bytes != [0; 6] {
        *place = Mac(bytes);
    }
    Some(())
}

/// `2026-11-20 17:46:49`, with a T or a blank, with or without a fraction; UTC.
fn time(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once(['T', ' '])?;
    let clock = clock.trim_end_matches('Z');
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut date = date.split('-').map(number);
    let mut clock = whole.split(':').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let fits = (1970..2262).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let fits = fits && (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    let digits = fraction.len().min(9);
    let nanos = number(fraction.get(..digits)?)? * 10_i64.pow(9 - digits as u32);
    let seconds = || days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    fits.then(|| Timestamp::from_parts(seconds(), nanos))
}

/// Digits alone: no sign.
fn number(digits: &str) -> Option<i64> {
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Days since 1970-01-01, counted in eras of 400 years that begin on 1 March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (seconds, nanos) in
            [(0, 0), (951_782_400, 5_000_000), (1_795_196_809, 817_000_000), (4_107_542_399, 0)]
        {
            let at = Timestamp::from_parts(seconds, nanos);
            assert_eq!(time(&at.to_string()), Some(at));
            assert_eq!(time(&at.to_string().replace('T', " ")), Some(at));
        }
        assert_eq!(time("2026-11-20 17:46:49"), Some(Timestamp::from_parts(1_795_196_809, 0)));
        for bad in [
            "",
            "2026-11-20",
            "2026-13-20 00:00:00",
            "2026-11-20 25:00:00",
            "x-11-20 00:00:00",
            "9999-01-01 00:00:00",
            "2000000000000000-01-01 00:00:00",
            "2026-11-20 9223372036854775807:00:00",
            "2026-11-20 17:46:49.-5",
            "+2026-11-20 17:46:49",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }

    #[test]
    fn flags_are_those_whose_letters_stand_there() {
        assert_eq!(flags("...AP.SF"), Some(TcpFlags(0x1b)));
        assert_eq!(flags("........"), Some(TcpFlags(0)));
        assert_eq!(flags("FF"), Some(TcpFlags(1)), "a letter twice says nothing more");
        assert_eq!(flags(&"C".repeat(1000)), Some(TcpFlags(128)));
        assert_eq!(flags("...X..SF"), None);
    }
}
