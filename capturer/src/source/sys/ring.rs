//! Memory shared with the kernel, in which it writes frames (packet_mmap, `TPACKET_V3`,
//! <https://docs.kernel.org/networking/packet_mmap.html>).
//!
//! The memory is a ring of blocks. A block belongs to the kernel or to us, as its status word says, and each side hands
//! it over by writing that word; nobody touches what is not theirs. What a block of ours holds is plain bytes, read by
//! safe code.

use std::io;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, RawFd};
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

/// Bytes of the descriptor that a block begins with.
const DESCRIPTOR: usize = size_of::<libc::tpacket_block_desc>();

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
        Self::over((libc::MAP_SHARED, socket.as_raw_fd()), blocks)
    }

    /// A ring in a new mapping of a file.
    fn over(file: (c_int, RawFd), blocks: usize) -> io::Result<Self> {
        Ok(Self { memory: map(file, blocks * BLOCK)?, blocks, current: 0, held: false })
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
        // SAFETY: the block lies within the mapping, and the kernel writes none of it until its status is stored by `advance`,
        // which the borrow of `self` excludes for as long as the slice lives; `frames_mut` is excluded in the same way.
        unsafe { slice::from_raw_parts(self.start().as_ptr(), BLOCK) }
    }

    /// The block at hand from an offset behind its descriptor on, to write to; nothing when none is. Who could write to the status
    /// word would take it from the kernel, which reads it at any time.
    #[inline]
    pub(in crate::source) fn frames_mut(&mut self, offset: usize) -> Option<&mut [u8]> {
        let len = BLOCK.checked_sub(offset).filter(|_| self.held && offset >= DESCRIPTOR)?;
        // SAFETY: these bytes lie within the block, hence the mapping, and the kernel neither reads nor writes them until the
        // block's status is stored by `advance`, which the borrow of `self` excludes for as long as the slice lives.
        Some(unsafe { slice::from_raw_parts_mut(self.start().add(offset).as_ptr(), len) })
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

/// Maps so many bytes of a file.
fn map((flags, file): (c_int, RawFd), bytes: usize) -> io::Result<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let memory = unsafe { libc::mmap(ptr::null_mut(), bytes, access, flags, file, 0) };
    match NonNull::new(memory.cast::<u8>()) {
        Some(start) if memory != libc::MAP_FAILED => Ok(start),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Blocks of the ring, and how many are handed over; miri takes its time.
    const BLOCKS: usize = 3;
    const TURNS: usize = if cfg!(miri) { 30 } else { 3000 };

    /// Bytes written to a block.
    const WRITTEN: usize = 16;

    /// What the kernel does to the memory, done by a thread.
    struct Kernel(NonNull<u8>);

    // SAFETY: the memory is process-wide and outlives the thread, and each side touches but what is its own.
    unsafe impl Send for Kernel {}

    impl Kernel {
        /// Fills each block when it is the kernel's, with its turn at both ends, and hands it over.
        fn run(self) {
            for turn in 0..TURNS {
                // SAFETY: within the mapping.
                let block = unsafe { self.0.add(turn % BLOCKS * BLOCK) };
                // SAFETY: within the mapping, at a multiple of four, used atomically by both sides.
                let status = unsafe { AtomicU32::from_ptr(block.add(STATUS).as_ptr().cast()) };
                while status.load(Ordering::Acquire) != libc::TP_STATUS_KERNEL {
                    thread::yield_now();
                }
                for place in [BLOCK / 2, BLOCK - WRITTEN] {
                    // SAFETY: within a block that is the kernel's, and of which the other side holds no slice.
                    unsafe { block.add(place).write_bytes(turn as u8, WRITTEN) };
                }
                status.store(libc::TP_STATUS_USER, Ordering::Release);
            }
        }
    }

    #[test]
    fn blocks_change_hands_and_nobody_touches_the_others() {
        let mut ring = Ring::over((libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1), BLOCKS).unwrap();
        assert!(!ring.advance() && ring.block().is_empty() && ring.frames_mut(DESCRIPTOR).is_none());
        let kernel = Kernel(ring.memory);
        let kernel = thread::spawn(|| kernel.run());
        for turn in 0..TURNS {
            while !ring.advance() {
                thread::yield_now();
            }
            assert!(ring.frames_mut(DESCRIPTOR - 1).is_none() && ring.frames_mut(BLOCK + 1).is_none());
            let half = ring.frames_mut(BLOCK / 2).unwrap();
            assert!(half[..WRITTEN].iter().all(|&byte| byte == turn as u8));
            half[WRITTEN] = 1;
            assert!(ring.block()[BLOCK - WRITTEN..].iter().all(|&byte| byte == turn as u8));
        }
        kernel.join().unwrap();
    }
}
