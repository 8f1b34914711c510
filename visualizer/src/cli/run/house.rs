//! The threads: what each is made from, in what order they begin, and in what order they end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::JoinHandle;

use analyzer::detect::{RuleError, Thresholds};
use analyzer::inventory::Plan;
use analyzer::query::Query;
use analyzer::{Facts, Home, Setup};
use capturer::Packet;
use capturer::decode::Decoder;
use capturer::stream::{self, Capacity};
use tokio::sync::watch;

use super::Collecting;
use crate::access::Entrance;
use crate::alerts::{self, Ask, Place, Store};
use crate::cli::{Failure, rules_json};
use crate::graphs::Graphs;
use crate::history::{self, Disk, Keep, Keeper};
use crate::live::{self, Capture, Feeder, Hub, Resettle, SettingsAccount, SourceFacts, Status, Told};
use crate::server::{App, Caps, Connections, Metrics, Tls};
use crate::settings::Settings;
use crate::sieve::Sieve;
use crate::sources::Opened;
use crate::{geo_files, notify, onward};

/// The threads, and how to end them.
pub(super) struct House {
    stop: Arc<AtomicBool>,
    pub(super) closing: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    /// Ends when it is told so.
    history: (mpsc::Sender<Told>, JoinHandle<()>),
    /// Ends after that: it writes what was recorded last.
    keeper: (Disk, JoinHandle<()>),
    /// Ends when nobody can tell it more: the thread that has the past in memory did.
    onward: Option<JoinHandle<()>>,
    /// Ends after the others: it takes what they found last.
    store: (mpsc::Sender<Ask>, JoinHandle<()>),
    /// Who is told of what the store stored last ends after it.
    status: Arc<Status>,
}

