//! The book of alerts: what belongs together is one alert with a count. One alert for a rule, source and target; a
//! detector that finds more of the same adds to it. What is quiet for a while is over, and the next begins another.
//!
//! The book is bounded: when it is full, of the rules that speak most the alerts of the least severity that were quiet
//! longest go, and are counted.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use ahash::RandomState;
use capturer::Timestamp;

use super::rule::{Rule, Thresholds};
use super::turns::in_turn;
use crate::alert::{Alert, FRAMES, Figure, NAMED, Party, Severity};

/// Alerts that are kept.
const MOST: usize = 8192;

/// An alert that was quiet for this long is over.
const COOL_DOWN: Duration = Duration::from_secs(4 * 3600);

/// Whom an alert is about: its group. What is left out makes one alert of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Group {
    /// Who does it.
    pub source: Option<Party>,
    /// To whom.
    pub target: Option<Party>,
}

impl Group {
    /// Of a source, whatever its targets.
    pub const fn by(source: Party) -> Self {
        Self { source: Some(source), target: None }
    }

    /// Of a target, whatever the sources.
    pub const fn on(target: Party) -> Self {
        Self { source: None, target: Some(target) }
    }

    /// Of a source and a target.
    pub const fn between(source: Party, target: Party) -> Self {
        Self { source: Some(source), target: Some(target) }
    }
}

/// The alerts so far.
pub struct Book {
    alerts: Vec<Alert>,
    open: HashMap<u64, usize, RandomState>,
    hasher: RandomState,
    thresholds: Thresholds,
    /// Numbers given so far.
    given: u64,
    dropped: u64,
    /// What is told of where each alert is from, if it is not from packets.
    evidence: Option<&'static str>,
    /// Where an alert goes that its rule may not raise.
    void: Case,
    voided: Alert,
}

/// How many times its threshold a figure has to be for a step of severity, and the next. Looked up, since a logarithm for each
/// packet of an attack costs more than the rest.
const DECADES: [f64; Severity::ALL.len() - 1] = [1e1, 1e2, 1e3, 1e4];

/// An alert that is being added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Case(usize);

impl Book {
    /// An empty one.
    pub fn new(thresholds: Thresholds, hasher: RandomState) -> Self {
        Self {
            alerts: Vec::new(),
            open: HashMap::with_hasher(hasher.clone()),
            hasher,
            thresholds,
            given: 0,
            dropped: 0,
            evidence: None,
            void: Case(usize::MAX),
            voided: Alert::new(0, &super::VOID, Timestamp::EPOCH),
        }
    }

    /// From which figures on alerts are raised.
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Each alert says that it is from something else than packets.
    pub const fn is_from(&mut self, evidence: &'static str) {
        self.evidence = Some(evidence);
    }

