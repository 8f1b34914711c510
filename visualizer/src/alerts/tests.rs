//! The store without its thread: what is stored, what is hidden, and until when.

use std::sync::Arc;
use std::time::Instant;

use analyzer::geo::{Geo, Needs};
use analyzer::{Alert, Facts, LocalNetworks, Party};
use capturer::Timestamp;
use serde_json::json;
use tokio::sync::oneshot;

use super::question::Question;
use super::store::{Ask, Found, Place, Refusal, Store, newest};
use super::triage::{Action, Mute, State, Step};
use crate::live::{SourceFacts, Status, now};

const DAY: i64 = 86_400_000;

pub(super) fn status() -> Arc<Status> {
    let facts = SourceFacts {
        kind: "file",
        name: "test".into(),
        local: String::new(),
        local_origin: "none",
        started_ms: 0,
        filter: String::new(),
        counted: "outermost",
        login: false,
        certificate: None,
    };
    let geo = Geo::bundled(Needs { country: false, asn: false });
    Arc::new(Status::new(facts, Facts { geo, local: LocalNetworks::default() }, None, None))
}

pub(super) fn store(place: Place, run: &str) -> Store {
    Store::open(place, run.into(), 64 << 20, status()).unwrap()
}

/// A scan of 203.0.113.5.
pub(super) fn found(number: u64) -> Found {
    let rule = analyzer::detect::rules().find(|rule| rule.id == "scan.port.tcp_syn").unwrap();
    let mut alert = Alert::new(number, rule, Timestamp::from_nanos(number as i64 * 1_000_000));
    alert.sources.push(Party::host("203.0.113.5".parse().unwrap()));
    Found { alert, evidence: None, earlier: 0 }
}

fn mute(expires_ms: i64) -> Mute {
    Mute {
        id: 0,
        filter: "src host 203.0.113.5".into(),
        reason: "our scanner".into(),
        created_ms: now().as_millis(),
        expires_ms,
        hits: 0,
        last_hit_ms: None,
    }
}

pub(super) fn ask<T>(
    store: &mut Store,
    question: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Ask,
) -> Result<T, Refusal> {
    let (reply, mut answer) = oneshot::channel();
    store.answer(question(reply));
    answer.try_recv().expect("the store answers at once")
}

pub(super) fn find(store: &mut Store, alerts: Vec<Found>) {
    let all = alerts.len() as u64;
    store.answer(Ask::Found(alerts, all));
    store.flush(Instant::now());
}

fn shown_as_muted(store: &mut Store, id: i64) -> (bool, bool) {
    let on_board = store.status.board.select(|entry| entry.id == id)[0].muted;
    let (asked, _) = ask(store, |reply| Ask::Get(id, reply)).unwrap();
    (on_board, asked.muted)
}

#[test]
fn an_expired_mute_hides_nothing_any_more() {
    let mut store = store(Place::Memory, "a");
    find(&mut store, vec![found(1)]);
    let expires = now().as_millis() + DAY;
    ask(&mut store, |reply| Ask::Mute(mute(expires), reply)).unwrap();
    let on_board = |store: &mut Store, at| {
        store.look(at);
        store.status.board.select(|_| true)[0].muted
    };
    assert!(on_board(&mut store, expires - 1));
    assert!(!on_board(&mut store, expires));
}

#[test]
fn an_ended_mute_has_no_effect_that_stays() {
    let mut store = store(Place::Memory, "a");
    let set = ask(&mut store, |reply| Ask::Mute(mute(now().as_millis() + DAY), reply)).unwrap();
    find(&mut store, vec![found(1)]);
    assert_eq!(shown_as_muted(&mut store, 1), (true, true));
    ask(&mut store, |reply| Ask::Unmute(set.id, reply)).unwrap();
    assert_eq!(shown_as_muted(&mut store, 1), (false, false));
}

/// The same scan, found as another number.
fn found_again(number: u64, earlier: u64) -> Found {
    let mut again = found(1);
    again.alert.number = number;
    Found { earlier, ..again }
}

#[test]
fn an_alert_of_the_same_packets_read_again_is_the_same_with_all_that_was_done_about_it() {
    let folder = std::env::temp_dir().join(format!("wireglobe-again-{}", std::process::id()));
    let place = || Place::File(folder.join("alerts.sqlite"));
    let mut first = store(place(), "a");
    find(&mut first, vec![found(1), found(2)]);
    let step = Step::new(Action::Acknowledge, None, None).unwrap();
    ask(&mut first, |reply| Ask::Step(vec![1], step, reply)).unwrap();
    let stands = |store: &Store| {
        let all = store.status.board.select(|_| true);
        all.iter().map(|entry| (entry.id, entry.state)).collect::<Vec<_>>()
    };
    let expected = [(1, State::Acknowledged), (2, State::New)];
    // The replay begins again; its detectors count on.
    find(&mut first, vec![found_again(3, 2)]);
    find(&mut first, vec![found_again(3, 2)]);
    assert_eq!(stands(&first), expected);
    assert_eq!(first.status.board.account().stored, 3);
    assert_eq!(first.status.board.tally()["all"], 2);
    drop(first);
    let mut second = store(place(), "b");
    find(&mut second, vec![found_again(1, 0)]);
    assert_eq!(stands(&second), expected);
    // Two that one packet raises are two.
    find(&mut second, vec![found_again(2, 0)]);
    assert_eq!(stands(&second).len(), 3);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn news_of_an_alert_take_no_number_from_the_next() {
    let mut store = store(Place::Memory, "a");
    for number in [1, 1, 1, 2] {
        find(&mut store, vec![found(number)]);
    }
    let mut ids: Vec<_> = store.status.board.select(|_| true).iter().map(|entry| entry.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2]);
}

