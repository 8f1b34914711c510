//! Packets of the recent past: a list, a capture file, one in detail. They come from the ring; what is overwritten is gone.

use std::collections::HashSet;
use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use capturer::Timestamp;
use capturer::stream::{self, Kept};
use capturer::write::PcapNgWriter;
use serde::Deserialize;
use serde_json::json;

use super::api::{best_names, learned, query, range_of, refuse};
use crate::cli::packet_json;
use crate::dissect;
use crate::server::App;

/// Most packets in one answer.
const MOST_PACKETS: usize = 10_000;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PacketsQuestion {
    filter: String,
    limit: usize,
    format: PacketsFormat,
    from: Option<String>,
    to: Option<String>,
}

impl Default for PacketsQuestion {
    fn default() -> Self {
        Self { filter: String::new(), limit: 100, format: PacketsFormat::Jsonl, from: None, to: None }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PacketsFormat {
    Jsonl,
    Pcapng,
}

/// `GET /api/v1/packets`: the newest packets in the ring that match, of a range if one is given, oldest first, as JSON lines
/// or as a capture file.
pub(super) async fn list(
    State(app): State<App>,
    Parameters(question): Parameters<PacketsQuestion>,
) -> Response {
    match (find(&app, &question).await, question.format) {
        (Err(response), _) => *response,
        (Ok(found), PacketsFormat::Jsonl) => lines(&app, &found).await,
        (Ok(found), PacketsFormat::Pcapng) => capture(&found),
    }
}

async fn find(app: &App, question: &PacketsQuestion) -> Result<Vec<Kept>, Box<Response>> {
    let query = query(&question.filter)?;
    let range = range_of(question.from.as_deref(), question.to.as_deref())?;
    let busy = || Box::new(refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again"));
    let learned = learned(app, query.as_ref()).await.ok_or_else(busy)?;
    let mut wanted = stream::Query { limit: question.limit.min(MOST_PACKETS), ..stream::Query::default() };
    if let Some(range) = range {
        wanted.from = Timestamp::from_parts(range.from, 0);
        wanted.until = Timestamp::from_parts(range.to, 0);
    }
    let (facts, stream) = (app.status.known(), app.stream.clone());
    let found = tokio::task::spawn_blocking(move || {
        stream.find(&wanted, |seen| {
            let known = learned.knowledge();
            query.as_ref().is_none_or(|query| facts.lets_through(query, (seen.packet, seen.bytes), known))
        })
    });
    found.await.map_err(|_| Box::new(refuse(StatusCode::INTERNAL_SERVER_ERROR, "the search failed")))
}

async fn lines(app: &App, found: &[Kept]) -> Response {
    let ends: HashSet<IpAddr> =
        found.iter().flat_map(|kept| [kept.packet.source, kept.packet.destination]).collect();
    let Some(best) = best_names(app, ends).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again");
    };
    let line = |packet| format!("{}\n", packet_json(packet, |address| best.get(&address).cloned()));
    let text: String = found.iter().map(|kept| line(&kept.packet)).collect();
    ([(header::CONTENT_TYPE, "application/jsonl")], text).into_response()
}

fn capture(found: &[Kept]) -> Response {
    let mut writer = PcapNgWriter::new(Vec::new(), "");
    let written = found.iter().try_for_each(|kept| writer.write(&kept.frame(), ""));
    match written.and_then(|()| writer.finish()) {
        Ok(capture) => {
            let headers = [
                (header::CONTENT_TYPE, "application/x-pcapng"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"wireglobe-packets.pcapng\""),
            ];
            (headers, capture).into_response()
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// `GET /api/v1/packets/{frame}`: one packet with its layers and bytes.
pub(super) async fn one(State(app): State<App>, Path(frame): Path<u64>) -> Response {
    let stream = app.stream.clone();
    let found = tokio::task::spawn_blocking(move || stream.frames(&[frame]).pop()).await;
    let Ok(Some(kept)) = found else {
        return refuse(StatusCode::NOT_FOUND, format!("frame {frame} is no longer kept, or never came"));
    };
    let ends = HashSet::from([kept.packet.source, kept.packet.destination]);
    let Some(best) = best_names(&app, ends).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the analysis is busy; try again");
    };
    let packet = packet_json(&kept.packet, |address| best.get(&address).cloned());
    let (layers, hex) = (dissect::layers_json(&kept), dissect::hex(&kept.bytes));
    Json(json!({"packet": packet, "kept": kept.bytes.len(), "layers": layers, "hex": hex})).into_response()
}
