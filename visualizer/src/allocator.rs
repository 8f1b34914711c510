//! The C library gives each thread a heap of its own, and what one thread frees in its heap no other can use: with a dozen
//! threads 18 MiB more in a flood (docs/PERFORMANCE.md). Nothing allocates for a packet, so two heaps are enough.

/// Heaps of all threads together.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: libc::c_int = 2;

/// To be called before there is a second thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "mallopt(3) is a function of the C library")]
pub(crate) fn share() {
    // SAFETY: it sets a number of the allocator and touches no memory of ours. Refused, it changes nothing.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, HEAPS) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) const fn share() {}
