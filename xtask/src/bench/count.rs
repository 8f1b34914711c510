//! Text lines, counted by `wireglobe count` and by asncounter.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::race::{Cost, Outcome, Runner, own_cost, race, times};
use super::{Bench, Line, Verdict};
use crate::count_bench;

/// How many times asncounter's lines a second are wanted.
const SHARE: f64 = 20.0;

/// A million lines where captures have five million packets.
pub(super) fn count(bench: &Bench<'_>) -> Result<Vec<Line>> {
    let cache = count_bench::cache(&bench.folder)?;
    let lines = u32::try_from(bench.arguments.packets / 5).unwrap_or(u32::MAX);
    let mut told = Vec::new();
    for format in ["line", "tcpdump"] {
        let input = bench.folder.join(format);
        count_bench::lines(&input, format, lines)?;
        let runner = |name, program: &Path, before: &[&str]| {
            let options =
                [OsString::from("-C"), cache.clone().into(), "-I".into(), format.into(), "-i".into()];
            let words =
                std::iter::once(program.into()).chain(before.iter().map(OsString::from)).chain(options);
            Runner { name, words: words.chain([input.clone().into()]).collect() }
        };
        let arguments = bench.arguments;
        let runners = [
            runner("ours", &arguments.wireglobe, &["count"]),
            runner("asncounter", &arguments.asncounter, &[]),
        ];
        let costs = race(&runners, arguments.runs);
        told.extend(compared(format, own_cost(&costs[0])?, &costs[1], f64::from(lines)));
    }
    Ok(told)
}

fn compared(format: &str, ours: Cost, theirs: &Outcome, lines: f64) -> [Line; 2] {
    let rate = |cost: Cost| format!("{:.2} M/s", lines / cost.time.as_secs_f64() / 1e6);
    let memory = |cost: Cost| format!("{} MiB", cost.kilobytes >> 10);
    let peer = |of: &dyn Fn(Cost) -> String| {
        format!("asncounter: {}", theirs.as_ref().map_or_else(Clone::clone, |cost| of(*cost)))
    };
    let measured = theirs.as_ref().ok();
    let ratio = measured.map(|theirs| times(theirs.time, ours.time));
    let speed = Line {
        what: format!("lines a second, {format}"),
        ours: rate(ours),
        peer: peer(&rate),
        ratio,
        wanted: format!(">= {SHARE} times"),
        verdict: ratio.map_or(Verdict::Open, |ratio| (ratio >= SHARE).into()),
    };
    let memory = Line {
        what: format!("most memory, {format}"),
        ours: memory(ours),
        peer: peer(&memory),
        ratio: measured.map(|theirs| theirs.kilobytes as f64 / ours.kilobytes.max(1) as f64),
        wanted: "not more".into(),
        verdict: measured.map_or(Verdict::Open, |theirs| (ours.kilobytes <= theirs.kilobytes).into()),
    };
    [speed, memory]
}
