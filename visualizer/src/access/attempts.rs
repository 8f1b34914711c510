//! How often somebody may try to log in: ten times a minute from an address (IPv6: a /64, which one holder has), sixty
//! times a minute in all. Guessing a password of eight random characters at that pace takes longer than anybody waits.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::bucket::Bucket;

const SPAN: Duration = Duration::from_secs(60);
const OF_ONE: u32 = 10;
const OF_ALL: u32 = 60;

/// Addresses that are remembered; with more, only what all have together counts.
const MOST: usize = 4096;

/// Attempts of the last minute.
#[derive(Debug)]
pub(crate) struct Attempts {
    all: Bucket,
    by_address: HashMap<IpAddr, Bucket>,
}

impl Attempts {
    pub(crate) fn new(now: Instant) -> Self {
        Self { all: Bucket::new(OF_ALL, SPAN, now), by_address: HashMap::new() }
    }

    /// Takes an attempt, or says how long to wait.
    pub(crate) fn take(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = holder(address);
        if self.by_address.len() >= MOST && !self.by_address.contains_key(&address) {
            self.by_address.retain(|_, bucket| bucket.left(now) < OF_ONE as usize);
        }
        if self.by_address.len() < MOST || self.by_address.contains_key(&address) {
            let own = self.by_address.entry(address).or_insert_with(|| Bucket::new(OF_ONE, SPAN, now));
            if !own.take(now) {
                return Err(own.ready().saturating_duration_since(now));
            }
        }
        if self.all.take(now) { Ok(()) } else { Err(self.all.ready().saturating_duration_since(now)) }
    }

    /// Forgets what an address has tried: it knew a password.
    pub(crate) fn forgive(&mut self, address: IpAddr) {
        self.by_address.remove(&holder(address));
    }
}

/// What one holder has for sure: an IPv4 address, or a /64.
fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_waits_while_others_may_try() {
        let now = Instant::now();
        let mut attempts = Attempts::new(now);
        let [one, two] = ["2001:db8::1", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        for _ in 0..OF_ONE {
            assert_eq!(attempts.take(one, now), Ok(()));
        }
        let wait = attempts.take("2001:db8::2".parse().unwrap(), now).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= SPAN / OF_ONE, "{wait:?}");
        assert_eq!(attempts.take(two, now), Ok(()));
        assert_eq!(attempts.take(one, now + wait + Duration::from_millis(1)), Ok(()));
        attempts.forgive(one);
        assert_eq!(attempts.take(one, now), Ok(()));
    }

    #[test]
    fn many_addresses_share_one_allowance_and_a_bounded_table() {
        let now = Instant::now();
        let mut attempts = Attempts::new(now);
        let tries = (0..100_000u32).filter(|n| attempts.take(IpAddr::from(n.to_be_bytes()), now).is_ok());
        assert_eq!(tries.count(), OF_ALL as usize);
        assert!(attempts.by_address.len() <= MOST);
    }
}
