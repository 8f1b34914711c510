//! What the machine's own state is: source, ledger, databases. Numbers are atomics that their owners write.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Mutex, OnceLock};

use analyzer::detect::Untold;
use analyzer::fingerprint::FingerprintCounts;
use analyzer::geo::Geo;
use analyzer::history::Range;
use analyzer::inventory::Inventory;
use analyzer::names::{HelloCounts, NamesCounts};
use analyzer::{Facts, Table, Totals};
use capturer::decode::DecodeCounts;
use capturer::source::live::LiveStatus;
use capturer::source::paced::{Progress, Speed};
use capturer::{Ledger, SkipCounts};
use serde_json::{Value, json};

use crate::alerts::Board;
use crate::history;
use crate::live::tables::{self, Tables};
use crate::live::{ExportFigures, Exports, SettingsAccount, Sheet};

use crate::notify::Notify;
use crate::onward;

/// What a source is, decided once.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceFacts {
    /// `demo`, `file`, `interface` or `flows`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// How the local networks read.
    pub(crate) local: String,
    /// Who said so.
    pub(crate) local_origin: &'static str,
    /// Milliseconds since the epoch.
    pub(crate) started_ms: i64,
    /// What is let in; empty for everything.
    pub(crate) filter: String,
    /// Which IP header counts in tunnels.
    pub(crate) counted: &'static str,
    /// Whether one has to log in.
    pub(crate) login: bool,
    /// The SHA-256 fingerprint of the server's certificate at its start, if it encrypts.
    pub(crate) certificate: Option<String>,
}

/// The state that threads share.
pub(crate) struct Status {
    pub(crate) facts: SourceFacts,
    pub(crate) progress: Option<Arc<Progress>>,
    pub(crate) interface: Option<Arc<LiveStatus>>,
    ledger: Mutex<Ledger>,
    decoding: Mutex<DecodeCounts>,
    ended: Mutex<Option<String>>,
    finished: std::sync::atomic::AtomicBool,
    /// Nothing of the source waits for the analysis any more.
    analysed: std::sync::atomic::AtomicBool,
    figures: Mutex<Figures>,
    /// Rises with each tick of the analysis.
    ticks: AtomicU64,
    known: Mutex<Facts>,
    /// Rises with each swap of the databases.
    generation: AtomicU64,
    geo_error: Mutex<Option<String>>,
    /// The stored alerts.
    pub(crate) board: Board,
    /// What a look for newer data and programs found; nothing before the first.
    updates: Mutex<Option<Value>>,
    /// Who is told of alerts and faults, if anybody is.
    notify: Mutex<Option<Arc<Notify>>>,
    /// The rules with their settings, as a document.
    rules: Mutex<Arc<Value>>,
    /// What became of the settings.
    settings: Mutex<SettingsAccount>,
    /// The collector of flow exports, if there is one.
    exports: OnceLock<Arc<Exports>>,
    /// The packet with which the replay went on from somewhere else, and how often that was.
    again: Mutex<Again>,
    /// The same number of times, to be looked at with each batch.
    begun_again: AtomicU64,
    /// Which part of the past is kept in memory, and what that takes.
    kept: Mutex<Option<(Range, Table)>>,
    /// Flows onwards.
    onward: OnceLock<Arc<onward::Counts>>,
    /// The history on disk.
    store: Mutex<history::Account>,
    /// What was proved of the sandbox.
    sandbox: OnceLock<Value>,
}

/// Where a replay went on from somewhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Again {
    /// How often.
    pub(crate) times: u64,
    /// The last time with this packet.
    pub(crate) sequence: u64,
}

/// What the analysis says of itself, once a tick.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Packets that the ring lost before they were analysed.
    pub(crate) lost_ring: u64,
    /// Rows that had to make room: hosts, flows, keys of the dimensions.
    pub(crate) evicted: (u64, u64, u64),
    /// Rows in the tables: hosts, flows.
    pub(crate) rows: (usize, usize),
    /// TLS hellos in several segments.
    pub(crate) hellos: HelloCounts,
    /// Bytes of the tables.
    pub(crate) memory: usize,
    /// The budget of the tables, bytes.
    pub(crate) memory_limit: usize,
    /// What each of the tables takes of its share.
    pub(crate) tables: Tables,
    /// Totals since the start.
    pub(crate) totals: Totals,
    /// What the store of names counts.
    pub(crate) names: NamesCounts,
    /// What the inventory of hosts counts.
    pub(crate) prints: Prints,
    /// Flow records that the detectors could not hear.
    pub(crate) unheard: Untold,
}

