//! What is told of the machine itself: one line a family. Counters get `_total` behind their names.

use analyzer::geo::{Geo, Source};
use capturer::Ledger;
use capturer::decode::{DecodeCounts, SkipReason};

use super::samples::{Label, Samples};
use crate::alerts::{Account, Board, State};
use crate::live::{ExportFigures, Figures, Prints, STATES};
use crate::server::{AnswerFigures, App};

/// The figures of one moment.
pub(super) struct Scene {
    pub(super) ledger: Ledger,
    decoding: DecodeCounts,
    figures: Figures,
    exports: ExportFigures,
    answers: AnswerFigures,
    state: &'static str,
    receive_buffer: u64,
    connections: (usize, usize),
    clients: usize,
    databases: Vec<(&'static str, Option<Source>)>,
    alerts: Vec<(Vec<Label<&'static str>>, f64)>,
    account: Account,
    started_ms: i64,
    now: jiff::Timestamp,
}

impl Scene {
    pub(super) fn of(app: &App) -> Self {
        let status = &app.status;
        Self {
            ledger: status.ledger(),
            decoding: status.decoding(),
            figures: status.figures(),
            exports: status.export_figures(),
            answers: app.answers.figures(),
            state: status.state(),
            receive_buffer: status.interface.as_ref().map_or(0, |interface| interface.buffer()),
            connections: (app.connections.open(), app.connections.most()),
            clients: app.hub.clients(),
            databases: databases(&status.known().geo),
            alerts: alerts(&status.board),
            account: status.board.account(),
            started_ms: status.facts.started_ms,
            now: jiff::Timestamp::now(),
        }
    }
}

/// Every database there can be, whether it is in use or not.
fn databases(geo: &Geo) -> Vec<(&'static str, Option<Source>)> {
    let sources = geo.sources();
    vec![
        ("country", sources.country),
        ("asn", sources.asn),
        ("city", sources.city),
        ("routes", sources.routes),
        ("names", sources.names),
    ]
}

/// How many alerts there are of each severity in each state, those that are none of included.
fn alerts(board: &Board) -> Vec<(Vec<Label<&'static str>>, f64)> {
    let counts = board.counts();
    let of = |severity: analyzer::Severity, state: State| {
        let count = counts.iter().filter(|of| **of == (severity as u8, state)).count();
        (vec![("severity", severity.name()), ("state", state.name())], count as f64)
    };
    let severities = analyzer::Severity::ALL.into_iter();
    severities.flat_map(|severity| State::ALL.into_iter().map(move |state| of(severity, state))).collect()
}

/// A family: its name, what it means, and its samples.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) samples: fn(&Scene) -> Samples,
}

const fn family(name: &'static str, help: &'static str, samples: fn(&Scene) -> Samples) -> Family {
    Family { name, help, samples }
}

/// All of them. The unit stands in the name.
pub(super) const FAMILIES: [Family; 47] = [
    family("wireglobe_build_info", "The version that runs, always 1", |_| {
        Samples::gauges("version", [(env!("CARGO_PKG_VERSION"), 1.0)])
    }),
    family("wireglobe_source_state", "How the source stands: 1 for the state it is in", |scene| {
        Samples::gauges("state", STATES.map(|state| (state, f64::from(u8::from(state == scene.state)))))
    }),
    family("wireglobe_capture_frames", "Frames read, and those known to be lost", |scene| {
        Samples::counter(scene.ledger.frames)
    }),
    family("wireglobe_capture_packets", "Frames that became packets", |scene| {
        Samples::counter(scene.ledger.packets)
    }),
    family("wireglobe_capture_bytes", "Bytes on the wire of those packets", |scene| {
        Samples::counter(scene.ledger.bytes)
    }),
    family("wireglobe_capture_skipped", "Frames that could not be decoded", |scene| {
        Samples::counters(
            "reason",
            SkipReason::ALL.map(|reason| (reason.name(), scene.ledger.skipped.get(reason))),
        )
    }),
    family("wireglobe_capture_filtered", "Frames that the filter left out", |scene| {
        Samples::counter(scene.ledger.filtered)
    }),
    family("wireglobe_capture_lost", "Frames that were never analysed, by who lost them", |scene| {
        let ledger = &scene.ledger;
        Samples::counters("cause", [("kernel", ledger.lost_kernel), ("ring", ledger.lost_ring)])
    }),
    family(
        "wireglobe_capture_receive_buffer_bytes",
        "Receive buffer of the interface, 0 without one",
        |scene| Samples::gauge(scene.receive_buffer as f64),
    ),
    family("wireglobe_decode_too_deep", "Packets with more layers than are looked into", |scene| {
        Samples::counter(scene.decoding.too_deep)
    }),
    family("wireglobe_decode_fragments", "Fragments that could not be told whole, by why", |scene| {
        let fragments = &scene.decoding.fragments;
        Samples::counters(
            "fate",
            [
                ("portless", fragments.portless),
                ("overlapping", fragments.overlapping),
                ("evicted", fragments.evicted),
            ],
        )
    }),
    family("wireglobe_flow_datagrams", "Datagrams of flow exporters", |scene| {
        Samples::counter(scene.exports.datagrams)
    }),
    family("wireglobe_flow_records", "Records of flow exporters", |scene| {
        Samples::counter(scene.exports.records)
    }),
    family("wireglobe_flow_refused", "What flow exporters sent that does not count", |scene| {
        Samples::counter(scene.exports.refused)
    }),
    family("wireglobe_flow_lost", "Flow exports that were never analysed, by who lost them", |scene| {
        let exports = &scene.exports;
        let lost = [("network", exports.lost), ("queue", exports.lost_queue)];
        Samples::counters("cause", lost)
    }),
    family("wireglobe_flow_dropped", "Datagrams of flow exporters that the kernel dropped", |scene| {
        Samples::counter(scene.exports.dropped)
    }),
    family(
        "wireglobe_query_answers",
        "Questions of a bounded range to history, by whether an answer was kept",
        |scene| Samples::counters("kept", [("yes", scene.answers.hits), ("no", scene.answers.misses)]),
    ),
    family(
        "wireglobe_query_answers_evicted",
        "Kept answers that made room for others, or grew old",
        |scene| Samples::counter(scene.answers.evicted),
    ),
    family("wireglobe_query_answers_bytes", "Bytes of kept answers", |scene| {
        Samples::gauge(scene.answers.bytes as f64)
    }),
    family("wireglobe_analysis_packets", "Packets analysed", |scene| {
        Samples::counter(scene.figures.totals.packets)
    }),
    family("wireglobe_analysis_bytes", "Bytes on the wire of analysed packets", |scene| {
        Samples::counter(scene.figures.totals.bytes)
    }),
    family("wireglobe_analysis_flows", "Flows that began", |scene| {
        Samples::counter(scene.figures.totals.flows)
    }),
    family("wireglobe_analysis_flows_active", "Flows that have neither ended nor gone silent", |scene| {
        Samples::gauge(scene.figures.totals.flows_active as f64)
    }),
    family("wireglobe_analysis_hosts", "Hosts that appeared", |scene| {
        Samples::counter(scene.figures.totals.hosts)
    }),
    family("wireglobe_analysis_rows", "Rows in the tables", |scene| {
        let (hosts, flows) = scene.figures.rows;
        Samples::gauges("table", [("hosts", hosts as f64), ("flows", flows as f64)])
    }),
    family("wireglobe_analysis_evicted", "Rows that had to make room for others", |scene| {
        let (hosts, flows, keys) = scene.figures.evicted;
        Samples::counters("table", [("hosts", hosts), ("flows", flows), ("keys", keys)])
    }),
    family("wireglobe_analysis_memory_bytes", "Memory of hosts, flows and totals", |scene| {
        Samples::gauge(scene.figures.memory as f64)
    }),
    family("wireglobe_analysis_memory_limit_bytes", "The budget of hosts, flows and totals", |scene| {
        Samples::gauge(scene.figures.memory_limit as f64)
    }),
    family("wireglobe_names_learned", "Names told of addresses, each as often as it was told", |scene| {
        Samples::counter(scene.figures.names.learned)
    }),
    family("wireglobe_names_rows", "Addresses that have names, and registered domains seen", |scene| {
        let names = &scene.figures.names;
        Samples::gauges("table", [("addresses", names.addresses as f64), ("domains", names.domains as f64)])
    }),
    family("wireglobe_names_evicted", "Addresses whose names had to make room for others", |scene| {
        Samples::counter(scene.figures.names.evicted)
    }),
    family("wireglobe_names_capped", "Names and domains that were not taken, by which cap", |scene| {
        let names = &scene.figures.names;
        Samples::counters("cap", [("names", names.left_out), ("domains", names.domains_refused)])
    }),
    family("wireglobe_fingerprints_hosts", "Hosts of which is known what they look like", |scene| {
        Samples::gauge(scene.figures.prints.counts.hosts as f64)
    }),
    family("wireglobe_fingerprints_segments", "SYN and SYN+ACK segments, by what became of them", |scene| {
        let counts = scene.figures.prints.counts;
        Samples::counters(
            "fate",
            [("read", counts.read), ("cut", counts.cut), ("sampled_out", counts.sampled_out)],
        )
    }),
    family(
        "wireglobe_fingerprints_datagrams_sampled_out",
        "Datagrams and pings with evidence that came too fast",
        |scene| Samples::counter(scene.figures.prints.counts.words_sampled_out),
    ),
    family("wireglobe_fingerprints_evicted", "What had to make room before it was done", |scene| {
        let Prints { counts, contacts_evicted, .. } = scene.figures.prints;
        Samples::counters(
            "table",
            [
                ("hosts", counts.hosts_evicted),
                ("connections", counts.flows_evicted),
                ("heads", counts.heads_evicted),
                ("clues", counts.clues_evicted),
                ("contacts", contacts_evicted),
            ],
        )
    }),
    family("wireglobe_alerts", "Alerts on the board, by severity and by what was done about them", |scene| {
        Samples::Gauges(scene.alerts.clone())
    }),
    family("wireglobe_alerts_records", "Alerts of this run, by what became of them", |scene| {
        let Account { stored, suppressed, pruned, .. } = scene.account;
        Samples::counters("fate", [("stored", stored), ("suppressed", suppressed), ("pruned", pruned)])
    }),
    family("wireglobe_alerts_waiting", "Alerts that are not stored so far", |scene| {
        Samples::gauge(scene.account.waiting as f64)
    }),
    family(
        "wireglobe_alerts_store_up",
        "1 while alerts can be stored, 0 when the disk refuses them",
        |scene| Samples::gauge(f64::from(u8::from(scene.account.fault.is_none()))),
    ),
    family("wireglobe_server_connections", "Open connections", |scene| {
        Samples::gauge(scene.connections.0 as f64)
    }),
    family("wireglobe_server_connections_limit", "The most connections there may be", |scene| {
        Samples::gauge(scene.connections.1 as f64)
    }),
    family("wireglobe_server_clients", "Clients that are pushed to", |scene| {
        Samples::gauge(scene.clients as f64)
    }),
    family(
        "wireglobe_database_age_seconds",
        "Time since the day of a database, NaN if there is none",
        |scene| {
            let age = |source: &Option<Source>| {
                source.as_ref().and_then(|source| crate::ages::seconds(source, scene.now))
            };
            let ages = scene
                .databases
                .iter()
                .map(|(name, source)| (*name, age(source).map_or(f64::NAN, |age| age as f64)));
            Samples::gauges("database", ages)
        },
    ),
    family("wireglobe_database_ranges", "Ranges that a database tells apart, 0 if there is none", |scene| {
        let count = |source: &Option<Source>| source.as_ref().map_or(0, |source| source.ranges);
        let counts = scene.databases.iter().map(|(name, source)| (*name, count(source) as f64));
        Samples::gauges("database", counts)
    }),
    family("process_start_time_seconds", "When the process started, since the epoch", |scene| {
        Samples::gauge(scene.started_ms as f64 / 1000.0)
    }),
    family("process_resident_memory_bytes", "Memory of the process, 0 where it can't be asked", |_| {
        Samples::gauge(resident_bytes().unwrap_or(0) as f64)
    }),
];

/// `VmRSS` of proc_pid_status(5).
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
