//! Alerts and rules over HTTP: the documents of `wireglobe alerts`, and what people do about alerts. A change is answered
//! after it is on the disk; one that could not be stored is answered with 503 and did not happen.

use analyzer::Severity;
use axum::Json;
use axum::extract::{Path, Query as Parameters, State as StateOf};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::App;
use super::api::{PATIENCE, refuse};
use crate::alerts::{self, Action, Ask, Cursor, Entry, Past, Question, Refusal, State, Step, time};

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
        Refusal::UnknownOf(id) => {
            refuse(StatusCode::NOT_FOUND, format!("there is no alert {id:08}; nothing was changed"))
        }
        Refusal::Wrong(message) => refuse(StatusCode::UNPROCESSABLE_ENTITY, message),
        Refusal::Fault(message) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, format!("it could not be stored: {message}"))
        }
    }
}

/// Alerts that a step may be taken with at once.
const TOGETHER: usize = 500;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    severity: String,
    rule: String,
    state: String,
    before: String,
    limit: usize,
}

impl Default for Asked {
    fn default() -> Self {
        let (rule, state, before) = Default::default();
        Self { severity: "info".into(), rule, state, before, limit: alerts::ON_BOARD }
    }
}

impl Asked {
    /// The question, if every word of it is known.
    fn question(&self) -> Result<Question, String> {
        let severity = Severity::named(&self.severity)
            .ok_or_else(|| expected("severity", Severity::ALL.iter().map(|severity| severity.name())))?;
        let state = |name| {
            State::named(name).ok_or_else(|| expected("state", State::ALL.iter().map(|state| state.name())))
        };
        if !(1..=alerts::ON_BOARD).contains(&self.limit) {
            return Err(format!("limit: expected 1 to {}", alerts::ON_BOARD));
        }
        Ok(Question {
            severity: severity as u8,
            rules: listed(&self.rule).map(str::to_owned).collect(),
            states: listed(&self.state).map(state).collect::<Result<_, _>>()?,
            before: (!self.before.is_empty()).then(|| self.before.parse::<Cursor>()).transpose()?,
            limit: self.limit,
        })
    }
}

fn listed(words: &str) -> impl Iterator<Item = &str> {
    words.split(',').filter(|word| !word.is_empty())
}

fn expected<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("{name}: expected one of {}", known.collect::<Vec<_>>().join(", "))
}

/// `GET /api/v1/alerts`: those of a severity or above, of some rules or families, in some states; the latest so many, or
/// the latest before a place, of these the one that was quiet longest first.
pub(super) async fn list(StateOf(app): StateOf<App>, Parameters(asked): Parameters<Asked>) -> Response {
    let question = match asked.question() {
        Ok(question) => question,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, message),
    };
    let page = match question.before {
        // The newest are there even if the disk is not.
        None => app.status.board.page(&question),
        Some(_) => match ask(&app, |reply| Ask::Page(question, reply)).await {
            Ok(page) => page,
            Err(response) => return *response,
        },
    };
    let shown: Vec<Value> = page.entries.iter().rev().map(|entry| Value::Object(entry.json())).collect();
    let ledger = app.status.ledger();
    let totals = json!({
        "frames": ledger.frames, "packets": ledger.packets, "bytes": ledger.bytes,
        "skipped": ledger.skipped.named(), "filtered": ledger.filtered, "lost": ledger.lost(),
    });
    Json(json!({
        "schema": 1, "source": [&app.status.facts.name], "totals": totals, "store": app.status.board.account().json(),
        "tally": app.status.board.tally(), "older": page.older.map(|cursor| cursor.to_string()), "alerts": shown,
    }))
    .into_response()
}

/// `GET /api/v1/alerts/{id}`: one, with what was done about it.
pub(super) async fn one(StateOf(app): StateOf<App>, Path(id): Path<String>) -> Response {
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
pub(super) async fn packets(StateOf(app): StateOf<App>, Path(id): Path<String>) -> Response {
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
    StateOf(app): StateOf<App>,
    Path((id, action)): Path<(String, String)>,
    words: Option<Json<Words>>,
) -> Response {
    let (Some(id), Some(action)) = (number(&id), Action::named(&action)) else {
        return refused(Refusal::Unknown);
    };
    let Words { comment, reason } = words.map(|Json(words)| words).unwrap_or_default();
    let step = match Step::new(action, comment, reason) {
        Ok(step) => step,
        Err(message) => return refused(Refusal::Wrong(message)),
    };
    match ask(&app, |reply| Ask::Step(vec![id], step, reply)).await {
        Ok(entries) => Json(json!({"schema": 1, "alert": entries.first().map(Entry::json)})).into_response(),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Several {
    ids: Vec<String>,
    comment: Option<String>,
    reason: Option<String>,
}

/// `POST /api/v1/alerts/{action}`: the same with several alerts, all of them or none.
pub(super) async fn steps(
    StateOf(app): StateOf<App>,
    Path(action): Path<String>,
    Json(several): Json<Several>,
) -> Response {
    let Some(action) = Action::named(&action) else { return refused(Refusal::Unknown) };
    let ids: Option<Vec<i64>> = several.ids.iter().map(|id| number(id)).collect();
    let ids = ids.filter(|ids| (1..=TOGETHER).contains(&ids.len()));
    let step = ids
        .ok_or_else(|| format!("ids: expected 1 to {TOGETHER} numbers of alerts"))
        .and_then(|ids| Ok((ids, Step::new(action, several.comment, several.reason)?)));
    let (ids, step) = match step {
        Ok(step) => step,
        Err(message) => return refused(Refusal::Wrong(message)),
    };
    match ask(&app, |reply| Ask::Step(ids, step, reply)).await {
        Ok(entries) => {
            let alerts: Vec<_> = entries.iter().map(Entry::json).collect();
            Json(json!({"schema": 1, "alerts": alerts})).into_response()
        }
        Err(response) => *response,
    }
}

fn number(id: &str) -> Option<i64> {
    id.parse().ok().filter(|number| *number > 0)
}

/// `GET /api/v1/rules`: all rules with what they see, their settings as they are here, and what fools them.
pub(super) async fn rules(StateOf(app): StateOf<App>) -> Json<Value> {
    Json(Value::clone(&app.status.rules()))
}
