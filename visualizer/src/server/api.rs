//! The HTTP API: the same documents as the command line's. It reads, but for the databases, which it can have read again.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use analyzer::aggregate::AGGREGATES;
use analyzer::history::Range;
use analyzer::query::Query;
use analyzer::{Measure, Totals};
use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use capturer::Ledger;
use capturer::filter::Scope;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::cli::{
    BlockQuestion, HostsBy, HostsDocument, HostsManner, TotalsDocument, geo_info_document,
    geo_lookup_document, report_text,
};
use crate::live::{Command, Hosts, HostsAnswer, Learned, Renewal, Report, Told, TopicKey, Which};
use crate::server::App;
use crate::server::carried::Carried;
use crate::server::socket::{range, scope, topic_key};

/// How long an answer may wait for the analysis thread.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// How long databases may take to be read again.
const RELOAD_PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// What is wrong with a question.
pub(super) fn refuse(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({"error": {"message": message.into()}}))).into_response()
}

/// Reads a filter; the answer to a wrong one says where it is wrong.
pub(super) fn query(text: &str) -> Result<Option<Query>, Box<Response>> {
    query_for(text, Scope::Frame)
}

/// The same of one that is asked of something else than packets.
fn query_for(text: &str, scope: Scope) -> Result<Option<Query>, Box<Response>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Query::parse_for(text, scope)
        .map(Some)
        .map_err(|error| Box::new((StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()))
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReportQuestion {
    by: String,
    top: usize,
    sort: Measure,
    filter: String,
    from: Option<String>,
    to: Option<String>,
}

impl Default for ReportQuestion {
    fn default() -> Self {
        Self {
            by: "country".into(),
            top: 10,
            sort: Measure::Bytes,
            filter: String::new(),
            from: None,
            to: None,
        }
    }
}

/// The range of a question: whole seconds, both ends or none.
pub(super) fn range_of(from: Option<&str>, to: Option<&str>) -> Result<Option<Range>, Box<Response>> {
    let wrong = |message: String| Box::new(refuse(StatusCode::BAD_REQUEST, message));
    let second = |name: &str, text: &str| {
        let at = text.parse::<jiff::Timestamp>();
        at.map(jiff::Timestamp::as_second)
            .map_err(|_| wrong(format!("{name}: expected a time such as 2026-11-21T14:03:00Z")))
    };
    match (from, to) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) => match range([second("from", from)?, second("to", to)?]) {
            Some(range) => Ok(Some(range)),
            None => Err(wrong("to: expected a time after from".to_owned())),
        },
        _ => Err(wrong("a range needs both from and to".to_owned())),
    }
}

/// `GET /api/v1/report`: totals by a dimension since the start, or of what a filter lets through of the recent past, or of
/// a range of it.
pub(super) async fn report(
    State(app): State<App>,
    Parameters(question): Parameters<ReportQuestion>,
) -> Response {
    let Some(entry) = AGGREGATES.iter().find(|entry| entry.name == question.by) else {
        let names: Vec<&str> = AGGREGATES.iter().map(|entry| entry.name).collect();
        return refuse(StatusCode::BAD_REQUEST, format!("by: expected one of {}", names.join(", ")));
    };
    let asked = range_of(question.from.as_deref(), question.to.as_deref())
        .and_then(|range| Ok((range, query_for(&question.filter, scope("", range))?)));
    let (range, query) = match asked {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let filtered = query.is_some() || range.is_some();
    let (reply, answer) = oneshot::channel();
    let (by, measure, limit) = (entry.name, question.sort, question.top);
    let report = Report { by, measure, limit, query, reply };
    match range {
        Some(range) => app.hub.ask_history(Told::Report(report, range)),
        None => app.hub.command(Command::Report(report)),
    }
    let Ok(Ok(Some(answer))) = tokio::time::timeout(PATIENCE, answer).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again");
    };
    let ledger = if filtered || app.status.exports().is_some() {
        of_view(&answer.totals)
    } else {
        // Rows and totals are of the same packets: not those that the analysis has yet to read, nor those before a seek.
        app.status.ledger().counted(answer.totals.packets, answer.totals.bytes)
    };
    let totals = TotalsDocument {
        source: vec![app.status.facts.name.clone()],
        from: answer.from,
        to: answer.to,
        ledger,
        truncated: false,
        error: None,
        evicted: answer.evicted,
        counted: app.status.facts.counted,
        records: None,
    };
    told(report_text(&totals, by, measure, &answer.top))
}

/// A filtered view knows only what it let through, and flow records are no frames.
fn of_view(totals: &Totals) -> Ledger {
    Ledger { frames: totals.packets, packets: totals.packets, bytes: totals.bytes, ..Ledger::default() }
}

