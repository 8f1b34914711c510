//! The home network: a router, what hangs on it, and how anybody beyond it looks from inside.
//!
//! The capture is made on the LAN side of the router, after address translation: hosts at home appear with 192.168.1.x
//! or with an address of the delegated /64. 192.168.1.10 is a small server that the router forwards every unasked
//! IPv4 connection to ("exposed host").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::networks::Network;
use super::sites::Site;
use super::stack::{ANDROID, APPLE, FREEBSD, LINUX, OLD_LINUX, Stack, WINDOWS};
use super::tape::{MILLISECOND, Micros};
use crate::craft::frame::{Endpoint, Mac};
use crate::craft::random::Random;

/// The delegated prefix: a /64 of a Dutch operator's block.
const GLOBAL: [u16; 4] = [0x2a02, 0xa446, 0x5f1c, 0x1];

/// The home's unique local prefix (RFC 4193).
const UNIQUE_LOCAL: [u16; 4] = [0xfd3a, 0x7c21, 0x9e04, 0x1];

const LINK_LOCAL: [u16; 4] = [0xfe80, 0, 0, 0];

/// Something on the LAN.
#[derive(Debug)]
pub struct Device {
    /// What it calls itself.
    pub name: &'static str,
    /// The last part of its IPv4 address, and of its hardware address.
    pub number: u8,
    /// Its operating system's habits.
    pub stack: &'static Stack,
}

/// Somebody who can speak: an end, its habits, and how long after hearing something its answer is seen.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Its addresses as seen on the LAN.
    pub end: Endpoint,
    /// Its operating system's habits.
    pub stack: &'static Stack,
    /// From what it hears to what it says, at the capture point.
    pub delay: Micros,
}

/// The router.
pub const ROUTER: Device = Device { name: "router", number: 1, stack: &LINUX };
/// The exposed server.
pub const SERVER: Device = Device { name: "homeserver", number: 10, stack: &LINUX };
/// The network storage.
pub const NAS: Device = Device { name: "nas", number: 11, stack: &LINUX };
/// A laptop with macOS.
pub const LAPTOP: Device = Device { name: "laptop", number: 21, stack: &APPLE };
/// The work-from-home PC with Windows.
pub const OFFICE_PC: Device = Device { name: "office-pc", number: 22, stack: &WINDOWS };
/// A telephone with Android.
pub const PHONE: Device = Device { name: "phone", number: 31, stack: &ANDROID };
/// A tablet with iOS.
pub const TABLET: Device = Device { name: "tablet", number: 32, stack: &APPLE };
/// The television.
pub const TV: Device = Device { name: "tv", number: 41, stack: &OLD_LINUX };
/// The game console.
pub const CONSOLE: Device = Device { name: "console", number: 42, stack: &FREEBSD };
/// A camera, and an infected one.
pub const CAMERA: Device = Device { name: "camera", number: 51, stack: &OLD_LINUX };

/// Everything on the LAN that has an address.
pub const DEVICES: &[&Device] =
    &[&ROUTER, &SERVER, &NAS, &LAPTOP, &OFFICE_PC, &PHONE, &TABLET, &TV, &CONSOLE, &CAMERA];

/// Answers on the LAN take this long.
const LOCAL_DELAY: Micros = 600;

impl Device {
    /// A locally administered hardware address.
    pub const fn mac(&self) -> Mac {
        [0x02, 0x57, 0x47, 0x00, 0x01, self.number]
    }

    /// Its IPv4 address.
    pub const fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(192, 168, 1, self.number)
    }

    /// Over IPv4.
    pub fn v4(&self) -> Host {
        self.host(IpAddr::V4(self.address()))
    }

    /// Over IPv6 with its global address.
    pub fn v6(&self) -> Host {
        self.host(IpAddr::V6(self.under(GLOBAL)))
    }

    /// Over IPv6 within the home.
    pub fn unique_local(&self) -> Host {
        self.host(IpAddr::V6(self.under(UNIQUE_LOCAL)))
    }

    /// Over IPv6 on the link.
    pub fn link_local(&self) -> Host {
        self.host(IpAddr::V6(self.under(LINK_LOCAL)))
    }

    /// In the family of `peer`.
    pub fn toward(&self, peer: IpAddr) -> Host {
        if peer.is_ipv4() { self.v4() } else { self.v6() }
    }

    fn under(&self, [a, b, c, d]: [u16; 4]) -> Ipv6Addr {
        let number = u16::from(self.number);
        Ipv6Addr::new(a, b, c, d, 0x0057, 0x47ff, 0xfe00, 0x0100 | number)
    }

    fn host(&self, address: IpAddr) -> Host {
        let end = Endpoint { mac: self.mac(), address, hop_limit: self.stack.hop_limit };
        Host { end, stack: self.stack, delay: LOCAL_DELAY }
    }
}

/// Somebody beyond the router, in a country.
pub fn beyond(address: IpAddr, country: &str, stack: &'static Stack) -> Host {
    let hops = 7 + Random::new(0).fork(&address.to_string()).below(13) as u8;
    let end = Endpoint { mac: ROUTER.mac(), address, hop_limit: stack.hop_limit - hops };
    Host { end, stack, delay: round_trip(country) }
}

/// A site's server, over the family that `address` chose.
pub fn site(site: &Site, address: IpAddr) -> Host {
    beyond(address, site.country, &LINUX)
}

/// Somebody in a network, one in `v6_one_in` over IPv6 where the network has it.
pub fn somebody(network: &Network, random: &mut Random, v6_one_in: u64) -> IpAddr {
    let v6 = if random.one_in(v6_one_in) { network.v6(random) } else { None };
    v6.map_or_else(|| IpAddr::V4(network.v4(random)), IpAddr::V6)
}

/// Round trips from the Netherlands, milliseconds; 28 where nothing is said (the rest of Europe).
const ROUND_TRIPS: &[(Micros, &str)] = &[
    (6, "NL BE"),
    (14, "DE GB FR LU DK IE"),
    (60, "TR IL CY LB JO MA DZ TN EG GE AM AZ RU"),
    (92, "US CA GL"),
    (125, "SA AE QA KW BH OM KZ UZ MX JM TT DO PA CR GT"),
    (150, "IN PK BD LK NP SN CI CM NG GH AO KE UG RW ET TZ"),
    (175, "BR AR CL CO PE UY EC BO PY SG MY TH VN KH LA MM HK"),
    (190, "ZA NA BW MU MZ ZM MG ID PH TW CN MN"),
    (240, "JP KR"),
    (285, "AU NZ FJ PG NC"),
];

fn round_trip(country: &str) -> Micros {
    let row = ROUND_TRIPS.iter().find(|(_, countries)| countries.contains(country));
    row.map_or(28, |&(trip, _)| trip) * MILLISECOND
}
