//! What is seen of a process from outside over a long time, and what it says: whether it grows, or becomes slow.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::measured::memory;

/// Parts of the time after the start that are compared.
const PARTS: usize = 10;

/// Most that memory may grow, bytes in an hour of the wall's clock.
const GROWTH: f64 = 1e6;

/// Most that the slowest answer of a hundred may take longer in the last part than in the first.
const SLOWER: f64 = 1.1;

/// One look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Since the start.
    at: Duration,
    /// Resident, kB.
    resident: u64,
    files: usize,
    threads: usize,
    /// How long a question took.
    answer: Duration,
}

impl Look {
    /// Looks at a process that took so long to answer.
    pub(super) fn at(process: u32, at: Duration, answer: Duration) -> Result<Self> {
        let folder = format!("/proc/{process}");
        let entries = |of: &str| -> Result<usize> {
            Ok(fs::read_dir(format!("{folder}/{of}")).context("the server has gone")?.count())
        };
        let resident =
            memory(Path::new(&format!("{folder}/status")), "VmRSS:").context("the server has gone")?;
        Ok(Self { at, resident, files: entries("fd")?, threads: entries("task")?, answer })
    }
}

/// What a part of the time had at most; the slowest answer but one in a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) resident: u64,
    pub(super) files: usize,
    pub(super) threads: usize,
    pub(super) answer: Duration,
}

/// The looks after the start, and what they come to.
pub(super) struct Verdict {
    pub(super) parts: Vec<Part>,
    /// Bytes an hour, as least squares have it.
    pub(super) growth: f64,
}

impl Verdict {
    /// Leaves out the first part of all, in which tables fill.
    pub(super) fn of(looks: &[Look], start: Duration) -> Result<Self> {
        let later: Vec<Look> = looks.iter().filter(|look| look.at >= start).copied().collect();
        ensure!(later.len() >= PARTS, "only {} looks after the start", later.len());
        let parts = later.chunks(later.len().div_ceil(PARTS)).map(part).collect();
        Ok(Self { parts, growth: slope(&later) })
    }

    /// Fails with what grew or became slow.
    pub(super) fn check(&self) -> Result<()> {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else { return Ok(()) };
        ensure!(self.growth < GROWTH, "memory grows by {:.1} MB an hour", self.growth / 1e6);
        ensure!(last.files <= first.files, "{} files open, {} before", last.files, first.files);
        ensure!(last.threads <= first.threads, "{} threads, {} before", last.threads, first.threads);
        let slower = last.answer.div_duration_f64(first.answer);
        ensure!(slower <= SLOWER, "answers take {slower:.2} times as long as at first");
        Ok(())
    }
}

fn part(looks: &[Look]) -> Part {
    let most = |figure: fn(&Look) -> u64| looks.iter().map(figure).max().unwrap_or(0);
    let mut answers: Vec<Duration> = looks.iter().map(|look| look.answer).collect();
    answers.sort_unstable();
    Part {
        resident: most(|look| look.resident),
        files: most(|look| look.files as u64) as usize,
        threads: most(|look| look.threads as u64) as usize,
        answer: answers.get(answers.len() * 99 / 100).copied().unwrap_or_default(),
    }
}

/// Growth of what is resident, bytes an hour: the slope of the line with the least squares.
fn slope(looks: &[Look]) -> f64 {
    let points = || looks.iter().map(|look| (look.at.as_secs_f64() / 3600.0, look.resident as f64 * 1024.0));
    let count = looks.len() as f64;
    let (x, y) = points().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (covariance, variance) = points().fold((0.0, 0.0), |(covariance, variance), point| {
        (covariance + (point.0 - x) * (point.1 - y), variance + (point.0 - x).powi(2))
    });
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(change: impl Fn(u64, &mut Look)) -> Vec<Look> {
        let look = |minute: u64| {
            let at = Duration::from_secs(60 * minute);
            let mut look =
                Look { at, resident: 100_000, files: 20, threads: 9, answer: Duration::from_millis(2) };
            change(minute, &mut look);
            look
        };
        (0..60).map(look).collect()
    }

    fn verdict(looks: &[Look]) -> std::result::Result<(), String> {
        let verdict = Verdict::of(looks, Duration::from_secs(600)).and_then(|verdict| verdict.check());
        verdict.map_err(|error| error.to_string())
    }

    #[test]
    fn what_stays_as_it_is_or_grew_at_the_start_is_kept() {
        assert_eq!(verdict(&looks(|_, _| ())), Ok(()));
        assert_eq!(verdict(&looks(|minute, look| look.resident += 5000 * minute.min(9))), Ok(()));
    }

    #[test]
    fn what_grows_leaks_or_becomes_slow_is_named() {
        let grows = verdict(&looks(|minute, look| look.resident += 20 * minute));
        assert_eq!(grows, Err("memory grows by 1.2 MB an hour".to_owned()));
        let leaks = verdict(&looks(|minute, look| look.files += usize::from(minute > 58)));
        assert_eq!(leaks, Err("21 files open, 20 before".to_owned()));
        let threads = verdict(&looks(|minute, look| look.threads += minute as usize / 30));
        assert_eq!(threads, Err("10 threads, 9 before".to_owned()));
        let slow = verdict(&looks(|minute, look| look.answer *= 1 + u32::from(minute > 57)));
        assert_eq!(slow, Err("answers take 2.00 times as long as at first".to_owned()));
    }
}
