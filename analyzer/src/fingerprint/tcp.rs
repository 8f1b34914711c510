//! What a SYN or SYN+ACK looks like: the fields of IP and TCP that a stack chooses, read from the packet and from the options
//! in its frame.

use std::net::IpAddr;

use capturer::{Fragment, Packet, Tcp, TcpFlags, TcpQuirks, Timestamp};

use super::distance::{self, FARTHEST};
use super::layout::Layout;
use super::quirks::Quirks;
use super::raw::RawSignature;
use super::window::Window;

/// What is seen of a stack in one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpPrint {
    /// 4 or 6.
    pub version: u8,
    /// Time to live or hop limit as it came.
    pub ttl: u8,
    /// Bytes of IPv4 options or IPv6 extension headers.
    pub ip_options: u8,
    /// Window scale shift; 0 when absent.
    pub scale: u8,
    /// Maximum segment size; 0 when absent.
    pub mss: u16,
    /// Window as sent.
    pub window: u16,
    /// Bytes of IP and TCP headers together.
    pub headers: u16,
    /// The options.
    pub layout: Layout,
    /// Oddities.
    pub quirks: Quirks,
    /// Whether it carries data.
    pub payload: bool,
    /// Differentiated services code point.
    pub dscp: u8,
    /// The sender's timestamp (RFC 7323); 0 when absent.
    pub timestamp: u32,
    /// When it came.
    pub at: Timestamp,
}

impl TcpPrint {
    /// What a SYN or SYN+ACK looks like; `bytes` is its frame, or what was kept of it. `None` if it is no TCP segment whose
    /// options are there.
    pub fn of(packet: &Packet, bytes: &[u8]) -> Option<Self> {
        let tcp = packet.tcp()?;
        let area = Area::of(packet, bytes)?;
        let mut print = Self {
            version: if packet.source.is_ipv4() { 4 } else { 6 },
            ttl: packet.ttl,
            ip_options: packet.network_options_len,
            window: tcp.window,
            headers: area.headers,
            quirks: quirks(packet, tcp),
            payload: packet.payload_len > 0,
            dscp: packet.traffic_class >> 2,
            at: packet.at,
            ..Self::empty()
        };
        let is_syn = tcp.flags.is_syn();
        print.quirks = print.quirks.and(read_options(area.options, is_syn, &mut print));
        Some(print)
    }

    /// Nothing but zeros.
    pub(super) fn empty() -> Self {
        Self {
            version: 4,
            ttl: 0,
            ip_options: 0,
            scale: 0,
            mss: 0,
            window: 0,
            headers: 0,
            layout: Layout::default(),
            quirks: Quirks::NONE,
            payload: false,
            dscp: 0,
            timestamp: 0,
            at: Timestamp::EPOCH,
        }
    }

    /// As signatures are written; of a SYN+ACK, `peer_segment` is the MSS of the SYN it answers.
    pub fn signature(&self, peer_segment: u16) -> RawSignature {
        RawSignature {
            version: self.version,
            ttl: self.ttl,
            distance: Some(distance::guess(self.ttl)).filter(|hops| *hops <= FARTHEST),
            ip_options: self.ip_options,
            mss: self.mss,
            window: Window::of(self, peer_segment),
            scale: self.scale,
            layout: self.layout,
            quirks: self.quirks,
            payload: self.payload,
        }
    }
}

/// Where the headers of a segment are in its frame.
struct Area<'a> {
    headers: u16,
    options: &'a [u8],
}

impl<'a> Area<'a> {
    fn of(packet: &Packet, bytes: &'a [u8]) -> Option<Self> {
        let network = bytes.get(usize::from(packet.network_offset)..)?;
        let fixed = if packet.source.is_ipv4() { 20 } else { 40 };
        let transport = fixed + usize::from(packet.network_options_len);
        let tcp = network.get(transport..)?;
        let header = usize::from(tcp.get(12)? >> 4) * 4;
        let options = tcp.get(20..header)?;
        Some(Self { headers: (transport + header) as u16, options })
    }
}

/// Oddities of the fixed headers.
fn quirks(packet: &Packet, tcp: &Tcp) -> Quirks {
    let flags = tcp.flags;
    let has = |flag| flags.has(flag);
    let ecn = packet.traffic_class & 3 != 0
        || flags.has_any(TcpFlags(TcpFlags::ECE.0 | TcpFlags::CWR.0 | TcpFlags::AE.0));
    let urgent = tcp.quirks.has(TcpQuirks::URGENT_POINTER);
    let all = match packet.source {
        IpAddr::V4(_) => quirks_of_ipv4(packet),
        IpAddr::V6(_) => Quirks::FLOW.when(packet.network_mark),
    };
    all.and(Quirks::ECN.when(ecn))
        .and(Quirks::SEQUENCE_ZERO.when(tcp.sequence == 0))
        .and(Quirks::ACK_ZERO.when(has(TcpFlags::ACK) && tcp.acknowledgment == 0))
        .and(Quirks::ACK_NOT_ZERO.when(!has(TcpFlags::ACK) && tcp.acknowledgment != 0))
        .and(Quirks::URGENT_FLAG.when(has(TcpFlags::URG)))
        .and(Quirks::URGENT_POINTER.when(!has(TcpFlags::URG) && urgent))
        .and(Quirks::PUSH_FLAG.when(has(TcpFlags::PSH)))
}

