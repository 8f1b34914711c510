//! Devices look for each other: mDNS (RFC 6762) over both families, SSDP for televisions and printers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::neighbours::{group, on_link};
use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::send;
use crate::demo::home::{CONSOLE, Device, Host, LAPTOP, PHONE, TABLET, TV};
use crate::demo::message::dns;
use crate::demo::tape::{LENGTH, Micros, SECOND, Tape, WARM_UP};

const MDNS_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251));
const MDNS_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb));
const SSDP_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250));

const SEARCH: &[u8] = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\
    MX: 2\r\nST: urn:dial-multiscreen-org:service:dial:1\r\n\r\n";

/// What is asked for on the link.
const SERVICES: &[&str] =
    &["_airplay._tcp.local", "_googlecast._tcp.local", "_ipp._tcp.local", "_smb._tcp.local"];

/// Discovery.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let devices: [&Device; 5] = [&LAPTOP, &PHONE, &TABLET, &TV, &CONSOLE];
    for device in devices {
        let mut at = WARM_UP + random.between(0, 20 * SECOND);
        while at < LENGTH {
            let question = dns::local_question(random.pick(SERVICES));
            let payload = Payload::whole(&question);
            match random.below(3) {
                0 => ask(tape, at, (&on_link(device.v4()), MDNS_V4), ((5353, 5353), payload)),
                1 => ask(tape, at, (&on_link(device.link_local()), MDNS_V6), ((5353, 5353), payload)),
                _ => {
                    ask(tape, at, (&device.v4(), SSDP_V4), ((random.port(), 1900), Payload::whole(SEARCH)));
                }
            }
            at += random.around(17 * SECOND);
        }
    }
}

fn ask(tape: &mut Tape, at: Micros, (host, to): (&Host, IpAddr), message: ((u16, u16), Payload<'_>)) {
    send(tape, at, (host, &group(to)), message);
}
