//! Alerts and rules over HTTP: the documents of `wireglobe alerts`.

use analyzer::{Alert, Severity};
use axum::Json;
use axum::extract::{Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::App;
use super::api::{PATIENCE, refuse};
use crate::cli::{WantedAlerts, alert_json, rules_json};
use crate::live::Command;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Question {
    severity: String,
    rule: String,
}

impl Default for Question {
    fn default() -> Self {
        Self { severity: "info".into(), rule: String::new() }
    }
}

/// `GET /api/v1/alerts`: those of a severity or above, of some rules or families, oldest first.
pub(super) async fn list(State(app): State<App>, Parameters(question): Parameters<Question>) -> Response {
    let Some(severity) = Severity::named(&question.severity) else {
        let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
        return refuse(StatusCode::BAD_REQUEST, format!("severity: expected one of {}", names.join(", ")));
    };
    let rules: Vec<String> =
        question.rule.split(',').filter(|rule| !rule.is_empty()).map(str::to_owned).collect();
    let Some(alerts) = alerts(&app).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again");
    };
    let (wanted, geo) = (WantedAlerts { severity, rules: &rules }, app.status.known().geo);
    let shown = alerts.iter().filter(|alert| wanted.has(alert));
    let shown: Vec<Value> = shown.map(|alert| Value::Object(alert_json(alert, &geo))).collect();
    let ledger = app.status.ledger();
    let totals = json!({
        "frames": ledger.frames, "packets": ledger.packets, "bytes": ledger.bytes,
        "skipped": ledger.skipped.named(), "filtered": ledger.filtered, "lost": ledger.lost(),
    });
    let source = [&app.status.facts.name];
    Json(json!({"schema": 1, "source": source, "totals": totals, "alerts": shown})).into_response()
}

async fn alerts(app: &App) -> Option<Vec<Alert>> {
    let (reply, answer) = oneshot::channel();
    app.hub.command(Command::Alerts(reply));
    tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
}

/// `GET /api/v1/rules`: all rules with what they see, their settings and what fools them.
pub(super) async fn rules() -> Json<Value> {
    Json(json!({"schema": 1, "rules": rules_json()}))
}
