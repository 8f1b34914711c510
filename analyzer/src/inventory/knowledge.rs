//! What was learned of addresses from packets, for those who ask it of each packet or row.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;

use crate::fingerprint::{Family, Fingerprints};
use crate::names::Names;

/// Who knows what hosts look like.
pub trait Systems {
    /// The family of systems that a host looks like.
    fn family(&self, address: IpAddr) -> Option<Family>;
}

/// Nobody knows anything.
impl Systems for () {
    fn family(&self, _: IpAddr) -> Option<Family> {
        None
    }
}

impl Systems for Fingerprints {
    fn family(&self, address: IpAddr) -> Option<Family> {
        Self::family(self, address)
    }
}

/// What was known at a moment.
impl<S: BuildHasher> Systems for HashMap<IpAddr, Family, S> {
    fn family(&self, address: IpAddr) -> Option<Family> {
        self.get(&address).copied()
    }
}

/// Names of addresses, and what they look like.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// Names.
    pub names: &'a Names,
    /// Looks.
    pub systems: &'a dyn Systems,
}

impl<'a> From<&'a Names> for Knowledge<'a> {
    /// Names alone.
    fn from(names: &'a Names) -> Self {
        Self { names, systems: &() }
    }
}