/// What a collector says, and which of its records the detectors did not hear.
fn exported(mut exports: Value, unheard: Untold) -> Value {
    let Untold { sampled, aggregated, flagless, overrun } = unheard;
    exports["unheard"] =
        json!({"sampled": sampled, "aggregated": aggregated, "flagless": flagless, "overrun": overrun});
    exports
}

/// What the inventory of hosts says of itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Prints {
    /// What was read, and what was not.
    pub(crate) counts: FingerprintCounts,
    /// Hosts whose ports and hardware addresses had to make room.
    pub(crate) contacts_evicted: u64,
    /// Bytes of all of it; a part of [`Figures::memory`].
    pub(crate) memory: usize,
}

impl Prints {
    pub(crate) fn of(inventory: &Inventory) -> Self {
        Self {
            counts: inventory.fingerprints().counts(),
            contacts_evicted: inventory.evicted(),
            memory: inventory.bytes(),
        }
    }
}

/// Every state a source can be in.
pub(crate) const STATES: [&str; 4] = ["live", "replay", "ended", "blind"];

impl Status {
    pub(crate) fn new(
        facts: SourceFacts,
        known: Facts,
        progress: Option<Arc<Progress>>,
        interface: Option<Arc<LiveStatus>>,
    ) -> Self {
        Self {
            facts,
            progress,
            interface,
            ledger: Mutex::default(),
            decoding: Mutex::default(),
            ended: Mutex::default(),
            finished: false.into(),
            analysed: false.into(),
            figures: Mutex::default(),
            ticks: AtomicU64::new(0),
            known: Mutex::new(known),
            generation: AtomicU64::new(0),
            geo_error: Mutex::default(),
            board: Board::default(),
            updates: Mutex::default(),
            notify: Mutex::default(),
            rules: Mutex::default(),
            settings: Mutex::default(),
            exports: OnceLock::new(),
            again: Mutex::default(),
            begun_again: AtomicU64::new(0),
            kept: Mutex::new(None),
            onward: OnceLock::new(),
            store: Mutex::default(),
            sandbox: OnceLock::new(),
        }
    }

    /// The capture thread's ledger, once a batch.
    pub(crate) fn set_ledger(&self, ledger: Ledger) {
        *lock(&self.ledger) = ledger;
    }

    /// What the decoder met, once a batch.
    pub(crate) fn set_decoding(&self, counts: DecodeCounts) {
        *lock(&self.decoding) = counts;
    }

    /// The databases and local networks in use; the tables are shared, so this costs little.
    pub(crate) fn known(&self) -> Facts {
        lock(&self.known).clone()
    }

    /// The archive has this range now, and takes so much.
    pub(crate) fn set_kept(&self, kept: Option<(Range, Table)>) {
        *lock(&self.kept) = kept;
    }

    /// Flows are handed on, which this counts.
    pub(crate) fn set_onward(&self, counts: Arc<onward::Counts>) {
        // Once, at the start.
        let _ = self.onward.set(counts);
    }

    /// The store of history says this of itself now.
    pub(crate) fn set_store(&self, account: history::Account) {
        *lock(&self.store) = account;
    }

    /// What it said last.
    pub(crate) fn store(&self) -> history::Account {
        lock(&self.store).clone()
    }

    /// What was proved of the sandbox, once all threads are there.
    pub(crate) fn set_sandbox(&self, proved: Value) {
        // Once, at the start.
        let _ = self.sandbox.set(proved);
    }

    /// How often the databases were swapped.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    /// Other databases, all at once.
    pub(crate) fn set_geo(&self, geo: Geo) {
        lock(&self.known).geo = geo;
        self.generation.fetch_add(1, Relaxed);
        self.set_geo_error(None);
    }

