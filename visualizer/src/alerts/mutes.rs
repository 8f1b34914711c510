//! The mutes: which alerts are hidden, and until when. Whether one is hidden is asked each time and kept nowhere, so a mute
//! that expired or was ended leaves nothing behind. Mutes that expired stay listed for the record as long as there is room.
//! All times come from the caller.

use analyzer::geo::Geo;
use analyzer::names::Names;
use analyzer::query::Query;
use analyzer::{Alert, Facts};
use capturer::filter::Scope;

use super::store::Refusal;
use super::triage::Mute;

/// Mutes there may be.
pub(super) const MOST: usize = 256;

/// What filters are asked with: one look at the databases for as many alerts as there are at hand.
pub(super) struct Judge {
    facts: Facts,
    /// Alerts have no names that filters could ask for.
    names: Names,
}

impl Judge {
    pub(super) fn new(facts: Facts) -> Self {
        Self { facts, names: Names::new(0) }
    }

    /// The databases.
    pub(super) const fn geo(&self) -> &Geo {
        &self.facts.geo
    }

    /// Whether a filter holds for an alert.
    pub(super) fn holds(&self, query: &Query, alert: &Alert) -> bool {
        query.matches_alert(alert, (&self.facts, &self.names))
    }
}

/// A mute, and its filter if that can still be read: rules get other names.
struct Entry {
    mute: Mute,
    query: Option<Query>,
}

impl Entry {
    const fn is_in_force(&self, at_ms: i64) -> bool {
        self.mute.expires_ms > at_ms
    }
}

/// All mutes that are kept.
#[derive(Default)]
pub(super) struct Mutes {
    all: Vec<Entry>,
    judged_ms: i64,
}

impl Mutes {
    /// Those of the disk.
    pub(super) fn new(stored: Vec<Mute>, at_ms: i64) -> Self {
        Self { all: stored.into_iter().map(entry).collect(), judged_ms: at_ms }
    }

    /// All of them, in the order they were made in.
    pub(super) fn list(&self) -> Vec<Mute> {
        self.all.iter().map(|entry| entry.mute.clone()).collect()
    }

    /// Which one has to go so that another has room: the one that expired first, if there is no room.
    ///
    /// # Errors
    /// If there is no room and all are in force.
    pub(super) fn crowded_out(&self, at_ms: i64) -> Result<Option<i64>, Refusal> {
        if self.all.len() < MOST {
            return Ok(None);
        }
        let expired = self.all.iter().filter(|entry| !entry.is_in_force(at_ms));
        let first = expired.min_by_key(|entry| entry.mute.expires_ms).map(|entry| entry.mute.id);
        let full = || Refusal::Wrong(format!("there are {MOST} mutes in force already; end one first"));
        first.map(Some).ok_or_else(full)
    }

    pub(super) fn add(&mut self, mute: Mute, query: Query) {
        self.all.push(Entry { mute, query: Some(query) });
    }

    pub(super) fn remove(&mut self, id: i64) {
        self.all.retain(|entry| entry.mute.id != id);
    }

    /// The first mute that hides an alert.
    pub(super) fn hiding(&self, alert: &Alert, at_ms: i64, judge: &Judge) -> Option<i64> {
        let live = self.all.iter().filter(|entry| entry.is_in_force(at_ms));
        let hides = |entry: &&Entry| entry.query.as_ref().is_some_and(|query| judge.holds(query, alert));
        live.into_iter().find(hides).map(|entry| entry.mute.id)
    }

    /// A mute was of use.
    pub(super) fn hit(&mut self, id: i64, at_ms: i64) {
        if let Some(Entry { mute, .. }) = self.all.iter_mut().find(|entry| entry.mute.id == id) {
            mute.hits += 1;
            mute.last_hit_ms = Some(at_ms);
        }
    }

