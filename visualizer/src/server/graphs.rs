//! Saved graphs over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::api::refuse;
use crate::graphs::{Graph, Refusal, Wanted, document, import, new_id};

fn refused(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Unknown => refuse(StatusCode::NOT_FOUND, "there is no such graph"),
        Refusal::Wrong(message) => refuse(StatusCode::UNPROCESSABLE_ENTITY, message),
        Refusal::Fault(message) => refuse(StatusCode::SERVICE_UNAVAILABLE, message),
    }
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// `GET /api/v1/graphs`.
pub(super) async fn list(State(app): State<App>) -> Json<Value> {
    Json(document(&app.graphs.all()))
}

/// `GET /api/v1/graphs/{id}`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.graphs.get(&id) {
        Some(graph) => Json(document(&[graph])).into_response(),
        None => refused(Refusal::Unknown),
    }
}

/// `POST /api/v1/graphs`.
pub(super) async fn add(State(app): State<App>, Json(wanted): Json<Wanted>) -> Response {
    let made = wanted.check().map_err(Refusal::Wrong).and_then(|()| {
        let graph = Graph::new(new_id().map_err(Refusal::Fault)?, wanted, now());
        app.graphs.add(vec![graph.clone()])?;
        Ok(graph)
    });
    match made {
        Ok(graph) => (StatusCode::CREATED, Json(document(&[graph]))).into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// `PUT /api/v1/graphs/{id}`.
pub(super) async fn replace(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Response {
    let changed =
        wanted.check().map_err(Refusal::Wrong).and_then(|()| app.graphs.replace(&id, wanted, &now()));
    match changed {
        Ok(graph) => Json(document(&[graph])).into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// `DELETE /api/v1/graphs/{id}`.
pub(super) async fn remove(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.graphs.remove(&id) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// `POST /api/v1/graphs/import`: FlowGraph's `graphs.json`, all or none.
pub(super) async fn take(State(app): State<App>, Json(old): Json<Value>) -> Response {
    let taken = import(old, &now()).map_err(Refusal::Wrong).and_then(|(graphs, notes)| {
        app.graphs.add(graphs.clone())?;
        Ok((graphs, notes))
    });
    match taken {
        Ok((graphs, notes)) => {
            (StatusCode::CREATED, Json(json!({"schema": 1, "graphs": graphs, "notes": notes})))
                .into_response()
        }
        Err(refusal) => refused(refusal),
    }
}
