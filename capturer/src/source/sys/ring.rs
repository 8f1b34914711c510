//! Memory shared with the kernel, in which it writes frames (packet_mmap, `TPACKET_V3`,
//! <https://docs.kernel.org/networking/packet_mmap.html>).
//!
//! The memory is a ring of blocks. A block belongs to the kernel or to us, as its status word says, and each side hands
//! it over by writing that word; nobody touches what is not theirs. What a block of ours holds is plain bytes, read by
//! safe code.

use std::io;
use std::mem::offset_of;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::c_int;
use socket2::Socket;

use super::{set, set_option};

/// Bytes of a block: several of the longest frames, and short enough that many of them wait for a slow reader even
/// when each is handed over nearly empty.
const BLOCK: usize = 256 * 1024;

/// A block with frames in it is handed over when it is this old, full or not.
pub(in crate::source) const RETIRE: Duration = Duration::from_millis(20);

/// Where a block's status word is.
const STATUS: usize =
    offset_of!(libc::tpacket_block_desc, hdr) + offset_of!(libc::tpacket_hdr_v1, block_status);

/// A packet socket's ring, and the block of it that is ours.
pub(in crate::source) struct Ring {
    memory: NonNull<u8>,
    blocks: usize,
    current: usize,
    /// The current block is ours.
    held: bool,
}

// SAFETY: the memory is process-wide, and the one `Ring` that refers to it goes with it to the other thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Has the kernel set up a ring of at least `bytes` for a socket that is not bound yet.
    pub(in crate::source) fn new(socket: &Socket, bytes: usize) -> io::Result<Self> {
        let blocks = bytes.div_ceil(BLOCK).max(2);
        let count = u32::try_from(blocks).map_err(|_| io::ErrorKind::InvalidInput)?;
        let version = libc::tpacket_versions::TPACKET_V3 as c_int;
        set_option(socket, libc::SOL_PACKET, libc::PACKET_VERSION, version)?;
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK as u32,
            tp_block_nr: count,
            tp_frame_size: BLOCK as u32,
            tp_frame_nr: count,
            tp_retire_blk_tov: RETIRE.as_millis() as u32,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        Ok(Self { memory: map(socket, blocks * BLOCK)?, blocks, current: 0, held: false })
    }

    /// Bytes of the whole ring.
    pub(in crate::source) const fn size(&self) -> usize {
        self.blocks * BLOCK
    }

    /// Gives the block at hand back, if one is, and takes the next; `false` when the kernel still fills it.
    pub(in crate::source) fn advance(&mut self) -> bool {
        if self.held {
            self.held = false;
            self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.current = (self.current + 1) % self.blocks;
        }
        self.held = self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER != 0;
        self.held
    }

    /// The block at hand, from its descriptor on; nothing when none is.
    #[inline]
    pub(in crate::source) fn block(&self) -> &[u8] {
        if !self.held {
            return &[];
        }
        // SAFETY: as of `block_mut`; a slice to write to excludes this one by the borrow of `self`.
        unsafe { slice::from_raw_parts(self.start().as_ptr(), BLOCK) }
    }

    /// The same, to write to.
    #[inline]
    pub(in crate::source) fn block_mut(&mut self) -> &mut [u8] {
        if !self.held {
            return &mut [];
        }
        // SAFETY: the block lies within the mapping, and the kernel neither reads nor writes it until its status is
        // stored by `advance`, which the borrow of `self` excludes for as long as the slice lives.
        unsafe { slice::from_raw_parts_mut(self.start().as_ptr(), BLOCK) }
    }

    /// Where the current block begins.
    #[inline]
    fn start(&self) -> NonNull<u8> {
        // SAFETY: `current` is less than `blocks`, so the sum stays within the mapping.
        unsafe { self.memory.add(self.current * BLOCK) }
    }

    /// The status word of the current block.
    fn status(&self) -> &AtomicU32 {
        // SAFETY: the word lies within the mapping, which outlives the borrow; blocks begin at pages and the word at a
        // multiple of four; kernel and we use it atomically, no slice of the block being alive in `advance`, the one user.
        unsafe { AtomicU32::from_ptr(self.start().add(STATUS).as_ptr().cast()) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: this is the whole mapping made by `map`; no borrow of it can outlive `self`. An error (there is none
        // for a whole mapping) would leave it mapped.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.size()) };
    }
}

/// Maps a socket's ring.
fn map(socket: &Socket, bytes: usize) -> io::Result<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let memory =
        unsafe { libc::mmap(ptr::null_mut(), bytes, access, libc::MAP_SHARED, socket.as_raw_fd(), 0) };
    match NonNull::new(memory.cast::<u8>()) {
        Some(start) if memory != libc::MAP_FAILED => Ok(start),
        _ => Err(io::Error::last_os_error()),
    }
}
