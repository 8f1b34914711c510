//! `wireglobe run`: capture or replay, analyse, serve. The composition root: about ten verbs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use analyzer::detect::{RuleError, Thresholds};
use analyzer::inventory::Plan;
use analyzer::query::Query;
use analyzer::{Facts, Setup};
use capturer::Packet;
use capturer::decode::Decoder;
use capturer::stream::{self, Capacity};
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::access::{Entrance, certificate};
use crate::alerts::{self, Ask, Place, Store};
use crate::cli::{Color, Common, Failure, rules_json};
use crate::graphs::Graphs;
use crate::history::{self, Disk, Keep, Keeper};
use crate::live::{self, Capture, Feeder, Hub, Renewal, SourceFacts, Status, Told};
use crate::sandbox::{self, Closed, Closing, Person, Reach};
use crate::server::{self, App, Caps, Connections, Metrics, Tls};
use crate::settings::{self, Kind, Loaded, Settings};
use crate::sieve::Sieve;
use crate::sources::{self, Opened};
use crate::{geo_files, logging, notify, onward};

/// Clients get so long to read their goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// `wireglobe run`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Watch this interface
    #[arg(long, value_name = "IF", conflicts_with = "read")]
    interface: Option<String>,
    /// Replay captures: files, directories, - for standard input
    #[arg(long, value_name = "PATH", num_args = 1..)]
    read: Vec<PathBuf>,
    /// Replay so many times as fast as recorded, or max
    #[arg(long, value_name = "N|max", value_parser = speed)]
    speed: Option<f64>,
    /// Begin a replay again at its end
    #[arg(long = "loop")]
    looping: bool,
    /// Let in only packets that match; tcpdump's language with country, asn, place, direction … on top
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// Wait at the end of the files for what is still being written to them, as tail -F does
    #[arg(long, requires = "read")]
    follow: bool,
    /// Listen here for flow exports (NetFlow, IPFIX, sFlow) of routers and probes, as 127.0.0.1:2303; beside an interface, or alone
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "read")]
    flows_listen: Option<std::net::SocketAddr>,
    /// Of the captures show the flow exports inside (NetFlow, IPFIX, sFlow, on any port) instead of the packets
    #[arg(long, requires = "read")]
    flows: bool,
    /// Where the dashboard listens [default: 127.0.0.1:8470]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<std::net::SocketAddr>,
    /// Open the dashboard in the browser
    #[arg(long)]
    open: bool,
    /// Leave files, ports and system calls open to Wireglobe (docs/SECURITY.md); for finding out whether the sandbox is in the way
    #[arg(long)]
    no_sandbox: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    if text == "max" {
        return Ok(0.0);
    }
    let wrong = || "expected a number above 0, up to 10000, or max".to_owned();
    text.parse().ok().filter(|speed| *speed > 0.0 && *speed <= 10_000.0).ok_or_else(wrong)
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let (settings, file) = settings(arguments, common)?;
    logging::start(&settings.log, common.verbose, common.quiet, common.color != Color::Never);
    let listener = server::bind(settings.server.listen).map_err(|cause| busy(&settings, cause))?;
    let address = listener.local_addr().map_err(Failure::system("cannot ask for the port"))?;
    let entrance = Entrance::new(&settings.server, address).map_err(Failure::Usage)?;
    let query = super::offline::query(&settings.source.filter)?;
    let exports = if arguments.flows { Some(Collecting::carried()) } else { exports(&settings)? };
    let mut opened = sources::open(&settings, query.as_ref())?;
    let at = format!("{}://{address}/", entrance.scheme());
    // From here on nobody is root, and what is started reaches only what it has to.
    let (capture, closed) = confine(&settings, file.as_deref(), &opened, (arguments, &at))?;
    opened.measure();
    // Before they are read: what changes meanwhile is read again.
    let seen = geo_files::stamp(&settings);
    let facts = Facts { geo: geo_files::load(&settings, geo_files::ALL)?, local: opened.local.clone() };
    let cities = geo_files::read_cities(&settings, &facts.geo);
    let (house, app) =
        House::build(&settings, (opened, query, exports), (facts, seen), (&entrance, capture))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("web")
        .enable_all()
        .build()
        .map_err(Failure::system("cannot start the web server"))?;
    app.status.set_sandbox(closed.prove()?);
    greet(&app, &at)?;
    let served = runtime.block_on(serve(listener, (app, entrance.tls), &house.closing));
    runtime.shutdown_timeout(GOODBYE);
    house.close();
    geo_files::wait(cities);
    served.map_err(Failure::system("the web server failed"))?;
    Ok(ExitCode::SUCCESS)
}

