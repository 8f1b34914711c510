//! Hosts: one row an address, with its place looked up once.

use std::net::IpAddr;

use capturer::Timestamp;

use crate::capped::Worth;
use crate::counts::Counts;
use crate::network::Network;
use crate::observation::End;

/// What is known of a host. What every packet needs comes first and fills a cache line and a half.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Host {
    /// Address, place and whether it is ours.
    pub end: End,
    /// Totals; `hosts` is 1.
    pub counts: Counts,
    /// Last packet from or to it.
    pub last: Timestamp,
    /// Which views have seen it, a bit each.
    pub views: u16,
    /// The announced prefix or covering range it is in, when prefixes are counted.
    pub prefix: Option<Network>,
    /// First packet from or to it.
    pub first: Timestamp,
}

impl Worth for Host {
    /// Traffic both ways outlives once-seen sources.
    fn established(&self) -> bool {
        self.counts.established()
    }
}

impl Host {
    /// A host that is seen for the first time.
    pub fn new(end: End, prefix: Option<Network>, at: Timestamp) -> Self {
        Self { end, counts: Counts { hosts: 1, ..Counts::default() }, prefix, first: at, last: at, views: 0 }
    }

    /// Its address.
    #[inline]
    pub const fn address(&self) -> IpAddr {
        self.end.address
    }
}
