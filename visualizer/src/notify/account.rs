//! What a channel did so far, for the status, the page and `/metrics`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Value, json};

use crate::alerts::time;
use crate::live::now;

/// The figures of one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Messages that arrived.
    pub(crate) sent: u64,
    /// Messages that were given up.
    pub(crate) failed: u64,
    /// Tries that were repeated.
    pub(crate) retried: u64,
    /// Notices that were told within a sum only.
    pub(crate) digested: u64,
    last_success_ms: Option<i64>,
    last_error_ms: Option<i64>,
    last_error: Option<String>,
    /// Whether the last message was given up.
    fault: bool,
}

/// The account of one channel.
#[derive(Debug, Default)]
pub(crate) struct Account {
    figures: Mutex<Figures>,
    dropped: AtomicU64,
}

impl Account {
    /// The figures.
    pub(crate) fn figures(&self) -> Figures {
        crate::live::lock(&self.figures).clone()
    }

    /// Notices that found no room in the queue.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    pub(super) fn drop_one(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    fn change(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut crate::live::lock(&self.figures));
    }

    pub(super) fn summed(&self, notices: u64) {
        self.change(|figures| figures.digested += notices);
    }

    pub(super) fn sent(&self) {
        let at = now().as_millis();
        self.change(|figures| {
            figures.sent += 1;
            (figures.last_success_ms, figures.fault) = (Some(at), false);
        });
    }

    /// A try failed; `given_up`: it was the last.
    pub(super) fn failed(&self, error: String, given_up: bool) {
        let at = now().as_millis();
        self.change(|figures| {
            *(if given_up { &mut figures.failed } else { &mut figures.retried }) += 1;
            figures.fault |= given_up;
            (figures.last_error, figures.last_error_ms) = (Some(error), Some(at));
        });
    }

    /// Why messages do not arrive, if the last was given up.
    pub(crate) fn fault(&self) -> Option<String> {
        let figures = crate::live::lock(&self.figures);
        figures.fault.then(|| figures.last_error.clone().unwrap_or_default())
    }

    /// As documents have it.
    pub(crate) fn json(&self, name: &str, kind: &str, target: &str) -> Value {
        let figures = self.figures();
        json!({
            "name": name, "kind": kind, "target": target, "sent": figures.sent, "failed": figures.failed,
            "retried": figures.retried, "digested": figures.digested, "dropped": self.dropped(),
            "last_success": figures.last_success_ms.map(time), "last_error": figures.last_error,
            "last_error_at": figures.last_error_ms.map(time), "up": !figures.fault,
        })
    }
}
