//! The web server: one port for the page, the API and the WebSocket; every route in one readable list.

mod access;
mod alerts;
mod answers;
mod api;
mod assets;
mod carried;
mod graphs;
mod guard;
mod health;
mod limits;
mod login;
mod metrics;
mod mutes;
mod notify;
mod packed;
mod packets;
mod query;
mod replay;
mod socket;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post, put};
use capturer::stream::PacketStream;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use access::AllowedHosts;
pub(crate) use answers::{AnswerFigures, Answers};
pub(crate) use limits::Connections;
pub(crate) use metrics::Metrics;
pub(crate) use tls::Tls;

use crate::access::Access;
use crate::alerts::Ask;
use crate::graphs::Graphs;
use crate::history::Place;
use crate::live::{Hub, Renewal, Status};
use guard::Routes;
use login::Peer;

/// Connections that the kernel holds until they are taken in (listen(2)). The standard library has 128; who comes as one more in a burst
/// is let in a second later, by TCP's next try.
const BACKLOG: i32 = 1024;

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
    pub(crate) access: Arc<Access>,
    /// Whether browsers reach this server encrypted, by itself or by a proxy.
    pub(crate) secure: bool,
    /// Asks for the databases to be read again.
    pub(crate) renewals: Sender<Renewal>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) metrics: Arc<Metrics>,
    /// Keeps alerts and what is done about them.
    pub(crate) store: Sender<Ask>,
    /// Where history is kept.
    pub(crate) history: Arc<Place>,
    /// What it said of ranges that are over.
    pub(crate) answers: Arc<Answers>,
    /// Saved graphs.
    pub(crate) graphs: Arc<Graphs>,
    /// Becomes true when the process is to end.
    pub(crate) closing: watch::Receiver<bool>,
}

/// Connections in all and from one address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) connections: usize,
    pub(crate) per_address: usize,
}

/// Bytes of a file of graphs that is taken over.
const MOST_GRAPHS: usize = 1 << 20;

/// Every route there is, with what it needs. What is not here is 404; other methods than the named ones are 405.
fn routes(access: &Arc<Access>, hosts: &Arc<AllowedHosts>) -> Routes {
    Routes::new(access, hosts)
        .anyone("/healthz", get(|| async { "ok\n" }))
        .anyone("/readyz", get(health::ready))
        .anyone("/api/v1/session", get(login::session))
        .anyone("/api/v1/login", post(login::login))
        .viewer("/api/v1/logout", post(login::logout))
        .viewer("/api/v1/ws", get(socket::upgrade))
        .viewer("/api/v1/status", get(api::status))
        .viewer("/api/v1/report", get(api::report))
        .viewer("/api/v1/query", get(query::query))
        .viewer("/api/v1/query/span", get(query::span))
        .viewer("/api/v1/hosts", get(api::hosts))
        .viewer("/api/v1/hosts/{address}", get(api::host))
        .viewer("/api/v1/packets", get(packets::list))
        .viewer("/api/v1/packets/{frame}", get(packets::one))
        .viewer("/api/v1/filter", get(api::filter))
        .viewer("/api/v1/topics/{topic}", get(api::topic))
        .viewer("/api/v1/alerts", get(alerts::list))
        .viewer("/api/v1/alerts/{id}", get(alerts::one))
        .operator("/api/v1/alerts/{id}", post(alerts::steps))
        .viewer("/api/v1/alerts/{id}/packets", get(alerts::packets))
        .operator("/api/v1/alerts/{id}/{action}", post(alerts::step))
        .viewer("/api/v1/mutes", get(mutes::list))
        .operator("/api/v1/mutes", post(mutes::add))
        .viewer("/api/v1/mutes/preview", get(mutes::preview))
        .operator("/api/v1/mutes/{id}", delete(mutes::remove))
        .viewer("/api/v1/graphs", get(graphs::list))
        .operator("/api/v1/graphs", post(graphs::add))
        .operator("/api/v1/graphs/import", post(graphs::take).layer(DefaultBodyLimit::max(MOST_GRAPHS)))
        .viewer("/api/v1/graphs/{id}", get(graphs::one))
        .operator("/api/v1/graphs/{id}", put(graphs::replace))
        .operator("/api/v1/graphs/{id}", delete(graphs::remove))
        .operator("/api/v1/replay", post(replay::step))
        .operator("/api/v1/notify/{name}/test", post(notify::test))
        .viewer("/api/v1/rules", get(alerts::rules))
        .viewer("/api/v1/block", get(api::block))
        .viewer("/api/v1/block/dry-run", get(api::block_dry_run))
        .viewer("/api/v1/geo/lookup", get(api::geo_lookup))
        .viewer("/api/v1/geo/info", get(api::geo_info))
        .operator("/api/v1/geo/reload", post(api::geo_reload))
        .viewer("/api/v1/openapi.json", get(api::openapi))
        .viewer("/metrics", get(metrics::metrics))
}

