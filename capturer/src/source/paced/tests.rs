//! A replay keeps distances, honours its speed, can be stopped while it waits, and never ends when told to loop.

use std::sync::Mutex;

use super::*;
use crate::LinkType;
use crate::source::SourceError;

/// A clock that moves only when slept on.
#[derive(Clone, Default)]
struct Stopped(Arc<Mutex<Duration>>);

/// The wall clock when the test begins.
const WALL: Timestamp = Timestamp::from_parts(1_800_000_000, 0);

impl Clock for Stopped {
    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn now(&self) -> Timestamp {
        WALL.after(self.elapsed())
    }

    fn sleep(&self, duration: Duration) {
        assert!(duration <= SLICE);
        *self.0.lock().unwrap() += duration;
    }
}

/// Frames at the given milliseconds after a recorded beginning.
struct Recorded(Vec<i64>, usize);

const RECORDED: i64 = 1_000_000_000_000_000_000;

impl Source for Recorded {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        let Some(&millis) = self.0.get(self.1) else { return Ok(Next::End) };
        self.1 += 1;
        let at = Timestamp::from_nanos(RECORDED + millis * 1_000_000);
        Ok(Next::Frame(Frame { number: self.1 as u64, at, wire_len: 1, link: LinkType::RAW, bytes: b"x" }))
    }
}

fn replay(millis: &[i64], pace: Pace, clock: &Stopped) -> Paced {
    let millis = millis.to_vec();
    let reopen = move || Ok(Box::new(Recorded(millis.clone(), 0)) as Box<dyn Source>);
    Paced::new(Box::new(reopen), pace, Box::new(clock.clone())).unwrap()
}

/// Up to `count` frames: when they were lent and what time they bear, both in milliseconds since the beginning.
fn lent(source: &mut Paced, clock: &Stopped, count: usize) -> Vec<(u128, i64)> {
    let mut lent = Vec::new();
    while lent.len() < count {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                lent.push((clock.elapsed().as_millis(), (frame.at.as_nanos() - RECORDED) / 1_000_000));
            }
            Next::Idle => {}
            Next::End => break,
        }
    }
    lent
}

const RECORDED_SPEED: Pace = Pace { speed: Speed::Times(1.0), looping: false, rebase: false };

#[test]
fn frames_come_when_they_were_recorded() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 40, 30, 450], RECORDED_SPEED, &clock);
    assert_eq!(lent(&mut source, &clock, 9), [(0, 0), (40, 40), (40, 30), (450, 450)]);
    assert_eq!(source.progress().duration(), Some(Duration::from_millis(450)));
    assert!(matches!(source.next_frame().unwrap(), Next::End));
}

#[test]
fn a_long_gap_is_slept_in_slices_that_can_be_stopped() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 1_000_000_000], RECORDED_SPEED, &clock);
    assert_eq!(lent(&mut source, &clock, 1).len(), 1);
    for slice in 1..50 {
        assert!(matches!(source.next_frame().unwrap(), Next::Idle));
        assert_eq!(clock.elapsed(), SLICE * slice);
    }
}

#[test]
fn ten_times_the_speed_is_a_tenth_of_the_wait() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 500, 1000], Pace { speed: Speed::Times(10.0), ..RECORDED_SPEED }, &clock);
    assert_eq!(lent(&mut source, &clock, 9), [(0, 0), (50, 500), (100, 1000)]);
}

#[test]
fn as_fast_as_it_goes_waits_for_nothing() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 500, 1000], Pace { speed: Speed::Max, ..RECORDED_SPEED }, &clock);
    assert_eq!(lent(&mut source, &clock, 9), [(0, 0), (0, 500), (0, 1000)]);
}

#[test]
fn loops_go_on_in_time() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 100], Pace { looping: true, ..RECORDED_SPEED }, &clock);
    let expected = [(0, 0), (100, 100), (101, 101), (201, 201), (202, 202)];
    assert_eq!(lent(&mut source, &clock, 5), expected);
    assert_eq!((source.progress().loops(), source.progress().position()), (2, Duration::ZERO));
}

#[test]
fn rebased_frames_bear_the_time_they_are_replayed_at() {
    let clock = Stopped::default();
    let pace = Pace { speed: Speed::Times(2.0), looping: true, rebase: true };
    let mut source = replay(&[0, 100], pace, &clock);
    for micros in [0, 50_000, 50_500, 100_500] {
        lent_at(&mut source, &clock, WALL.after(Duration::from_micros(micros)));
    }
}

fn lent_at(source: &mut Paced, clock: &Stopped, expected: Timestamp) {
    loop {
        if let Next::Frame(frame) = source.next_frame().unwrap() {
            assert_eq!((frame.at, clock.now()), (expected, expected));
            return;
        }
    }
}

#[test]
fn a_new_speed_counts_from_where_the_replay_is() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 1000, 2000], RECORDED_SPEED, &clock);
    let progress = source.progress();
    lent(&mut source, &clock, 1);
    for _ in 0..5 {
        assert!(matches!(source.next_frame().unwrap(), Next::Idle));
    }
    progress.set_speed(Speed::Times(5.0));
    assert_eq!(lent(&mut source, &clock, 9), [(600, 1000), (800, 2000)]);
}

#[test]
fn an_empty_source_ends_even_when_it_loops() {
    let clock = Stopped::default();
    let mut source = replay(&[], Pace { looping: true, ..RECORDED_SPEED }, &clock);
    assert!(lent(&mut source, &clock, 1).is_empty());
}

#[test]
fn a_pause_holds_every_frame_and_no_time_is_made_up_for() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 1000, 2000], RECORDED_SPEED, &clock);
    let progress = source.progress();
    lent(&mut source, &clock, 1);
    progress.set_paused(true);
    for _ in 0..50 {
        assert!(matches!(source.next_frame().unwrap(), Next::Idle));
    }
    progress.set_paused(false);
    assert_eq!(lent(&mut source, &clock, 9), [(5000, 1000), (6000, 2000)]);
}

#[test]
fn a_replay_goes_on_from_where_it_is_told_before_and_after_its_end() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 1000, 2000], RECORDED_SPEED, &clock);
    assert_eq!(lent(&mut source, &clock, 9).len(), 3);
    assert!(source.seek(Duration::from_millis(1500)).unwrap());
    assert_eq!(lent(&mut source, &clock, 9), [(2000, 2000)]);
    assert!(source.seek(Duration::ZERO).unwrap());
    assert_eq!(lent(&mut source, &clock, 2), [(2000, 0), (3000, 1000)]);
    assert!(source.seek(Duration::from_secs(3600)).unwrap());
    assert!(lent(&mut source, &clock, 9).is_empty(), "there is nothing behind the end");
}

#[test]
fn a_looping_replay_that_is_sought_beyond_its_end_begins_again() {
    let clock = Stopped::default();
    let mut source = replay(&[0, 100], Pace { looping: true, ..RECORDED_SPEED }, &clock);
    lent(&mut source, &clock, 1);
    source.seek(Duration::from_secs(5)).unwrap();
    assert_eq!(lent(&mut source, &clock, 2).len(), 2);
}