    /// The alert of a rule and group at a time, made if there is none.
    pub fn case(&mut self, rule: &'static Rule, group: Group, at: Timestamp) -> Found<'_> {
        let allowed = group.source.is_some_and(|source| self.thresholds.allows(source.address));
        let silent = allowed || !self.thresholds.is_on(rule);
        let case = if silent { self.void } else { self.place(rule, group, at) };
        let fresh = self.alerts.get(case.0).is_none_or(|alert| alert.count == 0);
        let alert = self.alerts.get_mut(case.0).unwrap_or(&mut self.voided);
        alert.changed = true;
        alert.last = alert.last.max(at);
        Found { alert, fresh, at }
    }

    /// The alert of a rule and group that is still going on.
    pub fn known(&mut self, rule: &'static Rule, group: Group, at: Timestamp) -> Option<Found<'_>> {
        let index = self.going_on(self.key(rule, group), at)?;
        let alert = self.alerts.get_mut(index)?;
        alert.changed = true;
        alert.last = alert.last.max(at);
        Some(Found { alert, fresh: false, at })
    }

    /// Whether there is an alert of a rule and group that is still going on.
    pub fn has(&self, rule: &'static Rule, group: Group, at: Timestamp) -> bool {
        self.going_on(self.key(rule, group), at).is_some()
    }

    fn key(&self, rule: &'static Rule, group: Group) -> u64 {
        self.hasher.hash_one((rule.id, group))
    }

    /// Where the alert of a key is, if it is still going on.
    fn going_on(&self, key: u64, at: Timestamp) -> Option<usize> {
        let index = *self.open.get(&key)?;
        let alert = self.alerts.get(index)?;
        (at.since(alert.last) <= COOL_DOWN).then_some(index)
    }

    fn place(&mut self, rule: &'static Rule, group: Group, at: Timestamp) -> Case {
        let key = self.key(rule, group);
        if let Some(index) = self.going_on(key, at) {
            return Case(index);
        }
        if self.alerts.len() >= MOST {
            self.make_room();
        }
        self.given += 1;
        let mut alert = Alert::new(self.given, rule, at);
        alert.sources.extend(group.source);
        alert.targets.extend(group.target);
        alert.words.extend(self.evidence.map(|evidence| ("evidence", evidence.to_owned())));
        self.alerts.push(alert);
        self.open.insert(key, self.alerts.len() - 1);
        Case(self.alerts.len() - 1)
    }

    /// An eighth of the alerts goes, of the rules that have most: their least severe and quietest.
    fn make_room(&mut self) {
        let alerts = self.alerts.iter().zip(0..);
        let key = |alert: &Alert| (Reverse(alert.severity), Reverse(alert.last));
        let order = in_turn(alerts.map(|(alert, index)| (alert.rule.id, key(alert), index)).collect());
        let mut goes = vec![false; self.alerts.len()];
        order.iter().rev().take(MOST / 8).for_each(|&index| goes[index as usize] = true);
        self.let_go(&goes);
        self.dropped += (MOST / 8) as u64;
    }

    /// Alerts that are over and were handed over leave: nothing is added to them any more. An eighth of all or more together, as
    /// all others change their places with them.
    pub fn forget(&mut self, now: Timestamp) {
        let is_over = |alert: &Alert| !alert.changed && now.since(alert.last) > COOL_DOWN;
        let many = self.alerts.iter().filter(|alert| is_over(alert)).count();
        if many > 0 && many >= self.alerts.len() / 8 {
            let goes: Vec<bool> = self.alerts.iter().map(is_over).collect();
            self.let_go(&goes);
        }
    }

    /// Takes out those of which it is said, in the order of the alerts.
    fn let_go(&mut self, goes: &[bool]) {
        let mut kept = 0..;
        let place: Vec<Option<usize>> =
            goes.iter().map(|goes| if *goes { None } else { kept.next() }).collect();
        let mut goes = goes.iter();
        self.alerts.retain(|_| goes.next().is_none_or(|goes| !goes));
        self.open.retain(|_, index| place.get(*index).copied().flatten().map(|to| *index = to).is_some());
    }

    /// All alerts, oldest first.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// How many alerts were made so far.
    pub const fn given(&self) -> u64 {
        self.given
    }

    /// Alerts that changed since the last call, at most so many: of each rule the most severe, then of each the next. The
    /// others wait.
    pub fn changed(&mut self, most: usize) -> Vec<Alert> {
        let changed = self.alerts.iter().filter(|alert| alert.changed);
        let keys =
            changed.map(|alert| (alert.rule.id, (Reverse(alert.severity), alert.number), alert.number));
        let turns = in_turn(keys.collect());
        turns.into_iter().take(most).filter_map(|number| self.take_changed(number)).collect()
    }

    /// An alert by its number; they are in the order of their numbers.
    fn take_changed(&mut self, number: u64) -> Option<Alert> {
        let index = self.alerts.binary_search_by_key(&number, |alert| alert.number).ok()?;
        let alert = self.alerts.get_mut(index)?;
        alert.changed = false;
        Some(alert.clone())
    }

    /// Alerts that had to make room for others.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes back the alerts that `wrong` says turned out to be something else.
    pub fn take_back(&mut self, mut wrong: impl FnMut(&Alert) -> bool) {
        if !self.alerts.iter().any(&mut wrong) {
            return;
        }
        let numbers: HashMap<usize, u64> =
            self.alerts.iter().enumerate().map(|(index, alert)| (index, alert.number)).collect();
        self.alerts.retain(|alert| !wrong(alert));
        let places: HashMap<u64, usize> =
            self.alerts.iter().enumerate().map(|(index, alert)| (alert.number, index)).collect();
        self.open.retain(|_, index| {
            let to = numbers.get(index).and_then(|number| places.get(number)).copied();
            to.map(|to| *index = to).is_some()
        });
    }
}

/// An alert, to add to.
pub struct Found<'a> {
    alert: &'a mut Alert,
    /// Whether it was just made.
    pub fresh: bool,
    at: Timestamp,
}

impl Found<'_> {
    /// It happened `n` times more.
    pub fn count(&mut self, n: u64) -> &mut Self {
        self.alert.count = self.alert.count.saturating_add(n);
        self.alert.timeline.add(self.at, n);
        self
    }

