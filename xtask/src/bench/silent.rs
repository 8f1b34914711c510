//! Clients that ask for all that a page asks for and read nothing of it, and one that means well: it asks a question twenty times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::page::{Client, PAGE};
use crate::asking::get;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(50);

/// By then the server has taken in the last frames.
const SETTLED: Duration = Duration::from_secs(1);

/// The clients, connected.
pub(crate) struct Silent {
    address: String,
    clients: Vec<Client>,
    over: Arc<AtomicBool>,
    asking: JoinHandle<Result<Vec<Duration>>>,
}

impl Silent {
    /// Connects so many, one after the other, and the one that asks.
    pub(crate) fn gather(address: &str, clients: usize) -> Result<Self> {
        let clients = (0..clients).map(|_| Client::connect(address, &PAGE)).collect::<Result<_>>()?;
        let (over, asked) = (Arc::new(AtomicBool::new(false)), address.to_owned());
        let told = Arc::clone(&over);
        let asking = spawn(move || ask(&asked, &told));
        Ok(Self { address: address.to_owned(), clients, over, asking })
    }

    /// Nanoseconds within which 99 of 100 questions were answered; what the server took in and lost. The silent clients go with it.
    pub(crate) fn end(self) -> Result<[u64; 3]> {
        sleep(SETTLED);
        self.over.store(true, Relaxed);
        let mut answers = self.asking.join().map_err(|_| anyhow::anyhow!("who asks failed"))??;
        answers.sort_unstable();
        let most = answers.get(answers.len() * 99 / 100).context("nothing was asked")?;
        let status = get(&self.address, "/api/v1/status")?;
        drop(self.clients);
        let figure = |name: &str| status[name].as_u64().with_context(|| format!("no {name}"));
        Ok([most.as_nanos() as u64, figure("frames")?, figure("lost_kernel")? + figure("lost_ring")?])
    }
}

/// How long each answer took, connecting included.
fn ask(address: &str, over: &AtomicBool) -> Result<Vec<Duration>> {
    let mut answers = Vec::new();
    while !over.load(Relaxed) {
        let began = Instant::now();
        get(address, "/api/v1/status")?;
        answers.push(began.elapsed());
        sleep(PAUSE);
    }
    Ok(answers)
}
