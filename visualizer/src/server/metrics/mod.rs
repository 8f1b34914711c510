//! `GET /metrics` in the OpenMetrics text format, for Prometheus and whoever reads what it reads.
//!
//! The number of series is constant: no label's value comes from the wire. The one exception is asked for by a setting
//! and capped ([`top`]). An answer is kept for a second, so that many readers cost no more than one.

mod families;
mod notify;
mod samples;
mod top;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use crate::server::App;
use families::{FAMILIES, Scene};

/// How long an answer is kept.
const FRESH: Duration = Duration::from_secs(1);

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The last answer, and what the next one needs of it.
#[derive(Default)]
pub(crate) struct Metrics {
    /// Most series of each family with labels from the wire; 0 for none of them.
    top: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    answer: Option<(Instant, Arc<str>)>,
    /// The most packets that were ever told: a packet that the ring lost is taken from the ledger's packets afterwards,
    /// but a counter must not fall.
    packets: u64,
}

impl Metrics {
    /// With so many series of the families with labels from the wire.
    pub(crate) fn new(top: usize) -> Self {
        Self { top, kept: Mutex::default() }
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let mut kept = app.metrics.kept.lock().await;
    if let Some((made, text)) = &kept.answer
        && made.elapsed() < FRESH
    {
        return answer(text);
    }
    let mut scene = Scene::of(&app);
    kept.packets = kept.packets.max(scene.ledger.packets);
    scene.ledger.packets = kept.packets;
    let mut registry = Registry::default();
    for family in &FAMILIES {
        registry.register(family.name, family.help, (family.samples)(&scene));
    }
    if let Some(channels) = app.status.notify() {
        notify::register(&mut registry, &channels);
    }
    top::register(&mut registry, &app, app.metrics.top).await;
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n").into_response();
    }
    let text: Arc<str> = text.into();
    kept.answer = Some((Instant::now(), Arc::clone(&text)));
    answer(&text)
}

fn answer(text: &str) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text.to_owned()).into_response()
}
