//! The attacks, one file each, spread over the capture. Each clearly passes what detectors go by; the sources are random
//! addresses of large networks, there only to put a dot on the map.

pub mod arp_spoof;
pub mod dns_tunnel;
pub mod port_scan;
pub mod ssh_guessing;
pub mod syn_flood;
pub mod telnet_bot;

use std::net::IpAddr;

use crate::craft::random::Random;
use crate::demo::home::{Host, beyond};
use crate::demo::networks::NETWORKS;
use crate::demo::stack::Stack;

/// An IPv4 host somewhere in a country.
fn from_country(country: &str, random: &mut Random, stack: &'static Stack) -> Host {
    let network = NETWORKS.iter().find(|network| network.country == country).unwrap_or(&NETWORKS[0]);
    beyond(IpAddr::V4(network.v4(random)), country, stack)
}
