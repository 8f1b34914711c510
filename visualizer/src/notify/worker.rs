//! The thread of one channel.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::account::Account;
use super::channel::Channel;
use super::desk::{Desk, Fate, Pace};
use super::notice::Notice;
use super::{Context, GOODBYE};
use crate::settings;

/// Messages a minute where people read and nothing is set.
const FOR_PEOPLE: u32 = 20;

/// How long the thread waits for something to do.
const TICK: Duration = Duration::from_secs(1);

/// What a channel is asked for.
pub(super) enum Order {
    Notice(Arc<Notice>),
    /// A test, past rate and queue; the answer in words.
    Test(oneshot::Sender<Result<String, String>>),
    /// What is left is sent once, and that is all.
    End,
}

/// How often a channel may speak.
pub(super) fn pace(settings: &settings::Notify) -> Pace {
    let is_for_people = settings.webhook.is_some() || settings.mail.is_some();
    Pace {
        per_minute: settings.per_minute.or(is_for_people.then_some(FOR_PEOPLE)),
        digest: Duration::from_secs(u64::from(settings.digest_minutes) * 60),
    }
}

/// What the thread owns.
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) channel: Box<dyn Channel>,
    pub(super) context: Arc<Context>,
    pub(super) account: Arc<Account>,
}

impl Worker {
    pub(super) fn run(mut self, orders: &Receiver<Order>, pace: Pace) {
        let mut desk = Desk::new(pace, Instant::now());
        loop {
            self.send_next(&mut desk);
            let now = Instant::now();
            let wait = desk.due().map_or(TICK, |due| due.saturating_duration_since(now).min(TICK));
            match orders.recv_timeout(wait) {
                Ok(Order::Notice(notice)) => desk.take(notice, Instant::now()),
                // The asker may have gone.
                Ok(Order::Test(reply)) => drop(reply.send(self.test())),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.finish(desk);
    }

    fn send_next(&mut self, desk: &mut Desk) {
        let Some((notice, summed)) = desk.next(Instant::now()) else { return };
        self.account.summed(summed);
        match self.channel.send(&notice, &self.context) {
            Ok(_) => {
                desk.sent();
                self.account.sent();
            }
            Err(failed) => {
                let given_up = desk.failed(failed.again, Instant::now()) == Fate::GivenUp;
                if given_up {
                    tracing::warn!(channel = %self.name, error = %failed.text, "a notification was given up");
                }
                self.account.failed(failed.text, given_up);
            }
        }
    }

    fn test(&mut self) -> Result<String, String> {
        let answer = super::test(&mut *self.channel, &self.context);
        match &answer {
            Ok(_) => self.account.sent(),
            Err(error) => self.account.failed(error.clone(), true),
        }
        answer
    }

    /// One try for what is left, as long as there is time.
    fn finish(mut self, desk: Desk) {
        let deadline = Instant::now() + GOODBYE;
        let mut unsent = 0;
        for notice in desk.rest() {
            let in_time = Instant::now() < deadline;
            if !in_time || self.channel.send(&notice, &self.context).is_err() {
                unsent += 1;
            }
        }
        if unsent > 0 {
            tracing::warn!(channel = %self.name, unsent, "notifications were not sent before the end");
        }
    }
}
