//! Numbers out of a file that is written in its writer's byte order. What lies beyond the end reads as 0, as the empty
//! value of a field that an older writer did not have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Mac, Timestamp};

/// Bytes and their order.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) order: Order,
}

/// The byte order of the machine that wrote the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl<'a> Fields<'a> {
    /// What follows `at`.
    pub(super) fn from(self, at: usize) -> Self {
        Self { bytes: self.bytes.get(at..).unwrap_or_default(), order: self.order }
    }

    /// At most `length` bytes.
    pub(super) fn first(self, length: usize) -> Self {
        Self { bytes: &self.bytes[..length.min(self.bytes.len())], order: self.order }
    }

    fn raw<const N: usize>(&self, at: usize) -> [u8; N] {
        let found = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        let mut raw = found.copied().unwrap_or([0; N]);
        if self.order == Order::Big {
            raw.reverse();
        }
        raw
    }

    pub(super) fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    pub(super) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.raw(at))
    }

    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.raw(at))
    }

    pub(super) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.raw(at))
    }

    /// An IPv4 address, kept as a number.
    pub(super) fn ipv4(&self, at: usize) -> IpAddr {
        Ipv4Addr::from_bits(self.u32(at)).into()
    }

    /// An IPv6 address, kept as two numbers, the upper half first.
    pub(super) fn ipv6(&self, at: usize) -> IpAddr {
        Ipv6Addr::from_bits(u128::from(self.u64(at)) << 64 | u128::from(self.u64(at + 8))).into()
    }

    /// A hardware address, kept as a number.
    pub(super) fn mac(&self, at: usize) -> Mac {
        let [_, _, mac @ ..] = self.u64(at).to_be_bytes();
        Mac(mac)
    }

    /// Milliseconds since the Unix epoch.
    pub(super) fn millis(&self, at: usize) -> Timestamp {
        millis(self.u64(at))
    }
}

/// A time in milliseconds since the Unix epoch; what does not fit saturates.
pub(super) fn millis(millis: u64) -> Timestamp {
    Timestamp::from_nanos(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}