    /// Why the databases could not be renewed; those in use stay.
    pub(crate) fn set_geo_error(&self, error: Option<String>) {
        *lock(&self.geo_error) = error;
    }

    /// What a look for newer data and programs found.
    pub(crate) fn set_updates(&self, found: Value) {
        *lock(&self.updates) = Some(found);
    }

    /// Who is told of alerts and faults from now on; those before are to be closed.
    pub(crate) fn set_notify(&self, notify: Option<Arc<Notify>>) -> Option<Arc<Notify>> {
        std::mem::replace(&mut *lock(&self.notify), notify)
    }

    /// Who is told of alerts and faults, if anybody is.
    pub(crate) fn notify(&self) -> Option<Arc<Notify>> {
        lock(&self.notify).clone()
    }

    /// The rules with their settings, as a document.
    pub(crate) fn rules(&self) -> Arc<Value> {
        Arc::clone(&lock(&self.rules))
    }

    /// Other settings of them.
    pub(crate) fn set_rules(&self, rules: Value) {
        *lock(&self.rules) = Arc::new(rules);
    }

    /// What became of the settings.
    pub(crate) fn settings(&self) -> SettingsAccount {
        lock(&self.settings).clone()
    }

    /// The same from now on.
    pub(crate) fn set_settings(&self, account: SettingsAccount) {
        *lock(&self.settings) = account;
    }

    /// The collector of flow exports; set once, before the threads begin.
    pub(crate) fn set_exports(&self, exports: Arc<Exports>) {
        // A second one would have nobody to fetch its records.
        let _ = self.exports.set(exports);
    }

    /// The collector of flow exports, if there is one.
    pub(crate) fn exports(&self) -> Option<&Arc<Exports>> {
        self.exports.get()
    }

    /// What it counted; nothing where there is none.
    pub(crate) fn export_figures(&self) -> ExportFigures {
        self.exports().map(|exports| exports.figures()).unwrap_or_default()
    }

    /// Why the databases could not be renewed, if so.
    pub(crate) fn geo_error(&self) -> Option<String> {
        lock(&self.geo_error).clone()
    }

    /// Why the source failed, if it did.
    pub(crate) fn error(&self) -> Option<String> {
        lock(&self.ended).clone()
    }

    /// The source came to its end, or failed with a reason.
    pub(crate) fn set_ended(&self, reason: Option<String>) {
        *lock(&self.ended) = reason;
        self.finished.store(true, Release);
    }

    /// Whether it did.
    pub(crate) fn has_ended(&self) -> bool {
        self.finished.load(Acquire)
    }

    /// Whether the analysis has taken all that came of a source that is over; it says so again and again.
    pub(crate) fn set_analysed(&self, all: bool) {
        self.analysed.store(all, Release);
    }

    /// Whether it has.
    pub(crate) fn is_analysed(&self) -> bool {
        self.analysed.load(Acquire)
    }

    /// The replay goes on from somewhere else with this packet.
    pub(crate) fn begin_again(&self, sequence: u64) {
        let mut again = lock(&self.again);
        *again = Again { times: again.times + 1, sequence };
        self.begun_again.store(again.times, Release);
        *lock(&self.ended) = None;
        self.finished.store(false, Release);
        self.analysed.store(false, Release);
    }

    /// Where it did so last, if that was after so many times.
    pub(crate) fn again(&self, after: u64) -> Option<Again> {
        (self.begun_again.load(Acquire) > after).then(|| *lock(&self.again))
    }

    /// The analysis thread's figures, once a tick.
    pub(crate) fn set_analysis(&self, figures: Figures) {
        *lock(&self.figures) = figures;
        self.ticks.fetch_add(1, Relaxed);
    }

