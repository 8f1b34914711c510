//! Wireglobe's own faults: the source is lost, alerts can't be stored, a database is broken, a channel fails. Each is told when it begins
//! and when it is over, and not again within [`CALM`], however often it comes and goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use analyzer::Severity;

use super::notice::{Fault, What};
use crate::live::Status;

/// The least time between two words about the same fault.
const CALM: Duration = Duration::from_secs(60);

/// What was told of the faults so far.
#[derive(Debug, Default)]
pub(super) struct Faults(BTreeMap<String, Told>);

#[derive(Debug)]
struct Told {
    fault: Fault,
    lasts: bool,
    at: Instant,
}

impl Faults {
    /// What is to be told, given the faults there are now.
    pub(super) fn look(&mut self, current: Vec<Fault>, now: Instant) -> Vec<What> {
        let mut news = Vec::new();
        for told in self.0.values_mut() {
            let is_over = current.iter().all(|fault| fault.key != told.fault.key);
            if told.lasts && is_over && now.saturating_duration_since(told.at) >= CALM {
                (told.lasts, told.at) = (false, now);
                news.push(What::Over(told.fault.clone()));
            }
        }
        for fault in current {
            let silent = self
                .0
                .get(&fault.key)
                .is_some_and(|told| told.lasts || now.saturating_duration_since(told.at) < CALM);
            if !silent {
                self.0.insert(fault.key.clone(), Told { fault: fault.clone(), lasts: true, at: now });
                news.push(What::Fault(fault));
            }
        }
        news
    }
}

/// The faults there are now, but for those of channels.
pub(super) fn of(status: &Status) -> Vec<Fault> {
    let fault = |key: &str, severity, title: &str, text: String| Fault {
        key: key.to_owned(),
        severity,
        title: title.to_owned(),
        text,
    };
    let name = &status.facts.name;
    let lost = (status.state() == "blind").then(|| {
        let text = format!("{name} is gone or down; it is tried again until it is back.");
        fault("source", Severity::High, "Wireglobe sees no traffic", text)
    });
    let failed = status.error().map(|error| {
        fault("source", Severity::High, "Wireglobe's source failed", format!("{name}: {error}"))
    });
    let store = status.board.account().fault.map(|text| {
        let text = format!("{text}. Capture goes on; alerts of this time may be lost.");
        fault("store", Severity::High, "Wireglobe cannot store alerts", text)
    });
    let geo = status.geo_error().map(|text| {
        let text = format!("{text}. Those in use stay.");
        fault("databases", Severity::Medium, "Wireglobe cannot read its databases", text)
    });
    [lost.or(failed), store, geo].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use analyzer::geo::{Geo, Needs};
    use analyzer::{Facts, LocalNetworks};

    use super::*;
    use crate::alerts::Account;
    use crate::live::SourceFacts;

    fn fault(key: &str) -> Fault {
        Fault { key: key.into(), severity: Severity::High, title: key.into(), text: String::new() }
    }

    fn told(news: Vec<What>) -> Vec<(bool, String)> {
        let one = |what| match what {
            What::Fault(fault) => (true, fault.key),
            What::Over(fault) => (false, fault.key),
            other => panic!("{other:?}"),
        };
        news.into_iter().map(one).collect()
    }

    #[test]
    fn a_fault_is_told_when_it_begins_and_when_it_is_over() {
        let (mut faults, start) = (Faults::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut look = |keys: &[&str], seconds| {
            told(faults.look(keys.iter().map(|key| fault(key)).collect(), at(seconds)))
        };
        assert_eq!(look(&["store"], 0), [(true, "store".to_owned())]);
        assert_eq!(look(&["store"], 500), []);
        assert_eq!(look(&["store", "source"], 501), [(true, "source".to_owned())]);
        assert_eq!(look(&["source"], 502), [(false, "store".to_owned())]);
        assert_eq!(look(&[], 600), [(false, "source".to_owned())]);
        assert_eq!(look(&[], 601), []);
    }

    #[test]
    fn a_store_that_cannot_store_and_a_source_that_failed_are_faults() {
        let status = Status::new(
            SourceFacts {
                kind: "interface",
                name: "eth0".into(),
                local: String::new(),
                local_origin: "",
                started_ms: 0,
                filter: String::new(),
                counted: "outermost",
                login: false,
                certificate: None,
            },
            Facts {
                geo: Geo::bundled(Needs { country: false, asn: false }),
                local: LocalNetworks::default(),
            },
            None,
            None,
        );
        assert_eq!(of(&status), []);
        let account = Account { fault: Some("the disk is full".into()), ..Account::default() };
        status.board.set_account([0; 4], account);
        status.set_ended(Some("cut off".into()));
        status.set_geo_error(Some("places.csv: record 1".into()));
        let found = of(&status);
        let keys: Vec<&str> = found.iter().map(|fault| &*fault.key).collect();
        assert_eq!(keys, ["source", "store", "databases"]);
        assert_eq!(found[0].text, "eth0: cut off");
        assert!(found[1].text.starts_with("the disk is full"));
    }

    #[test]
    fn one_that_comes_and_goes_is_told_once_a_minute() {
        let (mut faults, start) = (Faults::default(), Instant::now());
        let mut words = 0;
        for second in 0..600 {
            let current = if second % 2 == 0 { vec![fault("source")] } else { Vec::new() };
            words += faults.look(current, start + Duration::from_secs(second)).len();
        }
        assert!((8..=11).contains(&words), "{words}");
    }
}
