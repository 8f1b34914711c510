//! What belongs to no country: a traceroute whose second hop is the operator's shared address space (RFC 6598), a printer
//! that found no DHCP server (RFC 3927), and a misconfigured device that logs to a documentation address (RFC 5737).

use std::net::{IpAddr, Ipv4Addr};

use super::neighbours::group;
use crate::craft::frame::{Endpoint, Payload};
use crate::craft::random::Random;
use crate::craft::transport::{icmp, udp};
use crate::demo::datagram::{route, send};
use crate::demo::home::{self, CAMERA, Host, OFFICE_PC, ROUTER};
use crate::demo::message::dns;
use crate::demo::sites::QUAD9;
use crate::demo::stack::LINUX;
use crate::demo::tape::{LENGTH, MILLISECOND, SECOND, Tape, WARM_UP};

const SHARED: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
const SELF_ASSIGNED: Ipv4Addr = Ipv4Addr::new(169, 254, 77, 12);
const DOCUMENTATION: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);
const MDNS: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251));

const LOG_LINE: &[u8] = b"<134>1 2026-06-17T18:30:00Z camera recorder - - - motion on channel 1";

/// Oddities.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for round in 0..4 {
        traceroute(tape, 8 * SECOND + round * 75 * SECOND, 33_434 + 3 * round as u16);
    }
    let printer = stranger([0x02, 0x57, 0x47, 0, 1, 77], SELF_ASSIGNED);
    let log = home::beyond(IpAddr::V4(DOCUMENTATION), "", &LINUX);
    let mut at = WARM_UP;
    while at < LENGTH {
        let question = dns::local_question("_ipp._tcp.local");
        send(tape, at, (&printer, &group(MDNS)), ((5353, 5353), Payload::whole(&question)));
        let later = at + random.between(0, 20 * SECOND);
        send(tape, later, (&CAMERA.v4(), &log), ((40_514, 514), Payload::whole(LOG_LINE)));
        at += random.around(24 * SECOND);
    }
}

fn stranger(mac: [u8; 6], address: Ipv4Addr) -> Host {
    Host { end: Endpoint { mac, address: IpAddr::V4(address), hop_limit: 255 }, ..ROUTER.v4() }
}

/// Three probes; the router and the operator's first hop say "time exceeded" (RFC 792), the target "no such port".
fn traceroute(tape: &mut Tape, start: i64, port: u16) {
    let target = home::site(&QUAD9, IpAddr::V4(QUAD9.v4));
    let hops = [(ROUTER.v4(), 11, 0, 1), (stranger(ROUTER.mac(), SHARED), 11, 0, 8), (target, 3, 3, 12)];
    for (index, (hop, kind, code, delay)) in hops.into_iter().enumerate() {
        let at = start + index as i64 * 400 * MILLISECOND;
        let mut probe = OFFICE_PC.v4();
        probe.end.hop_limit = index as u8 + 1;
        let ports = (51_000, port + index as u16);
        let frame = udp(&route(&probe, &target, at), ports, Payload { head: &[], length: 32 });
        let quoted = frame.bytes[14..42].to_vec();
        tape.put(at, frame);
        let back = at + delay * MILLISECOND;
        tape.put(back, icmp(&route(&hop, &OFFICE_PC.v4(), back), (kind, code), [0; 4], &quoted));
    }
}
