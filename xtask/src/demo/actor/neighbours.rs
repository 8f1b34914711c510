//! How the house finds itself: ARP, neighbour discovery and router advertisements (RFC 4861), leases renewed by DHCP.

use std::net::{IpAddr, Ipv6Addr};

use crate::craft::frame::{Endpoint, Payload, arp, multicast_mac};
use crate::craft::random::Random;
use crate::craft::transport::icmp;
use crate::demo::datagram::{ask, route};
use crate::demo::home::{DEVICES, Device, Host, ROUTER};
use crate::demo::message::dhcp;
use crate::demo::tape::{LENGTH, SECOND, Tape, WARM_UP};

const ADVERTISEMENT: u8 = 134;
const SOLICITATION: u8 = 135;
const NEIGHBOUR: u8 = 136;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Neighbours.
pub fn play(tape: &mut Tape, random: &mut Random) {
    for device in DEVICES.iter().skip(1) {
        let mut at = WARM_UP + random.between(0, 30 * SECOND);
        while at < LENGTH {
            match random.below(4) {
                0 => solicit(tape, device, at),
                _ => who_has(tape, device, at),
            }
            at += random.around(26 * SECOND);
        }
        lease(tape, random, device);
    }
    for at in (WARM_UP..LENGTH).step_by(30 * SECOND as usize) {
        advertise(tape, at + random.between(0, 9 * SECOND));
    }
}

fn who_has(tape: &mut Tape, device: &Device, at: i64) {
    let (asker, router) = ((device.mac(), device.address()), (ROUTER.mac(), ROUTER.address()));
    tape.put(at, arp(1, asker, ([0; 6], router.1), ROUTER.mac()));
    tape.put(at + 300, arp(2, router, asker, device.mac()));
}

fn solicit(tape: &mut Tape, device: &Device, at: i64) {
    let (asker, router) = (device.link_local(), on_link(ROUTER.link_local()));
    let IpAddr::V6(target) = router.end.address else { return };
    let mut body = target.octets().to_vec();
    body.extend([1, 1]);
    body.extend(device.mac());
    tape.put(at, icmp(&route(&on_link(asker), &router, at), (SOLICITATION, 0), [0; 4], &body));
    let mut body = target.octets().to_vec();
    body.extend([2, 1]);
    body.extend(ROUTER.mac());
    let answer = icmp(&route(&router, &asker, at), (NEIGHBOUR, 0), [0xe0, 0, 0, 0], &body);
    tape.put(at + 250, answer);
}

/// A router advertisement: the prefix, on-link, for a day.
fn advertise(tape: &mut Tape, at: i64) {
    let IpAddr::V6(address) = ROUTER.v6().end.address else { return };
    let mut body = vec![0; 8];
    body.extend([3, 4, 64, 0xc0]);
    body.extend([86_400_u32.to_be_bytes(), 14_400_u32.to_be_bytes(), [0; 4]].concat());
    body.extend(&address.octets()[..8]);
    body.extend([0; 8]);
    let to = group(IpAddr::V6(ALL_NODES));
    tape.put(
        at,
        icmp(&route(&on_link(ROUTER.link_local()), &to, at), (ADVERTISEMENT, 0), [64, 0, 7, 8], &body),
    );
}

fn lease(tape: &mut Tape, random: &mut Random, device: &Device) {
    let (id, at) = (random.next() as u32, random.between(0, LENGTH));
    let addresses = (device.address(), ROUTER.address());
    let request = dhcp::message(dhcp::REQUEST, (id, device.mac()), addresses, device.name);
    let answer = dhcp::message(dhcp::ACK, (id, device.mac()), addresses, device.name);
    let exchange = ((68, 67), Payload::whole(&request), Payload::whole(&answer));
    ask(tape, at, (&device.v4(), &ROUTER.v4()), exchange);
}

/// What must not be routed is sent with a hop limit of 255 (RFC 4861, section 7.1; RFC 6762, section 11).
pub fn on_link(host: Host) -> Host {
    Host { end: Endpoint { hop_limit: 255, ..host.end }, ..host }
}

/// A multicast group as a destination.
pub fn group(address: IpAddr) -> Host {
    let end = Endpoint { mac: multicast_mac(address), address, hop_limit: 1 };
    Host { end, ..ROUTER.v4() }
}
