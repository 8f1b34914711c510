//! Capabilities of this thread (capabilities(7)): all go but CAP_NET_RAW where it is kept, and in the end that, too.

use std::io;

use caps::{CapSet, Capability, CapsHashSet};

fn failed(error: caps::errors::CapsError) -> io::Error {
    io::Error::other(error.to_string())
}

/// Keeps CAP_NET_RAW alone, if the thread may have it at all; nothing is inherited by programs.
pub(super) fn keep_raw() -> io::Result<()> {
    let may = caps::has_cap(None, CapSet::Permitted, Capability::CAP_NET_RAW).map_err(failed)?;
    let kept: CapsHashSet = may.then_some(Capability::CAP_NET_RAW).into_iter().collect();
    set(&kept)
}

/// Keeps none.
pub(super) fn drop_all() -> io::Result<()> {
    set(&CapsHashSet::new())
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
