//! Notifications: who is told of alerts and of Wireglobe's own faults, by webhook, mail, syslog or a file for a SIEM.
//!
//! The store hands over what it has stored ([`Notify::offer`]) and never waits. One thread decides what each channel is told ([`route`],
//! [`faults`]); each channel has a thread of its own, so that a slow server holds up no other: it keeps to its rate, sums up what is more
//! ([`desk`], [`digest`]), and tries again what failed. A form is made safe for its reader where it is written ([`channel`]).

mod account;
mod channel;
mod desk;
mod digest;
mod faults;
mod notice;
mod route;
mod router;
pub(crate) mod trust;
mod words;
mod worker;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::alerts::Entry;
use crate::live::Status;
use crate::settings::Settings;
pub(crate) use account::Account;
use channel::Channel;
use desk::Pace;
use faults::Faults;
use notice::{Notice, Told, What};
use route::Route;
use router::{Batch, Router, Way};
use worker::{Order, Worker};

/// Batches of stored alerts that may wait to be looked at.
const BATCHES: usize = 256;

/// Notices that may wait before a channel's thread.
const NOTICES: usize = 1024;

/// How often the thread looks for faults.
const LOOK: Duration = Duration::from_millis(500);

/// What is left when the program ends has so long.
const GOODBYE: Duration = Duration::from_secs(3);

/// What all messages have in common.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The page's address, without a slash at its end.
    pub(crate) public_url: String,
    /// This machine's name.
    pub(crate) host: String,
    /// What is watched.
    pub(crate) source: String,
    /// Whether all of it is invented.
    pub(crate) is_demo: bool,
}

impl Context {
    /// Of the settings, before a source is opened.
    pub(crate) fn new(settings: &Settings, source: &str, is_demo: bool) -> Self {
        let scheme = if settings.server.encrypts() { "https" } else { "http" };
        let listen = format!("{scheme}://{}", settings.server.listen);
        let public = settings.server.public_url.trim_end_matches('/');
        Self {
            public_url: if public.is_empty() { listen } else { public.to_owned() },
            host: hostname(),
            source: source.to_owned(),
            is_demo,
        }
    }

    /// The page of an alert.
    fn link(&self, told: &Told) -> String {
        format!("{}/alerts/{}", self.public_url, told.text("id"))
    }

    fn page(&self) -> String {
        format!("{}/", self.public_url)
    }

    /// Machine and source.
    fn watcher(&self) -> String {
        if self.source.is_empty() { self.host.clone() } else { format!("{}, {}", self.host, self.source) }
    }
}

/// The machine's name as far as it is one (RFC 952's letters); proc_sys_kernel(5).
/// The name of this machine.
pub(crate) fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let letter = |c: &char| c.is_ascii_alphanumeric() || "-._".contains(*c);
    let name: String = name.trim().chars().filter(letter).take(253).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// A channel as others see it.
struct Post {
    name: String,
    kind: &'static str,
    target: String,
    account: Arc<Account>,
    orders: SyncSender<Order>,
}

/// The channels of a running program.
pub(crate) struct Notify {
    batches: SyncSender<Batch>,
    posts: Vec<Post>,
    /// Alerts that were not looked at because too many were stored at once.
    missed: AtomicU64,
    /// Its threads, until it is closed.
    threads: Mutex<Option<Threads>>,
}

/// Why the channels can't be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotNotify {
    /// A channel of the settings.
    #[error("settings: notify \"{0}\", {1}")]
    Channel(String, String),
    /// A thread.
    #[error("cannot start the thread that notifies: {0}")]
    Thread(io::Error),
}

/// The threads, to be ended.
struct Threads {
    router: JoinHandle<()>,
    done: Receiver<()>,
    workers: usize,
}

/// A channel and its name.
pub(crate) type Named = (String, Box<dyn Channel>);

/// All channels of the settings, each with its name.
pub(crate) fn channels(settings: &Settings) -> Result<Vec<Named>, CannotNotify> {
    let make = |one: &crate::settings::Notify| {
        let made = channel::make(one).map_err(|error| CannotNotify::Channel(one.name.clone(), error))?;
        Ok((one.name.clone(), made))
    };
    settings.notify.iter().map(make).collect()
}

