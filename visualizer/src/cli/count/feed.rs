//! What happens, in the order it happens: blocks of text, packets, signals, questions. Inputs are read in a thread of their
//! own, so that a signal or a question is answered while nothing comes.
//!
//! Buffers go round: whoever reads waits for one that was counted, so that no more than [`BUFFERS`] are ever full.

use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use capturer::decode::{Skip, SkipReason};
use capturer::source::Source;
use capturer::{Frame, Packet};

use crate::cli::Failure;
use crate::cli::offline::{self, Hand, Outcome, Reading};

/// How many buffers go round.
const BUFFERS: usize = 4;

/// A block of text, in bytes.
const BLOCK: usize = 256 << 10;

/// Something to do.
pub(super) enum Event {
    /// An input begins, by its number.
    Begin(usize),
    /// Some of its bytes.
    Block(Vec<u8>),
    /// It has ended, or could not be read on.
    End(Option<io::Error>),
    /// Some packets.
    Packets(Batch),
    /// The packets have ended.
    Read(Box<Result<Outcome, Failure>>),
    /// There is nothing more to read.
    Done,
    /// A signal.
    Signal(Signal),
    /// Newer data were fetched, or why not.
    Refreshed(Result<String, String>),
    /// Somebody wants the metrics.
    Ask(tokio::sync::oneshot::Sender<String>),
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The final report.
    Stop,
    /// A report, and go on.
    Report,
    /// The database and the names anew from disk.
    Reload,
    /// The same, after fetching newer data.
    Refresh,
}

/// What is counted of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Its length on the wire.
    pub(super) bytes: u32,
}

/// Packets, and the frames between them that hold none.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) seen: Vec<Seen>,
    /// Frames without IP.
    pub(super) skipped: u64,
    /// Frames that could not be read.
    pub(super) failed: u64,
}

/// An input of text.
pub(super) struct Input {
    pub(super) name: String,
    reader: Box<dyn Read + Send>,
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self { name: "standard input".to_owned(), reader: Box::new(io::stdin()) });
        }
        let name = path.display().to_string();
        let unreadable = |cause: io::Error| Failure::Unreadable(format!("{name}: {cause}"));
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().is_ok_and(|facts| facts.is_dir()) {
            return Err(Failure::Unreadable(format!("{name}: expected a file, found a directory")));
        }
        Ok(Self { name, reader: Box::new(file) })
    }

    /// Text at hand, such as the arguments.
    pub(super) fn of_text(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), reader: Box::new(io::Cursor::new(text.into_bytes())) }
    }
}

/// Reads inputs of text one after another in a thread; gives the way back for buffers.
pub(super) fn read_text(inputs: Vec<Input>, events: Sender<Event>) -> Result<Sender<Vec<u8>>, Failure> {
    let (back, empty) = channel();
    (0..BUFFERS).for_each(|_| drop(back.send(vec![0; BLOCK])));
    spawn(move || {
        for (number, mut input) in inputs.into_iter().enumerate() {
            let _ = events.send(Event::Begin(number));
            let end = blocks(&mut *input.reader, &events, &empty).err();
            let _ = events.send(Event::End(end));
        }
        let _ = events.send(Event::Done);
    })?;
    Ok(back)
}

/// Hands over what a read gives at once, so that a slow input is counted as it comes.
fn blocks(reader: &mut dyn Read, events: &Sender<Event>, empty: &Receiver<Vec<u8>>) -> io::Result<()> {
    while let Ok(mut buffer) = empty.recv() {
        buffer.resize(BLOCK, 0);
        let read = loop {
            match reader.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        buffer.truncate(read);
        if read == 0 || events.send(Event::Block(buffer)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Reads packets in a thread; gives the way back for batches. At most `together` packets wait for each other.
pub(super) fn read_packets(
    mut source: Box<dyn Source>,
    reading: Reading,
    together: usize,
    events: Sender<Event>,
) -> Result<Sender<Vec<Seen>>, Failure> {
    let (back, empty) = channel();
    (0..BUFFERS).for_each(|_| drop(back.send(Vec::with_capacity(together))));
    spawn(move || {
        let mut gather = Gather { packet: Packet::empty(), batch: Batch::default(), together, events, empty };
        let outcome = offline::read(&mut *source, reading, &mut gather);
        gather.hand_over();
        let _ = gather.events.send(Event::Read(Box::new(outcome)));
        let _ = gather.events.send(Event::Done);
    })?;
    Ok(back)
}

fn spawn(body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let spawned = std::thread::Builder::new().name("read".to_owned()).spawn(body);
    spawned.map(drop).map_err(Failure::system("cannot start the reading thread"))
}

/// Gathers packets.
struct Gather {
    packet: Packet,
    batch: Batch,
    together: usize,
    events: Sender<Event>,
    empty: Receiver<Vec<Seen>>,
}

impl Gather {
    fn hand_over(&mut self) {
        // Without anybody left to count there is nothing to hand over to.
        let Ok(seen) = self.empty.recv() else { return };
        let batch = mem::replace(&mut self.batch, Batch { seen, ..Batch::default() });
        let _ = self.events.send(Event::Packets(batch));
    }
}

impl Hand for Gather {
    fn slot(&mut self) -> &mut Packet {
        &mut self.packet
    }

    #[inline]
    fn take(&mut self, _: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        match skip.map(|skip| skip.reason) {
            None if self.packet.is_ip() => self.batch.seen.push(Seen {
                source: self.packet.source,
                destination: self.packet.destination,
                bytes: self.packet.wire_len,
            }),
            None | Some(SkipReason::NonIp) => self.batch.skipped += 1,
            Some(_) => self.batch.failed += 1,
        }
        if self.batch.seen.len() >= self.together {
            self.hand_over();
        }
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Failure> {
        let Batch { seen, skipped, failed } = &self.batch;
        if !seen.is_empty() || skipped + failed > 0 {
            self.hand_over();
        }
        Ok(())
    }
}

/// The paths to read text from: standard input when none is named.
pub(super) fn or_stdin(paths: &[PathBuf]) -> Vec<PathBuf> {
    if paths.is_empty() { vec![PathBuf::from("-")] } else { paths.to_vec() }
}