    /// It began before the packet at hand.
    pub fn since(&mut self, first: Timestamp) -> &mut Self {
        self.alert.first = self.alert.first.min(first);
        self
    }

    /// Frames that show it.
    pub fn frames(&mut self, frames: impl IntoIterator<Item = u64>) -> &mut Self {
        for frame in frames {
            if self.alert.frames.len() >= FRAMES {
                break;
            }
            if let Err(place) = self.alert.frames.binary_search(&frame)
                && frame > 0
            {
                self.alert.frames.insert(place, frame);
            }
        }
        self
    }

    /// Somebody who does it.
    pub fn source(&mut self, party: Party) -> &mut Self {
        name(&mut self.alert.sources, party);
        self
    }

    /// Somebody to whom it is done.
    pub fn target(&mut self, party: Party) -> &mut Self {
        name(&mut self.alert.targets, party);
        self
    }

    /// A figure and what would have been enough; severity grows with the logarithm of their ratio.
    pub fn reached(&mut self, figure: &'static str, observed: f64, threshold: f64) -> &mut Self {
        self.put(Figure { name: figure, observed, threshold: Some(threshold) });
        let ratio = if threshold > 0.0 { observed / threshold } else { 1.0 };
        let steps = DECADES.partition_point(|&least| ratio >= least);
        let rule = self.alert.rule;
        self.alert.severity = self.alert.severity.max(rule.severity.raised(steps, rule.most));
        self
    }

    /// A figure that decides nothing.
    pub fn figure(&mut self, name: &'static str, observed: f64) -> &mut Self {
        self.put(Figure { name, observed, threshold: None });
        self
    }

    /// A figure that has to stay at or below its threshold.
    pub fn below(&mut self, name: &'static str, observed: f64, threshold: f64) -> &mut Self {
        self.put(Figure { name, observed, threshold: Some(threshold) });
        self
    }

    /// A word that was seen; unprintable characters are replaced, and it is cut after 120.
    pub fn word(&mut self, name: &'static str, word: &[u8]) -> &mut Self {
        if self.alert.word(name).is_none() {
            let text = String::from_utf8_lossy(&word[..word.len().min(240)]);
            let clean = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
            self.alert.words.push((name, text.chars().map(clean).take(120).collect()));
        }
        self
    }

    /// It matters more than its figures say.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.alert.severity = self.alert.severity.max(severity).min(self.alert.rule.most);
        self
    }

    /// It matters less than its figures say.
    pub fn at_most(&mut self, severity: Severity) -> &mut Self {
        self.alert.severity = self.alert.severity.min(severity);
        self
    }

    /// Whether it was never more than a note so far.
    pub fn is_note(&self) -> bool {
        self.fresh || self.alert.severity == Severity::Info
    }

    /// How often it happened so far.
    pub const fn total(&self) -> u64 {
        self.alert.count
    }

    fn put(&mut self, figure: Figure) {
        match self.alert.figures.iter_mut().find(|known| known.name == figure.name) {
            Some(known) if figure.threshold.is_some() && figure.observed < known.observed => {
                known.threshold = figure.threshold;
            }
            Some(known) => *known = figure,
            None => self.alert.figures.push(figure),
        }
    }
}