/// Sends a test over a channel.
pub(crate) fn test(channel: &mut dyn Channel, context: &Context) -> Result<String, String> {
    channel.send(&Notice::now(What::Test), context).map_err(|failed| failed.text)
}

/// Starts the channels of the settings; `None` when there are none.
///
/// # Errors
/// When a secret is not where the settings say, a certificate can't be read, or a thread can't be started.
pub(crate) fn start(
    settings: &Settings,
    context: Context,
    status: &Arc<Status>,
) -> Result<Option<Notify>, CannotNotify> {
    if settings.notify.is_empty() {
        return Ok(None);
    }
    let (finished, done) = sync_channel(settings.notify.len());
    let context = Arc::new(context);
    let mut posts = Vec::new();
    let mut routes = Vec::new();
    for ((name, channel), one) in channels(settings)?.into_iter().zip(&settings.notify) {
        let (kind, target, account) = (channel.kind(), channel.target(), Arc::<Account>::default());
        let worker = Worker {
            name: name.clone(),
            channel,
            context: Arc::clone(&context),
            account: Arc::clone(&account),
        };
        let orders = employ(worker, worker::pace(one), finished.clone())?;
        let route = Route::new(one);
        routes.push(Way { name: name.clone(), route, account: Arc::clone(&account), orders: orders.clone() });
        posts.push(Post { name, kind, target, account, orders });
    }
    let (batches, stored) = sync_channel(BATCHES);
    let workers = posts.len();
    let router = Router { routes, status: Arc::clone(status), faults: Faults::default() };
    let router = Builder::new().name("notify".into()).spawn(move || router.run(&stored));
    let router = router.map_err(CannotNotify::Thread)?;
    let threads = Mutex::new(Some(Threads { router, done, workers }));
    Ok(Some(Notify { batches, posts, missed: AtomicU64::new(0), threads }))
}

/// Starts the thread of a channel.
fn employ(worker: Worker, pace: Pace, finished: SyncSender<()>) -> Result<SyncSender<Order>, CannotNotify> {
    let (orders, ordered) = sync_channel(NOTICES);
    let name = format!("notify {}", worker.name);
    let run = move || {
        worker.run(&ordered, pace);
        // Nobody listens any more when the program had to end without it.
        let _ = finished.send(());
    };
    Builder::new().name(name).spawn(run).map_err(CannotNotify::Thread)?;
    Ok(orders)
}

impl Notify {
    /// Takes alerts that were stored; never waits.
    pub(crate) fn offer(&self, stored: &[Entry]) {
        if stored.is_empty() {
            return;
        }
        if self.batches.try_send(Batch::Stored(stored.to_vec())).is_err() {
            self.missed.fetch_add(stored.len() as u64, Relaxed);
        }
    }

    /// Sends a test over a channel; `None` when there is no such channel. The answer comes when the channel has one.
    pub(crate) fn test(&self, name: &str) -> Option<oneshot::Receiver<Result<String, String>>> {
        let post = self.posts.iter().find(|post| post.name == name)?;
        let (reply, answer) = oneshot::channel();
        // A queue that is full drops the reply, which the asker hears.
        let _ = post.orders.try_send(Order::Test(reply));
        Some(answer)
    }

    /// All channels as documents have them.
    pub(crate) fn json(&self) -> Value {
        self.posts.iter().map(|post| post.account.json(&post.name, post.kind, &post.target)).collect()
    }

    /// All channels' names and accounts.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.posts.iter().map(|post| (&*post.name, &*post.account))
    }

    /// Alerts that were stored too many at once to be told.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Relaxed)
    }

    /// Nothing more comes: waits until all is sent, but not for long.
    pub(crate) fn close(&self) {
        // The thread waits for no channel, so the queue is soon empty; it has gone only when it panicked.
        let _ = self.batches.send(Batch::End);
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        threads.into_iter().for_each(Threads::wait);
    }
}

impl Threads {
    /// Waits until all is sent, but not for long.
    fn wait(self) {
        // A thread that panicked has said so on standard error.
        let _ = self.router.join();
        let deadline = Instant::now() + GOODBYE + LOOK;
        for _ in 0..self.workers {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.done.recv_timeout(left).is_err() {
                tracing::warn!("a notification was still on its way");
                return;
            }
        }
    }
}

/// Milliseconds since the epoch of a time in a document; 0 for none.
fn millis(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().map_or(0, |time| time.as_millisecond())
}
