//! `cargo xtask milestone`: runs the tests that hold the project's promises and writes docs/PROMISES.md from what they said, on this machine,
//! today. A promise whose test is not there, did not run or failed is shown as that.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The document
    #[arg(long, default_value = "docs/PROMISES.md")]
    document: PathBuf,
    /// Only promises whose test's name contains one of these; the rows of the others stay as they are
    names: Vec<String>,
}

/// How a promise is tested.
enum How {
    /// By a test of that name: cargo's words before it. All of the workspace is built, as other checks build it.
    Test(&'static str),
    /// By a command.
    Command(&'static str),
    /// By nothing so far.
    Nothing,
}

struct Promise {
    what: &'static str,
    /// Of a test the beginning of its name or a part, else what its command does.
    test: &'static str,
    target: &'static str,
    how: How,
}

const fn promise(what: &'static str, test: &'static str, target: &'static str, how: How) -> Promise {
    Promise { what, test, target, how }
}

/// All promises, in the order of the document.
const PROMISES: [Promise; 59] = [
    promise("no input crashes us", "decode_advances", "no panic, no standstill", How::Test("--lib")),
    promise(
        "no input crashes us",
        "what_once_failed_fails_no_more",
        "each target takes its seeds and old failures",
        How::Test("--test regressions"),
    ),
    promise("fuzzers really see", "planted_bug_found", "a planted panic within 60 s", How::Nothing),
    promise(
        "damaged captures",
        "changed_captures_are_read_to_an_end",
        "every frame counted once, 0 panics",
        How::Test("--test mutants"),
    ),
    promise(
        "damaged captures",
        "a_file_cut_anywhere",
        "whole frames, then the byte",
        How::Test("--test source_file"),
    ),
    promise(
        "damaged captures",
        "every_damaged_capture_is_read",
        "0 panics",
        How::Test("--test malformed_captures"),
    ),
    promise(
        "agrees with peers",
        "every_layer_of_every_link_type",
        "every layer as tshark has it",
        How::Test("--test linktypes_tshark"),
    ),
    promise(
        "agrees with peers",
        "flows_carry_what_tshark_counts",
        "packets and bytes of each pair equal",
        How::Test("--test flows_tshark"),
    ),
    promise(
        "agrees with peers",
        "flows_carry_the_packets_and_bytes",
        "equal softflowd's and nfdump's",
        How::Test("--test flows_softflowd"),
    ),
    promise(
        "agrees with peers",
        "two_hundred_questions",
        "the same top rows as nfdump",
        How::Test("--test flows_nfdump"),
    ),
    promise(
        "endless text",
        "stdin_endless_line",
        "memory flat, the next line is read",
        How::Test("--test count"),
    ),
    promise(
        "honest verdicts",
        "expected_detections_are_found",
        "95 % found, 2 % of quiet captures at most",
        How::Test("--test captures"),
    ),
    promise(
        "bounded memory",
        "flood_50m_rss",
        "256 MiB at most, flat",
        How::Command("target/release/xtask storm --how alerts"),
    ),
    promise(
        "bounded memory",
        "a_flood_stays_within_the_budget",
        "each table's cap, the known hosts stay",
        How::Test("--test analyzer"),
    ),
    promise(
        "real hosts survive a flood",
        "flood_keeps_known",
        "99 % of 1 000 hosts, with right figures",
        How::Command("target/release/xtask storm --how run --sources 5000000 --rate 0 --most-mb 280"),
    ),
    promise("no hash stall", "hash_flood_ratio", "1.5 times random keys", How::Nothing),
    promise("no slow packet", "worst_packet_us", "1 ms at most", How::Nothing),
    promise("hostile frames", "ws_frames_hostile", "each closed", How::Test("--test hostile")),
    promise(
        "readers cannot hurt capture",
        "who_never_reads",
        "200 of them: 0 lost, memory bounded",
        How::Test("--test hostile"),
    ),
    promise(
        "hostile frames",
        "who_breaks_the_protocol_is_closed",
        "closed with a code",
        How::Test("--test server"),
    ),
    promise(
        "connects",
        "too_many_connections_from_one_address",
        "refused, and let in again",
        How::Test("--test server"),
    ),
    promise(
        "connects",
        "half_open_requests_keep_nobody_out",
        "400 of them: a good client is served",
        How::Test("--test hostile"),
    ),
    promise("web trust", "host_then_origin", "exact status of each row", How::Test("--lib")),
    promise("web trust", "no_other_sites_page_changes_anything", "403", How::Test("--test access")),
    promise(
        "web trust, in a browser",
        "policy.mjs",
        "403 for page, API and WebSocket",
        How::Command("env ONLY=policy.mjs npm --prefix frontend run --silent test:real"),
    ),
    promise(
        "XSS",
        "xss.mjs",
        "200 texts, no script runs",
        How::Command("env ONLY=xss.mjs npm --prefix frontend run --silent test:real"),
    ),
    promise(
        "clean terminal and logs",
        "nothing_hostile_survives",
        "each control character escaped",
        How::Test("--lib"),
    ),
    promise("clean terminal and logs", "log_one_line", "an event is a line", How::Test("--lib")),
    promise(
        "no traversal, default deny",
        "no_path_leads_out_of_the_page",
        "refused",
        How::Test("--test access"),
    ),
    promise(
        "no traversal, default deny",
        "every_route_needs_a_login",
        "0 answers without",
        How::Test("--test access"),
    ),
    promise(
        "honest loss",
        "a_slow_reader_loses_what_the_kernel_says",
        "difference 0",
        How::Test("--test live"),
    ),
    promise("honest loss", "a_replay_that_is_faster_than_the_analysis", "0 lost", How::Test("--test server")),
    promise(
        "alerts survive",
        "no_acknowledged_step_is_lost_to_a_kill",
        "100 kills: 0 lost, 0 doubled",
        How::Command(
            "env WIREGLOBE_KILLS=100 cargo test -p visualizer --test alerts no_acknowledged_step_is_lost_to_a_kill",
        ),
    ),
    promise("history survives", "a_hundred_kills_lose_nothing", "0 lost, 0 doubled", How::Test("--lib")),
    promise("power loss", "simfs_crash_all", "0 acknowledged lost", How::Nothing),
    promise(
        "disk trouble",
        "a_full_disk_acknowledges_nothing",
        "works again when there is room",
        How::Test("--test alerts_faults"),
    ),
    promise(
        "disk trouble",
        "a_disk_that_cannot_sync",
        "no false acknowledgement",
        How::Test("--test alerts_faults"),
    ),
    promise("rotation", "a_store_that_is_too_large", "the oldest go first", How::Test("--lib")),
    promise(
        "alert flood",
        "of_a_million_triggers_a_minute",
        "50 a second stored, sums exact",
        How::Test("--lib"),
    ),
    promise("alert flood", "a_store_that_is_full_of_one_rule", "another rule has room", How::Test("--lib")),
    promise("mmdb swap", "mmdb_swap_1000x", "0 panics, 0 mixed answers", How::Test("--lib")),
    promise(
        "settings",
        "reload_bad_keeps_old",
        "5 000 files: old kept, line or key named",
        How::Test("--lib"),
    ),
    promise("interface", "resumes_when_the_interface", "capture resumes", How::Test("--test live")),
    promise("stop", "sigterm_says_goodbye", "exit 0, clients hear 1001", How::Test("--test server")),
    promise("clock", "time_going_back_and_far_ahead", "no total changes", How::Test("--test analyzer")),
    promise(
        "clock",
        "steps_that_were_recorded_count_not_the_clock",
        "a year's jump deletes and doubles nothing",
        How::Test("--lib"),
    ),
    promise("flow UDP", "template_flood", "8 MB more at most", How::Test("--test flow_exports")),
    promise(
        "flow UDP",
        "unlisted_exporter_dropped",
        "listed ones unharmed",
        How::Test("--test flow_exports"),
    ),
    promise("lookups", "rdap_ssrf_matrix", "30 rows refused", How::Test("--lib")),
    promise("lookups", "ptr_hostile", "refused or escaped", How::Test("--lib")),
    promise("lookups", "offline_means_zero_packets", "0 packets", How::Test("--test names")),
    promise("least privilege", "sandbox_probe", "all refused", How::Test("--lib")),
    promise(
        "least privilege",
        "no_thread_has_a_privilege",
        "CapEff 0, no_new_privs, seccomp",
        How::Test("--test sandbox"),
    ),
    promise(
        "unit file",
        "systemd_score",
        "2.0 at most",
        How::Command("systemd-analyze security --offline=true --threshold=20 packaging/wireglobe.service"),
    ),
    promise("package", "deb_leaves_nothing", "nothing left after a purge", How::Command("bash .ci/deb")),
    promise(
        "no payload in reports",
        "a_crash_report_says_where",
        "no traffic, no secrets",
        How::Test("--lib"),
    ),
    promise("unsafe and races", "miri_core", "0 reports", How::Nothing),
    promise("metrics", "metrics_series_const", "equal before and after", How::Test("--test metrics")),
    promise(
        "supply chain",
        "deny_clean",
        "0 denied",
        How::Command("cargo deny --offline check licenses bans sources"),
    ),
];

/// What came of a promise.
struct Outcome {
    result: String,
    took: Option<Duration>,
}

/// Runs what is wanted and writes the document.
pub fn run(arguments: &Arguments) -> Result<()> {
    let is_wanted = |test: &str| {
        arguments.names.is_empty() || arguments.names.iter().any(|name| test.contains(name.as_str()))
    };
    let before = fs::read_to_string(&arguments.document).unwrap_or_default();
    let now = now();
    let mut failed = Vec::new();
    let mut rows = String::new();
    for promise in &PROMISES {
        let outcome = match promise.how {
            How::Nothing => Outcome { result: "**no test yet**".to_owned(), took: None },
            _ if !is_wanted(promise.test) => {
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
                tested(env!("CARGO"), &words.collect::<Vec<_>>(), true)
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
        "# Promises and what became of them\n\n<!-- written by `cargo xtask milestone` -->\n\n{}, {threads} threads, Linux {}. \
         \"kept\" is what the test itself said on this machine; its time holds its building, too. A promise without a test is not one yet.\n\n\
         | promise | test | target | result | took | when |\n|---|---|---|---|---|---|\n{rows}",
        processor.map_or("unknown processor", |(_, name)| name),
        // The rest is the distribution's.
        read("/proc/sys/kernel/osrelease").trim().split('-').next().unwrap_or_default(),
    )
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
