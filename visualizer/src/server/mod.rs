//! The web server: one port for the page, the API and the WebSocket; every route in one readable list.

mod access;
mod alerts;
mod api;
mod assets;
mod limits;
mod metrics;
mod mutes;
mod notify;
mod packets;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use capturer::stream::PacketStream;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use access::AllowedHosts;
pub(crate) use limits::Connections;
pub(crate) use metrics::Metrics;

use crate::alerts::Ask;
use crate::live::{Hub, Renewal, Status};

/// A client that has not sent its headers by then is closed.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the accept loop rests when the system has no more file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// What the routes share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) hub: Arc<Hub>,
    pub(crate) status: Arc<Status>,
    pub(crate) stream: PacketStream,
    pub(crate) hosts: Arc<AllowedHosts>,
    /// Asks for the databases to be read again.
    pub(crate) renewals: Sender<Renewal>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) metrics: Arc<Metrics>,
    /// Keeps alerts and what is done about them.
    pub(crate) store: Sender<Ask>,
    /// The rules with their settings, as a document.
    pub(crate) rules: Arc<Value>,
    /// Becomes true when the process is to end.
    pub(crate) closing: watch::Receiver<bool>,
}

/// Connections in all and from one address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) connections: usize,
    pub(crate) per_address: usize,
}

/// Every route there is. What is not here is 404; other methods than the named ones are 405.
fn router(app: App) -> Router {
    Router::new()
        .route("/api/v1/ws", get(socket::upgrade))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/report", get(api::report))
        .route("/api/v1/hosts", get(api::hosts))
        .route("/api/v1/hosts/{address}", get(api::host))
        .route("/api/v1/packets", get(packets::list))
        .route("/api/v1/packets/{frame}", get(packets::one))
        .route("/api/v1/filter", get(api::filter))
        .route("/api/v1/topics/{topic}", get(api::topic))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/{id}", get(alerts::one).post(alerts::steps))
        .route("/api/v1/alerts/{id}/packets", get(alerts::packets))
        .route("/api/v1/alerts/{id}/{action}", post(alerts::step))
        .route("/api/v1/mutes", get(mutes::list).post(mutes::add))
        .route("/api/v1/mutes/preview", get(mutes::preview))
        .route("/api/v1/mutes/{id}", delete(mutes::remove))
        .route("/api/v1/notify/{name}/test", post(notify::test))
        .route("/api/v1/rules", get(alerts::rules))
        .route("/api/v1/block", get(api::block))
        .route("/api/v1/block/dry-run", get(api::block_dry_run))
        .route("/api/v1/geo/lookup", get(api::geo_lookup))
        .route("/api/v1/geo/info", get(api::geo_info))
        .route("/api/v1/geo/reload", post(api::geo_reload))
        .route("/api/v1/openapi.json", get(api::openapi))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(get(assets::serve))
        .method_not_allowed_fallback(|method: Method| async move {
            (StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible here; the API only reads\n"))
                .into_response()
        })
        .layer(axum::middleware::from_fn(access::headers))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app.hosts), access::host))
        .layer(DefaultBodyLimit::max(8192))
        .with_state(app)
}

/// Binds the dashboard's port.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts connections until `app.closing` says so.
pub(crate) async fn serve(listener: std::net::TcpListener, app: App) -> io::Result<()> {
    let (connections, closing) = (Arc::clone(&app.connections), app.closing.clone());
    accept(listener, router(app), connections, closing).await
}

/// The same for a router of one's own; see [`guarded`].
pub(crate) async fn serve_router(
    listener: std::net::TcpListener,
    service: Router,
    caps: Caps,
    closing: watch::Receiver<bool>,
) -> io::Result<()> {
    accept(listener, service, Arc::new(Connections::new(caps)), closing).await
}

/// A router of one's own with the headers of every answer, asked under these names only, if there are any.
pub(crate) fn guarded(router: Router, hosts: Option<Arc<AllowedHosts>>) -> Router {
    let router = router.layer(axum::middleware::from_fn(access::headers)).layer(DefaultBodyLimit::max(1024));
    match hosts {
        Some(hosts) => router.layer(axum::middleware::from_fn_with_state(hosts, access::host)),
        None => router,
    }
}

async fn accept(
    listener: std::net::TcpListener,
    service: Router,
    connections: Arc<Connections>,
    mut closing: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(share) = connections.admit(peer.ip()) else { continue };
                let service = service.clone();
                tokio::spawn(async move {
                    connection(stream, service).await;
                    drop(share);
                });
            }
            // Too many open files: the loop rests and goes on; a peer that has gone already is its own affair.
            Err(_) => tokio::time::sleep(EXHAUSTED).await,
        }
    }
}

async fn connection(stream: TcpStream, service: Router) {
    limits::tune(&stream);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