impl House {
    pub(super) fn build(
        settings: &Settings,
        (opened, query, exports): (Opened, Option<Query>, Option<Collecting>),
        (facts, seen, resettle): (Facts, geo_files::Stamp, Resettle),
        (entrance, capture): (&Entrance, Capture),
    ) -> Result<(Self, App), Failure> {
        let thread = |name: &str| Failure::system(format!("cannot start the {name} thread"));
        let kept_bytes = settings.ring.keep_bytes;
        let arena = settings.ring.packets.saturating_mul(kept_bytes);
        let shares = Shares::of(settings);
        let (writer, stream) = stream::new(Capacity { packets: settings.ring.packets, kept_bytes, arena });
        let setup = setup(settings, facts.clone(), opened.home, shares)?;
        let memory = settings.history.memory_mb << 20;
        let source = source_facts(settings, (opened.kind, opened.name), &facts, entrance);
        let sieve = query
            .map(|query| Sieve::new((&settings.source.filter, query), facts.clone(), settings))
            .transpose()?;
        let status = Arc::new(Status::new(source, facts, opened.progress, opened.interface));
        if let Some(collecting) = &exports {
            status.set_exports(Arc::clone(collecting.exports()));
        }
        let (collector, carried) = match exports {
            Some(Collecting::Socket(exports, socket)) => (Some((exports, socket)), None),
            Some(Collecting::Carried(exports)) => (None, Some(live::Carried::new(exports))),
            None => (None, None),
        };
        start_notify(settings, &status)?;
        status.set_rules(rules_json(&settings.detect).map_err(unfit)?);
        status.set_settings(SettingsAccount {
            file: resettle.file.clone(),
            error: resettle.trouble.clone(),
            ..SettingsAccount::default()
        });
        let (asks, asked) = mpsc::channel();
        let store = store(settings, &status)?.spawn(asked).map_err(thread("store"))?;
        let (command_sender, commands) = mpsc::channel();
        let (tick_sender, ticks) = mpsc::sync_channel(1);
        let (told, news) = mpsc::channel();
        let hub = Arc::new(Hub::new(epoch(), (command_sender, told.clone())));
        let stop = Arc::new(AtomicBool::new(false));
        let (closing, closed) = watch::channel(false);
        let feeder = Feeder {
            source: opened.source,
            sieve,
            decoder: Decoder::new(settings.decode.settings()),
            writer,
            patient: opened.kind != "interface",
            kept_bytes,
            status: Arc::clone(&status),
            generation: 0,
            stop: Arc::clone(&stop),
            carried,
        };
        let beginning = live::Beginning {
            setup: setup.clone(),
            record: memory > 0,
            detection: detection(settings, shares)?,
        };
        let place = history::place(settings, &status.facts.name, is_live(opened.kind), &epoch());
        let keeper = Keeper {
            keep: Keep::of(&settings.history, &place),
            place,
            setup: setup.clone(),
            hub: Arc::clone(&hub),
            status: Arc::clone(&status),
        };
        let (kept_in, (disk, keeper)) = keep(keeper, settings)?;
        let onward = onward::spawn(&settings.flows).map_err(Failure::system("cannot hand flows on"))?;
        if let Some((onward, _)) = &onward {
            status.set_onward(onward.counts());
        }
        let recent = live::History {
            memory,
            setup,
            hub: Arc::clone(&hub),
            status: Arc::clone(&status),
            disk: disk.clone(),
            place: kept_in.clone(),
            onward: onward.as_ref().map(|(onward, _)| onward.clone()),
        };
        let (recording, recent) =
            live::spawn_history(recent, (told.clone(), news)).map_err(thread("history"))?;
        let analysis = live::spawn_analysis(
            beginning,
            (asks.clone(), recording),
            stream.clone(),
            Arc::clone(&status),
            opened.wall_clock,
            (commands, tick_sender),
            Arc::clone(&stop),
        );
        let (renewals, requests) = mpsc::channel();
        let renewer = live::Renewer {
            settings: settings.clone(),
            seen,
            resettle,
            status: Arc::clone(&status),
            hub: Arc::clone(&hub),
            requests,
            stop: Arc::clone(&stop),
        };
        let collector =
            collector.map(|exports| live::spawn_exports(exports, &settings.flows, Arc::clone(&stop)));
        let collector = collector.transpose().map_err(thread("flows"))?;
        let threads = vec![
            live::spawn_publisher(ticks, Arc::clone(&hub), Arc::clone(&status)).map_err(thread("publish"))?,
            analysis.map_err(thread("analysis"))?,
            capture.begin(feeder),
            live::spawn_renewer(renewer).map_err(thread("geo"))?,
        ];
        let threads = threads.into_iter().chain(collector).collect();
        let connections = Arc::new(Connections::new(Caps {
            connections: settings.server.max_connections,
            per_address: settings.server.max_connections_per_address,
        }));
        let metrics = Arc::new(Metrics::new(settings.metrics.top));
        let app = App {
            hub,
            status: Arc::clone(&status),
            stream,
            hosts: Arc::clone(&entrance.hosts),
            access: Arc::clone(&entrance.access),
            secure: entrance.secure,
            renewals,
            connections,
            metrics,
            store: asks.clone(),
            history: Arc::new(kept_in),
            answers: Arc::default(),
            graphs: Arc::new(graphs(settings, opened.kind)?),
            closing: closed,
        };
        Ok((
            Self {
                stop,
                closing,
                threads,
                history: (told, recent),
                keeper: (disk, keeper),
                onward: onward.map(|(_, thread)| thread),
                store: (asks, store),
                status,
            },
            app,
        ))
    }

    pub(super) fn close(self) {
        self.stop.store(true, Relaxed);
        for thread in self.threads {
            // A thread that panicked has said so on standard error.
            let _ = thread.join();
        }
        let (told, history) = self.history;
        let _ = told.send(Told::End);
        let _ = history.join();
        let (disk, keeper) = self.keeper;
        disk.end();
        let _ = keeper.join();
        if let Some(onward) = self.onward {
            let _ = onward.join();
        }
        let (asks, store) = self.store;
        let _ = asks.send(Ask::End);
        let _ = store.join();
        if let Some(notify) = self.status.notify() {
            notify.close();
        }
        tracing::info!("stopped");
    }
}

