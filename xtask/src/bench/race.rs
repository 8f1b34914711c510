//! Several programs on the same input, in turn, so that all have what else the machine does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::anyhow;

use crate::measured::{Measured, measure};

/// A program with its words.
pub(super) struct Runner {
    pub(super) name: &'static str,
    pub(super) words: Vec<OsString>,
}

/// The middle time and processor time of its runs, and the most memory of any.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) time: Duration,
    pub(super) processor: Duration,
    pub(super) kilobytes: u64,
}

/// What became of a program; of one that cannot be measured, why.
pub(super) type Outcome = Result<Cost, String>;

/// Runs each so many times; what they say goes nowhere.
pub(super) fn race(runners: &[Runner], runs: u32) -> Vec<Outcome> {
    let start = |runner: &Runner| {
        let program = runner.words.first().and_then(installed);
        program.map(|program| (program, Vec::new())).ok_or_else(|| "not installed".to_owned())
    };
    let mut found: Vec<Result<(PathBuf, Vec<Measured>), String>> = runners.iter().map(start).collect();
    for _ in 0..runs.max(1) {
        for (runner, state) in runners.iter().zip(&mut found) {
            let Ok((program, done)) = state else { continue };
            let mut command = Command::new(program);
            match measure(command.args(&runner.words[1..]).stdout(Stdio::null())) {
                Ok(run) => done.push(run),
                Err(error) => *state = Err(format!("{error:#}")),
            }
        }
    }
    found.into_iter().map(|state| cost(&state?.1).ok_or_else(String::new)).collect()
}

/// The cost of a program of ours, without which there is nothing to compare.
pub(super) fn own_cost(outcome: &Outcome) -> anyhow::Result<Cost> {
    outcome.clone().map_err(|why| anyhow!("the program to measure: {why}"))
}

fn cost(runs: &[Measured]) -> Option<Cost> {
    Some(Cost {
        time: middle(runs.iter().map(|run| run.time))?,
        processor: middle(runs.iter().map(|run| run.processor))?,
        kilobytes: runs.iter().map(|run| run.kilobytes).max()?,
    })
}

/// The median; of an even number the lesser of both in the middle.
pub(super) fn middle(times: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

/// Where a program is: as it is named if that is a path, else in PATH.
pub(super) fn installed(program: impl AsRef<Path>) -> Option<PathBuf> {
    let program = program.as_ref();
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let here = program.components().count() > 1;
    let places = std::env::split_paths(&folders).map(|folder| folder.join(program));
    std::iter::once(program.to_owned()).filter(|_| here).chain(places).find(|path| path.is_file())
}

/// How many times ours theirs is.
pub(super) fn times(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64().max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(words: &[&str]) -> Runner {
        Runner { name: "it", words: words.iter().map(OsString::from).collect() }
    }

    #[test]
    fn who_is_not_there_or_fails_is_told_and_the_others_run() {
        let costs = race(&[runner(&["true"]), runner(&["no-such-program"]), runner(&["false"])], 3);
        assert!(costs[0].is_ok());
        assert_eq!(costs[1].clone().err().as_deref(), Some("not installed"));
        assert!(costs[2].as_ref().is_err_and(|why| why.contains("false: exit status: 1")));
    }

    #[test]
    fn the_middle_is_not_the_first_nor_the_mean() {
        let seconds = |times: &[u64]| middle(times.iter().copied().map(Duration::from_secs));
        assert_eq!(seconds(&[9, 1, 2]), Some(Duration::from_secs(2)));
        assert_eq!(seconds(&[]), None);
    }
}