#[test]
fn expired_mutes_leave_room_for_others() {
    let mut store = store(Place::Memory, "a");
    for _ in 0..256 {
        ask(&mut store, |reply| Ask::Mute(mute(now().as_millis() - 1), reply)).unwrap();
    }
    ask(&mut store, |reply| Ask::Mute(mute(now().as_millis() + DAY), reply)).unwrap();
}

#[test]
fn what_is_muted_follows_the_mutes_over_a_restart_and_a_step() {
    let folder = std::env::temp_dir().join(format!("wireglobe-mutes-{}", std::process::id()));
    let place = || Place::File(folder.join("alerts.sqlite"));
    let mut first = store(place(), "a");
    let set = ask(&mut first, |reply| Ask::Mute(mute(now().as_millis() + DAY), reply)).unwrap();
    find(&mut first, vec![found(1)]);
    drop(first);
    let mut second = store(place(), "b");
    assert_eq!(shown_as_muted(&mut second, 1), (true, true));
    assert_eq!(ask(&mut second, Ask::Mutes).unwrap()[0].hits, 1, "one alert, one hit");
    let step = || Step::new(Action::Acknowledge, None, None).unwrap();
    assert!(ask(&mut second, |reply| Ask::Step(vec![1], step(), reply)).unwrap()[0].muted);
    ask(&mut second, |reply| Ask::Unmute(set.id, reply)).unwrap();
    assert!(!ask(&mut second, |reply| Ask::Step(vec![1], step(), reply)).unwrap()[0].muted);
    drop(second);
    assert_eq!(shown_as_muted(&mut store(place(), "c"), 1), (false, false));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_stored_when_the_program_ends_is_all_that_was_found() {
    let mut store = store(Place::Memory, "a");
    let found: Vec<Found> = (1..=500).map(found).collect();
    store.answer(Ask::Found(found, 500));
    store.flush(Instant::now());
    let account = store.status.board.account();
    assert_eq!((account.stored, account.waiting), (50, 450));
    store.finish();
    let account = store.status.board.account();
    assert_eq!((account.stored, account.waiting, account.suppressed), (500, 0, 0));
}

/// All that a store has, page by page.
fn pages(store: &mut Store, limit: usize) -> Vec<Vec<i64>> {
    let mut question = Question { limit, ..newest() };
    let mut pages = Vec::new();
    let mut page = store.status.board.page(&question);
    loop {
        pages.push(page.entries.iter().map(|entry| entry.id).collect());
        question.before = page.older;
        if question.before.is_none() {
            return pages;
        }
        page = ask(store, |reply| Ask::Page(question.clone(), reply)).unwrap();
    }
}

#[test]
fn pages_hold_each_stored_alert_once_the_latest_first() {
    let mut store = store(Place::Memory, "a");
    store.answer(Ask::Found((1..=2500).map(found).collect(), 2500));
    store.finish();
    assert_eq!(store.status.board.latest(usize::MAX).0.len(), 2000, "the board has the newest only");
    for limit in [300, 700, 2000] {
        let pages = pages(&mut store, limit);
        assert!(pages.iter().all(|page| page.len() <= limit));
        assert_eq!(pages.concat(), (1..=2500).rev().collect::<Vec<i64>>(), "{limit} a page");
    }
    let question = Question { rules: vec!["flood".into()], limit: 10, ..newest() };
    let page = store.status.board.page(&question);
    assert!(page.entries.is_empty() && page.older.is_some(), "the disk may have some");
    let older = Question { before: page.older, ..question };
    let page = ask(&mut store, |reply| Ask::Page(older, reply)).unwrap();
    assert!(page.entries.is_empty() && page.older.is_none());
}

#[test]
fn an_alert_that_goes_on_stays_on_the_board_however_many_come_after_it() {
    let mut store = store(Place::Memory, "a");
    store.answer(Ask::Found((1..=2000).map(found).collect(), 2000));
    store.finish();
    let mut first = found(1);
    first.alert.last = Timestamp::from_nanos(i64::MAX / 2);
    store.answer(Ask::Found((2001..=2100).map(found).chain([first]).collect(), 100));
    store.finish();
    assert_eq!(store.status.board.latest(1).0[0].id, 1);
}

#[test]
fn a_step_with_several_is_taken_with_all_or_none() {
    let mut store = store(Place::Memory, "a");
    store.answer(Ask::Found((1..=5).map(found).collect(), 5));
    store.finish();
    let step = || Step::new(Action::Close, None, Some("resolved".into())).unwrap();
    let refused = ask(&mut store, |reply| Ask::Step(vec![1, 2, 99], step(), reply));
    assert_eq!(refused, Err(Refusal::UnknownOf(99)));
    assert_eq!(store.status.board.tally()["closed"], 0);
    let closed = ask(&mut store, |reply| Ask::Step(vec![1, 2, 3], step(), reply)).unwrap();
    assert_eq!(closed.iter().map(|entry| entry.id).collect::<Vec<_>>(), [1, 2, 3]);
    let tally = store.status.board.tally();
    assert_eq!((&tally["inbox"], &tally["closed"], &tally["all"]), (&json!(2), &json!(3), &json!(5)));
}