/// Most hosts in one answer: what they look like is put together while packets wait.
const MOST_HOSTS: usize = 10_000;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HostsQuestion {
    by: HostsBy,
    top: usize,
    sort: Measure,
    filter: String,
    payload: bool,
}

impl Default for HostsQuestion {
    fn default() -> Self {
        Self { by: HostsBy::Host, top: 50, sort: Measure::Bytes, filter: String::new(), payload: false }
    }
}

/// `GET /api/v1/hosts`: the inventory since the start; the filter is asked of hosts. With `payload` each host says what kind of
/// data it sent in the packets that are still in the ring.
pub(super) async fn hosts(
    State(app): State<App>,
    Parameters(question): Parameters<HostsQuestion>,
) -> Response {
    let HostsQuestion { by, top, sort: measure, filter, payload } = question;
    if payload && by != HostsBy::Host {
        return refuse(StatusCode::BAD_REQUEST, "payload is told of hosts, not of domains");
    }
    let query = match query_for(&filter, Scope::Host) {
        Ok(query) => query,
        Err(response) => return *response,
    };
    let manner = HostsManner { by, measure, limit: top };
    let most = match manner.hosts() {
        0 => MOST_HOSTS,
        some => some.min(MOST_HOSTS),
    };
    match inventory(&app, Which::Top(most, query), manner).await {
        Some((document, _)) if payload => with_payload(app, document).await,
        Some((document, _)) => told(document.text()),
        None => refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again"),
    }
}

async fn with_payload(app: App, document: HostsDocument) -> Response {
    let read = tokio::task::spawn_blocking(move || {
        let carried = Carried::of(&app.stream);
        document.each(move |row| carried.add_to(row))
    });
    match read.await {
        Ok(document) => told(document.text()),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the ring could not be read"),
    }
}

