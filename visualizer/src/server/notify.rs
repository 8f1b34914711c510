//! A test over a channel of `[[notify]]`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::api::refuse;

/// How long a channel may take: what it is just sending, and then the test.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// `POST /api/v1/notify/{name}/test`: sends a test; the answer says how it went, in words.
pub(super) async fn test(State(app): State<App>, Path(name): Path<String>) -> Response {
    let Some(answer) = app.status.notify().and_then(|notify| notify.test(&name)) else {
        return refuse(StatusCode::NOT_FOUND, "there is no channel of this name in the settings' [[notify]]");
    };
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(Ok(answer))) => Json(json!({"schema": 1, "channel": name, "answer": answer})).into_response(),
        Ok(Ok(Err(error))) => refuse(StatusCode::BAD_GATEWAY, error),
        _ => refuse(StatusCode::SERVICE_UNAVAILABLE, "the channel is busy; try again"),
    }
}
