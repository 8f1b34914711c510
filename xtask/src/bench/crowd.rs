//! Many clients of one server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use anyhow::{Context, Result};

use super::page::{Client, Table};
use crate::asking::get;

/// What they may look at.
const VIEWS: [(&str, &[Table]); 2] =
    [("map", &[("countries", 300, 4)]), ("page", &[("kpi", 32, 4), ("countries", 300, 4), ("feed", 50, 4)])];

/// Between two looks at what has come: as long as a line may be. Nobody waits at a socket, so that the server wakes nobody, as it would not
/// if its clients were on machines of their own.
const LOOK: Duration = Duration::from_millis(20);

/// By then each has acknowledged ticks, and the server has taken in the last frames.
const SETTLED: Duration = Duration::from_secs(3);

/// Clients at work.
pub(crate) struct Crowd {
    address: String,
    thread: JoinHandle<Result<()>>,
    seen: Arc<Seen>,
}

/// What they have had.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    ticks: AtomicU64,
    bytes: AtomicU64,
}

impl Crowd {
    /// Connects so many, one after the other; each has had ticks when it comes back.
    pub(crate) fn gather(address: &str, clients: usize, view: &str) -> Result<Self> {
        let (_, tables) = VIEWS.into_iter().find(|(name, _)| *name == view).context("no such view")?;
        let seen = Arc::new(Seen::default());
        let (come, waiting) = channel();
        let told = Arc::clone(&seen);
        let thread = spawn(move || told.watch(&waiting));
        for _ in 0..clients {
            let client = Client::connect(address, tables)?;
            client.never_wait()?;
            come.send(client).context("the clients failed")?;
        }
        sleep(SETTLED);
        for figure in [&seen.ticks, &seen.bytes] {
            figure.store(0, Relaxed);
        }
        Ok(Self { address: address.to_owned(), thread, seen })
    }

    /// Ticks and bytes that they have had since, what the server took in and lost.
    pub(crate) fn end(self) -> Result<[u64; 4]> {
        let had = [&self.seen.ticks, &self.seen.bytes].map(|figure| figure.load(Relaxed));
        sleep(SETTLED);
        let status = get(&self.address, "/api/v1/status")?;
        self.seen.over.store(true, Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the clients failed"))??;
        let figure = |name: &str| status[name].as_u64().with_context(|| format!("no {name}"));
        Ok([had[0], had[1], figure("frames")?, figure("lost_kernel")? + figure("lost_ring")?])
    }
}

impl Seen {
    /// Serves all who come, from the first moment, until it is over; fails with the first that is closed.
    fn watch(&self, waiting: &Receiver<Client>) -> Result<()> {
        let mut clients = Vec::new();
        while !self.over.load(Relaxed) {
            clients.extend(waiting.try_iter());
            for client in &mut clients {
                if let Some(bytes) = client.look()? {
                    self.ticks.fetch_add(1, Relaxed);
                    self.bytes.fetch_add(bytes, Relaxed);
                }
            }
            sleep(LOOK);
        }
        Ok(())
    }
}
