//! Capabilities of this thread (capabilities(7)): all go but CAP_NET_RAW where it is kept, and in the end that, too. Whoever was root
//! and is named files that nobody else may read keeps CAP_DAC_READ_SEARCH.

use std::io;

use caps::{CapSet, Capability, CapsHashSet};

fn failed(error: caps::errors::CapsError) -> io::Error {
    io::Error::other(error.to_string())
}

/// Keeps CAP_NET_RAW, if the thread may have it at all, and what lets it read; nothing is inherited by programs.
pub(super) fn keep_raw(reads: bool) -> io::Result<()> {
    let may = caps::has_cap(None, CapSet::Permitted, Capability::CAP_NET_RAW).map_err(failed)?;
    let raw = may.then_some(Capability::CAP_NET_RAW);
    set(&raw.into_iter().chain(reading(reads)).collect())
}

/// Keeps what lets it read, if anything.
pub(super) fn drop_raw(reads: bool) -> io::Result<()> {
    set(&reading(reads).collect())
}

fn reading(reads: bool) -> impl Iterator<Item = Capability> {
    reads.then_some(Capability::CAP_DAC_READ_SEARCH).into_iter()
}

/// No program that is ever started gets any; needs CAP_SETPCAP, and is no loss without: `no_new_privs` says the same.
pub(super) fn bound() {
    for capability in caps::all() {
        if caps::drop(None, CapSet::Bounding, capability).is_err() {
            return;
        }
    }
}

fn set(kept: &CapsHashSet) -> io::Result<()> {
    // Kernels before 4.3 have no ambient set.
    let _ = caps::clear(None, CapSet::Ambient);
    caps::clear(None, CapSet::Inheritable).map_err(failed)?;
    // What is effective has to be permitted all along.
    let effective = caps::read(None, CapSet::Effective).map_err(failed)?;
    let remaining: CapsHashSet = effective.intersection(kept).copied().collect();
    caps::set(None, CapSet::Effective, &remaining).map_err(failed)?;
    caps::set(None, CapSet::Permitted, kept).map_err(failed)?;
    caps::set(None, CapSet::Effective, kept).map_err(failed)
}
