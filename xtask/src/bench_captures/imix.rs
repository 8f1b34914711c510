//! `cargo xtask imix`: an uplink's everyday mix. Frames of 64, 576 and 1500 bytes as 7 : 4 : 1, TCP with handshakes and ends,
//! UDP both ways, one flow in seven over IPv6; a few hundred hosts at home, strangers as popular as Zipf's law has it.

use anyhow::{Result, ensure};

use super::{Output, space};
use crate::craft::frame::{Endpoint, Frame, Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{Segment, flag, tcp, udp};

/// Makes an Internet mix.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: Output,
    /// How many frames.
    #[arg(long, default_value_t = 5_000_000)]
    packets: u64,
    /// How many hosts beyond the router.
    #[arg(long, default_value_t = 66_000)]
    hosts: u64,
}

/// Of twelve packets seven are small, four medium and one large: IP bytes of the latter two.
const MEDIUM: usize = 576;
const LARGE: usize = 1500;

/// Hosts at home.
const AT_HOME: u64 = 300;

/// Flows that a stranger has at a time.
const FLOWS_PER_HOST: u64 = 3;

/// Packets of a TCP connection, on average.
const LIFETIME: u64 = 40;

/// The share of flows that are UDP and IPv6: one in so many.
const UDP_ONE_IN: u64 = 4;
const V6_ONE_IN: u64 = 7;

/// What is asked for, over TCP and UDP.
const TCP_PORTS: &[u16] = &[443, 443, 443, 443, 80, 22, 993, 5223, 8443];
const UDP_PORTS: &[u16] = &[443, 443, 443, 51_820, 27_015];

const TIMESTAMP_OPTION: [u8; 12] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1];
const SYN_OPTIONS: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];

/// Runs `cargo xtask imix`.
pub fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.hosts > 0, "--hosts must be at least 1");
    let mix = Mix::new(arguments.output.seed, arguments.hosts);
    arguments.output.write(mix.take(usize::try_from(arguments.packets).unwrap_or(usize::MAX)))
}

/// Frames of such a mix without end.
pub(crate) fn frames(seed: u64, hosts: u64) -> impl Iterator<Item = Frame> {
    Mix::new(seed, hosts)
}

/// How far a flow is; everything else about it follows from its number and generation.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    generation: u32,
    packets: u32,
    /// Bytes sent by the one at home and by the stranger.
    sent: [u32; 2],
}

/// A flow's unchanging part.
#[derive(Debug)]
struct Flow {
    home: Endpoint,
    stranger: Endpoint,
    ports: (u16, u16),
    udp: bool,
}

/// Frames without end.
#[derive(Debug)]
struct Mix {
    random: Random,
    hosts: u64,
    flows: Vec<Progress>,
}

impl Iterator for Mix {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let size = match self.random.below(12) {
            0..7 => None,
            7..11 => Some(MEDIUM),
            _ => Some(LARGE),
        };
        let (number, flow) = self.pick(size.is_some());
        let inbound = self.random.below(100) < if size.is_some() { 65 } else { 45 };
        Some(if flow.udp {
            self.datagram(&flow, size, inbound)
        } else {
            self.segment((number, &flow), size, inbound)
        })
    }
}

impl Mix {
    /// Every connection is somewhere in its life when the capture begins.
    fn new(seed: u64, hosts: u64) -> Self {
        let count = usize::try_from(hosts * FLOWS_PER_HOST).unwrap_or(usize::MAX);
        let mut flows = vec![Progress::default(); count];
        for (number, progress) in flows.iter_mut().enumerate() {
            progress.packets = (number as u32).wrapping_mul(7) % lifetime(number, *progress);
        }
        Self { random: Random::new(seed).fork("imix"), hosts, flows }
    }

    /// A flow; one that may carry data when there is some.
    fn pick(&mut self, data: bool) -> (usize, Flow) {
        for _ in 0..1000 {
            let (number, flow) = self.draw();
            let progress = self.flows[number];
            if !data || flow.udp || (3..lifetime(number, progress)).contains(&progress.packets) {
                return (number, flow);
            }
        }
        self.draw() // so few hosts that hardly any flow is open
    }

    fn draw(&mut self) -> (usize, Flow) {
        let host = self.random.rank(self.hosts);
        let number = (host * FLOWS_PER_HOST + self.random.below(FLOWS_PER_HOST)) as usize;
        (number, self.flow(host, number))
    }

    /// What a flow's number says about it.
    fn flow(&self, host: u64, number: usize) -> Flow {
        let stranger = Random::new(host ^ 0x5eed << 40).next();
        let v6 = host % V6_ONE_IN == 3; // by number, not by chance: the most popular would sway the mix
        let generation = self.flows[number].generation;
        let mut own = Random::new((number as u64) << 32 | u64::from(generation));
        let udp = (number as u64) % UDP_ONE_IN == 3;
        let ports = (own.port(), own.pick(if udp { UDP_PORTS } else { TCP_PORTS }));
        let home = space::at_home(0x0100 + own.below(AT_HOME) as u16, v6);
        Flow { home, stranger: space::stranger(stranger, v6), ports, udp }
    }