fn quirks_of_ipv4(packet: &Packet) -> Quirks {
    let whole = packet.fragment.0 & Fragment::DO_NOT != 0;
    let zero = packet.identification == 0;
    Quirks::DF
        .when(whole)
        .and(Quirks::ID_NOT_ZERO.when(whole && !zero))
        .and(Quirks::ID_ZERO.when(!whole && zero))
        .and(Quirks::RESERVED.when(packet.network_mark))
}

/// Reads options into a print; gives their quirks. A known option has the size its kind demands, whatever its length says:
/// that is how stacks read them.
fn read_options(mut area: &[u8], is_syn: bool, print: &mut TcpPrint) -> Quirks {
    let mut quirks = Quirks::NONE;
    while let [kind, rest @ ..] = area {
        if *kind == 0 {
            print.layout.end(rest.len() as u8);
            return quirks.and(Quirks::OPTIONS_TRAIL.when(rest.iter().any(|byte| *byte != 0)));
        }
        print.layout.push(*kind);
        let Some(len) = length(*kind, rest) else { return quirks.and(Quirks::BAD_OPTIONS) };
        let Some((option, behind)) = area.split_at_checked(len) else {
            return quirks.and(Quirks::BAD_OPTIONS);
        };
        quirks = quirks.and(read_option(option, is_syn, print));
        area = behind;
    }
    quirks
}

/// How long an option is, from its kind on; `None` if it can't be told.
fn length(kind: u8, rest: &[u8]) -> Option<usize> {
    let told = || rest.first().map(|len| usize::from(*len));
    match kind {
        1 => Some(1),
        2 => Some(4),
        3 => Some(3),
        4 => Some(2),
        5 => told().filter(|len| (10..=34).contains(len)),
        8 => Some(10),
        _ => told().filter(|len| (2..=40).contains(len)),
    }
}

fn read_option(option: &[u8], is_syn: bool, print: &mut TcpPrint) -> Quirks {
    let lies = matches!(option, [2 | 3 | 4 | 8, len, ..] if usize::from(*len) != option.len());
    let odd = match *option {
        [2, _, high, low] => {
            print.mss = u16::from_be_bytes([high, low]);
            Quirks::NONE
        }
        [3, _, scale] => {
            print.scale = scale;
            Quirks::EXCESSIVE_SCALE.when(scale > 14)
        }
        [8, _, a, b, c, d, ref peer @ ..] => {
            print.timestamp = u32::from_be_bytes([a, b, c, d]);
            let echoes = is_syn && peer.iter().any(|byte| *byte != 0);
            Quirks::TIMESTAMP_ZERO.when(print.timestamp == 0).and(Quirks::PEER_TIMESTAMP.when(echoes))
        }
        _ => Quirks::NONE,
    };
    odd.and(Quirks::BAD_OPTIONS.when(lies))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(area: &[u8]) -> (String, Quirks, TcpPrint) {
        let mut print = TcpPrint::empty();
        let quirks = read_options(area, true, &mut print);
        (print.layout.to_string(), quirks, print)
    }

    #[test]
    fn options_are_read_with_their_values() {
        let (layout, quirks, print) = read(&[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]);
        assert_eq!((layout.as_str(), quirks), ("mss,sok,ts,nop,ws", Quirks::NONE));
        assert_eq!((print.mss, print.timestamp, print.scale), (1460, 256, 7));
    }

    #[test]
    fn what_is_odd_about_options_is_a_quirk() {
        for (area, layout, quirks) in [
            (&[0, 0, 0, 1][..], "eol+3", Quirks::OPTIONS_TRAIL),
            (&[3, 3, 15, 1], "ws,nop", Quirks::EXCESSIVE_SCALE),
            (&[2, 6, 5, 0xb4], "mss", Quirks::BAD_OPTIONS),
            (&[2, 4, 5], "mss", Quirks::BAD_OPTIONS),
            (&[34, 2, 30, 1], "?34,?30", Quirks::BAD_OPTIONS),
            (&[8, 10, 0, 0, 0, 0, 0, 0, 0, 1], "ts", Quirks::TIMESTAMP_ZERO.and(Quirks::PEER_TIMESTAMP)),
        ] {
            let read = read(area);
            assert_eq!((read.0.as_str(), read.1), (layout, quirks), "{area:?}");
        }
    }

    proptest! {
        #[test]
        fn any_options_are_read_and_written_and_read_again(area in proptest::collection::vec(any::<u8>(), 0..=40)) {
            let (layout, _, print) = read(&area);
            prop_assert_eq!(layout.parse::<Layout>().unwrap(), print.layout);
        }
    }
}
