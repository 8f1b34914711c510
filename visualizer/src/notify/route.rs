//! What a channel is told of: alerts by severity and filter, each once, and again when it becomes graver; faults of Wireglobe's own.

use std::collections::BTreeMap;

use analyzer::names::Names;
use analyzer::query::Query;
use analyzer::{Facts, Severity};
use capturer::filter::Scope;

use super::notice::severity;
use crate::alerts::{Entry, State, revive};
use crate::settings::Notify;

/// Alerts that a channel is known to have been told of.
const MOST_TOLD: usize = 8192;

/// Whether, and how, an alert is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// For the first time.
    New,
    /// It had this severity when it was told.
    Rise(Severity),
    /// Not at all.
    Silent,
}

/// The way to a channel.
pub(super) struct Route {
    at_least: Severity,
    filter: Option<Query>,
    rises: bool,
    pub(super) faults: bool,
    /// Which alerts were told, and how grave they were.
    told: BTreeMap<i64, u8>,
    /// What is older was told, or never will be.
    floor: i64,
}

impl Route {
    pub(super) fn new(settings: &Notify) -> Self {
        let text = settings.filter.trim();
        // The settings' check has read it.
        let filter = Query::parse_for(text, Scope::Alert).ok().filter(|_| !text.is_empty());
        Self {
            at_least: settings.severity(),
            filter,
            rises: settings.rises,
            faults: settings.faults,
            told: BTreeMap::new(),
            floor: 0,
        }
    }

    /// What to do about an alert as it is stored now; that it is told is remembered.
    pub(super) fn judge(&mut self, entry: &Entry, facts: &Facts) -> Verdict {
        let before = self.told.get(&entry.id).copied();
        let is_old = entry.id <= self.floor && before.is_none();
        let is_known = before.is_some_and(|before| !self.rises || entry.severity <= before);
        let is_done = entry.muted || entry.state == State::Closed;
        if is_old
            || is_known
            || is_done
            || severity(entry.severity) < self.at_least
            || !self.lets_through(entry, facts)
        {
            return Verdict::Silent;
        }
        self.remember(entry);
        before.map_or(Verdict::New, |before| Verdict::Rise(severity(before)))
    }

    fn remember(&mut self, entry: &Entry) {
        self.told.insert(entry.id, entry.severity);
        while self.told.len() > MOST_TOLD
            && let Some((id, _)) = self.told.pop_first()
        {
            self.floor = self.floor.max(id);
        }
    }

    fn lets_through(&self, entry: &Entry, facts: &Facts) -> bool {
        let Some(filter) = &self.filter else { return true };
        revive(entry).is_some_and(|alert| filter.matches_alert(&alert, (facts, &Names::new(0))))
    }
}

#[cfg(test)]
mod tests {
    use analyzer::LocalNetworks;
    use analyzer::geo::{Geo, Needs};
    use serde_json::json;

    use super::*;

    fn entry(id: i64, severity: u8, source: &str) -> Entry {
        let document = json!({"sources": [source], "targets": ["192.0.2.1:22"]}).to_string().into();
        Entry {
            id,
            rule: "scan.port.tcp_syn".into(),
            severity,
            first_ms: 0,
            last_ms: 0,
            document,
            state: State::New,
            reason: None,
            comments: 0,
            muted: false,
            evidence: 0,
        }
    }

    fn facts() -> Facts {
        Facts { geo: Geo::bundled(Needs { country: false, asn: false }), local: LocalNetworks::default() }
    }

    fn route(change: impl FnOnce(&mut Notify)) -> Route {
        let mut settings = Notify::default();
        change(&mut settings);
        Route::new(&settings)
    }

    #[test]
    fn an_alert_is_told_once_and_again_only_when_it_is_graver() {
        let (mut route, facts) = (route(|_| {}), facts());
        let mut told = |severity| route.judge(&entry(1, severity, "203.0.113.5"), &facts);
        assert_eq!(told(1), Verdict::Silent, "low is below medium");
        assert_eq!(told(2), Verdict::New);
        assert_eq!(told(2), Verdict::Silent);
        assert_eq!(told(4), Verdict::Rise(Severity::Medium));
        assert_eq!(told(3), Verdict::Silent);
        assert_eq!(told(4), Verdict::Silent);
    }

    #[test]
    fn rises_can_be_left_out() {
        let (mut route, facts) = (route(|settings| settings.rises = false), facts());
        assert_eq!(route.judge(&entry(1, 2, "203.0.113.5"), &facts), Verdict::New);
        assert_eq!(route.judge(&entry(1, 4, "203.0.113.5"), &facts), Verdict::Silent);
    }

    #[test]
    fn what_is_muted_or_closed_is_told_when_it_no_longer_is() {
        let (mut route, facts) = (route(|_| {}), facts());
        let alert = entry(1, 3, "203.0.113.5");
        assert_eq!(route.judge(&Entry { muted: true, ..alert.clone() }, &facts), Verdict::Silent);
        assert_eq!(route.judge(&Entry { state: State::Closed, ..alert.clone() }, &facts), Verdict::Silent);
        assert_eq!(route.judge(&alert, &facts), Verdict::New);
    }

    #[test]
    fn a_filter_leaves_alerts_out() {
        let mut route =
            route(|settings| settings.filter = "alert scan and not src net 203.0.113.0/24".into());
        assert_eq!(route.judge(&entry(1, 3, "203.0.113.5"), &facts()), Verdict::Silent);
        assert_eq!(route.judge(&entry(2, 3, "198.51.100.5"), &facts()), Verdict::New);
    }

    #[test]
    fn of_many_alerts_the_newest_are_remembered_and_none_is_told_twice() {
        let (mut route, facts) = (route(|_| {}), facts());
        let all = 1..=(MOST_TOLD as i64 + 100);
        for id in all.clone() {
            assert_eq!(route.judge(&entry(id, 2, "203.0.113.5"), &facts), Verdict::New, "{id}");
        }
        assert_eq!(route.told.len(), MOST_TOLD);
        for id in all {
            assert_eq!(route.judge(&entry(id, 2, "203.0.113.5"), &facts), Verdict::Silent, "{id}");
        }
    }
}