fn told(document: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

/// `GET /api/v1/hosts/{address}`: the same document with one row.
pub(super) async fn host(State(app): State<App>, Path(address): Path<String>) -> Response {
    let Ok(address) = address.parse::<IpAddr>() else {
        return refuse(StatusCode::BAD_REQUEST, "expected an IPv4 or IPv6 address");
    };
    let manner = HostsManner { by: HostsBy::Host, measure: Measure::Bytes, limit: 1 };
    match inventory(&app, Which::One(address), manner).await {
        Some((_, 0)) => refuse(StatusCode::NOT_FOUND, format!("{address} was not seen, or had to make room")),
        Some((document, _)) => told(document.text()),
        None => refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again"),
    }
}

/// The document, and how many hosts there are.
async fn inventory(app: &App, which: Which, manner: HostsManner) -> Option<(HostsDocument, usize)> {
    let (reply, answer) = oneshot::channel();
    app.hub.command(Command::Hosts(Hosts { which, measure: manner.measure, reply }));
    let HostsAnswer { stock, from, to, evicted } = tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()?;
    let totals = TotalsDocument {
        source: vec![app.status.facts.name.clone()],
        from,
        to,
        ledger: app.status.ledger(),
        truncated: false,
        error: None,
        evicted,
        counted: app.status.facts.counted,
        records: None,
    };
    let total = stock.total;
    Some((HostsDocument::of(&totals, manner, stock), total))
}

/// The best names of these addresses.
pub(super) async fn best_names(app: &App, addresses: HashSet<IpAddr>) -> Option<HashMap<IpAddr, String>> {
    let (reply, answer) = oneshot::channel();
    app.hub.command(Command::BestNames(addresses.into_iter().collect(), reply));
    tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
}

/// What is known of addresses now, where a filter asks it.
pub(super) async fn learned(app: &App, query: Option<&Query>) -> Option<Learned> {
    let Some(query) = query.filter(|query| query.asks_names() || query.asks_systems()) else {
        return Some(Learned::nothing());
    };
    let (reply, answer) = oneshot::channel();
    app.hub.command(Command::Learned(query.clone(), reply));
    tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterQuestion {
    expr: String,
    #[serde(default)]
    of: FilterOf,
}

/// What a filter is asked of: packets on most pages, flow records on Explore.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FilterOf {
    #[default]
    Frames,
    Records,
}

/// `GET /api/v1/filter`: whether an expression is one, and its canonical form.
pub(super) async fn filter(Parameters(question): Parameters<FilterQuestion>) -> Json<Value> {
    let read = match question.of {
        FilterOf::Frames => Query::parse(&question.expr),
        FilterOf::Records => Query::parse_records(&question.expr),
    };
    Json(match read {
        Ok(query) => json!({"ok": true, "canonical": query.to_string()}),
        Err(error) => json!({"ok": false, "error": error}),
    })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TopicQuestion {
    filter: String,
    metric: Measure,
    k: usize,
    from: Option<String>,
    to: Option<String>,
}

impl Default for TopicQuestion {
    fn default() -> Self {
        Self { filter: String::new(), metric: Measure::Bytes, k: 50, from: None, to: None }
    }
}

/// `GET /api/v1/topics/{topic}`: a topic's table as the WebSocket's `snap` message.
pub(super) async fn topic(
    State(app): State<App>,
    Path(topic): Path<String>,
    Parameters(question): Parameters<TopicQuestion>,
) -> Response {
    let asked = range_of(question.from.as_deref(), question.to.as_deref())
        .and_then(|range| Ok((range, query_for(&question.filter, scope(&topic, range))?)));
    let (range, query) = match asked {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let Some(key) = topic_key(&topic, (query.as_ref(), range), question.metric, question.k) else {
        return refuse(StatusCode::NOT_FOUND, "there is no such topic");
    };
    match snapshot(&app, key, query).await {
        Some(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        None => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "the analysis is busy, or too many filters are in use; try again",
        ),
    }
}

async fn snapshot(app: &App, key: TopicKey, query: Option<Query>) -> Option<String> {
    let mut ticks = app.hub.ticks();
    let subscription = app.hub.subscribe(key, query).ok()?;
    let wait = async {
        loop {
            if let Some((_, _, body)) = app.hub.body(&subscription.key, None) {
                return crate::wire::state(0, subscription.key.topic, true, &body);
            }
            if ticks.changed().await.is_err() {
                return String::new();
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.ok().filter(|text| !text.is_empty())
}

/// `GET /api/v1/status`: the source, the ledger, the databases.
pub(super) async fn status(State(app): State<App>) -> Json<Value> {
    let values = app.status.values().into_iter().map(|(name, value)| (name.to_owned(), value));
    Json(Value::Object(std::iter::once(("schema".to_owned(), json!(1))).chain(values).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupQuestion {
    address: IpAddr,
}

/// `GET /api/v1/geo/lookup?address=…`.
pub(super) async fn geo_lookup(
    State(app): State<App>,
    Parameters(question): Parameters<LookupQuestion>,
) -> Json<Value> {
    Json(geo_lookup_document(&app.status.known().geo, question.address))
}

/// `GET /api/v1/geo/info`.
pub(super) async fn geo_info(State(app): State<App>) -> Json<Value> {
    Json(geo_info_document(&app.status.known().geo))
}

/// `POST /api/v1/geo/reload`: reads the databases again and swaps them, all or none.
pub(super) async fn geo_reload(State(app): State<App>) -> Response {
    let (reply, answer) = oneshot::channel();
    // The thread has gone only when the process is about to; then nobody answers.
    let _ = app.renewals.send(Renewal::Reload(Some(reply)));
    match tokio::time::timeout(RELOAD_PATIENCE, answer).await {
        Ok(Ok(Ok(()))) => Json(geo_info_document(&app.status.known().geo)).into_response(),
        Ok(Ok(Err(error))) => {
            refuse(StatusCode::UNPROCESSABLE_ENTITY, format!("{error}; the databases in use stay"))
        }
        _ => refuse(StatusCode::SERVICE_UNAVAILABLE, "the databases are still being read"),
    }
}

/// `GET /api/v1/block?targets=…`: a block list in any of the command's formats.
pub(super) async fn block(
    State(app): State<App>,
    Parameters(question): Parameters<BlockQuestion>,
) -> Response {
    let listed = tokio::task::spawn_blocking(move || {
        let known = app.status.known();
        question.answer(&known.geo, known.local.networks())
    });
    match listed.await {
        Ok(Ok(answer)) => ([(header::CONTENT_TYPE, answer.media)], answer.text).into_response(),
        Ok(Err(message)) => refuse(StatusCode::BAD_REQUEST, message),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the list failed"),
    }
}

/// Dry runs that go on; each may take some memory and a while.
static DRY_RUNS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(1);

/// `GET /api/v1/block/dry-run?targets=…`: what the list would have hit among the packets that the ring still has.
pub(super) async fn block_dry_run(
    State(app): State<App>,
    Parameters(question): Parameters<BlockQuestion>,
) -> Response {
    let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, DRY_RUNS.acquire()).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "another dry run goes on; try again");
    };
    let run = tokio::task::spawn_blocking(move || question.dry_run(&app.stream, &app.status));
    match run.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Ok(Err(message)) => refuse(StatusCode::BAD_REQUEST, message),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the dry run failed"),
    }
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
