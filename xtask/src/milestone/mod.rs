//! `cargo xtask milestone` and `cargo xtask release`: run the tests that hold the project's promises and write docs/PROMISES.md from what
//! they said, on this machine, today. A promise whose test is not there, did not run or failed is shown as that.

mod promises;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
pub(crate) use promises::Tier;
use promises::{How, PROMISES, Promise};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The document
    #[arg(long, default_value = "docs/PROMISES.md")]
    document: PathBuf,
    /// Only promises whose test's name contains one of these; the rows of the others stay as they are
    names: Vec<String>,
}

/// What came of a promise.
struct Outcome {
    result: String,
    took: Option<Duration>,
}

/// Runs what is wanted of a tier and writes the document.
pub fn run(arguments: &Arguments, tier: Tier) -> Result<()> {
    let is_wanted = |promise: &Promise| {
        let named = arguments.names.iter().any(|name| promise.test.contains(name.as_str()));
        promise.tier == tier && (arguments.names.is_empty() || named)
    };
    let before = fs::read_to_string(&arguments.document).unwrap_or_default();
    let now = now();
    let mut failed = Vec::new();
    let mut rows = String::new();
    for promise in &PROMISES {
        let outcome = match promise.how {
            _ if !is_wanted(promise) => {
                rows += &last_time(&before, promise);
                continue;
            }
            How::Test(words) => {
                let words = words.split(' ').map(str::to_owned);
                let name = promise.test.to_owned();
                let words = ["test", "--workspace"].map(str::to_owned).into_iter().chain(words).chain([
                    name,
                    "--".into(),
                    "--nocapture".into(),
                ]);
                tested("cargo", &words.collect::<Vec<_>>(), true)
            }
            How::Command(line) => {
                let mut words = line.split(' ').map(str::to_owned);
                let program = words.next().unwrap_or_default();
                tested(&program, &words.collect::<Vec<_>>(), line.contains("cargo test"))
            }
        };
        if outcome.result.contains("FAILED") {
            failed.push(promise.test);
        }
        let took = outcome.took.map_or_else(String::new, |took| format!("{:.1} s", took.as_secs_f64()));
        // Memory takes everything.
        let _ = writeln!(rows, "{}{} | {} | {took} | {now} |", head(promise), promise.target, outcome.result);
    }
    let path = &arguments.document;
    fs::write(path, document(&rows)).with_context(|| path.display().to_string())?;
    ensure!(failed.is_empty(), "not kept: {}", failed.join(", "));
    Ok(())
}

/// How a promise's row begins.
fn head(promise: &Promise) -> String {
    format!("| {} | `{}` | ", promise.what, promise.test)
}

/// A promise's row as it stands in the document.
fn last_time(document: &str, promise: &Promise) -> String {
    let head = head(promise);
    let row = document.lines().find(|line| line.starts_with(&head));
    row.map_or_else(|| format!("{head}{} | never run | | |\n", promise.target), |row| format!("{row}\n"))
}

fn now() -> String {
    let now = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output();
    now.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Lines of what failed that are shown.
const LAST: usize = 60;

/// Runs it; a test that ran nothing, or skipped with a word, is not kept.
fn tested(program: &str, words: &[String], is_test: bool) -> Outcome {
    let began = Instant::now();
    let Ok(output) = Command::new(program).args(words).output() else {
        return Outcome { result: format!("skipped: needs {program}"), took: None };
    };
    let took = Some(began.elapsed());
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let skipped = text.lines().find_map(|line| line.find("skipped: ").map(|at| line[at..].to_owned()));
    let result = match skipped {
        _ if !output.status.success() && text.contains("no such command") => {
            "skipped: its tool is missing".to_owned()
        }
        _ if !output.status.success() => "**FAILED**".to_owned(),
        Some(reason) => reason,
        None if is_test && !ran(&text) => "**FAILED**: no test ran".to_owned(),
        None => "kept".to_owned(),
    };
    if result.contains("FAILED") {
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST)..].join("\n");
        // Where nobody reads it, it is not missed.
        let _ = writeln!(std::io::stderr(), "{program} {}:\n{last}\n", words.join(" "));
    }
    Outcome { result, took }
}

/// Whether at least one test passed.
fn ran(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed"))
}

fn document(rows: &str) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "# Promises and what became of them\n\n<!-- written by `cargo xtask milestone` and `cargo xtask release` -->\n\n{}, {threads} threads, Linux {}. \
         \"kept\" is what the test itself said on this machine; its time holds its building, too. A promise without a test is not one yet.\n\
         Tests of single functions and programs run with each change (`.ci/run`), all of these in an hour by `cargo xtask milestone`, \
         and what takes half a day by `cargo xtask release`: {}.\n\n\
         | promise | test | target | result | took | when |\n|---|---|---|---|---|---|\n{rows}",
        processor.map_or("unknown processor", |(_, name)| name),
        // The rest is the distribution's.
        read("/proc/sys/kernel/osrelease").trim().split('-').next().unwrap_or_default(),
        before_a_release(),
    )
}

/// The tests of that tier, by name.
fn before_a_release() -> String {
    let names = PROMISES.iter().filter(|promise| promise.tier == Tier::Release);
    names.map(|promise| format!("`{}`", promise.test)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_nothing_or_failed_or_was_skipped_is_not_kept() {
        let of = |script: &str, is_test| tested("sh", &["-c".into(), script.into()], is_test).result;
        assert_eq!(of("echo 'test result: ok. 3 passed; 0 failed'", true), "kept");
        assert_eq!(of("echo 'test result: ok. 0 passed; 0 failed'", true), "**FAILED**: no test ran");
        assert_eq!(
            of("echo 'test result: ok. 1 passed'; echo 'skipped: needs root' >&2", true),
            "skipped: needs root"
        );
        assert_eq!(of("echo 'test result: ok. 1 passed'; false", true), "**FAILED**");
        assert_eq!(of("true", false), "kept");
        assert!(tested("/nowhere", &[], false).result.starts_with("skipped: needs"));
    }

    #[test]
    fn each_promise_has_a_test_of_its_own() {
        let mut names: Vec<_> = PROMISES.iter().map(|promise| promise.test).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROMISES.len());
    }
}
