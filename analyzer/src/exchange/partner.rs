//! With whom: a device that has a name, else an address, else hardware.

use std::net::IpAddr;

use capturer::Mac;

use super::{Seen, Way};
use crate::Devices;

/// The far end of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partner {
    /// A device that the list names.
    Device(Mac),
    /// An address.
    Address(IpAddr),
    /// Hardware, where there is no IP.
    Hardware(Mac),
    /// A frame without any address.
    Nobody,
}

impl Partner {
    /// Whom a frame was exchanged with: of what was sent its destination, else its source.
    pub fn of(seen: &Seen<'_>, way: Way, devices: &Devices) -> Self {
        let far = |(source, destination)| if way == Way::Sent { destination } else { source };
        let mac = seen.macs().map(far);
        if let Some(mac) = mac.filter(|mac| devices.name(*mac).is_some()) {
            return Self::Device(mac);
        }
        let far = |(source, destination)| if way == Way::Sent { destination } else { source };
        let address = seen.addresses().map(far).map(Self::Address);
        address.or(mac.map(Self::Hardware)).unwrap_or(Self::Nobody)
    }

    /// Its address, where it is known by that.
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Device(_) | Self::Hardware(_) | Self::Nobody => None,
        }
    }

    /// What it is called.
    pub fn title(self, devices: &Devices) -> String {
        match self {
            Self::Device(mac) => devices.name(mac).map_or_else(|| mac.to_string(), str::to_owned),
            Self::Address(address) => address.to_string(),
            Self::Hardware(mac) => mac.to_string(),
            Self::Nobody => "no address".to_owned(),
        }
    }
}
