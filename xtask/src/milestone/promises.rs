//! What is promised (docs/PROMISES.md), and what holds it: a table and nothing else.

/// How a promise is tested.
pub(super) enum How {
    /// By a test of that name: cargo's words before it. All of the workspace is built, as other checks build it.
    Test(&'static str),
    /// By a command.
    Command(&'static str),
}

/// When a promise is tested, if not with each change: then `.ci/run` does, and the milestone's row is what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// `cargo xtask milestone`: about an hour.
    Milestone,
    /// `cargo xtask release`: half a day, on a machine that does nothing else.
    Release,
}

pub(super) struct Promise {
    pub(super) what: &'static str,
    /// Of a test the beginning of its name or a part, else what its command does.
    pub(super) test: &'static str,
    pub(super) target: &'static str,
    pub(super) how: How,
    pub(super) tier: Tier,
}

const fn promise(what: &'static str, test: &'static str, target: &'static str, how: How) -> Promise {
    Promise { what, test, target, how, tier: Tier::Milestone }
}

/// A promise whose test takes too long for a milestone.
const fn of_release(
    what: &'static str,
    test: &'static str,
    target: &'static str,
    line: &'static str,
) -> Promise {
    Promise { what, test, target, how: How::Command(line), tier: Tier::Release }
}

/// All promises, in the order of the document.
pub(super) const PROMISES: [Promise; 74] = [
    promise("no input crashes us", "decode_advances", "no panic, no standstill", How::Test("--lib")),
    promise(
        "no input crashes us",
        "what_once_failed_fails_no_more",
        "each target takes its seeds and old failures",
        How::Test("--test regressions"),
    ),
    promise(
        "fuzzers really see",
        "planted_bug_found",
        "a planted panic within 60 s",
        How::Command("bash .ci/planted"),
    ),
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
        "what_a_real_exporter_metered",
        "v5, v9, IPFIX: packets and bytes equal pmacctd's",
        How::Test("--test flow_exporter"),
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
        "honest verdicts",
        "evasion_cases",
        "each way to hide: this verdict and no more, all counted",
        How::Test("--test evasion"),
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
        How::Command("target/release/xtask storm --how run --sources 10000000 --rate 0"),
    ),
    promise(
        "no hash stall",
        "hash_flood_ratio",
        "1.5 times random keys",
        How::Command("target/release/xtask hash-flood"),
    ),
    promise(
        "no slow packet",
        "worst_packet_us",
        "1 ms at most",
        How::Command("target/release/xtask worst-packet"),
    ),
    promise(
        "no slow packet",
        "linear_in_packets",
        "the second half at most 1.5 times the first",
        How::Command("target/release/xtask worst-packet --linear"),
    ),
    promise("hostile frames", "ws_frames_hostile", "each closed", How::Test("--test hostile")),
    promise(
        "readers cannot hurt capture",
        "who_never_reads",
        "200 of them: 0 lost, memory bounded",
        How::Test("--test hostile"),
    ),
    promise(
        "readers cannot hurt capture",
        "readers",
        "1000 of them at 20 000 packets a second: 0 lost, 150 MB, the kernel's memory for TCP back after 10 s, others answered in 0.3 s",
        How::Command("target/release/xtask bench --only readers"),
    ),
    promise(
        "hostile frames",
        "who_breaks_the_protocol_is_closed",
        "closed with a code",
        How::Test("--test socket"),
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
    promise(
        "connects",
        "half_open",
        "2000 of them: a good client is served within 1 s; out of descriptors, as soon as some are back",
        How::Command("target/release/xtask bench --only half_open"),
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
    promise(
        "power loss",
        "a_power_cut_anywhere",
        "at each of 500 operations: 0 acknowledged lost",
        How::Test("--lib"),
    ),
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
    promise(
        "settings",
        "settings_prop",
        "any file taken or refused by its line, none a panic",
        How::Test("--lib"),
    ),
    promise(
        "upgrades",
        "upgrade_tests",
        "files of every earlier version are read, newer ones refused",
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
        "package",
        "deb_under_systemd",
        "ready, restarted, upgraded, removed",
        How::Command("bash .ci/systemd"),
    ),
    promise(
        "no payload in reports",
        "a_crash_report_says_where",
        "no traffic, no secrets",
        How::Test("--lib"),
    ),
    promise("unsafe and races", "miri_core", "0 reports", How::Command("bash .ci/miri")),
    promise(
        "unsafe and races",
        "loom_ring",
        "every order of threads: nothing lost, no deadlock",
        How::Command("bash .ci/loom"),
    ),
    promise("unsafe and races", "asan_run", "0 reports", How::Command("bash .ci/asan")),
    promise("metrics", "metrics_series_const", "equal before and after", How::Test("--test metrics")),
    promise(
        "supply chain",
        "deny_clean",
        "0 denied",
        How::Command("cargo deny --offline check licenses bans sources"),
    ),
    of_release(
        "soak",
        "soak_24h_accel",
        "24 h of traffic in one: below 1 MB/h more, files and threads constant, answers as fast as at first, 0 lost",
        "target/release/xtask soak",
    ),
    of_release(
        "no input crashes us",
        "fuzz_10m",
        "10 million executions of each target: 0 failures",
        "bash .ci/fuzz",
    ),
    of_release(
        "tests reach it",
        "coverage",
        "decode, filters, live protocol: 90 % of the lines",
        "bash .ci/coverage",
    ),
    of_release(
        "speed and memory",
        "bench",
        "every target of docs/PERFORMANCE.md",
        "target/release/xtask bench",
    ),
    of_release("package", "dist", "archive, checksum, bill of materials", "target/release/xtask dist"),
];
