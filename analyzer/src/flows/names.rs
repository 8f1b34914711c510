//! Names for keys, from what they are written as, so that keys of a store get the same.

use capturer::{Mac, Protocol};

use super::aggregation::Aggregation;
use crate::aggregate::{protocol_name, service_name};
use crate::geo::{Asn, Continent, CountryCode, Geo, country_name};
use crate::network::Network;
use crate::vendors;

/// Where the name of a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Keys say what they are.
    None,
    Country,
    Continent,
    Asn,
    Prefix,
    Protocol,
    Port,
    Vendor,
}

/// What the key of an aggregation is called, where it has a name.
pub fn key_name(by: &Aggregation, key: &str, geo: &Geo) -> Option<String> {
    match by.naming {
        Naming::None => None,
        Naming::Country => CountryCode::new(key).map(country_name).map(str::to_owned),
        Naming::Continent => Continent::named(key).map(Continent::name).map(str::to_owned),
        Naming::Asn => key.parse().ok().and_then(|number| geo.as_name(Asn(number))).map(str::to_owned),
        Naming::Prefix => {
            let network: Network = key.parse().ok()?;
            geo.network_place(&network).asn.and_then(|asn| geo.as_name(asn)).map(str::to_owned)
        }
        Naming::Protocol => {
            key.parse().ok().map(|number| protocol_name(Some(Protocol(number)))).filter(|name| name != key)
        }
        Naming::Port => {
            let (transport, port) = key.split_once('/')?;
            service_name(transport, port.parse().ok()?).map(str::to_owned)
        }
        Naming::Vendor => vendors::name(mac(key)?).map(str::to_owned),
    }
}

/// A hardware address as it is written: six bytes in hexadecimal between colons.
fn mac(text: &str) -> Option<Mac> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(Mac(bytes))
}
