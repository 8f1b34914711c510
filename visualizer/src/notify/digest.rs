//! Many notices summed up in one: exact counts, and the gravest of them in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyzer::Severity;

use super::notice::{Notice, What};

/// Notices that are listed.
const LISTED: usize = 10;

/// A sum of notices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest {
    /// Alerts that were not told before.
    pub(crate) alerts: u64,
    /// Alerts that became graver.
    pub(crate) rises: u64,
    /// Faults and their ends.
    pub(crate) faults: u64,
    /// Alerts and rises by severity, least first.
    pub(crate) by_severity: [u64; 5],
    /// Alerts and rises by rule.
    pub(crate) by_rule: BTreeMap<String, u64>,
    /// The gravest, the earlier first.
    pub(crate) worst: Vec<Arc<Notice>>,
}

impl Digest {
    /// How many notices it sums up.
    pub(crate) const fn total(&self) -> u64 {
        self.alerts + self.rises + self.faults
    }

    /// The gravest there is.
    pub(crate) fn severity(&self) -> Severity {
        self.worst.iter().map(|notice| notice.severity()).max().unwrap_or_default()
    }

    /// Adds one.
    pub(crate) fn add(&mut self, notice: Arc<Notice>) {
        match &notice.what {
            What::Alert(_) => self.alerts += 1,
            What::Rise(..) => self.rises += 1,
            _ => self.faults += 1,
        }
        if let Some(told) = notice.told() {
            self.by_severity[told.severity as usize] += 1;
            *self.by_rule.entry(told.text("rule").to_owned()).or_default() += 1;
        }
        self.worst.push(notice);
        // Stable: among equals the earlier stays first.
        self.worst.sort_by_key(|notice| std::cmp::Reverse(notice.severity()));
        self.worst.truncate(LISTED);
    }

    /// As a notice: one alone is told as what it is.
    pub(crate) fn notice(mut self) -> Option<Arc<Notice>> {
        match self.total() {
            0 => None,
            1 => self.worst.pop(),
            _ => Some(Arc::new(Notice::now(What::Digest(self)))),
        }
    }

    /// Severities that occur with their numbers, gravest first.
    pub(crate) fn severities(&self) -> Vec<(Severity, u64)> {
        let all =
            Severity::ALL.into_iter().rev().map(|severity| (severity, self.by_severity[severity as usize]));
        all.filter(|(_, count)| *count > 0).collect()
    }
}
