//! Messages that need no connection: UDP both ways, ping, and asking for a name.

use std::net::IpAddr;

use super::home::{Device, Host, ROUTER};
use super::message::dns;
use super::sites::Site;
use super::tape::{MILLISECOND, Micros, Tape};
use crate::craft::frame::{Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{icmp, udp};

/// From whom to whom.
pub fn route(from: &Host, to: &Host, identification: Micros) -> Route {
    Route { from: from.end, to: to.end, identification: identification as u16 | 1 }
}

/// A datagram between two ports.
pub fn send(tape: &mut Tape, at: Micros, hosts: (&Host, &Host), (ports, payload): ((u16, u16), Payload<'_>)) {
    tape.put(at, udp(&route(hosts.0, hosts.1, at), ports, payload));
}

/// A datagram and its answer, as soon as the other can.
pub fn ask(
    tape: &mut Tape,
    at: Micros,
    hosts: (&Host, &Host),
    (ports, request, answer): ((u16, u16), Payload<'_>, Payload<'_>),
) {
    send(tape, at, hosts, (ports, request));
    send(tape, at + hosts.1.delay, (hosts.1, hosts.0), ((ports.1, ports.0), answer));
}

/// An echo request and its reply (RFC 792, RFC 4443).
pub fn ping(tape: &mut Tape, at: Micros, hosts: (&Host, &Host), (id, sequence): (u16, u16)) {
    let (request, reply) = if hosts.0.end.address.is_ipv4() { (8, 0) } else { (128, 129) };
    let ([a, b], [c, d]) = (id.to_be_bytes(), sequence.to_be_bytes());
    let payload: [u8; 56] = std::array::from_fn(|index| index as u8);
    tape.put(at, icmp(&route(hosts.0, hosts.1, at), (request, 0), [a, b, c, d], &payload));
    let back = at + hosts.1.delay;
    tape.put(back, icmp(&route(hosts.1, hosts.0, back), (reply, 0), [a, b, c, d], &payload));
}

/// A device asks the router for a site's addresses, both families; the address to use, and when it is known.
pub fn resolve(
    tape: &mut Tape,
    random: &mut Random,
    (device, site): (&Device, &Site),
    at: Micros,
) -> (IpAddr, Micros) {
    let waiting = random.between(2, 30) * MILLISECOND;
    let server = Host { delay: waiting, ..ROUTER.v4() };
    let addresses = [Some(IpAddr::V4(site.v4)), site.v6().map(IpAddr::V6)];
    for (index, address) in addresses.into_iter().enumerate() {
        let (id, kind) = (random.next() as u16, dns::address_type(index == 1));
        let request = dns::question(id, site.name, kind);
        let answer = dns::addresses(id, site.name, kind, address.as_slice());
        let exchange = ((random.port(), 53), Payload::whole(&request), Payload::whole(&answer));
        ask(tape, at + index as i64 * 150, (&device.v4(), &server), exchange);
    }
    (site.address(), at + waiting + MILLISECOND)
}
