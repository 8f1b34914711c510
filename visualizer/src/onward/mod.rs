//! Flows onwards: what is seen here as flow records for others, to a collector of NetFlow v9 or IPFIX, and into files that begin
//! anew each hour. A thread of its own meters what flows carried ([`Meter`]); who gets it never holds up the analysis: what finds no
//! room is left out and counted.

mod files;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use analyzer::history::{Meter, Metered, Slice, Timeouts};
use capturer::Timestamp;
use capturer::flow::{FlowRecord, Writer};
use serde_json::{Value, json};

use crate::live::now;
use crate::settings::FlowExports;
use files::Files;

/// Flows under way at most, some 30 MB.
const MOST: usize = 200_000;

/// Slices that may wait for the thread.
const MOST_WAITING: usize = 200_000;

/// After so many datagrams there is a pause of a millisecond: a collector's buffer holds no burst of thousands.
const BURST: usize = 16;

/// How often the thread looks for flows that are over.
const ROUND: Duration = Duration::from_secs(1);

/// What the thread says of itself.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Records handed on.
    records: AtomicU64,
    /// Datagrams sent.
    datagrams: AtomicU64,
    /// Datagrams that the system would not send, and lines that could not be written.
    failed: AtomicU64,
    /// Flows told early because there was no room for them.
    early: AtomicU64,
    /// What flows carried in a second that the thread could not take.
    left_out: AtomicU64,
    waiting: AtomicUsize,
}

impl Counts {
    /// As the status says it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "records": self.records.load(Relaxed),
            "datagrams": self.datagrams.load(Relaxed),
            "failed": self.failed.load(Relaxed),
            "early": self.early.load(Relaxed),
            "left_out": self.left_out.load(Relaxed),
        })
    }
}

/// Where others put what flows carried.
#[derive(Clone)]
pub(crate) struct Onward {
    slices: Sender<Vec<Slice>>,
    counts: Arc<Counts>,
}

impl Onward {
    /// What flows carried in a second.
    pub(crate) fn tell(&self, slices: &[Slice]) {
        if self.counts.waiting.load(Relaxed) + slices.len() > MOST_WAITING {
            self.counts.left_out.fetch_add(slices.len() as u64, Relaxed);
            return;
        }
        self.counts.waiting.fetch_add(slices.len(), Relaxed);
        // The thread has gone only when the process is about to.
        let _ = self.slices.send(slices.to_vec());
    }

    /// Its counters.
    pub(crate) fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }
}

/// Starts the thread, if the settings want any of it. It ends when nobody can tell it anything more; then all flows are told.
///
/// # Errors
/// When there is no socket, or the folder can't be made.
pub(crate) fn spawn(settings: &FlowExports) -> io::Result<Option<(Onward, JoinHandle<()>)>> {
    let socket = settings.export_address().map(connect).transpose()?;
    let files = (!settings.write_to.as_os_str().is_empty())
        .then(|| Files::open(&settings.write_to, settings.write_as))
        .transpose()?;
    if socket.is_none() && files.is_none() {
        return Ok(None);
    }
    let (slices, news) = channel();
    let counts = Arc::new(Counts::default());
    let timeouts = Timeouts { active: settings.active_seconds.into(), idle: settings.idle_seconds.into() };
    let thread = Thread {
        meter: Meter::new(timeouts, MOST),
        writer: Writer::new(settings.export_as.form(), settings.export_domain, now()),
        socket,
        files,
        counts: Arc::clone(&counts),
    };
    let handle = Builder::new().name("onward".into()).spawn(move || thread.run(&news))?;
    Ok(Some((Onward { slices, counts }, handle)))
}

fn connect(to: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = if to.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(to)?;
    Ok(socket)
}

struct Thread {
    meter: Meter,
    writer: Writer,
    socket: Option<UdpSocket>,
    files: Option<Files>,
    counts: Arc<Counts>,
}

impl Thread {
    fn run(mut self, news: &Receiver<Vec<Slice>>) {
        loop {
            match news.recv_timeout(ROUND) {
                Ok(slices) => self.take(&slices),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.hand_on();
        }
        self.meter.finish();
        self.hand_on();
    }

    fn take(&mut self, slices: &[Slice]) {
        self.counts.waiting.fetch_sub(slices.len(), Relaxed);
        for slice in slices {
            // The time of traffic, which is the wall clock's where something is watched.
            self.meter.advance(slice.at);
            self.meter.take(slice);
        }
        self.counts.early.store(self.meter.early(), Relaxed);
    }

    fn hand_on(&mut self) {
        let over: Vec<Metered> = self.meter.drain().collect();
        if over.is_empty() {
            return;
        }
        let at = now();
        if self.socket.is_some() {
            let records: Vec<FlowRecord> = over.iter().flat_map(Metered::records).collect();
            self.send(&records, at);
        }
        if let Some(files) = &mut self.files {
            let failed = files.write(&over, at);
            self.counts.failed.fetch_add(failed, Relaxed);
        }
        self.counts.records.fetch_add(over.len() as u64, Relaxed);
    }

    fn send(&mut self, records: &[FlowRecord], at: Timestamp) {
        let Self { writer, socket, counts, .. } = self;
        let Some(socket) = socket else { return };
        let mut sent_so_far = 0;
        writer.write(records, at, &mut |datagram| {
            sent_so_far += 1;
            if sent_so_far % BURST == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            // A collector that is not there refuses what came before: the next may be heard.
            let sent = socket.send(datagram).or_else(|_| socket.send(datagram)).is_ok();
            let count = if sent { &counts.datagrams } else { &counts.failed };
            count.fetch_add(1, Relaxed);
        });
    }
}