    /// Whether other mutes are in force now than at the last call.
    pub(super) fn have_turned(&mut self, at_ms: i64) -> bool {
        let before = std::mem::replace(&mut self.judged_ms, at_ms);
        self.all.iter().any(|entry| entry.is_in_force(before) != entry.is_in_force(at_ms))
    }
}

fn entry(mute: Mute) -> Entry {
    let query = Query::parse_for(&mute.filter, Scope::Alert)
        .inspect_err(|error| tracing::warn!(filter = %mute.filter, "a stored mute hides nothing: {error}"));
    Entry { query: query.ok(), mute }
}

/// Reads the filter of a mute.
///
/// # Errors
/// If there is none or it can't be asked of alerts; the message has the filter with a caret.
pub(super) fn read(filter: &str) -> Result<Query, Refusal> {
    if filter.trim().is_empty() {
        return Err(Refusal::Wrong("filter: expected one, such as alert scan.port".to_owned()));
    }
    Query::parse_for(filter, Scope::Alert)
        .map_err(|error| Refusal::Wrong(format!("filter\n{}", error.render(filter))))
}

#[cfg(test)]
mod tests {
    use analyzer::geo::Needs;
    use analyzer::{LocalNetworks, Party};
    use capturer::Timestamp;

    use super::*;

    fn mute(id: i64, filter: &str, expires_ms: i64) -> Mute {
        let (filter, reason) = (filter.to_owned(), "our scanner".to_owned());
        Mute { id, filter, reason, created_ms: 0, expires_ms, hits: 0, last_hit_ms: None }
    }

    fn alert(source: &str) -> Alert {
        let rule = analyzer::detect::rules().find(|rule| rule.id == "scan.port.tcp_syn").unwrap();
        let mut alert = Alert::new(1, rule, Timestamp::EPOCH);
        alert.sources.push(Party::host(source.parse().unwrap()));
        alert
    }

    fn judge() -> Judge {
        let geo = Geo::bundled(Needs { country: false, asn: false });
        Judge::new(Facts { geo, local: LocalNetworks::default() })
    }

    #[test]
    fn a_mute_hides_until_it_expires_and_not_at_that_moment() {
        let mutes = Mutes::new(vec![mute(1, "src host 203.0.113.5", 1000)], 0);
        assert_eq!(mutes.hiding(&alert("203.0.113.5"), 999, &judge()), Some(1));
        assert_eq!(mutes.hiding(&alert("203.0.113.5"), 1000, &judge()), None);
        assert_eq!(mutes.hiding(&alert("203.0.113.6"), 0, &judge()), None);
    }

    #[test]
    fn the_board_is_judged_again_once_when_a_mute_expires() {
        let mut mutes = Mutes::new(vec![mute(1, "alert scan", 1000), mute(2, "alert scan", 2000)], 0);
        let turned: Vec<bool> = [500, 999, 1000, 1001, 5000, 6000].map(|at| mutes.have_turned(at)).into();
        assert_eq!(turned, [false, false, true, false, true, false]);
        assert!(mutes.have_turned(500), "a clock that was set back brings mutes back");
    }

    #[test]
    fn the_mute_that_expired_first_makes_room() {
        let most = MOST as i64;
        let mut mutes = Mutes::new((0..most).map(|id| mute(id, "alert scan", 1000 + id)).collect(), 0);
        assert!(matches!(mutes.crowded_out(1000 - 1), Err(Refusal::Wrong(_))));
        assert_eq!(mutes.crowded_out(5000), Ok(Some(0)));
        mutes.remove(0);
        assert_eq!(mutes.crowded_out(0), Ok(None));
    }

    #[test]
    fn a_stored_mute_that_cannot_be_read_hides_nothing_and_is_still_listed() {
        let mutes = Mutes::new(vec![mute(1, "alert scan.gone", i64::MAX)], 0);
        assert_eq!(mutes.hiding(&alert("203.0.113.5"), 0, &judge()), None);
        assert_eq!(mutes.list().len(), 1);
    }
}
