//! The forms a list comes in: one file each, one line in [`FORMATS`].

mod cidr;
mod ipset;
mod iptables;
mod json;
mod nft;
mod nginx;

use clap::ValueEnum;

use super::heading::Heading;
use super::list::List;

pub(crate) use ipset::LONGEST as LONGEST_IPSET;
pub(crate) use json::document;

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One network a line
    Cidr,
    /// Sets in a table of their own, for nft -f
    Nft,
    /// A chain, for iptables-restore --noflush; IPv4
    Iptables,
    /// The same for ip6tables-restore --noflush; IPv6
    Ip6tables,
    /// Two sets, for ipset restore
    Ipset,
    /// deny directives, to include in a server or location
    Nginx,
    /// A geo block, to include in http
    NginxGeo,
    /// One document with everything that is known
    Json,
}

type Render = fn(&List, &Heading) -> String;

/// Every format and who writes it.
const FORMATS: [(Format, Render); 8] = [
    (Format::Cidr, cidr::render),
    (Format::Nft, nft::render),
    (Format::Iptables, iptables::ipv4),
    (Format::Ip6tables, iptables::ipv6),
    (Format::Ipset, ipset::render),
    (Format::Nginx, nginx::deny),
    (Format::NginxGeo, nginx::geo),
    (Format::Json, json::render),
];

impl Format {
    /// The list in this form.
    pub(crate) fn render(self, list: &List, heading: &Heading) -> String {
        let found = FORMATS.iter().find(|(format, _)| *format == self);
        found.map_or_else(String::new, |(_, render)| render(list, heading))
    }

    /// The family it can't hold, if there is one: whether that is IPv6.
    pub(crate) const fn lacks_ipv6(self) -> Option<bool> {
        match self {
            Self::Iptables => Some(true),
            Self::Ip6tables => Some(false),
            _ => None,
        }
    }
}

/// The heading as comments, and further lines of advice.
fn comments(list: &List, heading: &Heading, advice: &[&str]) -> String {
    let lines = heading.lines(list);
    let advice = advice.iter().map(|line| (*line).to_owned());
    lines.into_iter().chain(advice).map(|line| format!("# {line}\n")).collect()
}

/// Whole seconds of the expiry.
fn seconds(heading: &Heading) -> Option<u64> {
    heading.expires.map(|length| length.as_secs())
}

#[cfg(test)]
mod tests;