/// All layers, the flags last.
fn settings(arguments: &Arguments, common: &Common) -> Result<(Settings, Option<PathBuf>), Failure> {
    let Loaded { mut settings, file } = settings::load(common.settings.as_deref())?;
    if let Some(interface) = &arguments.interface {
        settings.source.kind = Kind::Interface;
        settings.source.interface.clone_from(interface);
    }
    if !arguments.read.is_empty() {
        settings.source.kind = Kind::Files;
        settings.source.read.clone_from(&arguments.read);
        settings.source.r#loop = false;
    }
    if let Some(speed) = arguments.speed {
        settings.source.speed = speed;
    }
    if let Some(filter) = &arguments.filter {
        settings.source.filter.clone_from(filter);
    }
    if arguments.follow {
        // What was written before is caught up with.
        settings.source.follow = true;
        settings.source.speed = arguments.speed.unwrap_or(0.0);
    }
    settings.source.r#loop |= arguments.looping;
    if let Some(listen) = arguments.flows_listen {
        settings.flows.listen = listen.to_string();
        if settings.source.kind == Kind::Demo {
            settings.source.kind = Kind::None;
        }
    }
    if let Some(listen) = arguments.listen {
        settings.server.listen = listen;
    }
    settings.check(&|_| "a flag".to_owned())?;
    Ok((settings, file))
}

/// Users and our own certificate, which root may have written, are read again while we run. What can't be handed over is told of then.
fn hand_over_keys(settings: &Settings, person: &Person) {
    let users = settings.server.users_file();
    if settings.server.needs_login() {
        let _ = sandbox::hand_over_file(&users, person);
    }
    if settings.server.encrypts() && settings.server.certificate_files().is_none() {
        for name in certificate::NAMES {
            let _ = sandbox::hand_over_file(&users.with_file_name(name), person);
        }
    }
}

/// Root becomes somebody else, and the sandbox closes: see [`sandbox`]. The capture thread is started in between.
fn confine(
    settings: &Settings,
    file: Option<&Path>,
    opened: &Opened,
    (arguments, at): (&Arguments, &str),
) -> Result<(Capture, Closed), Failure> {
    let reach = Reach::of(settings, file, opened.kind);
    let person = Person::due();
    if let Some(person) = &person {
        for folder in &reach.write {
            if let Err(error) = sandbox::hand_over(folder, person) {
                tracing::warn!("cannot hand {} over to {person}: {error}", folder.display());
            }
        }
        hand_over_keys(settings, person);
    }
    for folder in &reach.write {
        // What can't be made is told of by who needs it.
        let _ = std::fs::create_dir_all(folder);
    }
    let left = sandbox::leave_root(person, &sandbox::needed(settings))?;
    if arguments.open {
        open(at);
    }
    if reach.asks_names() {
        // The C library loads what it needs for names while it can.
        let _ = std::net::ToSocketAddrs::to_socket_addrs("localhost:0");
    }
    let raw = opened.kind == "interface" && settings.source.reopen;
    let closing = Closing::begin(&reach, &left, raw, !arguments.no_sandbox)?;
    let prepare = || Capture::prepare().map_err(Failure::system("cannot start the capture thread"));
    if raw {
        // Its capability is the one of this thread, which then drops it.
        let capture = prepare()?;
        return Ok((capture, closing.finish()?));
    }
    let closed = closing.finish()?;
    Ok((prepare()?, closed))
}

