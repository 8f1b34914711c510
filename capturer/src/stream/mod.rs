//! The ring: the recent past of the traffic, for any number of readers.
//!
//! One [`Writer`] appends batches and overwrites the oldest; each [`Cursor`] reads at its own pace and learns exactly
//! how many packets it missed. What comes from a file can wait for one of them ([`Writer::wait_for_room`]). [`PacketStream::find`] asks the recent past: the newest n ([`PacketStream::newest`]), those
//! since a moment ([`Query::from`]), those a filter takes, the evidence of an alert ([`PacketStream::frames`]);
//! [`export`] writes the answer as pcapng with why each frame was kept. One mutex guards it all: taken once for up to
//! [`BATCH`] packets and never while a packet is looked at, it costs less than a lock-free queue one by one. Everything is
//! allocated at the start. `examples/count_talkers.rs` is a small program around it.
//!
//! ```
//! use std::time::Duration;
//! use capturer::stream::{self, Batch, Capacity, Query, ReadBuffer};
//! use capturer::{Frame, LinkType, Packet, Timestamp};
//!
//! let capacity = Capacity { packets: 1024, kept_bytes: 64, ..Capacity::default() };
//! let (mut writer, stream) = stream::new(capacity);
//! let mut cursor = stream.cursor();
//!
//! // What the capture thread does: usually the frame is a source's and the packet is what decode makes of it.
//! let bytes = b"the frame's bytes";
//! let at = Timestamp::from_nanos(5);
//! let frame = Frame { number: 1, at, wire_len: 90, link: LinkType::ETHERNET, bytes };
//! let mut batch = Batch::new(capacity.kept_bytes);
//! batch.push(Packet { number: 1, at, wire_len: 90, ..Packet::empty() }, &frame);
//! writer.append(&mut batch);
//! drop(writer);
//!
//! // What a reader does.
//! let mut buffer = ReadBuffer::new(&stream);
//! let read = cursor.read(&mut buffer, Duration::ZERO);
//! assert_eq!((read.taken, read.lost, read.ended), (1, 0, false));
//! for seen in buffer.iter() {
//!     assert_eq!((seen.sequence, seen.packet.number, seen.bytes), (0, 1, &bytes[..]));
//! }
//! assert!(cursor.read(&mut buffer, Duration::ZERO).ended);
//!
//! // What someone who comes later does.
//! assert_eq!(stream.newest(10).len(), 1);
//! assert_eq!(stream.find(&Query { from: at, ..Query::default() }, |seen| seen.packet.wire_len > 80).len(), 1);
//! let evidence = stream.frames(&[1]);
//! let file = stream::export(Vec::new(), &evidence, |_| "for example".to_owned())?;
//! assert_eq!(file[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
//! # Ok::<(), std::io::Error>(())
//! ```

mod batch;
mod export;
mod query;
mod ring;
mod sync;

use std::sync::PoisonError;
use std::time::Duration;

pub use batch::{BATCH, Batch, ReadBuffer, Seen};
pub use export::export;
pub use query::{Kept, Query};
use ring::Ring;
use sync::{Arc, Condvar, Mutex, MutexGuard, wait_until};

/// How much of the past the ring holds: whichever limit is met first overwrites the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Packets, at least [`BATCH`]. About 128 bytes each.
    pub packets: usize,
    /// Bytes kept from the start of each frame, 0 to 262 144.
    pub kept_bytes: usize,
    /// Bytes of all frames together; raised to four batches with `kept_bytes` of each frame where it is less.
    pub arena: usize,
}

impl Default for Capacity {
    /// 131 072 packets with up to 256 bytes each: about 48 MB.
    fn default() -> Self {
        Self { packets: 131_072, kept_bytes: 256, arena: 32 * 1024 * 1024 }
    }
}

/// A ring and its only writer.
pub fn new(capacity: Capacity) -> (Writer, PacketStream) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State { ring: Ring::new(capacity), closed: false, waiting: 0, awaited: None }),
        news: Condvar::new(),
        room: Condvar::new(),
        kept_bytes: capacity.kept_bytes,
    });
    (Writer(Arc::clone(&shared)), PacketStream(shared))
}

/// What writer and readers share.
struct Shared {
    state: Mutex<State>,
    /// Told when packets came or the writer went.
    news: Condvar,
    /// Told when the awaited reader went on.
    room: Condvar,
    kept_bytes: usize,
}

struct State {
    ring: Ring,
    closed: bool,
    /// Readers asleep; the writer wakes nobody when there is nobody.
    waiting: usize,
    /// The place of the reader that a writer with time waits for.
    awaited: Option<u64>,
}

