//! `/readyz`: whether everything that was asked for works. What is missing is named, without a word of what was seen: nobody has to log in here.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::crash;
use crate::live::Status;
use crate::server::App;

/// 200 when nothing is missing, else 503.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let missing = missing(&app.status);
    let code = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({"schema": 1, "ready": missing.is_empty(), "missing": missing}))).into_response()
}

/// What does not work now. A source that came to its end works: there is nothing more to see.
fn missing(status: &Status) -> Vec<&'static str> {
    let parts = [
        ("source", status.state() == "blind" || status.error().is_some()),
        ("databases", status.geo_error().is_some()),
        ("alerts", status.board.account().fault.is_some()),
        ("history", status.store().fault.is_some()),
        ("threads", crash::has_lost_a_thread()),
    ];
    parts.into_iter().filter_map(|(name, is_missing)| is_missing.then_some(name)).collect()
}