/// Where flow exports come from.
enum Collecting {
    /// A collector that listens, to be given its thread.
    Socket(Arc<live::Exports>, std::net::UdpSocket),
    /// The captures of a replay.
    Carried(Arc<live::Exports>),
}

impl Collecting {
    fn carried() -> Self {
        Self::Carried(Arc::new(live::Exports::carried()))
    }

    const fn exports(&self) -> &Arc<live::Exports> {
        match self {
            Self::Socket(exports, _) | Self::Carried(exports) => exports,
        }
    }
}

/// Listens for flow exports, if the settings say so.
fn exports(settings: &Settings) -> Result<Option<Collecting>, Failure> {
    let Some(listen) = settings.flows.address() else { return Ok(None) };
    let cannot = Failure::system(format!("cannot listen for flow exports on {listen}"));
    let (exports, socket) = live::Exports::bind(listen).map_err(cannot)?;
    if settings.flows.exporters.is_empty() && !listen.ip().is_loopback() {
        tracing::warn!("everybody who reaches {listen} is believed; name your exporters in flows.exporters");
    }
    if let Some(listen) = exports.listen {
        tracing::info!("listening for flow exports on {listen}");
    }
    Ok(Some(Collecting::Socket(exports, socket)))
}

fn busy(settings: &Settings, cause: std::io::Error) -> Failure {
    let listen = settings.server.listen;
    let advice = if cause.kind() == std::io::ErrorKind::AddrInUse {
        "; another program has it, perhaps another Wireglobe: choose a different one with --listen"
    } else {
        ""
    };
    Failure::System { what: format!("cannot listen on {listen}{advice}"), cause }
}

/// The threads, and how to end them.
struct House {
    stop: Arc<AtomicBool>,
    closing: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    /// Ends when it is told so.
    history: (mpsc::Sender<Told>, JoinHandle<()>),
    /// Ends after that: it writes what was recorded last.
    keeper: (Disk, JoinHandle<()>),
    /// Ends when nobody can tell it more: the thread that has the past in memory did.
    onward: Option<JoinHandle<()>>,
    /// Ends after the others: it takes what they found last.
    store: (mpsc::Sender<Ask>, JoinHandle<()>),
    /// End after the store: what it stored last is told, too.
    notify: Option<notify::Threads>,
    status: Arc<Status>,
}

impl House {
    fn build(
        settings: &Settings,
        (opened, query, exports): (Opened, Option<Query>, Option<Collecting>),
        (facts, seen): (Facts, geo_files::Stamp),
        (entrance, capture): (&Entrance, Capture),
    ) -> Result<(Self, App), Failure> {
        let thread = |name: &str| Failure::system(format!("cannot start the {name} thread"));
        let kept_bytes = settings.ring.keep_bytes;
        let arena = settings.ring.packets.saturating_mul(kept_bytes);
        let shares = Shares::of(settings);
        let (writer, stream) = stream::new(Capacity { packets: settings.ring.packets, kept_bytes, arena });
        let setup = Setup {
            facts: facts.clone(),
            homes: if settings.home.is_empty() {
                opened.home.into_iter().collect()
            } else {
                settings.home.clone()
            },
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
        };
        let memory = settings.history.memory_mb << 20;
        let source_facts = SourceFacts {
            kind: opened.kind,
            name: opened.name,
            local: facts.local.describe(),
            local_origin: facts.local.origin.name(),
            started_ms: live::now().as_millis(),
            filter: settings.source.filter.clone(),
            counted: settings.decode.count.name(),
            login: entrance.access.needs_login(),
            certificate: entrance.tls.as_ref().map(Tls::fingerprint),
        };
        let sieve = query
            .map(|query| Sieve::new((&settings.source.filter, query), facts.clone(), settings))
            .transpose()?;
        let status = Arc::new(Status::new(source_facts, facts, opened.progress, opened.interface));
        if let Some(collecting) = &exports {
            status.set_exports(Arc::clone(collecting.exports()));
        }
        let (collector, carried) = match exports {
            Some(Collecting::Socket(exports, socket)) => (Some((exports, socket)), None),
            Some(Collecting::Carried(exports)) => (None, Some(live::Carried::new(exports))),
            None => (None, None),
        };
        let notify = notify(settings, &status)?;
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
            rules: Arc::new(rules_json(&settings.detect).map_err(unfit)?),
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
                notify,
                status,
            },
            app,
        ))
    }

    fn close(self) {
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
        if let (Some(notify), Some(threads)) = (self.status.notify(), self.notify) {
            notify.end();
            threads.wait();
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
fn notify(settings: &Settings, status: &Arc<Status>) -> Result<Option<notify::Threads>, Failure> {
    let context = notify::Context::new(settings, &status.facts.name, status.facts.kind == "demo");
    let started =
        notify::start(settings, context, status).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(started.map(|(notify, threads)| {
        status.set_notify(notify);
        threads
    }))
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
            let keeper = Keeper { place: place.clone(), ..keeper };
            Ok((place, keeper.spawn().map_err(Failure::system("cannot start the keeper thread"))?))
        }
        Err(error) => Err(Failure::Unreadable(format!("history.folder: {error}"))),
    }
}