    /// How often the analysis has ticked; it stands still when that thread does.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks.load(Relaxed)
    }

    /// The analysis thread's figures.
    pub(crate) fn figures(&self) -> Figures {
        *lock(&self.figures)
    }

    /// What the decoder met.
    pub(crate) fn decoding(&self) -> DecodeCounts {
        *lock(&self.decoding)
    }

    /// The ledger with what the ring lost. Packets in flight between the threads count as packets.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut ledger = *lock(&self.ledger);
        let lost = self.figures().lost_ring;
        ledger.lost_ring = lost;
        ledger.packets = ledger.packets.saturating_sub(lost);
        ledger
    }

    /// How the source stands, one of [`STATES`]. It has ended when all of it was analysed: who asks then hears everything.
    pub(crate) fn state(&self) -> &'static str {
        if self.has_ended() && self.is_analysed() {
            "ended"
        } else if self.interface.as_ref().is_some_and(|status| status.blind_since().is_some()) {
            "blind"
        } else if self.interface.is_some() || self.exports().is_some() {
            "live"
        } else {
            "replay"
        }
    }

    /// The `status` topic and API document, as names and values.
    pub(crate) fn values(&self) -> Vec<(&'static str, Value)> {
        let account = self.board.account();
        let ledger = self.ledger();
        let skipped = SkipCounts::named(&ledger.skipped);
        let geo = self.known().geo;
        let sources = geo.sources();
        let table = |table: &Option<analyzer::geo::Source>| {
            table.as_ref().map(|table| (table.name.clone(), table.date.clone()))
        };
        let (country, asn, routes) = (table(&sources.country), table(&sources.asn), table(&sources.routes));
        let city = table(&sources.city);
        let progress = self.progress.as_deref();
        let kept = *lock(&self.kept);
        let store = self.store();
        let (decoding, figures) = (self.decoding(), self.figures());
        let prints = figures.prints.counts;
        vec![
            ("source_kind", json!(self.facts.kind)),
            ("source", json!(self.facts.name)),
            ("state", json!(self.state())),
            ("paused", json!(progress.is_some_and(Progress::is_paused))),
            ("speed", json!(progress.and_then(|progress| factor(progress.speed())))),
            ("position_ms", json!(progress.map(|progress| progress.position().as_millis() as u64))),
            (
                "duration_ms",
                json!(progress.and_then(Progress::duration).map(|length| length.as_millis() as u64)),
            ),
            ("loops", json!(progress.map(Progress::loops))),
            ("started_ms", json!(self.facts.started_ms)),
            ("frames", json!(ledger.frames)),
            ("packets", json!(ledger.packets)),
            ("bytes", json!(ledger.bytes)),
            ("skipped", json!(ledger.skipped.total())),
            ("skipped_by_reason", json!(skipped)),
            ("filtered", json!(ledger.filtered)),
            ("lost_kernel", json!(ledger.lost_kernel)),
            ("lost_ring", json!(ledger.lost_ring)),
            ("evicted_hosts", json!(figures.evicted.0)),
            ("evicted_flows", json!(figures.evicted.1)),
            ("hellos_joined", json!(figures.hellos.joined)),
            ("hellos_given_up", json!(figures.hellos.given_up + figures.hellos.evicted)),
            ("names_learned", json!(figures.names.learned)),
            ("names_addresses", json!(figures.names.addresses)),
            ("names_domains", json!(figures.names.domains)),
            ("names_evicted", json!(figures.names.evicted)),
            ("names_left_out", json!(figures.names.left_out)),
            ("names_domains_refused", json!(figures.names.domains_refused)),
            ("fingerprints_hosts", json!(prints.hosts)),
            ("fingerprints_segments", json!(prints.read)),
            ("fingerprints_segments_cut", json!(prints.cut)),
            ("fingerprints_segments_sampled_out", json!(prints.sampled_out)),
            ("fingerprints_datagrams_sampled_out", json!(prints.words_sampled_out)),
            ("fingerprints_evicted_hosts", json!(prints.hosts_evicted)),
            ("fingerprints_evicted_connections", json!(prints.flows_evicted)),
            ("fingerprints_evicted_heads", json!(prints.heads_evicted)),
            ("fingerprints_evicted_clues", json!(prints.clues_evicted)),
            ("fingerprints_evicted_contacts", json!(figures.prints.contacts_evicted)),
            ("fingerprints_memory_bytes", json!(figures.prints.memory)),
            ("history_from_ms", json!(kept.map(|(range, _)| range.from * 1000))),
            ("history_bytes", json!(kept.map(|(_, table)| table.bytes))),
            ("flows_onward", json!(self.onward.get().map(|counts| counts.json()))),
            ("store_bytes", json!(store.bytes)),
            ("store_limit_bytes", json!(store.limit)),
            ("store_file", json!(store.file)),
            ("store_retention", store.retention()),
            ("store_left_out", json!(store.left_out)),
            ("store_fault", json!(store.fault)),
            ("memory_bytes", json!(figures.memory)),
            ("memory_tables", tables::json(&figures.tables, kept.map(|(_, table)| table))),
            ("receive_buffer_bytes", json!(self.interface.as_ref().map(|status| status.buffer()))),
            ("capture_method", json!(self.interface.as_ref().map(|status| status.method().name()))),
            ("capture_fallback", json!(self.interface.as_ref().and_then(|status| status.fallback()))),
            ("filter", json!(self.facts.filter)),
            ("filter_in_kernel", json!(self.interface.as_ref().map(|status| !status.filters_here()))),
            ("counted_layer", json!(self.facts.counted)),
            ("counted_packets", json!(figures.totals.packets)),
            ("counted_bytes", json!(figures.totals.bytes)),
            ("counted_flows", json!(figures.totals.flows)),
            (
                "flow_exports",
                self.exports().map_or(Value::Null, |exports| exported(exports.json(), figures.unheard)),
            ),
            ("too_deep", json!(decoding.too_deep)),
            ("fragments_portless", json!(decoding.fragments.portless)),
            ("fragments_overlapping", json!(decoding.fragments.overlapping)),
            ("fragments_evicted", json!(decoding.fragments.evicted)),
            ("local_networks", json!(self.facts.local)),
            ("local_networks_origin", json!(self.facts.local_origin)),
            ("geo_country_source", json!(country.as_ref().map(|(name, _)| name))),
            ("geo_country_date", json!(country.as_ref().map(|(_, date)| date))),
            ("geo_asn_source", json!(asn.as_ref().map(|(name, _)| name))),
            ("geo_asn_date", json!(asn.as_ref().map(|(_, date)| date))),
            ("geo_city_source", json!(city.as_ref().map(|(name, _)| name))),
            ("geo_city_date", json!(city.as_ref().map(|(_, date)| date))),
            ("geo_routes_source", json!(routes.as_ref().map(|(name, _)| name))),
            ("geo_routes_date", json!(routes.as_ref().map(|(_, date)| date))),
            ("geo_swaps", json!(self.generation())),
            ("geo_error", json!(*lock(&self.geo_error))),
            ("updates", json!(*lock(&self.updates))),
            ("alerts_stored", json!(account.stored)),
            ("alerts_waiting", json!(account.waiting)),
            ("alerts_suppressed", json!(account.suppressed)),
            ("alerts_pruned", json!(account.pruned)),
            ("alerts_tally", self.board.tally()),
            ("alerts_fault", json!(account.fault)),
            ("notify", self.notify().map_or_else(|| json!([]), |notify| notify.json())),
            ("notify_missed", json!(self.notify().map_or(0, |notify| notify.missed()))),
            ("attribution", attribution(&geo)),
            ("login", json!(self.facts.login)),
            ("certificate_sha256", json!(self.facts.certificate)),
            ("sandbox", json!(self.sandbox.get())),
            ("settings", self.settings().json()),
            ("error", json!(*lock(&self.ended))),
            ("version", json!(env!("CARGO_PKG_VERSION"))),
        ]
    }

    /// The topic.
    pub(crate) fn sheet(&self) -> Sheet {
        let rows: Vec<_> =
            self.values().into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect();
        Sheet { columns: &["value"], total: rows.len(), rows, ..Sheet::default() }
    }
}

/// How many times as fast as recorded; `None` is as fast as it goes.
const fn factor(speed: Speed) -> Option<f64> {
    match speed {
        Speed::Times(factor) => Some(factor),
        Speed::Max => None,
    }
}

/// Who must be named where results are shown, each once.
fn attribution(geo: &Geo) -> Value {
    let credits = geo.sources().attribution();
    credits.into_iter().map(|line| json!({"text": line.text, "url": line.url})).collect()
}

/// The value behind a lock; a thread that died while it held one left a whole value, since only whole ones are stored.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
