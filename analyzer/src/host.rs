//! Hosts: one row an address, with its place looked up once.

use std::net::IpAddr;

use capturer::Timestamp;

use crate::capped::Worth;
use crate::counts::Counts;
use crate::flow::Volume;
use crate::network::Network;
use crate::observation::End;

/// What is known of a host. What a new flow asks of it comes first and fits the row's first cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Host {
    /// Address, place and whether it is ours.
    pub end: End,
    /// Last packet from or to it.
    pub last: Timestamp,
    /// Flows with it at either end.
    pub flows: u32,
    /// Which views have seen it, a bit each.
    pub views: u16,
    /// A flow of it has traffic both ways.
    pub answered: bool,
    /// What it sent.
    pub sent: Volume,
    /// What it received.
    pub received: Volume,
    /// First packet from or to it.
    pub first: Timestamp,
    /// The announced prefix or covering range it is in, when prefixes are counted.
    pub prefix: Option<Network>,
}

impl Worth for Host {
    /// Traffic both ways outlives once-seen sources.
    fn established(&self) -> bool {
        self.answered || (self.sent.packets > 0 && self.received.packets > 0)
    }
}

impl Host {
    /// A host that is seen for the first time.
    pub fn new(end: End, prefix: Option<Network>, at: Timestamp) -> Self {
        Self {
            sent: Volume::default(),
            received: Volume::default(),
            last: at,
            flows: 0,
            views: 0,
            answered: false,
            end,
            prefix,
            first: at,
        }
    }

    /// Its totals.
    pub const fn counts(&self) -> Counts {
        Counts {
            packets_sent: self.sent.packets,
            bytes_sent: self.sent.bytes,
            packets_received: self.received.packets,
            bytes_received: self.received.bytes,
            flows: self.flows,
            hosts: 1,
        }
    }

    /// Its address.
    #[inline]
    pub const fn address(&self) -> IpAddr {
        self.end.address
    }
}
