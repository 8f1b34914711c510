//! ipset restore's form (ipset(8)): one set of networks for each family.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use analyzer::Network;

use super::super::heading::Heading;
use super::super::list::List;

/// What a set holds at least: its default, so that a renewed list fits the set that is there.
const LEAST: usize = 65_536;

/// Seconds that an entry's timeout may have (ipset(8)).
pub(crate) const LONGEST: u64 = 2_147_483;

pub(super) fn render(list: &List, heading: &Heading) -> String {
    let name = &heading.name;
    let mut text = super::comments(
        list,
        heading,
        &[
            "load or renew: ipset restore < FILE",
            &format!("use: iptables -I INPUT -m set --match-set {name}4 src -j DROP"),
            &format!("     ip6tables -I INPUT -m set --match-set {name}6 src -j DROP"),
            &format!("undo: take the rules away, then ipset destroy {name}4; ipset destroy {name}6"),
        ],
    );
    let timeout = super::seconds(heading).map_or_else(String::new, |seconds| format!(" timeout {seconds}"));
    for (suffix, family, ipv6) in [("4", "inet", false), ("6", "inet6", true)] {
        let networks: Vec<Network> = list.family(ipv6).copied().flat_map(halves).collect();
        let most = networks.len().next_power_of_two().max(LEAST);
        // Every set can have timeouts, so that a renewed list fits the set that is there; 0 is for ever.
        let _ =
            writeln!(text, "create -exist {name}{suffix} hash:net family {family} maxelem {most} timeout 0");
        let _ = writeln!(text, "flush {name}{suffix}");
        for network in networks {
            let _ = writeln!(text, "add {name}{suffix} {network}{timeout}");
        }
    }
    text
}

/// A set of networks can't hold a /0, but both its halves.
fn halves(network: Network) -> Vec<Network> {
    if network.prefix_len() > 0 {
        return vec![network];
    }
    let upper: IpAddr = if network.is_ipv6() {
        Ipv6Addr::new(0x8000, 0, 0, 0, 0, 0, 0, 0).into()
    } else {
        Ipv4Addr::new(128, 0, 0, 0).into()
    };
    vec![Network::new(network.address(), 1), Network::new(upper, 1)]
}