    fn route(&mut self, flow: &Flow, inbound: bool) -> (Route, (u16, u16)) {
        let identification = self.random.next() as u16;
        if inbound {
            let route = Route { from: flow.stranger, to: flow.home, identification };
            (route, (flow.ports.1, flow.ports.0))
        } else {
            (Route { from: flow.home, to: flow.stranger, identification }, flow.ports)
        }
    }

    fn datagram(&mut self, flow: &Flow, size: Option<usize>, inbound: bool) -> Frame {
        let (route, ports) = self.route(flow, inbound);
        let small = 12 + self.random.below(7) as usize;
        let mut head = self.random.bytes::<12>();
        head[0] = 0x40 | head[0] & 0x3f; // QUIC's fixed bit, its short header
        let length = size.map_or(small, |size| size - 8 - internet_header(&route));
        udp(&route, ports, Payload { head: &head, length })
    }

    /// The next segment of a connection: handshake, data or acknowledgment, end.
    fn segment(&mut self, (number, flow): (usize, &Flow), size: Option<usize>, inbound: bool) -> Frame {
        let progress = self.flows[number];
        let last = progress.packets >= lifetime(number, progress);
        let (flags, inbound): (u8, bool) = match progress.packets {
            0 => (flag::SYN, false),
            1 => (flag::SYN | flag::ACK, true),
            2 => (flag::ACK, false),
            _ if last => (flag::FIN | flag::ACK, inbound),
            _ if size.is_some() => (flag::PSH | flag::ACK, inbound),
            _ => (flag::ACK, inbound),
        };
        let (route, ports) = self.route(flow, inbound);
        let options: &[u8] = if flags & flag::SYN == 0 { &TIMESTAMP_OPTION } else { SYN_OPTIONS };
        let options = if size.is_none() && flags == flag::ACK { &[] } else { options };
        let length = match size {
            Some(size) if flags & flag::PSH != 0 => size - 20 - options.len() - internet_header(&route),
            _ => 0,
        };
        let head = self.random.bytes::<8>();
        let [mine, theirs] = if inbound { [progress.sent[1], progress.sent[0]] } else { progress.sent };
        let acknowledgment = if flags & flag::ACK == 0 { 0 } else { theirs };
        let segment = Segment { ports, sequence: mine, acknowledgment, flags, window: 502, options };
        self.advance((number, last), usize::from(inbound), length as u32 + u32::from(flags & 3 != 0));
        tcp(&route, &segment, Payload { head: if length == 0 { &[] } else { &head }, length })
    }

    fn advance(&mut self, (number, last): (usize, bool), side: usize, sent: u32) {
        let progress = &mut self.flows[number];
        progress.sent[side] = progress.sent[side].wrapping_add(sent);
        progress.packets += 1;
        if last {
            *progress = Progress { generation: progress.generation.wrapping_add(1), ..Progress::default() };
        }
    }
}

/// After how many packets a connection ends.
fn lifetime(number: usize, progress: Progress) -> u32 {
    let mut own = Random::new((number as u64) << 24 ^ u64::from(progress.generation));
    (LIFETIME / 2 + own.below(LIFETIME)) as u32
}

const fn internet_header(route: &Route) -> usize {
    if route.from.address.is_ipv4() { 20 } else { 40 }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn frames(count: usize) -> Vec<Frame> {
        Mix::new(1, 500).take(count).collect()
    }

    #[test]
    fn of_twelve_frames_seven_are_small_four_medium_and_one_large() {
        let frames = frames(24_000);
        let count = |from, to| frames.iter().filter(|frame| (from..to).contains(&frame.wire_length)).count();
        for (from, to, expected) in [(0, 100, 14_000), (590, 591, 8_000), (1514, 1515, 2_000)] {
            let found = count(from, to);
            assert!(found.abs_diff(expected) < 500, "{found} of {from} bytes");
        }
    }

    #[test]
    fn all_hosts_take_part_and_the_first_far_more_than_the_last() {
        let random_hosts: HashSet<u64> =
            (0..500).map(|host: u64| Random::new(host ^ 0x5eed << 40).next()).collect();
        assert_eq!(random_hosts.len(), 500);
        let mut mix = Mix::new(1, 500);
        let mut counts = vec![0_u32; 500];
        for _ in 0..50_000 {
            let (number, _) = mix.pick(false);
            counts[number / FLOWS_PER_HOST as usize] += 1;
        }
        assert!(counts.iter().all(|&count| count > 0));
        assert!(counts[0] > 20 * counts[499]);
    }

    #[test]
    fn a_connection_begins_with_a_handshake_and_a_seventh_is_ipv6() {
        let frames = frames(24_000);
        let v6 = frames.iter().filter(|frame| frame.bytes[12..14] == [0x86, 0xdd]).count();
        assert!((2_600..4_400).contains(&v6), "{v6}");
        let flags = |wanted: u8| {
            let tcp = frames.iter().filter(|frame| frame.bytes[12] == 8 && frame.bytes[23] == 6);
            tcp.filter(|frame| frame.bytes[47] == wanted).count()
        };
        let (syn, syn_ack) = (flags(flag::SYN), flags(flag::SYN | flag::ACK));
        assert!(syn > 100 && syn.abs_diff(syn_ack) < 80, "{syn} {syn_ack}");
    }
}
