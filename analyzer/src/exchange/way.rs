//! Which way a frame goes, seen from whom one asks about.

use std::net::IpAddr;

use capturer::Mac;

use super::Seen;
use crate::LocalNetworks;
use crate::geo::Category;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// From it.
    Sent,
    /// To it, or to everybody.
    Received,
    /// Between others.
    Between,
}

impl Way {
    /// As keys of protocols end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "snd",
            Self::Received => "rcv",
            Self::Between => "oth",
        }
    }
}

/// Whom one asks about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Devices, by their hardware addresses.
    Devices(Vec<Mac>),
    /// Hosts, by their addresses; frames of others are left out.
    Addresses(Vec<IpAddr>),
    /// Whoever is local.
    Local(LocalNetworks),
}

impl Subject {
    /// Which way a frame goes; none: it is not asked about.
    pub fn way(&self, seen: &Seen<'_>) -> Option<Way> {
        match self {
            Self::Devices(macs) => {
                let (source, destination) = seen.macs()?;
                Some(match () {
                    () if macs.contains(&source) => Way::Sent,
                    // The lowest bit of the first byte marks groups (IEEE 802).
                    () if macs.contains(&destination) || destination.is_group() => Way::Received,
                    () => Way::Between,
                })
            }
            Self::Addresses(addresses) => {
                let (source, destination) = seen.addresses()?;
                match () {
                    () if addresses.contains(&source) => Some(Way::Sent),
                    () if addresses.contains(&destination) => Some(Way::Received),
                    () => None,
                }
            }
            Self::Local(networks) => {
                let Some((source, destination)) = seen.addresses() else { return Some(Way::Between) };
                let local = |address| networks.contains(address, Category::of(address));
                Some(match (local(source), local(destination)) {
                    (true, _) => Way::Sent,
                    (false, true) => Way::Received,
                    (false, false) => Way::Between,
                })
            }
        }
    }
}
