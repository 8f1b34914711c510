//! What the C library's allocator is told, so that memory that is free is the system's again.
//!
//! It gives each thread a heap of its own, and what one thread frees in its heap no other can use: with a dozen threads 18 MiB
//! more in a flood (docs/PERFORMANCE.md). Nothing allocates for a packet, so two heaps are enough.
//!
//! What is large it takes from the system piece by piece and gives back at once; but "large" becomes what is larger than anything
//! that was ever freed, up to 32 MiB, so that soon nothing is. Who sets the limit keeps it.

/// Heaps of all threads together.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: libc::c_int = 2;

/// What is large, bytes: what the C library begins with.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 << 10;

/// To be called before there is a second thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "mallopt(3) is a function of the C library")]
pub(crate) fn share() {
    // SAFETY: it sets numbers of the allocator and touches no memory of ours. Refused, it changes nothing.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) const fn share() {}
