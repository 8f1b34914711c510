//! The thread that decides who is told what: of each stored alert each channel's route is asked, and now and then what is wrong with
//! Wireglobe itself. It waits for no channel.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Instant;

use analyzer::Severity;

use super::LOOK;
use super::account::Account;
use super::faults::{self, Faults};
use super::notice::{Fault, Notice, Told, What};
use super::route::{Route, Verdict};
use super::worker::Order;
use crate::alerts::Entry;
use crate::live::Status;

/// What the thread hears.
pub(super) enum Batch {
    Stored(Vec<Entry>),
    End,
}

/// The way to a channel, as the router has it.
pub(super) struct Way {
    pub(super) name: String,
    pub(super) route: Route,
    pub(super) account: Arc<Account>,
    pub(super) orders: SyncSender<Order>,
}

impl Way {
    fn send(&self, notice: &Arc<Notice>) {
        if self.orders.try_send(Order::Notice(Arc::clone(notice))).is_err() {
            self.account.drop_one();
        }
    }
}

/// The thread that decides who is told what.
pub(super) struct Router {
    pub(super) routes: Vec<Way>,
    pub(super) status: Arc<Status>,
    pub(super) faults: Faults,
}

impl Router {
    pub(super) fn run(mut self, stored: &Receiver<Batch>) {
        let mut looked = Instant::now();
        loop {
            match stored.recv_timeout(LOOK) {
                Ok(Batch::Stored(entries)) => entries.iter().for_each(|entry| self.tell(entry)),
                Ok(Batch::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.look(looked);
            }
        }
        self.look(Instant::now());
        for way in &self.routes {
            // A queue that is full belongs to a channel that hangs: nobody waits for it longer than [`super::GOODBYE`].
            let _ = way.orders.try_send(Order::End);
        }
    }

    fn tell(&mut self, entry: &Entry) {
        let facts = self.status.known();
        for way in &mut self.routes {
            let told = || Told::new(entry, &facts.geo);
            let what = match way.route.judge(entry, &facts) {
                Verdict::New => What::Alert(told()),
                Verdict::Rise(was) => What::Rise(told(), was),
                Verdict::Silent => continue,
            };
            way.send(&Arc::new(Notice::now(what)));
        }
    }

    fn look(&mut self, now: Instant) {
        let mut current = faults::of(&self.status);
        current.extend(self.routes.iter().filter_map(Way::fault));
        for what in self.faults.look(current, now) {
            let (What::Fault(fault) | What::Over(fault)) = &what else { continue };
            let key = fault.key.clone();
            let notice = Arc::new(Notice::now(what));
            let listeners = self.routes.iter().filter(|way| way.route.faults && way.fault_key() != key);
            listeners.for_each(|way| way.send(&notice));
        }
    }
}

impl Way {
    fn fault_key(&self) -> String {
        format!("notify {}", self.name)
    }

    fn fault(&self) -> Option<Fault> {
        let text = self.account.fault()?;
        Some(Fault {
            key: self.fault_key(),
            severity: Severity::Medium,
            title: format!("Wireglobe's channel {} fails", self.name),
            text: format!("Messages were given up: {text}"),
        })
    }
}
