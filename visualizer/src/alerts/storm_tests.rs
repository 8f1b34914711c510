//! The store in a flood of triggers, with given times (RELIABILITY: alert_flood_exact_counts, needle_in_flood).

use std::time::{Duration, Instant};

use analyzer::{Alert, Party, Severity};
use capturer::Timestamp;

use super::store::{Ask, Found, Place, Store};
use super::tests::status;

/// A million a minute.
const A_SECOND: u64 = 16_667;

/// Hand-overs a second.
const TICKS: u64 = 4;

/// What the detectors hand over a tick at most.
const TOGETHER: u64 = 512;

fn found(rule: &str, number: u64, severity: Severity) -> Found {
    let rule = analyzer::detect::rules().find(|known| known.id == rule).unwrap();
    let mut alert = Alert::new(number, rule, Timestamp::from_nanos(number as i64 * 1_000_000));
    alert.severity = severity;
    alert.sources.push(Party::host(std::net::IpAddr::V4((number as u32).into())));
    Found { alert, evidence: None, earlier: 0 }
}

fn needle(store: &Store) -> bool {
    !store.status.board.select(|entry| entry.rule == "scan.port.tcp_syn").is_empty()
}

/// Some seconds of one rule that speaks of ever new groups, `handed` of them a tick reaching the store; in the midst
/// another rule speaks once.
fn flood(handed: u64) {
    let mut store = Store::open(Place::Memory, "a".into(), 64 << 20, status()).unwrap();
    let start = Instant::now();
    let (mut made, mut hidden) = (0, 0);
    for tick in 0..15 * TICKS {
        let new = A_SECOND / TICKS;
        let mut alerts: Vec<Found> =
            (0..handed).map(|n| found("flood.syn", made + 1 + n, Severity::Critical)).collect();
        let before = made;
        made += new;
        hidden += new - handed;
        if tick == 10 * TICKS {
            made += 1;
            alerts.push(found("scan.port.tcp_syn", made, Severity::Info));
        }
        store.answer(Ask::Found(alerts, made - before));
        store.flush(start + Duration::from_millis(1000 / TICKS) * tick as u32);
        assert_eq!(
            needle(&store),
            tick >= 10 * TICKS,
            "it is shown with the tick that brings it, not before"
        );
        let account = store.status.board.account();
        assert_eq!(account.stored + account.waiting + account.suppressed, made, "nothing is lost in silence");
        assert!(account.suppressed >= hidden, "{account:?}");
        assert!(account.stored <= 50 + 50 * tick / TICKS + 1, "{account:?} after {tick} ticks");
    }
}

#[test]
fn of_a_million_triggers_a_minute_fifty_a_second_are_stored_and_all_are_accounted_for() {
    flood(TOGETHER);
}

#[test]
fn a_store_that_is_full_of_one_rule_has_room_for_another() {
    flood(A_SECOND / TICKS);
}