/// The routes, and the page itself, which is the same for everybody.
fn router(app: App) -> Router {
    let (router, _) = routes(&app.access, &app.hosts).done();
    router
        .fallback(get(assets::serve))
        .method_not_allowed_fallback(|method: Method| async move {
            (StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible here\n")).into_response()
        })
        .layer(axum::middleware::from_fn(access::headers))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app.hosts), access::host))
        .layer(DefaultBodyLimit::max(8192))
        .with_state(app)
}

/// Binds the dashboard's port.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts connections until `app.closing` says so; `tls` encrypts them.
pub(crate) async fn serve(listener: std::net::TcpListener, app: App, tls: Option<Tls>) -> io::Result<()> {
    let (connections, closing) = (Arc::clone(&app.connections), app.closing.clone());
    accept(listener, Service { router: router(app), tls: tls.map(Arc::new) }, connections, closing).await
}

/// The same for a router of one's own; see [`guarded`].
pub(crate) async fn serve_router(
    listener: std::net::TcpListener,
    router: Router,
    caps: Caps,
    closing: watch::Receiver<bool>,
) -> io::Result<()> {
    accept(listener, Service { router, tls: None }, Arc::new(Connections::new(caps)), closing).await
}

/// A router of one's own with the headers of every answer, asked under these names only, if there are any.
pub(crate) fn guarded(router: Router, hosts: Option<Arc<AllowedHosts>>) -> Router {
    let router = router.layer(axum::middleware::from_fn(access::headers)).layer(DefaultBodyLimit::max(1024));
    match hosts {
        Some(hosts) => router.layer(axum::middleware::from_fn_with_state(hosts, access::host)),
        None => router,
    }
}

/// What a connection gets.
#[derive(Clone)]
struct Service {
    router: Router,
    tls: Option<Arc<Tls>>,
}

async fn accept(
    listener: std::net::TcpListener,
    service: Service,
    connections: Arc<Connections>,
    mut closing: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut exhausted = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        };
        match accepted {
            Ok((stream, peer)) => {
                exhausted = false;
                let Some(share) = connections.admit(peer.ip()) else { continue };
                let service = service.clone();
                tokio::spawn(async move {
                    connection(stream, service, Peer(peer.ip())).await;
                    drop(share);
                });
            }
            // Too many open files, most likely: the loop rests and goes on.
            Err(error) => {
                if !exhausted {
                    tracing::warn!(%error, "no connection can be taken in for now");
                }
                exhausted = true;
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, service: Service, peer: Peer) {
    limits::tune(&stream);
    match &service.tls {
        None => converse(stream, service.router, peer).await,
        Some(tls) => {
            if let Some(stream) = tls.greet(stream).await {
                converse(stream, service.router, peer).await;
            }
        }
    }
}

/// Requests and answers, until the other end has enough.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router, peer: Peer) {
    let router = TowerToHyperService::new(router);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(16 * 1024)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(peer);
                router.call(request)
            }),
        )
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use serde_json::Value;

    use crate::access::Role;
    use crate::server::guard::Need;

    /// The table of routes and the API's document say the same of each path; what changes something needs an operator.
    #[test]
    fn every_route_is_declared_and_documented_and_changes_need_an_operator() {
        let hosts = Arc::new(AllowedHosts::new(([127, 0, 0, 1], 8470).into(), &[]));
        let (_, declared) = routes(&Arc::new(Access::open()), &hosts).done();
        let document: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let named: BTreeSet<&str> = declared.iter().map(|(path, _)| *path).collect();
        let documented: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
        assert_eq!(named, documented);
        let mut needs: BTreeMap<&str, Vec<Need>> = BTreeMap::new();
        for (path, need) in declared {
            needs.entry(path).or_default().push(need);
        }
        for (path, methods) in paths {
            let of = &needs[path.as_str()];
            let changes = methods.as_object().unwrap().keys().any(|method| method != "get");
            let own = ["/api/v1/login", "/api/v1/logout"].contains(&path.as_str());
            assert_eq!(of.contains(&Need::Role(Role::Operator)), changes && !own, "{path}");
            let open = ["/api/v1/login", "/api/v1/session", "/healthz", "/readyz"].contains(&path.as_str());
            assert_eq!(of.contains(&Need::Nothing), open, "{path}");
        }
    }

    #[test]
    fn a_burst_of_connections_waits_for_nobody_to_take_them_in() {
        const BURST: usize = 300;
        let most: usize =
            std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
        if most < BURST {
            eprintln!("skipped: needs net.core.somaxconn of {BURST}");
            return;
        }
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5));
        let held = (0..BURST).map_while(|n| connect(n).ok()).collect::<Vec<_>>();
        assert_eq!(held.len(), BURST);
    }
}
