//! What an exporter may ask of a collector. UDP names its senders for nothing, so whatever they can make grow has an end.

use std::net::IpAddr;
use std::time::Duration;

/// Bounds of a collector.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Networks whose exporters are heard, as address and prefix length; all are where there are none.
    pub listed: Vec<(IpAddr, u8)>,
    /// How long templates and silent exporters are kept once room is wanted; for ever without it, which is right where
    /// captures are read: their times may be years apart.
    pub lifetime: Option<Duration>,
}

impl Limits {
    /// Most exporters, by address.
    pub const EXPORTERS: usize = 64;
    /// Most source ids, observation domains, engines or sub-agents of an exporter.
    pub const DOMAINS: usize = 64;
    /// Most templates of an exporter, of all its domains.
    pub const TEMPLATES: usize = 256;
    /// Most fields of a template.
    pub const FIELDS: usize = 128;
    /// Most fields of all templates of an exporter: 32 a template on average, so that 64 exporters take 2 MiB at most.
    pub const ALL_FIELDS: usize = 8192;
    /// Most samplers of a domain.
    pub const SAMPLERS: usize = 16;
    /// Most packets or bytes of a record: 281 TB are an hour and a half of 400 Gbit/s.
    pub const MOST: u64 = 1 << 48;
    /// How long live collectors keep what is neither used nor sent again. Exporters send templates again after at most half
    /// an hour (RFC 7011 §8.4 asks for three times that).
    pub const LIFETIME: Duration = Duration::from_secs(7200);

    /// For exports inside captures.
    pub const fn of_captures() -> Self {
        Self { listed: Vec::new(), lifetime: None }
    }

    /// For a socket.
    pub const fn live(listed: Vec<(IpAddr, u8)>) -> Self {
        Self { listed, lifetime: Some(Self::LIFETIME) }
    }

    /// Whether an exporter is heard.
    pub(super) fn hears(&self, address: IpAddr) -> bool {
        self.listed.is_empty() || self.listed.iter().any(|&(network, length)| holds(network, length, address))
    }
}

fn holds(network: IpAddr, length: u8, address: IpAddr) -> bool {
    let same = |a: u128, b: u128, bits: u32| {
        let shift = bits.saturating_sub(u32::from(length));
        a.checked_shr(shift) == b.checked_shr(shift)
    };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            same(network.to_bits().into(), address.to_bits().into(), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_networks() {
        let limits =
            Limits::live(vec![("10.1.0.0".parse().unwrap(), 16), ("2001:db8::1".parse().unwrap(), 128)]);
        for (address, heard) in
            [("10.1.255.1", true), ("10.2.0.1", false), ("2001:db8::1", true), ("2001:db8::2", false)]
        {
            assert_eq!(limits.hears(address.parse().unwrap()), heard, "{address}");
        }
        assert!(Limits::of_captures().hears([1, 2, 3, 4].into()));
        assert!(Limits::live(vec![([0; 4].into(), 0)]).hears([1, 2, 3, 4].into()));
    }
}
