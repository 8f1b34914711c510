//! What waits for the disk: by number, so that an alert that changes often waits once, and bounded, so that a flood of
//! triggers takes no more memory than this. When there is no room, it is made among those of the rule that has most.

use std::cmp::Reverse;
use std::collections::HashMap;

use analyzer::detect::in_turn;

use super::store::Found;

/// Alerts that wait.
pub(super) struct Waiting {
    found: HashMap<u64, Found>,
    /// How many of each rule.
    rules: HashMap<&'static str, usize>,
    most: usize,
}

impl Waiting {
    /// At most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { found: HashMap::new(), rules: HashMap::new(), most }
    }

    /// The numbers of those that wait.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.found.keys().copied()
    }

    /// An alert that changed; packets that were kept of it before are kept on.
    pub(super) fn put(&mut self, found: Found) {
        let number = found.alert.number;
        let before = self.remove(number).and_then(|before| before.evidence);
        if self.found.len() >= self.most && !self.make_room(found.alert.rule.id) {
            return;
        }
        *self.rules.entry(found.alert.rule.id).or_default() += 1;
        let evidence = found.evidence.or(before);
        self.found.insert(number, Found { evidence, ..found });
    }

    /// One that could not be stored waits on, unless newer news of it have come.
    pub(super) fn put_back(&mut self, found: Found) {
        if !self.found.contains_key(&found.alert.number) {
            self.put(found);
        }
    }

    /// Takes out some: of each rule the worst, then of each the next, and so on.
    pub(super) fn choose(&mut self, most: usize) -> Vec<Found> {
        if most == 0 || self.found.is_empty() {
            return Vec::new();
        }
        let alerts = self.found.values().map(|found| &found.alert);
        let keys = alerts.map(|alert| (alert.rule.id, (Reverse(alert.severity), alert.number), alert.number));
        let turns = in_turn(keys.collect());
        turns.into_iter().take(most).filter_map(|number| self.remove(number)).collect()
    }

    /// One of the rule that has most goes; `false` when a newcomer's rule has most itself.
    fn make_room(&mut self, newcomer: &'static str) -> bool {
        let own = self.rules.get(newcomer).copied().unwrap_or(0);
        let Some((&rule, &most)) = self.rules.iter().max_by_key(|(_, count)| **count) else { return false };
        if own + 1 >= most {
            return false;
        }
        let of_rule = self.found.values().map(|found| &found.alert).filter(|alert| alert.rule.id == rule);
        let goes = of_rule.min_by_key(|alert| (alert.severity, alert.number)).map(|alert| alert.number);
        goes.and_then(|number| self.remove(number)).is_some()
    }

    fn remove(&mut self, number: u64) -> Option<Found> {
        let found = self.found.remove(&number)?;
        if let Some(count) = self.rules.get_mut(found.alert.rule.id) {
            *count = count.saturating_sub(1);
        }
        Some(found)
    }
}
