//! A capture file that is read, and unpacked if it is compressed, in a thread of its own: the same frames in the same order,
//! the same end, the same error. Of several files each can have one, and [`Merged`](capturer::source::merged) sees no
//! difference.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use capturer::source::{Next, Source, SourceError};
use capturer::{Frame, LinkType, Timestamp};

/// Bytes of frames that are handed over at a time, or somewhat more.
const BATCH: usize = 256 * 1024;

/// Batches that may wait.
const WAITING: usize = 2;

/// A frame in a batch.
#[derive(Clone, Copy)]
struct Held {
    number: u64,
    at: Timestamp,
    wire_len: u32,
    link: LinkType,
    /// Where its bytes end; they begin where those before end.
    end: usize,
}

/// What the thread hands over.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    frames: Vec<Held>,
    /// Nothing follows.
    last: Option<Last>,
}

struct Last {
    error: Option<SourceError>,
    lost: u64,
    truncated_at: Option<u64>,
}

/// A source behind a thread.
pub(crate) struct ReadAhead {
    filled: Receiver<Batch>,
    used: SyncSender<Batch>,
    batch: Batch,
    next: usize,
    lost: u64,
    truncated_at: Option<u64>,
}

impl ReadAhead {
    /// Reads `source` in a thread; the thread ends with the source, or when this is dropped.
    ///
    /// # Errors
    /// What the system says when it gives no thread.
    pub(crate) fn new(source: Box<dyn Source>) -> std::io::Result<Self> {
        let (full, filled) = sync_channel(WAITING);
        let (used, empty) = sync_channel(WAITING + 2);
        thread::Builder::new().name("unpack".to_owned()).spawn(move || run(source, &full, &empty))?;
        Ok(Self { filled, used, batch: Batch::default(), next: 0, lost: 0, truncated_at: None })
    }

    /// Takes the next batch; `false` when nothing follows.
    fn refill(&mut self) -> Result<bool, SourceError> {
        if let Some(last) = &mut self.batch.last {
            (self.lost, self.truncated_at) = (last.lost, last.truncated_at);
            return last.error.take().map_or(Ok(false), Err);
        }
        let Ok(batch) = self.filled.recv() else { return Ok(false) };
        let _ = self.used.try_send(std::mem::replace(&mut self.batch, batch));
        self.next = 0;
        Ok(true)
    }
}

impl Source for ReadAhead {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        while self.next >= self.batch.frames.len() {
            if !self.refill()? {
                return Ok(Next::End);
            }
        }
        let index = self.next;
        self.next += 1;
        let begin = index.checked_sub(1).map_or(0, |before| self.batch.frames[before].end);
        let Held { number, at, wire_len, link, end } = self.batch.frames[index];
        Ok(Next::Frame(Frame { number, at, wire_len, link, bytes: &self.batch.bytes[begin..end] }))
    }

    fn lost(&mut self) -> u64 {
        self.lost
    }

    fn truncated_at(&self) -> Option<u64> {
        self.truncated_at
    }
}

/// The thread: fills batches until the source ends or nobody wants more.
fn run(mut source: Box<dyn Source>, full: &SyncSender<Batch>, empty: &Receiver<Batch>) {
    loop {
        let mut batch = empty.try_recv().unwrap_or_default();
        batch.bytes.clear();
        batch.frames.clear();
        let end = fill(&mut *source, &mut batch);
        let is_last = end.is_some();
        batch.last =
            end.map(|error| Last { error, lost: source.lost(), truncated_at: source.truncated_at() });
        if full.send(batch).is_err() || is_last {
            return;
        }
    }
}

/// Fills a batch; `Some` when the source has ended, with its error if that is why.
fn fill(source: &mut dyn Source, batch: &mut Batch) -> Option<Option<SourceError>> {
    while batch.bytes.len() < BATCH {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                batch.bytes.extend_from_slice(frame.bytes);
                let Frame { number, at, wire_len, link, .. } = frame;
                batch.frames.push(Held { number, at, wire_len, link, end: batch.bytes.len() });
            }
            Ok(Next::Idle) => {}
            Ok(Next::End) => return Some(None),
            Err(error) => return Some(Some(error)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use capturer::source::file::FileSource;

    use super::*;

    /// A pcap of so many frames of growing length.
    fn pcap(frames: u32) -> Vec<u8> {
        let mut file = Vec::new();
        for field in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 1] {
            file.extend(field.to_le_bytes());
        }
        for n in 0..frames {
            let length = n % 1000;
            [1_700_000_000 + n, 0, length, length + 1]
                .iter()
                .for_each(|field| file.extend(field.to_le_bytes()));
            file.extend((0..length).map(|byte| byte as u8));
        }
        file
    }

    type Told = (u64, Timestamp, u32, Vec<u8>);

    /// Everything that can be told of a source.
    fn tell(source: &mut dyn Source) -> (Vec<Told>, Option<String>, Option<u64>) {
        let mut frames = Vec::new();
        let error = loop {
            match source.next_frame() {
                Ok(Next::Frame(frame)) => {
                    frames.push((frame.number, frame.at, frame.wire_len, frame.bytes.to_vec()));
                }
                Ok(Next::Idle) => {}
                Ok(Next::End) => break None,
                Err(error) => break Some(error.to_string()),
            }
        };
        let truncated = source.truncated_at();
        (frames, error, truncated)
    }

    #[test]
    fn a_thread_changes_neither_frames_nor_end_nor_error() {
        let whole = pcap(3000);
        let mut damaged = whole.clone();
        damaged[700_000..700_100].fill(0xff);
        let cut = whole[..whole.len() - 5].to_vec();
        for bytes in [whole, damaged, cut, pcap(0)] {
            let open = || FileSource::from_reader("x.pcap", Box::new(Cursor::new(bytes.clone()))).unwrap();
            let plain = tell(&mut open());
            let mut ahead = ReadAhead::new(Box::new(open())).unwrap();
            assert_eq!(tell(&mut ahead), plain);
        }
    }

    #[test]
    fn whoever_stops_early_leaves_no_thread_waiting() {
        let mut ahead = ReadAhead::new(Box::new(
            FileSource::from_reader("x.pcap", Box::new(Cursor::new(pcap(20_000)))).unwrap(),
        ))
        .unwrap();
        assert!(matches!(ahead.next_frame(), Ok(Next::Frame(_))));
        drop(ahead);
    }
}
