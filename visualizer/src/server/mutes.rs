//! Mutes over HTTP: what hides alerts, why, and until when; and what one would hide.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::alerts::ask;
use super::api::refuse;
use crate::alerts::{Ask, Entry, Mute};
use crate::live::now;

/// Alerts that a preview names.
const NAMED: usize = 10;

/// A mute lasts so long at most.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// `GET /api/v1/mutes`.
pub(super) async fn list(State(app): State<App>) -> Response {
    match ask(&app, Ask::Mutes).await {
        Ok(mutes) => {
            let at = now().as_millis();
            let mutes: Vec<Value> = mutes.iter().map(|mute| mute.json(at)).collect();
            Json(json!({"schema": 1, "mutes": mutes})).into_response()
        }
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    filter: String,
    reason: String,
    /// Such as `12h`, `7d`, `2w`.
    expires: String,
}

/// `POST /api/v1/mutes`.
pub(super) async fn add(State(app): State<App>, Json(wanted): Json<Wanted>) -> Response {
    let wrong = |message: String| refuse(StatusCode::UNPROCESSABLE_ENTITY, message);
    if let Err(message) = Mute::check_reason(&wanted.reason) {
        return wrong(message);
    }
    let Some(lasts) = lasts(&wanted.expires) else {
        return wrong("expires: expected a time such as 12h, 7d or 2w, at most a year".to_owned());
    };
    let at = now();
    let mute = Mute {
        id: 0,
        filter: wanted.filter,
        reason: wanted.reason,
        created_ms: at.as_millis(),
        expires_ms: at.after(lasts).as_millis(),
        hits: 0,
        last_hit_ms: None,
    };
    match ask(&app, |reply| Ask::Mute(mute, reply)).await {
        Ok(mute) => {
            let mute = mute.json(mute.created_ms);
            (StatusCode::CREATED, Json(json!({"schema": 1, "mute": mute}))).into_response()
        }
        Err(response) => *response,
    }
}

/// A time in minutes, hours, days or weeks.
fn lasts(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: u64 = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let lasts = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
    (!lasts.is_zero() && lasts <= LONGEST).then_some(lasts)
}

/// `DELETE /api/v1/mutes/{id}`.
pub(super) async fn remove(State(app): State<App>, Path(id): Path<i64>) -> Response {
    match ask(&app, |reply| Ask::Unmute(id, reply)).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preview {
    filter: String,
}

/// `GET /api/v1/mutes/preview`: which of the newest alerts a mute would hide.
pub(super) async fn preview(State(app): State<App>, Parameters(preview): Parameters<Preview>) -> Response {
    match ask(&app, |reply| Ask::Preview(preview.filter, reply)).await {
        Ok(entries) => {
            let named: Vec<_> = entries.iter().rev().take(NAMED).map(Entry::json).collect();
            let of = app.status.board.len();
            Json(json!({"schema": 1, "matches": entries.len(), "of": of, "alerts": named})).into_response()
        }
        Err(response) => *response,
    }
}