/// Saved graphs; those of the demo are gone when it ends.
fn graphs(settings: &Settings, kind: &str) -> Result<Graphs, Failure> {
    let kept = settings.history.keep && kind != "demo";
    let path = kept.then(|| geo_files::folder_of(&settings.history.folder, "").join("graphs.json"));
    Graphs::open(path).map_err(Failure::Unreadable)
}

/// Names this run.
fn epoch() -> String {
    let random = std::hash::BuildHasher::hash_one(&ahash::RandomState::new(), live::now().as_nanos());
    format!("{random:016x}")
}

/// The one line on standard output: where to look.
fn greet(app: &App, at: &str) -> Result<(), Failure> {
    let facts = &app.status.facts;
    let label = match facts.kind {
        "demo" => "demo, an invented capture replayed in a loop".to_owned(),
        _ => facts.name.clone(),
    };
    let line = format!("Wireglobe is on {at} · source: {} · Ctrl-C ends it\n", super::escape(&label));
    let mut out = std::io::stdout();
    match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        // Nobody reads the line, but the dashboard is there all the same.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            return Err(Failure::system("cannot write")(error));
        }
        _ => {}
    }
    if let Some(fingerprint) = &facts.certificate {
        tracing::info!("the certificate's SHA-256 fingerprint is {fingerprint}");
    }
    Ok(())
}

/// Opens the dashboard in the desktop's browser, which waits for the answer; later no program can be started.
fn open(at: &str) {
    if std::process::Command::new("xdg-open").arg(at).spawn().is_err() {
        tracing::warn!("no browser could be opened: xdg-open is missing");
    }
}

async fn serve(
    listener: std::net::TcpListener,
    (app, tls): (App, Option<Tls>),
    closing: &watch::Sender<bool>,
) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let renewing = (signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?);
    let renewals = tokio::spawn(renew_on_signals(renewing, app.renewals.clone()));
    let server = tokio::spawn(server::serve(listener, app, tls));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    renewals.abort();
    tracing::info!("stopping; a second signal ends at once");
    closing.send_replace(true);
    tokio::select! {
        _ = terminate.recv() => std::process::exit(130),
        _ = interrupt.recv() => std::process::exit(130),
        () = tokio::time::sleep(GOODBYE) => {}
    }
    match server.await {
        Ok(result) => result,
        Err(error) => Err(std::io::Error::other(error)),
    }
}

/// SIGHUP has the databases read again, SIGUSR1 has them updated before that.
async fn renew_on_signals((mut reload, mut update): (Signal, Signal), renewals: mpsc::Sender<Renewal>) {
    loop {
        let renewal = tokio::select! {
            _ = reload.recv() => Renewal::Reload(None),
            _ = update.recv() => Renewal::Update,
        };
        // The thread has gone only when the process is about to.
        let _ = renewals.send(renewal);
    }
}