fn name(parties: &mut Vec<Party>, party: Party) {
    if parties.len() < NAMED && !parties.contains(&party) {
        parties.push(party);
    }
}

/// A seeded hash of anything, for keys of tables.
pub fn key(hasher: &RandomState, of: impl Hash) -> u64 {
    hasher.hash_one(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::rules;

    fn rule(id: &str) -> &'static Rule {
        rules().find(|rule| rule.id == id).unwrap()
    }

    fn host(n: u32) -> Party {
        Party::host(std::net::IpAddr::V4(n.into()))
    }

    #[test]
    fn a_rule_that_speaks_of_thousands_takes_no_others_place() {
        let mut book = Book::new(Thresholds::default(), RandomState::new());
        let (loud, quiet) = (rule("flood.syn"), rule("scan.port.tcp_syn"));
        let mut seen = Vec::new();
        for n in 0..40_000 {
            let at = Timestamp::from_parts(1_700_000_000, i64::from(n));
            book.case(loud, Group::on(host(n)), at).count(1).severity(Severity::Critical);
            if n == 20_000 {
                book.case(quiet, Group::by(host(7)), at).count(1).at_most(Severity::Info);
            }
            if n % 5000 == 4999 {
                let changed = book.changed(512);
                assert_eq!(changed.len(), 512);
                seen.extend(changed.iter().map(|alert| alert.rule.id));
            }
        }
        assert_eq!(seen.iter().filter(|id| **id == quiet.id).count(), 1, "it is handed over once, at once");
        assert!(book.alerts().iter().any(|alert| alert.rule == quiet), "and stays in the book");
        assert!(book.alerts().len() <= MOST && book.given() == 40_001);
        assert_eq!(book.dropped() + book.alerts().len() as u64, book.given());
    }

    /// Raises one alert at each of these seconds, each of another host.
    fn raise(book: &mut Book, seconds: impl Iterator<Item = i64>) {
        for second in seconds {
            let at = Timestamp::from_parts(second, 0);
            book.case(rule("scan.port.tcp_syn"), Group::by(host(second as u32)), at).count(1);
        }
    }

    #[test]
    fn alerts_that_are_over_and_handed_over_leave_a_book_that_goes_on_for_days() {
        let mut book = Book::new(Thresholds::default(), RandomState::new());
        let mut most = 0;
        for minute in 0..3 * 24 * 60 {
            raise(&mut book, [60 * minute].into_iter());
            assert_eq!(book.changed(512).len(), 1);
            book.forget(Timestamp::from_parts(60 * minute, 0));
            most = most.max(book.alerts().len());
        }
        assert!(
            (240..280).contains(&most),
            "one a minute for four hours is what may still change, not {most}"
        );
        assert!(book.open.len() <= most);
        assert_eq!((book.given(), book.dropped()), (3 * 24 * 60, 0), "none had to make room");
    }

    #[test]
    fn what_goes_on_or_was_not_handed_over_stays_and_is_added_to() {
        let mut book = Book::new(Thresholds::default(), RandomState::new());
        let (hours, scan) = (|n: i64| Timestamp::from_parts(n * 3600, 0), rule("scan.port.tcp_syn"));
        raise(&mut book, 0..100);
        assert_eq!(book.changed(90).len(), 90);
        book.case(scan, Group::by(host(7)), hours(3)).count(1);
        assert_eq!(book.changed(1)[0].number, 8);
        book.forget(hours(5));
        assert_eq!(book.alerts().len(), 11, "one that goes on, ten that nobody has");
        let ongoing = book.known(scan, Group::by(host(7)), hours(5)).unwrap();
        assert_eq!((ongoing.total(), ongoing.fresh), (2, false));
        assert!(
            book.case(scan, Group::by(host(8)), hours(5)).fresh,
            "the next of one that is over is another"
        );
        let changed = book.changed(512);
        assert_eq!((changed.len(), changed.iter().filter(|alert| alert.number <= 100).count()), (12, 11));
    }
}