/// Who gets how much of the one budget, bytes.
#[derive(Clone, Copy)]
struct Shares {
    analysis: usize,
    sessions: usize,
    inventory: usize,
}

impl Shares {
    /// Of what the ring leaves, but no less than half of all, the detectors' sessions get an eighth, and so does what hosts look
    /// like.
    fn of(settings: &Settings) -> Self {
        let all = settings.analysis.memory_mb << 20;
        let ring = settings.ring.packets.saturating_mul(settings.ring.keep_bytes + size_of::<Packet>());
        let tables = all.saturating_sub(ring).max(all / 2);
        Self { analysis: tables - tables / 4, sessions: tables / 8, inventory: tables / 8 }
    }
}

/// What the analyzer counts, and with what.
fn setup(settings: &Settings, facts: Facts, home: Option<Home>, shares: Shares) -> Result<Setup, Failure> {
    let homes = if settings.home.is_empty() { home.into_iter().collect() } else { settings.home.clone() };
    Ok(Setup {
        facts,
        homes,
        dimensions: live::dimensions(),
        live: true,
        hosts: true,
        names: true,
        memory: shares.analysis,
        counting: analyzer::aggregate::Counting::default(),
        devices: crate::devices::load(settings)?,
        inventory: Some(Plan {
            database: crate::signatures::load(&settings.fingerprints.p0f_db)?,
            memory: shares.inventory,
        }),
    })
}