impl Shared {
    /// The lock. Nothing that can panic runs under it, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that appends. When it is dropped, readers come to an end.
pub struct Writer(Arc<Shared>);

impl Writer {
    /// Appends the batch's packets and empties it.
    pub fn append(&mut self, batch: &mut Batch) {
        if batch.is_empty() {
            return;
        }
        let mut state = self.0.lock();
        state.ring.append(batch);
        let sleepers = state.waiting > 0;
        drop(state);
        if sleepers {
            self.0.news.notify_all();
        }
        batch.clear();
    }
}

impl Writer {
    /// The sequence number of the next packet.
    pub fn written(&self) -> u64 {
        self.0.lock().ring.written()
    }

    /// Waits up to `timeout` until the batch overwrites nothing that the awaited reader ([`Cursor::awaited`]) has not
    /// read; `false` when the time was over first. For a source that can wait, such as a file: an interface can't.
    pub fn wait_for_room(&self, batch: &Batch, timeout: Duration) -> bool {
        let has_room =
            |state: &State| state.awaited.is_none_or(|awaited| state.ring.has_room(batch, awaited));
        has_room(&wait_until(&self.0.room, self.0.lock(), timeout, has_room))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.news.notify_all();
    }
}

/// The recent past. Cheap to clone; any thread may read.
#[derive(Clone)]
pub struct PacketStream(Arc<Shared>);

impl PacketStream {
    /// A reader of everything from now on.
    pub fn cursor(&self) -> Cursor {
        let next = self.written();
        Cursor { shared: Arc::clone(&self.0), next, awaited: false }
    }

    /// A reader that begins with the oldest packet still there.
    pub fn cursor_from_oldest(&self) -> Cursor {
        let next = self.0.lock().ring.oldest();
        Cursor { shared: Arc::clone(&self.0), next, awaited: false }
    }

    /// Packets ever written; the sequence number of the next one.
    pub fn written(&self) -> u64 {
        self.0.lock().ring.written()
    }

    /// The sequence number of the oldest packet still there; [`Self::written`] when there is none.
    pub fn oldest(&self) -> u64 {
        self.0.lock().ring.oldest()
    }

    /// Packets that the ring has room for, and the bytes of memory that they take with what is kept of them.
    pub fn room(&self) -> (usize, usize) {
        self.0.lock().ring.room()
    }

    /// How many bytes of each frame are kept at most.
    pub fn kept_bytes(&self) -> usize {
        self.0.kept_bytes
    }
}

/// What a [`Cursor::read`] brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Packets in the buffer now.
    pub taken: usize,
    /// Packets overwritten before this cursor came to them, since its last read.
    pub lost: u64,
    /// Nothing was there and nothing will come: the writer is gone.
    pub ended: bool,
}

/// One reader's place in the stream.
pub struct Cursor {
    shared: Arc<Shared>,
    next: u64,
    awaited: bool,
}

impl Cursor {
    /// Makes this the reader that a writer waits for if it can; there is one at a time.
    #[must_use]
    pub fn awaited(mut self) -> Self {
        self.awaited = true;
        self.shared.lock().awaited = Some(self.next);
        self
    }

    /// Takes the next packets, up to [`BATCH`], waiting for some up to `timeout`. For each cursor and at any moment,
    /// all it took and all it lost add up to what was written up to its place.
    pub fn read(&mut self, buffer: &mut ReadBuffer, timeout: Duration) -> Read {
        buffer.clear();
        let mut state = self.wait(timeout);
        let ended = state.closed && state.ring.written() == self.next;
        let first = self.next.max(state.ring.oldest());
        let lost = first - self.next;
        state.ring.copy(first, BATCH, buffer);
        let taken = buffer.len();
        let next = first + taken as u64;
        let makes_room = self.awaited && taken > 0;
        if makes_room {
            state.awaited = Some(next);
        }
        drop(state);
        if makes_room {
            self.shared.room.notify_one();
        }
        self.next = next;
        Read { taken, lost, ended }
    }

    /// The sequence number of the packet that is read next, if it is not overwritten first.
    pub const fn position(&self) -> u64 {
        self.next
    }

    /// The lock, once there is something to read, or nothing to wait for any more.
    fn wait(&self, timeout: Duration) -> MutexGuard<'_, State> {
        let mut state = self.shared.lock();
        let is_over = |state: &State| state.ring.written() > self.next || state.closed;
        if is_over(&state) || timeout.is_zero() {
            return state;
        }
        state.waiting += 1;
        let mut state = wait_until(&self.shared.news, state, timeout, is_over);
        state.waiting -= 1;
        state
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        if self.awaited {
            self.shared.lock().awaited = None;
            self.shared.room.notify_one();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_ring;
