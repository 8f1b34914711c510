//! `wireglobe run`: capture or replay, analyse, serve. The composition root: about ten verbs.

mod collecting;
mod confine;
mod house;
mod renewing;
mod supervised;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use analyzer::Facts;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};

use self::collecting::{Collecting, exports};
use self::confine::confine;
use self::house::House;
use self::renewing::renewing;
use crate::access::Entrance;
use crate::cli::{Color, Common, Failure};
use crate::live::Renewal;
use crate::server::{self, App, Tls};
use crate::service_manager::ServiceManager;
use crate::settings::{self, Kind, Loaded, Settings};
use crate::{crash, geo_files, logging, sources};

/// Clients get so long to read their goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// `wireglobe run`
#[derive(Clone, Debug, Args)]
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
    let Common { verbose, quiet, color, .. } = *common;
    logging::start(&settings.log, verbose, quiet, color != Color::Never).map_err(Failure::system(
        format!("cannot write the log (log.file): {}", settings.log.file.display()),
    ))?;
    let manager = Arc::new(ServiceManager::connect());
    let listener = server::bind(settings.server.listen).map_err(|cause| busy(&settings, cause))?;
    let address = listener.local_addr().map_err(Failure::system("cannot ask for the port"))?;
    let entrance = Entrance::new(&settings.server, address).map_err(Failure::Usage)?;
    let query = super::offline::query(&settings.source.filter)?;
    let exports = if arguments.flows { Some(Collecting::carried()) } else { exports(&settings)? };
    let mut opened = sources::open(&settings, query.as_ref())?;
    let at = format!("{}://{address}/", entrance.scheme());
    crash::install(&settings, opened.kind);
    // From here on nobody is root, and what is started reaches only what it has to.
    let (capture, closed) = confine(&settings, file.as_deref(), &opened, (arguments, &at))?;
    let resettle = renewing(&settings, file, opened.kind, (arguments, common));
    opened.measure();
    // Before they are read: what changes meanwhile is read again.
    let seen = geo_files::stamp(&settings);
    let geo = geo_files::with_cities(&settings, geo_files::load(&settings, geo_files::ALL)?);
    let facts = Facts { geo, local: opened.local.clone() };
    let (house, app) =
        House::build(&settings, (opened, query, exports), (facts, seen, resettle), (&entrance, capture))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("web")
        .enable_all()
        .build()
        .map_err(Failure::system("cannot start the web server"))?;
    app.status.set_sandbox(closed.prove()?);
    let signals = {
        let _entered = runtime.enter();
        Signals::take().map_err(Failure::system("cannot take signals"))?
    };
    greet(&app, &at)?;
    let served = runtime.block_on(serve(listener, (app, entrance.tls), (&house.closing, signals), manager));
    runtime.shutdown_timeout(GOODBYE);
    house.close();
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

fn busy(settings: &Settings, cause: std::io::Error) -> Failure {
    let listen = settings.server.listen;
    let advice = if cause.kind() == std::io::ErrorKind::AddrInUse {
        "; another program has it, perhaps another Wireglobe: choose a different one with --listen"
    } else {
        ""
    };
    Failure::System { what: format!("cannot listen on {listen}{advice}"), cause }
}

/// The one line on standard output: where to look.
fn greet(app: &App, at: &str) -> Result<(), Failure> {
    let facts = &app.status.facts;
    let label = match facts.kind {
        "demo" => "demo, an invented capture replayed in a loop".to_owned(),
        _ => facts.name.clone(),
    };
    let mut out = std::io::stdout();
    // A journal has no keys.
    let end = if out.is_terminal() { " · Ctrl-C ends it" } else { "" };
    let line = format!("Wireglobe is on {at} · source: {}{end}\n", super::escape(&label));
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

/// Signals that are heard. Taken before anybody is told that Wireglobe runs: until then SIGHUP ends it.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
    update: Signal,
}

impl Signals {
    fn take() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
            update: signal(SignalKind::user_defined1())?,
        })
    }
}

async fn serve(
    listener: std::net::TcpListener,
    (app, tls): (App, Option<Tls>),
    (closing, signals): (&watch::Sender<bool>, Signals),
    manager: Arc<ServiceManager>,
) -> std::io::Result<()> {
    let Signals { mut terminate, mut interrupt, reload, update } = signals;
    let renewals =
        tokio::spawn(renew_on_signals((reload, update), app.renewals.clone(), Arc::clone(&manager)));
    let status = Arc::clone(&app.status);
    let server = tokio::spawn(server::serve(listener, app, tls));
    manager.tell(&format!("READY=1\nSTATUS={}", supervised::line(&status)));
    let supervised = tokio::spawn(supervised::keep_told(Arc::clone(&manager), status));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    manager.tell("STOPPING=1\nSTATUS=stopping");
    supervised.abort();
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

/// SIGHUP has settings and databases read again, SIGUSR1 has the databases updated before that.
async fn renew_on_signals(
    (mut reload, mut update): (Signal, Signal),
    renewals: mpsc::Sender<Renewal>,
    manager: Arc<ServiceManager>,
) {
    loop {
        tokio::select! {
            _ = reload.recv() => {
                manager.reloading();
                let (reply, done) = oneshot::channel();
                // The thread has gone only when the process is about to.
                let _ = renewals.send(Renewal::All(reply));
                // How it went is in the log and on the System page: what was in use before is still there.
                let _ = done.await;
                manager.tell("READY=1");
            }
            _ = update.recv() => drop(renewals.send(Renewal::Update)),
        }
    }
}
