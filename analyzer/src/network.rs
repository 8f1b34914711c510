//! A network in CIDR notation.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IPv4 or IPv6 network: address and prefix length, host bits zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    len: u8,
}

impl Network {
    /// The network of that length around an address; a length that is too long is the address itself.
    pub fn new(address: IpAddr, len: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let len = len.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
                Self { address: IpAddr::V4((v4.to_bits() & mask).into()), len }
            }
            IpAddr::V6(v6) => {
                let len = len.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
                Self { address: IpAddr::V6((v6.to_bits() & mask).into()), len }
            }
        }
    }

    /// Whether the address is inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv6() == self.is_ipv6() && Self::new(address, self.len).address == self.address
    }

    /// Whether it is an IPv6 network.
    pub const fn is_ipv6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// Its first address.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Its last address.
    pub fn last(&self) -> IpAddr {
        let host = 128 - u32::from(self.len) - if self.is_ipv6() { 0 } else { 96 };
        match self.address {
            IpAddr::V4(v4) => {
                IpAddr::V4((v4.to_bits() | (1_u32.checked_shl(host).unwrap_or(0).wrapping_sub(1))).into())
            }
            IpAddr::V6(v6) => {
                IpAddr::V6((v6.to_bits() | (1_u128.checked_shl(host).unwrap_or(0).wrapping_sub(1))).into())
            }
        }
    }

    /// Its prefix length.
    pub const fn prefix_len(&self) -> u8 {
        self.len
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a network such as 192.0.2.0/24 or 2001:db8::/32, found \"{0}\"")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    /// `192.0.2.0/24`, or an address alone for itself.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, len) = text.split_once('/').map_or((text, None), |(address, len)| (address, Some(len)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv6() { 128 } else { 32 };
        let len = len.map_or(Ok(longest), |len| len.trim().parse().map_err(|_| wrong()))?;
        if len > longest { Err(wrong()) } else { Ok(Self::new(address, len)) }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_prints_and_contains() {
        let network: Network = "192.0.2.77/24".parse().unwrap();
        assert_eq!(network.to_string(), "192.0.2.0/24");
        assert!(network.contains("192.0.2.255".parse().unwrap()));
        assert!(!network.contains("192.0.3.0".parse().unwrap()));
        assert_eq!(network.last(), IpAddr::from([192, 0, 2, 255]));
        for (network, last) in [
            ("0.0.0.0/0", "255.255.255.255"),
            ("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::1", "::1"),
        ] {
            assert_eq!(network.parse::<Network>().unwrap().last().to_string(), last);
        }
        assert!("::/0".parse::<Network>().unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
    }

    #[test]
    fn says_what_it_expected() {
        let error = "192.0.2.0/33".parse::<Network>().unwrap_err().to_string();
        assert_eq!(error, "expected a network such as 192.0.2.0/24 or 2001:db8::/32, found \"192.0.2.0/33\"");
    }
}
