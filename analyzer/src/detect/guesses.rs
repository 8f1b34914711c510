//! Guessed passwords, counted the same way for every service: how many failed in a minute and in a longer time, for how
//! many users, and whether one got in afterwards.

use std::time::Duration;

use capturer::Timestamp;

use super::different::Counted;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Tracker, Window};
use super::{Context, Group};
use crate::alert::{Alert, Severity};

pub(super) const FAILURES: Setting = setting("failures", "failed log-ins", 8.0, (3.0, 64.0));
pub(super) const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
pub(super) const SLOW: Setting = setting("slow_failures", "failed log-ins", 20.0, (3.0, 64.0));
pub(super) const SLOW_WINDOW: Setting = setting("slow_window", "s", 900.0, (60.0, 86_400.0));
pub(super) const SLOWER_WINDOW: Setting = setting("slow_window", "s", 1800.0, (60.0, 86_400.0));

/// The settings of rules that count so.
pub(super) static SETTINGS: &[Setting] = &[FAILURES, WINDOW, SLOW, SLOW_WINDOW];

/// The same with half an hour, for services whose failures are only known by their sizes.
pub(super) static BY_SIZE: &[Setting] = &[FAILURES, WINDOW, SLOW, SLOWER_WINDOW];

/// A rule about guessed passwords.
pub(super) const fn rule(
    id: &'static str,
    title: &'static str,
    words: (&'static str, &'static str, &'static str),
    settings: &'static [Setting],
) -> Rule {
    let (sees, caveat, sources) = words;
    Rule {
        id,
        title,
        technique: "T1110",
        severity: Severity::Medium,
        most: Severity::Critical,
        sees,
        caveat,
        sources,
        settings,
        tell,
    }
}

fn tell(alert: &Alert) -> String {
    let users = match alert.figure("users") {
        Some(users) if users > 1.0 => format!(" for {users} users"),
        _ => String::new(),
    };
    let failures = alert.figure("failures").unwrap_or_default();
    let then = if alert.figure("got_in").is_some() { ", and then got in" } else { "" };
    format!("{} failed to log in {failures} times{users} at {}{then}", alert.who(), alert.whom())
}

/// What failed between two ends.
#[derive(Clone, Copy, Default)]
struct Tries {
    failed: Window<64>,
    users: Counted<16>,
    told: bool,
}

/// A log-in that failed.
pub(super) struct Failure {
    /// Who tried at whom.
    pub(super) group: Group,
    /// When.
    pub(super) at: Timestamp,
    /// What makes it different from others, and the frame that shows it.
    pub(super) sight: (u64, u64),
    /// The user, if known, as a key.
    pub(super) user: Option<u64>,
}

/// Counts failures for one rule.
pub(super) struct Guesses {
    rule: &'static Rule,
    tries: Tracker<Tries>,
    fast: (usize, Duration),
    slow: (usize, Duration),
}

impl Guesses {
    pub(super) fn new(rule: &'static Rule, thresholds: &Thresholds) -> Self {
        let slow = (thresholds.count(rule, SLOW.name), thresholds.seconds(rule, SLOW_WINDOW.name));
        let fast = (thresholds.count(rule, FAILURES.name), thresholds.seconds(rule, WINDOW.name));
        Self { rule, tries: Tracker::new(1024, slow.1), fast, slow }
    }

    /// Counts a failure, and tells when there are enough.
    pub(super) fn failed(&mut self, failure: &Failure, context: &mut Context<'_>) {
        let Failure { group, at, sight: (sight, frame), user } = *failure;
        let tries = self.tries.entry(super::book::key(context.hasher, group), at, Tries::default);
        if !tries.failed.see(sight, at, frame) {
            return;
        }
        if let Some(user) = user {
            tries.users.see(user, at, frame);
        }
        let is_fast = tries.failed.within(at, self.fast.1) >= self.fast.0;
        if !is_fast && tries.failed.within(at, self.slow.1) < self.slow.0 {
            return;
        }
        let (least, window) = if is_fast { self.fast } else { self.slow };
        let mut case = context.book.case(self.rule, group, at);
        if std::mem::replace(&mut tries.told, true) && !case.fresh {
            case.count(1).frames([frame]);
        } else {
            case.count(tries.failed.within(at, window) as u64).frames(tries.failed.frames(at, window));
            case.since(tries.failed.since(at, window).unwrap_or(at));
        }
        let total = case.total() as f64;
        case.reached("failures", total, least as f64).figure("window", window.as_secs_f64());
        if !tries.users.is_empty() {
            case.figure("users", tries.users.different());
        }
        // One user, seldom: most likely a program with an old password.
        if !is_fast && tries.users.len() == 1 {
            case.at_most(Severity::Low);
        }
    }

    /// A log-in that went well: bad, if it follows on many that did not.
    pub(super) fn got_in(&mut self, group: Group, (at, frame): (Timestamp, u64), context: &mut Context<'_>) {
        let tries = self.tries.find(super::book::key(context.hasher, group), at);
        if !tries.is_some_and(|tries| tries.told) {
            return;
        }
        if let Some(mut case) = context.book.known(self.rule, group, at) {
            case.frames([frame]).figure("got_in", 1.0).severity(Severity::High);
        }
    }

    pub(super) fn advance(&mut self, now: Timestamp) {
        self.tries.advance(now);
    }
}
