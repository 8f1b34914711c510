//! What the service manager hears while we run: a line on how we are, and that the analysis goes on, without which its watchdog bites.

use std::sync::Arc;
use std::time::Duration;

use crate::cli::escape;
use crate::live::Status;
use crate::service_manager::ServiceManager;

/// Time between two words, unless the watchdog wants them more often.
const PERIOD: Duration = Duration::from_secs(5);

/// Words within the time the watchdog waits.
const WORDS: u32 = 4;

/// Tells on and on; only this task's end ends it.
pub(super) async fn keep_told(manager: Arc<ServiceManager>, status: Arc<Status>) {
    if !manager.is_there() {
        return;
    }
    let period = manager.watchdog().map_or(PERIOD, |watchdog| (watchdog / WORDS).min(PERIOD));
    let mut seen = status.ticks();
    loop {
        tokio::time::sleep(period).await;
        manager.tell(&word(&status, &mut seen));
    }
}

/// The state, and the watchdog's food if the analysis has ticked since the last word.
fn word(status: &Status, seen: &mut u64) -> String {
    let last = std::mem::replace(seen, status.ticks());
    let food = if *seen == last { "" } else { "\nWATCHDOG=1" };
    format!("STATUS={}{food}", line(status))
}

/// One line on what is watched and how it goes.
pub(super) fn line(status: &Status) -> String {
    let ledger = status.ledger();
    let lost = ledger.lost_kernel + ledger.lost_ring;
    let (state, name) = (status.state(), escape(&status.facts.name));
    format!("{name}: {state}, {} packets, {lost} lost", ledger.packets)
}

#[cfg(test)]
mod tests {
    use analyzer::geo::{Geo, Needs};
    use analyzer::{Facts, LocalNetworks, Origin};

    use super::*;
    use crate::live::{Figures, SourceFacts};

    #[test]
    fn the_watchdog_is_fed_only_while_the_analysis_goes_on() {
        let facts = Facts {
            geo: Geo::bundled(Needs { country: false, asn: false }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        };
        let source = SourceFacts { kind: "demo", name: "a\nb".to_owned(), ..SourceFacts::default() };
        let status = Status::new(source, facts, None, None);
        let mut seen = status.ticks();
        assert_eq!(word(&status, &mut seen), "STATUS=a\\u{a}b: replay, 0 packets, 0 lost");
        status.set_analysis(Figures::default());
        assert!(word(&status, &mut seen).ends_with("\nWATCHDOG=1"));
        assert!(!word(&status, &mut seen).contains("WATCHDOG"), "it stands still again");
    }
}
