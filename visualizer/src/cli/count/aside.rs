//! What goes on beside the counting, in one thread: signals and the metrics' server. Both only tell the counting thread what
//! is wanted, as an [`Event`]; the answer to a question is kept for a second, so that asking more often costs nothing.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{Mutex, oneshot, watch};

use super::feed::{Event, Signal};
use crate::cli::Failure;
use crate::server::{self, AllowedHosts, Caps};

/// What each signal asks for, as asncounter 0.7.0 has it; SIGTERM as well gives the final report.
const SIGNALS: [(SignalKind, Signal); 5] = [
    (SignalKind::interrupt(), Signal::Stop),
    (SignalKind::terminate(), Signal::Stop),
    (SignalKind::hangup(), Signal::Reload),
    (SignalKind::window_change(), Signal::Report),
    (SignalKind::user_defined1(), Signal::Refresh),
];

/// An answer is so old at most.
const FRESH: Duration = Duration::from_secs(1);

/// Scrapers that may be connected, and from one address.
const CAPS: Caps = Caps { connections: 32, per_address: 16 };

/// Media type of the text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Opens the port of the metrics.
pub(super) fn bind(address: IpAddr, port: u16) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(address, port);
    server::bind(address)
        .map_err(Failure::system(format!("cannot listen on {address}; choose another port with --port")))
}

/// Takes the signals over and begins to serve.
pub(super) fn start(events: &Sender<Event>, listener: Option<TcpListener>) -> Result<(), Failure> {
    let failed = || Failure::system("cannot wait for signals");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed())?;
    {
        let _inside = runtime.enter();
        for (kind, wanted) in SIGNALS {
            // Registered here, so that none is missed from now on.
            let signal = unix::signal(kind).map_err(failed())?;
            runtime.spawn(forward(signal, wanted, events.clone()));
        }
    }
    let events = events.clone();
    let body = move || runtime.block_on(serve(listener, events));
    std::thread::Builder::new().name("aside".to_owned()).spawn(body).map(drop).map_err(failed())
}

async fn forward(mut signal: unix::Signal, wanted: Signal, events: Sender<Event>) {
    while signal.recv().await.is_some() {
        if events.send(Event::Signal(wanted)).is_err() {
            return;
        }
    }
}

/// Serves until the process ends.
async fn serve(listener: Option<TcpListener>, events: Sender<Event>) {
    // Nobody closes it: the process ends with the counting.
    let (_open, closing) = watch::channel(false);
    if let Some(listener) = listener {
        let hosts = listener.local_addr().ok().filter(|address| address.ip().is_loopback());
        let hosts = hosts.map(|address| Arc::new(AllowedHosts::new(address, &[])));
        let router = server::guarded(router(events), hosts);
        if let Err(error) = server::serve_router(listener, router, CAPS, closing).await {
            tracing::warn!(%error, "the metrics are served no more");
        }
    }
    std::future::pending::<()>().await;
}

struct Exporter {
    events: Sender<Event>,
    last: Mutex<Option<(Instant, Arc<str>)>>,
}

fn router(events: Sender<Event>) -> Router {
    let exporter = Arc::new(Exporter { events, last: Mutex::new(None) });
    Router::new().route("/metrics", get(metrics)).route("/", get(metrics)).with_state(exporter)
}

async fn metrics(State(exporter): State<Arc<Exporter>>) -> Response {
    let mut last = exporter.last.lock().await;
    if let Some((at, text)) = last.as_ref()
        && at.elapsed() < FRESH
    {
        return answer(text);
    }
    let (reply, answered) = oneshot::channel();
    // If nobody counts any more, the question is dropped and so is its answer.
    let _ = exporter.events.send(Event::Ask(reply));
    let Ok(text) = answered.await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "counting has ended\n").into_response();
    };
    let text: Arc<str> = text.into();
    *last = Some((Instant::now(), Arc::clone(&text)));
    answer(&text)
}

fn answer(text: &str) -> Response {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], text.to_owned()).into_response()
}
