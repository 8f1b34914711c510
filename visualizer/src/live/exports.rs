//! The collector thread: datagrams of a UDP socket become flow records, which wait in a bounded list until the analysis
//! thread fetches them. What finds no room there is lost and counted.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use capturer::flow::{Collector, CollectorCounts, ExporterCounts, FlowRecord, Limits};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};

use super::drops::Drops;
use super::{lock, now};
use crate::exports;
use crate::settings::FlowExports;

/// Records that may wait, 4 MB: the analysis thread fetches them some fifty times a second.
const MOST_WAITING: usize = 16_384;

/// The longest datagram of UDP.
const LONGEST: usize = 65_535;

/// How often the thread looks whether it is to end, and tells its counters when nothing comes.
const PATIENCE: Duration = Duration::from_millis(200);

/// Datagrams after which counters are told at the latest.
const TELL_AFTER: u32 = 64;

/// Room for datagrams in the kernel: exporters send theirs in bursts.
const RECEIVE_BUFFER: usize = 8 << 20;

/// What the collector thread shares with others.
pub(crate) struct Exports {
    /// Where it listens; nowhere, where captures carry the exports.
    pub(crate) listen: Option<SocketAddr>,
    waiting: Mutex<Vec<FlowRecord>>,
    /// Records that found no room.
    lost: AtomicU64,
    /// Counts what the kernel dropped, where it tells.
    drops: Option<Drops>,
    met: Mutex<(CollectorCounts, Vec<ExporterCounts>)>,
}

impl Exports {
    /// Listens as the settings say; records come once the thread runs.
    pub(crate) fn bind(listen: SocketAddr) -> io::Result<(Arc<Self>, UdpSocket)> {
        let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
        // Without the right to more the kernel grants what it grants anybody.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        socket.bind(&listen.into())?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let socket = UdpSocket::from(socket);
        let exports =
            Self { listen: Some(socket.local_addr()?), drops: Drops::of(&socket), ..Self::carried() };
        Ok((Arc::new(exports), socket))
    }

    /// For exports that captures carry.
    pub(crate) fn carried() -> Self {
        Self {
            listen: None,
            waiting: Mutex::default(),
            lost: AtomicU64::new(0),
            drops: None,
            met: Mutex::default(),
        }
    }

    /// Fetches what waits; `empty` is room for what comes next.
    pub(crate) fn fetch(&self, empty: &mut Vec<FlowRecord>) {
        empty.clear();
        std::mem::swap(&mut *lock(&self.waiting), empty);
    }

    fn offer(&self, records: &[FlowRecord]) {
        let mut waiting = lock(&self.waiting);
        let room = MOST_WAITING.saturating_sub(waiting.len()).min(records.len());
        waiting.extend_from_slice(&records[..room]);
        self.lost.fetch_add((records.len() - room) as u64, Relaxed);
    }

    /// Hands over as many records as there is room for, and takes those out; a replay can wait with the others.
    pub(super) fn offer_some(&self, records: &mut Vec<FlowRecord>) {
        let mut waiting = lock(&self.waiting);
        let room = MOST_WAITING.saturating_sub(waiting.len()).min(records.len());
        waiting.extend(records.drain(..room));
    }

    /// Lets go of what waits.
    pub(super) fn forget(&self) {
        lock(&self.waiting).clear();
    }

    pub(super) fn tell(&self, collector: &Collector) {
        *lock(&self.met) = (collector.counts(), collector.exporters());
    }

    /// What all exporters did together.
    pub(crate) fn figures(&self) -> ExportFigures {
        let met = lock(&self.met);
        let (all, exporters) = &*met;
        let mut figures = ExportFigures { lost_queue: self.lost.load(Relaxed), ..ExportFigures::default() };
        figures.dropped = self.dropped().unwrap_or(0);
        figures.datagrams = all.datagrams;
        figures.refused = all.refused.total();
        for exporter in exporters {
            figures.records += exporter.records;
            figures.lost += exporter.lost;
            figures.refused += exporter.refused.total();
        }
        figures
    }

    /// Datagrams that the kernel dropped since it listens.
    fn dropped(&self) -> Option<u64> {
        self.drops.as_ref().and_then(Drops::count)
    }

    /// As the status has it.
    pub(crate) fn json(&self) -> Value {
        let figures = self.figures();
        let met = lock(&self.met);
        let mut document = exports::document(&met.0, &met.1);
        document["listen"] = json!(self.listen);
        document["records"] = json!(figures.records);
        document["lost"] = json!(figures.lost);
        document["lost_queue"] = json!(figures.lost_queue);
        document["dropped"] = json!(self.dropped());
        document
    }
}

/// Counters of all exporters together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportFigures {
    pub(crate) datagrams: u64,
    pub(crate) records: u64,
    pub(crate) refused: u64,
    /// Numbers that never came.
    pub(crate) lost: u64,
    /// Records that came and found no room.
    pub(crate) lost_queue: u64,
    /// Datagrams that the kernel dropped; 0 where it does not tell.
    pub(crate) dropped: u64,
}

/// Starts the thread; it ends when `stop` is set.
pub(crate) fn spawn(
    (exports, socket): (Arc<Exports>, UdpSocket),
    settings: &FlowExports,
    stop: Arc<AtomicBool>,
) -> io::Result<JoinHandle<()>> {
    let listed = settings.exporters.iter().map(|network| (network.address(), network.prefix_len())).collect();
    let collector = Collector::new(Limits::live(listed));
    Builder::new().name("flows".into()).spawn(move || run(&exports, &socket, collector, &stop))
}

fn run(exports: &Exports, socket: &UdpSocket, mut collector: Collector, stop: &AtomicBool) {
    let mut datagram = vec![0; LONGEST];
    let mut records = Vec::with_capacity(64);
    let mut untold = 0;
    while !stop.load(Relaxed) {
        let came = match socket.recv_from(&mut datagram) {
            Ok((length, from)) => {
                collector.read(from.ip(), now(), &datagram[..length], &mut |record| records.push(*record));
                exports.offer(&records);
                records.clear();
                true
            }
            // Nothing came in time. Other errors are of single datagrams, as one that could not be delivered before.
            Err(error) => {
                if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
                    std::thread::sleep(PATIENCE);
                }
                false
            }
        };
        untold += 1;
        if !came || untold >= TELL_AFTER {
            untold = 0;
            exports.tell(&collector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted() {
        let (exports, _socket) = Exports::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let records = vec![FlowRecord::empty(); 1000];
        (0..20).for_each(|_| exports.offer(&records));
        let mut fetched = Vec::new();
        exports.fetch(&mut fetched);
        assert_eq!(
            (fetched.len(), exports.figures().lost_queue),
            (MOST_WAITING, 20_000 - MOST_WAITING as u64)
        );
        exports.fetch(&mut fetched);
        assert!(fetched.is_empty());
    }
}
