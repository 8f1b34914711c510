//! Alerts and rules over HTTP: the documents of `wireglobe alerts`, and what people do about alerts. A change is answered
//! after it is on the disk; one that could not be stored is answered with 503 and did not happen.

use analyzer::Severity;
use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::App;
use super::api::{PATIENCE, refuse};
use crate::alerts::{Action, Ask, Entry, Past, Refusal, Step, time};
use crate::cli::rules_json;

/// Asks the store, and waits for its answer.
pub(super) async fn ask<T>(
    app: &App,
    question: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Ask,
) -> Result<T, Box<Response>> {
    let (reply, answer) = oneshot::channel();
    // The thread has gone only when the process is about to; then nobody answers.
    let _ = app.store.send(question(reply));
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => answer.map_err(|refusal| Box::new(refused(refusal))),
        _ => Err(Box::new(refuse(StatusCode::SERVICE_UNAVAILABLE, "the store is busy; try again"))),
    }
}

fn refused(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Unknown => refuse(StatusCode::NOT_FOUND, "there is none with this number"),
        Refusal::Wrong(message) => refuse(StatusCode::UNPROCESSABLE_ENTITY, message),
        Refusal::Fault(message) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, format!("it could not be stored: {message}"))
        }
    }
}

/// Whether a change may be asked for: by this server's own page, or by no browser.
pub(super) fn own(app: &App, headers: &HeaderMap) -> Result<(), Box<Response>> {
    if app.hosts.allows_origin(headers) {
        return Ok(());
    }
    Err(Box::new(refuse(StatusCode::FORBIDDEN, "only this server's own page may do that")))
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Question {
    severity: String,
    rule: String,
    state: String,
}

impl Default for Question {
    fn default() -> Self {
        Self { severity: "info".into(), rule: String::new(), state: String::new() }
    }
}

impl Question {
    fn wants(&self, least: Severity, entry: &Entry) -> bool {
        let mut rules = self.rule.split(',').filter(|rule| !rule.is_empty()).peekable();
        let named =
            rules.peek().is_none() || rules.any(|wanted| analyzer::detect::is_of(&entry.rule, wanted));
        let state = self.state.is_empty() || self.state.split(',').any(|state| state == entry.state.name());
        named && state && entry.severity >= least as u8
    }
}

/// `GET /api/v1/alerts`: those of a severity or above, of some rules or families, in some states; oldest first.
pub(super) async fn list(State(app): State<App>, Parameters(question): Parameters<Question>) -> Response {
    let Some(severity) = Severity::named(&question.severity) else {
        let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
        return refuse(StatusCode::BAD_REQUEST, format!("severity: expected one of {}", names.join(", ")));
    };
    let entries = app.status.board.select(|entry| question.wants(severity, entry));
    let shown: Vec<Value> = entries.iter().map(|entry| Value::Object(entry.json())).collect();
    let ledger = app.status.ledger();
    let totals = json!({
        "frames": ledger.frames, "packets": ledger.packets, "bytes": ledger.bytes,
        "skipped": ledger.skipped.named(), "filtered": ledger.filtered, "lost": ledger.lost(),
    });
    let source = [&app.status.facts.name];
    Json(json!({
        "schema": 1, "source": source, "totals": totals, "store": app.status.board.account().json(), "alerts": shown,
    }))
    .into_response()
}

/// `GET /api/v1/alerts/{id}`: one, with what was done about it.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Some(id) = number(&id) else { return refused(Refusal::Unknown) };
    match ask(&app, |reply| Ask::Get(id, reply)).await {
        Ok((entry, history)) => {
            let history: Vec<Value> = history.iter().map(past).collect();
            Json(json!({"schema": 1, "alert": entry.json(), "history": history})).into_response()
        }
        Err(response) => *response,
    }
}

fn past(past: &Past) -> Value {
    json!({
        "at": time(past.at_ms), "action": past.action, "comment": past.comment, "reason": past.reason,
    })
}

/// `GET /api/v1/alerts/{id}/packets`: the packets that show it, as a capture file.
pub(super) async fn packets(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Some(number) = number(&id) else { return refused(Refusal::Unknown) };
    match ask(&app, |reply| Ask::Evidence(number, reply)).await {
        Ok(capture) => {
            let name = format!("attachment; filename=\"wireglobe-alert-{number:08}.pcapng\"");
            let headers = [
                (header::CONTENT_TYPE, "application/x-pcapng".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (headers, capture).into_response()
        }
        Err(response) => *response,
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Words {
    comment: Option<String>,
    reason: Option<String>,
}

/// `POST /api/v1/alerts/{id}/{action}`: acknowledge, escalate, close, reopen, comment.
pub(super) async fn step(
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
    words: Option<Json<Words>>,
) -> Response {
    if let Err(response) = own(&app, &headers) {
        return *response;
    }
    let (Some(id), Some(action)) = (number(&id), Action::named(&action)) else {
        return refused(Refusal::Unknown);
    };
    let Words { comment, reason } = words.map(|Json(words)| words).unwrap_or_default();
    let step = match Step::new(action, comment, reason) {
        Ok(step) => step,
        Err(message) => return refused(Refusal::Wrong(message)),
    };
    match ask(&app, |reply| Ask::Step(id, step, reply)).await {
        Ok(entry) => Json(json!({"schema": 1, "alert": entry.json()})).into_response(),
        Err(response) => *response,
    }
}

fn number(id: &str) -> Option<i64> {
    id.parse().ok().filter(|number| *number > 0)
}

/// `GET /api/v1/rules`: all rules with what they see, their settings and what fools them.
pub(super) async fn rules() -> Json<Value> {
    Json(json!({"schema": 1, "rules": rules_json()}))
}
