//! What detectors tell each other of an address: that it swept the network, answers what it was not asked, or looks for
//! the way. A rule that counts such an address for something else would cry twice, or wrongly.

use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::{Protocol, Timestamp};

use super::book::key;
use super::tracker::Tracker;

/// Addresses that are remembered.
const MOST: usize = 16_384;

/// A label is believed for this long after it was last given.
const AGE: Duration = Duration::from_secs(900);

/// What is said of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Label {
    /// It asked a range of addresses by ARP or ICMP whether they are there.
    Swept = 1,
    /// It answers SYNs that nobody sent: victim of a flood with spoofed sources.
    Backscatter = 2,
    /// It is made to answer a victim: a reflector.
    Reflector = 4,
    /// It sends packets with rising time to live: traceroute.
    Traceroute = 8,
    /// It scans ports or hosts.
    Scanner = 16,
    /// Several others open sessions to a port of a program of its own: a peer among peers.
    Peer = 32,
    /// Answers that it never asked for are sent to it: victim of reflectors.
    Victim = 64,
    /// It drowns a server in requests.
    Flooder = 128,
}

#[derive(Clone, Copy, Default)]
struct Said {
    labels: u8,
    at: [Timestamp; 8],
}

/// Labels of addresses whose packets are no scan, whatever they look like.
const EXCUSES: u8 = Label::Backscatter as u8 | Label::Reflector as u8 | Label::Traceroute as u8;

/// Services under floods of forged sources that are remembered.
const SERVICES: usize = 8;

/// A flood is believed to go on for this long.
const FLOOD: Duration = Duration::from_secs(10);

/// A port of a host; 0 without ports.
type Service = (IpAddr, Protocol, u16);

/// What is said of addresses.
pub struct Labels {
    known: Tracker<Said>,
    /// Services under floods of forged sources, and when that was last said.
    forged: Vec<(Service, Timestamp)>,
    hasher: RandomState,
}

impl Labels {
    /// Nothing yet.
    pub fn new(hasher: RandomState) -> Self {
        Self { known: Tracker::new(MOST, AGE), forged: Vec::with_capacity(SERVICES), hasher }
    }

    /// Says it of an address.
    pub fn say(&mut self, address: IpAddr, label: Label, at: Timestamp) {
        let said = self.known.entry(key(&self.hasher, address), at, Said::default);
        said.labels |= label as u8;
        said.at[(label as u8).trailing_zeros() as usize] = at;
    }

    /// Whether it was said within a time.
    pub fn is(&mut self, address: IpAddr, label: Label, (at, time): (Timestamp, Duration)) -> bool {
        let place = (label as u8).trailing_zeros() as usize;
        let said = self.known.find(key(&self.hasher, address), at);
        said.is_some_and(|said| said.labels & label as u8 != 0 && at.since(said.at[place]) <= time)
    }

    /// Says that what comes at a service has forged sources.
    pub fn say_forged(&mut self, service: Service, at: Timestamp) {
        if let Some(known) = self.forged.iter_mut().find(|(known, _)| *known == service) {
            known.1 = at;
        } else if self.forged.len() < SERVICES {
            self.forged.push((service, at));
        } else if let Some(oldest) = self.forged.iter_mut().min_by_key(|(_, said)| *said) {
            *oldest = (service, at);
        }
    }

    /// Whether what comes at a service has forged sources: then what fails there says nothing of who seems to try it, and
    /// need not be remembered by source.
    #[inline]
    pub fn is_forged(&self, service: Service, at: Timestamp) -> bool {
        self.forged.iter().any(|(known, said)| *known == service && at.since(*said) <= FLOOD)
    }

    /// Whether an address looks for the way, or answers what it was not asked: then it does not scan.
    pub fn is_excused(&mut self, address: IpAddr, at: Timestamp) -> bool {
        let said = self.known.find(key(&self.hasher, address), at);
        said.is_some_and(|said| said.labels & EXCUSES != 0)
    }
}