/// What stays as it is about the source, for those who look.
fn source_facts(
    settings: &Settings,
    (kind, name): (&'static str, String),
    facts: &Facts,
    entrance: &Entrance,
) -> SourceFacts {
    SourceFacts {
        kind,
        name,
        local: facts.local.describe(),
        local_origin: facts.local.origin.name(),
        started_ms: live::now().as_millis(),
        filter: settings.source.filter.clone(),
        counted: settings.decode.count.name(),
        login: entrance.access.needs_login(),
        certificate: entrance.tls.as_ref().map(Tls::fingerprint),
    }
}

/// A setting of a rule that can't be.
fn unfit(error: RuleError) -> Failure {
    Failure::Usage(error.to_string())
}

/// The detectors, if they are switched on.
fn detection(settings: &Settings, shares: Shares) -> Result<Option<(Thresholds, usize)>, Failure> {
    let thresholds = settings.detect.thresholds().map_err(unfit)?;
    Ok(settings.detect.enabled.then_some((thresholds, shares.sessions)))
}

/// Those who are told of alerts and faults, if the settings name any.
fn start_notify(settings: &Settings, status: &Arc<Status>) -> Result<(), Failure> {
    let context = notify::Context::new(settings, &status.facts.name, status.facts.kind == "demo");
    let started =
        notify::start(settings, context, status).map_err(|error| Failure::Usage(error.to_string()))?;
    status.set_notify(started.map(Arc::new));
    Ok(())
}

/// The store of alerts. One that can't be opened where nobody named a place is no reason not to capture.
fn store(settings: &Settings, status: &Arc<Status>) -> Result<Store, Failure> {
    let place = alerts::place(settings, status.facts.kind == "demo");
    let open = |place| {
        let largest = (settings.alerts.max_mb as u64) << 20;
        Store::open(place, epoch(), largest, Arc::clone(status))
    };
    let named = !settings.alerts.folder.as_os_str().is_empty();
    match open(place) {
        Err(error) if !named => {
            tracing::warn!("{error}; alerts are kept only as long as this runs; set alerts.folder");
            open(Place::Memory).map_err(Failure::Unreadable)
        }
        other => other.map_err(|error| Failure::Unreadable(format!("alerts.folder: {error}"))),
    }
}

/// Whether a source is worth keeping: what is watched, not what is replayed.
fn is_live(kind: &str) -> bool {
    matches!(kind, "interface" | "flows")
}

/// The history on disk. One that can't be opened where nobody named a place is no reason not to capture.
fn keep(keeper: Keeper, settings: &Settings) -> Result<(history::Place, (Disk, JoinHandle<()>)), Failure> {
    let place = keeper.place.clone();
    match keeper.clone().spawn() {
        Ok(started) => Ok((place, started)),
        Err(error) if settings.history.folder.as_os_str().is_empty() => {
            tracing::warn!("{error}; history is kept only as long as this runs; set history.folder");
            let place = history::Place::Memory(epoch());
            // In memory it has a bound of its own.
            let keep = Keep::of(&settings.history, &place);
            let keeper = Keeper { keep, place: place.clone(), ..keeper };
            Ok((place, keeper.spawn().map_err(Failure::system("cannot start the keeper thread"))?))
        }
        Err(error) => Err(Failure::Unreadable(format!("history.folder: {error}"))),
    }
}

/// Saved graphs; those of the demo are gone when it ends.
fn graphs(settings: &Settings, kind: &str) -> Result<Graphs, Failure> {
    let kept = settings.history.keep && kind != "demo";
    let path = kept.then(|| geo_files::folder_of(&settings.history.folder, "").join("graphs.json"));
    open_graphs(path, !settings.history.folder.as_os_str().is_empty())
}

/// Those that can't be read where nobody named a place are left alone, and are no reason not to capture.
fn open_graphs(path: Option<PathBuf>, named: bool) -> Result<Graphs, Failure> {
    match Graphs::open(path) {
        Err(error) if !named => {
            tracing::warn!("{error}; graphs are kept only as long as this runs; set history.folder");
            Graphs::open(None).map_err(Failure::Unreadable)
        }
        other => other.map_err(Failure::Unreadable),
    }
}

/// Names this run.
fn epoch() -> String {
    let random = std::hash::BuildHasher::hash_one(&ahash::RandomState::new(), live::now().as_nanos());
    format!("{random:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::LocalNetworks;
    use analyzer::geo::Geo;

    fn status(facts: Facts) -> Arc<Status> {
        let source = SourceFacts {
            kind: "interface",
            name: "eth0".to_owned(),
            local: String::new(),
            local_origin: "assumed",
            started_ms: 0,
            filter: String::new(),
            counted: "outermost",
            login: false,
            certificate: None,
        };
        Arc::new(Status::new(source, facts, None, None))
    }

    #[test]
    fn graphs_that_cannot_be_read_end_nothing_unless_somebody_named_their_place() {
        let path = std::env::temp_dir().join(format!("wireglobe-house-{}.json", std::process::id()));
        std::fs::write(&path, "{\"of\": \"something else\"}").unwrap();
        assert!(matches!(open_graphs(Some(path.clone()), true), Err(Failure::Unreadable(_))));
        let graphs = open_graphs(Some(path.clone()), false).unwrap();
        graphs.add(Vec::new()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"of\": \"something else\"}", "left alone");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn history_that_cannot_be_kept_on_disk_is_bounded_by_memory() {
        let mut settings = Settings::default();
        settings.history.memory_mb = 24;
        let facts = Facts { geo: Geo::empty(), local: LocalNetworks::default() };
        let status = status(facts.clone());
        // A folder can't be made below a file.
        let wanted = history::Place::File("/dev/null/history.sqlite".into());
        let keeper = Keeper {
            keep: Keep::of(&settings.history, &wanted),
            place: wanted,
            setup: setup(&settings, facts, None, Shares::of(&settings)).unwrap(),
            hub: Arc::new(Hub::new("test".to_owned(), (mpsc::channel().0, mpsc::channel().0))),
            status: Arc::clone(&status),
        };
        assert_eq!(keeper.keep.bytes, 4096 << 20);
        let (place, (disk, thread)) = keep(keeper.clone(), &settings).unwrap();
        assert!(matches!(place, history::Place::Memory(_)), "{place:?}");
        // Whatever it is told, it says how it stands.
        disk.forget();
        disk.end();
        thread.join().unwrap();
        let store = status.store();
        assert_eq!((store.limit >> 20, store.file), (12, None));
        // Where somebody named the folder, it is a fault.
        settings.history.folder = "/dev/null".into();
        assert!(matches!(keep(keeper, &settings), Err(Failure::Unreadable(_))));
    }
}
