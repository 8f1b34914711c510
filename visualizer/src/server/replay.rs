//! Control of a replay: stand still, go on, faster, from somewhere else.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capturer::source::paced::{Progress, Speed};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::api::refuse;

/// What is asked for; what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Step {
    paused: Option<bool>,
    /// Times as fast as recorded; 0 is as fast as it goes.
    speed: Option<f64>,
    /// Recorded time after the first packet.
    position_ms: Option<u64>,
}

/// `POST /api/v1/replay`.
pub(super) async fn step(State(app): State<App>, step: Result<Json<Step>, JsonRejection>) -> Response {
    let Some(progress) = &app.status.progress else {
        return refuse(StatusCode::CONFLICT, "the source is no replay: an interface has only now");
    };
    let step = match step {
        Ok(Json(step)) => step,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error.body_text()),
    };
    match take(step, progress) {
        Ok(()) => Json(document(progress, app.status.state())).into_response(),
        Err(message) => refuse(StatusCode::BAD_REQUEST, message),
    }
}

fn take(step: Step, progress: &Progress) -> Result<(), &'static str> {
    let speed = match step.speed {
        None => None,
        Some(0.0) => Some(Speed::Max),
        Some(times) if times > 0.0 && times <= 10_000.0 => Some(Speed::Times(times)),
        Some(_) => return Err("speed: expected 0 for as fast as it goes, or a number up to 10000"),
    };
    if let Some(speed) = speed {
        progress.set_speed(speed);
    }
    if let Some(position) = step.position_ms {
        progress.seek(Duration::from_millis(position));
    }
    if let Some(paused) = step.paused {
        progress.set_paused(paused);
    }
    Ok(())
}

fn document(progress: &Progress, state: &str) -> Value {
    let speed = match progress.speed() {
        Speed::Times(times) => Some(times),
        Speed::Max => None,
    };
    let duration = progress.duration().map(|duration| duration.as_millis() as u64);
    json!({
        "schema": 1,
        "state": state,
        "paused": progress.is_paused(),
        "speed": speed,
        "position_ms": progress.position().as_millis() as u64,
        "duration_ms": duration,
    })
}
